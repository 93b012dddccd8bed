import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The folder in which published weights are kept.
///
/// A file lies there under its own name once it is whole and its SHA-256 is right, and as `NAME.part` before. Somebody who has no network puts
/// it there by hand; it is compared whenever it is used.
public struct WeightsCache: Sendable {
  /// Where the files are.
  public let folder: String
  /// How long servers are waited for.
  var patience = Patience()

  /// A cache in a folder, which is made when something is fetched.
  public init(folder: String) { self.folder = folder }

  /// The one that the command uses: `weights` in the cache's folder.
  /// - Throws: `FormatError` where it is not known which folder that is.
  public static func standard() throws(FormatError) -> WeightsCache {
    guard let folder = CacheFolder.path else {
      throw FormatError(path: "weights", reason: .malformed("no folder to keep them in; GLISSADE_CACHE names one"))
    }
    return WeightsCache(folder: folder + "/weights")
  }

  /// Where a model's weights are, or are to be.
  public func path(of weights: PublishedWeights) -> String { path(of: weights.file) }

  /// What is there of them. It is not compared with what was published.
  public func state(of weights: PublishedWeights) -> State {
    if FileIdentity(path(of: weights)) != nil { return .here }
    var information = stat()
    for path in [path(of: weights.fetched), path(of: weights.fetched) + FileFetch.partSuffix] where stat(path, &information) == 0 {
      return .partly(bytes: Int(information.st_size))
    }
    return .absent
  }

  /// What is there of some weights.
  public enum State: Equatable, Sendable {
    /// Nothing.
    case absent
    /// So many bytes of what is fetched.
    case partly(bytes: Int)
    /// The whole file, which is compared again when it is used.
    case here
  }

  /// The file with some weights, fetched unless it is there.
  ///
  /// What is there of it goes on where it stopped; what comes is compared with the size and the SHA-256 that were published. Processes that
  /// want the same take turns.
  /// - Parameters:
  ///   - weights: which.
  ///   - observe: is told what happens.
  /// - Returns: the file's path.
  /// - Throws: `FetchError`.
  public func file(of weights: PublishedWeights, observe: @escaping (FetchEvent) -> Void = { _ in }) throws(FetchError) -> String {
    if try isRight(weights.file, of: weights) { return path(of: weights) }
    CacheFolder.make(folder)
    let lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard lock >= 0 else {
      throw error(weights, .file("cannot open the folder \(printable(folder)): \(String(cString: strerror(errno)))"))
    }
    defer { close(lock) }
    // Where a file system knows no locks, there is none.
    if flock(lock, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      observe(.waiting(folder: folder))
      while flock(lock, LOCK_EX) != 0, errno == EINTR {}
    }
    // Another process may have fetched it meanwhile.
    if try isRight(weights.file, of: weights) { return path(of: weights) }
    guard let archive = weights.archive else {
      try fetch(weights.file, of: weights, observe)
      return path(of: weights)
    }
    if try !isRight(archive.file, of: weights) { try fetch(archive.file, of: weights, observe) }
    observe(.checking)
    do {
      try ArchivedFile.extract(archive.member, from: path(of: archive.file), to: path(of: weights))
    } catch { throw self.error(weights, .file("\(error)")) }
    guard try isRight(weights.file, of: weights) else { throw error(weights, .file("it has vanished")) }
    unlink(path(of: archive.file))
    return path(of: weights)
  }

  private func path(of file: PublishedFile) -> String { "\(folder)/\(file.name)" }

  private func fetch(
    _ file: PublishedFile, of weights: PublishedWeights, _ observe: @escaping (FetchEvent) -> Void
  ) throws(FetchError) {
    try FileFetch(address: weights.address, file: file, target: path(of: file), patience: patience, observe: observe).run()
  }

  /// Whether a file is there.
  /// - Throws: `FetchError` for one that is there and not what was published.
  private func isRight(_ file: PublishedFile, of weights: PublishedWeights) throws(FetchError) -> Bool {
    let path = path(of: file)
    var information = stat()
    guard stat(path, &information) == 0 else { return false }
    func wrong(_ text: String) -> FetchError { FetchError(address: weights.address, target: path, reason: .wrongFile(text)) }
    guard file.size.admits(Int(information.st_size)) else { throw wrong(FetchError.text(Int(information.st_size), file.size)) }
    let digest: String
    do throws(FormatError) { digest = try FileChecksum.sha256(path: path) } catch { throw wrong("\(error)") }
    guard file.digest.matches(digest) else { throw wrong(FetchError.text(digest, file.digest)) }
    return true
  }

  private func error(_ weights: PublishedWeights, _ reason: FetchError.Reason) -> FetchError {
    FetchError(address: weights.address, target: path(of: weights.fetched), reason: reason)
  }
}
