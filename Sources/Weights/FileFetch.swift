import CCurl
import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How long servers are waited for, and how often they are asked again.
struct Patience: Sendable {
  /// For a connection.
  var connection = Duration.seconds(30)
  /// For the next byte.
  var silence = Duration.seconds(30)
  /// Before a broken connection is tried again: this the first time, and then twice as long each time.
  var pause = Duration.seconds(1)
  /// So many times without a new byte, and it is given up.
  var failures = 4
}

/// Fetches one file. What comes lies beside its final name, and gets that when it is whole, right and on the disk.
struct FileFetch {
  let address: String
  let file: PublishedFile
  /// Where it is to be.
  let target: String
  let patience: Patience
  let observe: (FetchEvent) -> Void

  /// Behind the name of what is there in part.
  static let partSuffix = ".part"
  /// Answers after which another try may go better.
  private static let passing = [408, 429, 500, 502, 503, 504]

  /// - Throws: `FetchError`. What has come until then stays for the next time, unless it was wrong.
  func run() throws(FetchError) {
    if let reason = glissade_curl_load() { throw error(.library(String(cString: reason))) }
    let part = target + Self.partSuffix
    let descriptor = open(part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw system("open \(part)") }
    defer { close(descriptor) }
    let transfer = Transfer(descriptor: descriptor, size: file.size, observe: observe)
    // Nothing at all is no part.
    defer { if transfer.position == 0 { unlink(part) } }
    if transfer.position > file.size.most { try transfer.begin(error) }
    // What is wrong may be what was there before: then all of it is fetched once more.
    var isFromEarlier = transfer.position > 0
    observe(.started(FetchEvent.Start(file: file, address: address, already: transfer.position)))
    while true {
      try fetchRest(transfer)
      observe(.checking)
      if let objection = try objection(part, transfer.position) {
        try transfer.begin(error)
        guard isFromEarlier else { throw error(objection) }
        isFromEarlier = false
        continue
      }
      guard fsync(descriptor) == 0 else { throw system("write \(part) to the disk") }
      guard rename(part, target) == 0 else { throw system("rename \(part)") }
      syncFolder()
      return
    }
  }

  /// Fetches what is missing.
  private func fetchRest(_ transfer: Transfer) throws(FetchError) {
    if case .bytes(let count) = file.size, transfer.position == count { return }
    var failures = 0
    while true {
      let before = transfer.position
      let outcome = transfer.run(address, patience)
      if let refusal = transfer.refusal { throw error(refusal) }
      let status = Int(outcome.status)
      switch outcome.end {
      case GLISSADE_TRANSFER_DONE: return
      // There is nothing behind what is there: it is whole, or wrong.
      case GLISSADE_TRANSFER_STATUS where status == 416 && transfer.position > 0: return
      case GLISSADE_TRANSFER_STATUS where !Self.passing.contains(status): throw error(.status(status))
      case GLISSADE_TRANSFER_FAILED where transfer.position == before && failures == 0: throw error(.connection(outcome.text))
      default: break
      }
      failures = transfer.position > before ? 1 : failures + 1
      let reason: FetchError.Reason =
        switch outcome.end {
        case GLISSADE_TRANSFER_STATUS: .status(status)
        case GLISSADE_TRANSFER_STOPPED: .connection("the server sends another part than it is asked for")
        default: .connection(outcome.text)
        }
      guard failures < patience.failures else { throw error(reason) }
      observe(.again(reason.text))
      sleep(patience.pause * (1 << (failures - 1)))
    }
  }

  /// What keeps the file from being what was published.
  private func objection(_ part: String, _ count: Int) throws(FetchError) -> FetchError.Reason? {
    guard file.size.admits(count) else { return .size(found: count, file.size) }
    let digest: String
    do throws(FormatError) { digest = try FileChecksum.sha256(path: part) } catch { throw self.error(.file("\(error)")) }
    return file.digest.matches(digest) ? nil : .digest(found: digest, file.digest)
  }

  private func syncFolder() {
    let folder = open(target.lastIndex(of: "/").map { String(target[..<$0]) } ?? ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }

  private func sleep(_ pause: Duration) {
    usleep(UInt32(clamping: pause.components.seconds * 1_000_000 + pause.components.attoseconds / 1_000_000_000_000))
  }

  private func error(_ reason: FetchError.Reason) -> FetchError { FetchError(address: address, target: target, reason: reason) }
  private func system(_ call: String) -> FetchError {
    error(.file("cannot \(printable(call)): \(String(cString: strerror(errno)))"))
  }
}
