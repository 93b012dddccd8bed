import Foundation
import Synchronization

/// A web server on the loopback interface that answers as a test tells it to, well or badly.
public final class LoopbackServer: Sendable {
  /// What it was asked for.
  public struct Request: Hashable, Sendable {
    public let path: String
    /// Where the part begins that was asked for; `nil` where all was.
    public let from: Int?
  }

  /// What it answers.
  public enum Answer: Sendable {
    case file([UInt8], Manner = Manner())
    /// A status and a page about it.
    case status(Int)
    case redirect(to: String)
    /// The connection stays open, and nothing comes.
    case silence
  }

  /// How it hands out a file.
  public struct Manner: Sendable {
    /// Whether it hands out parts.
    public var knowsParts = true
    /// Whether it says how long the file is.
    public var saysLength = true
    /// Hangs up after so many bytes of an answer.
    public var cutAfter: Int?
    /// Sends so many bytes at a time, with a pause after each.
    public var pieces = 1 << 20
    public var pause = 0
    /// Hands out a part that begins so many bytes behind that which is asked for.
    public var shift = 0

    public init() {}
  }

  public let port: UInt16
  private let listener: Int32
  private let log = Log()

  private final class Log: Sendable {
    let requests = Mutex<[Request]>([])
  }

  /// - Parameter answer: to a request, of which so many came before.
  public init(_ answer: @escaping @Sendable (Request, Int) -> Answer) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
        bind(listener, place, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, place, &length) == 0
      }
    }
    guard listener >= 0, isListening else { throw Failure(code: errno) }
    self.listener = listener
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [log] in
      while true {
        let connection = accept(listener, nil, nil)
        if connection < 0, errno == EINTR { continue }
        guard connection >= 0 else { return }
        Thread.detachNewThread {
          defer { close(connection) }
          guard let request = Self.read(connection) else { return }
          let number = log.requests.withLock { requests in
            requests.append(request)
            return requests.count - 1
          }
          Self.send(answer(request, number), to: request, connection)
        }
      }
    }
  }

  deinit { stop() }

  /// From now on nobody listens.
  public func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  /// The address of a path, which begins with a slash.
  public func address(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

  /// All that it was asked for.
  public var requests: [Request] { log.requests.withLock { $0 } }

  public struct Failure: Error {
    public let code: Int32
  }

  private static func read(_ connection: Int32) -> Request? {
    var text = ""
    var buffer = [UInt8](repeating: 0, count: 4096)
    while !text.contains("\r\n\r\n") {
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { return nil }
      text += String(decoding: buffer[..<count], as: UTF8.self)
    }
    let lines = text.split(separator: "\r\n")
    let words = lines[0].split(separator: " ")
    guard words.count == 3 else { return nil }
    let range = lines.first { $0.lowercased().hasPrefix("range: bytes=") }
    return Request(path: String(words[1]), from: range.flatMap { Int($0.dropFirst(13).prefix { $0 != "-" }) })
  }

  private static func send(_ answer: Answer, to request: Request, _ connection: Int32) {
    func send(_ bytes: some Collection<UInt8>) -> Bool {
      let bytes = Array(bytes)
      var done = 0
      while done < bytes.count {
        let count = bytes[done...].withUnsafeBytes { Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        guard count > 0 else { return false }
        done += count
      }
      return true
    }
    func head(_ status: String, _ fields: [String]) -> [UInt8] {
      Array((["HTTP/1.1 \(status)", "Connection: close"] + fields).joined(separator: "\r\n").utf8) + Array("\r\n\r\n".utf8)
    }
    switch answer {
    case .status(let status): _ = send(head("\(status) Told So", ["Content-Length: 5"]) + Array("sorry".utf8))
    case .redirect(let address): _ = send(head("302 Found", ["Location: \(address)", "Content-Length: 0"]))
    case .silence:
      var byte: UInt8 = 0
      while recv(connection, &byte, 1, 0) > 0 {}
    case .file(let content, let manner):
      let wanted = manner.knowsParts ? request.from : nil
      if let wanted, wanted >= content.count {
        _ = send(head("416 Nothing There", ["Content-Range: bytes */\(content.count)", "Content-Length: 0"]))
        return
      }
      let first = min((wanted ?? 0) + (wanted == nil ? 0 : manner.shift), content.count)
      let body = content[first...]
      let length = manner.saysLength ? ["Content-Length: \(body.count)"] : []
      let range = wanted == nil ? [] : ["Content-Range: bytes \(first)-\(content.count - 1)/\(content.count)"]
      guard send(head(wanted == nil ? "200 OK" : "206 Partial Content", length + range)) else { return }
      var rest = body.prefix(manner.cutAfter ?? body.count)
      while !rest.isEmpty, send(rest.prefix(manner.pieces)) {
        rest = rest.dropFirst(manner.pieces)
        if manner.pause > 0 { usleep(UInt32(manner.pause)) }
      }
    }
  }
}
