import CCurl

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What comes from a server, on its way into a file.
final class Transfer {
  /// How many bytes are in the file.
  private(set) var position: Int
  /// Why no more is wanted; `nil` where only another beginning is.
  private(set) var refusal: FetchError.Reason?
  private let descriptor: Int32
  private let size: FileSize
  private let observe: (FetchEvent) -> Void
  private var total: Int

  init(descriptor: Int32, size: FileSize, observe: @escaping (FetchEvent) -> Void) {
    self.descriptor = descriptor
    self.size = size
    self.observe = observe
    position = max(Int(lseek(descriptor, 0, SEEK_END)), 0)
    total = size.approximate
  }

  /// Forgets what is there.
  func begin(_ error: (FetchError.Reason) -> FetchError) throws(FetchError) {
    guard restart() else { throw error(refusal ?? .file("cannot be emptied")) }
  }

  /// Asks for what is missing, and takes it.
  func run(_ address: String, _ patience: Patience) -> Outcome {
    refusal = nil
    var result = GlissadeTransferOutcome()
    address.withCString { address in
      Self.agent.withCString { agent in
        var transfer = GlissadeTransfer()
        transfer.address = address
        transfer.agent = agent
        transfer.offset = Int64(position)
        transfer.connect_milliseconds = Int(patience.connection / .milliseconds(1))
        transfer.stall_seconds = max(Int(patience.silence / .seconds(1)), 1)
        transfer.context = Unmanaged.passUnretained(self).toOpaque()
        transfer.begin = beginTransfer
        transfer.take = takeBytes
        glissade_curl_fetch(&transfer, &result)
      }
    }
    let text = withUnsafeBytes(of: result.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return Outcome(end: result.end, status: result.status, text: text)
  }

  /// How a transfer went.
  struct Outcome {
    let end: GlissadeTransferEnd
    let status: Int
    let text: String
  }

  /// An answer with a file, or a part of one.
  fileprivate func begins(status: Int, first: Int64, total: Int64) -> Bool {
    if total >= 0 {
      guard size.admits(Int(total)) else {
        refusal = .size(found: Int(total), size)
        return false
      }
      self.total = Int(total)
    }
    // A server that knows no parts sends all.
    if status == 200 { return restart() }
    if first == Int64(position) { return true }
    // Another part than was asked for.
    _ = restart()
    return false
  }

  fileprivate func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard position + bytes.count <= size.most else {
      refusal = .size(found: position + bytes.count, size)
      _ = restart()
      return false
    }
    var done = 0
    while done < bytes.count, let base = bytes.baseAddress {
      let count = pwrite(descriptor, base + done, bytes.count - done, off_t(position + done))
      if count > 0 {
        done += count
      } else if count == 0 || errno != EINTR {
        refusal = .file("cannot write: \(String(cString: strerror(count == 0 ? EIO : errno)))")
        return false
      }
    }
    position += bytes.count
    observe(.progress(done: position, total: max(total, position)))
    return true
  }

  private func restart() -> Bool {
    guard ftruncate(descriptor, 0) == 0 else {
      refusal = .file("cannot empty what is there: \(String(cString: strerror(errno)))")
      return false
    }
    position = 0
    return true
  }

  private static let agent = "glissade"
}

private func beginTransfer(_ context: UnsafeMutableRawPointer?, _ status: Int, _ first: Int64, _ total: Int64) -> Int32 {
  guard let context else { return 0 }
  return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().begins(status: status, first: first, total: total) ? 1 : 0
}

private func takeBytes(_ context: UnsafeMutableRawPointer?, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int32 {
  guard let context else { return 0 }
  let buffer = UnsafeRawBufferPointer(start: bytes, count: count)
  return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().take(buffer) ? 1 : 0
}
