import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Making a run's folder, and seeing whether a run may have it.
extension RunFolder {
  /// Makes the folder, with its parents, and sees whether it can be written to, before hours of training depend on it.
  /// - Throws: `RunFolderError`.
  public func prepare() throws(RunFolderError) {
    try makeParents()
    try Self.make(path, of: self)
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      if errno == ENOENT, FileIdentity.isLink(path) { throw RunFolderError(path: path, problem: "is a link that leads nowhere") }
      throw RunFolderError(path: path, problem: "is there already and is not a folder")
    }
    let probe = "\(path)/.glissade-\(getpid())"
    let file = open(probe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw problem("cannot be written to") }
    close(file)
    unlink(probe)
  }

  /// Makes a folder that nobody else has: of that path, or with the next number behind it.
  ///
  /// One call of the system makes it or fails, so that of processes that begin at the same instant each has its own.
  /// - Throws: `RunFolderError` where none can be made.
  public static func makeNew(_ path: String) throws(RunFolderError) -> RunFolder {
    try RunFolder(path).makeParents()
    for number in 1...100_000 {
      let folder = RunFolder(number == 1 ? path : "\(path)-\(number)")
      if mkdir(folder.path, 0o755) == 0 { return folder }
      if errno != EEXIST { throw folder.problem("cannot be made") }
    }
    throw RunFolderError(path: path, problem: "cannot be made: there are too many of that name")
  }

  private func makeParents() throws(RunFolderError) {
    var partial = ""
    for part in path.split(separator: "/", omittingEmptySubsequences: false).dropLast() {
      partial += part
      if !partial.isEmpty { try Self.make(partial, of: self) }
      partial += "/"
    }
  }

  private static func make(_ path: String, of folder: RunFolder) throws(RunFolderError) {
    guard mkdir(path, 0o755) != 0, errno != EEXIST else { return }
    // Where nothing may be made, a folder may be there all the same; where there is none, the first reason is the one to tell.
    let reason = errno
    guard access(path, F_OK) != 0 else { return }
    errno = reason
    throw folder.problem("cannot be made")
  }

  func problem(_ what: String) -> RunFolderError {
    RunFolderError(path: path, problem: "\(what): \(String(cString: strerror(errno)))")
  }

  /// What a run is to do in a folder.
  public enum Use: Sendable {
    /// Fill it; no run may be there.
    case begin
    /// Fill it in place of the run that is there, if there is one.
    case replace
    /// Go on with the run that is there.
    case resume
  }

  /// Sees whether a run may have the folder, which need not be there yet. Nothing is touched.
  /// - Parameters:
  ///   - use: what the run is to do there.
  ///   - inputs: the files and folders that it reads, such as its data and the weights that it begins with.
  /// - Throws: `RunFolderConflict`.
  public func check(for use: Use, reading inputs: [String] = []) throws(RunFolderConflict) {
    guard FileIdentity(path) != nil else { return }
    func conflict(_ reason: RunFolderConflict.Reason) -> RunFolderConflict { RunFolderConflict(path: path, reason: reason) }
    let (names, isRun) = (names, holdsRun)
    let own = names.filter { Self.isOwn($0) && !AtomicFile.isUnfinished($0) }
    var files: [FileIdentity: String] = [:]
    for name in own { if let file = FileIdentity("\(path)/\(name)") { files[file] = name } }
    for input in inputs {
      guard let read = FileIdentity(input) else { continue }
      if let name = files[read] { throw conflict(.isRead(file: name, as: input)) }
      // A new folder among the data harms nobody; one that is there may be a class of pictures.
      if use != .resume, !isRun, !names.isEmpty, FileIdentity.ancestors(of: path).contains(read) { throw conflict(.isData(input)) }
    }
    guard use != .resume else { return }
    if !isRun, let name = own.first { throw conflict(.isNoRun(file: name)) }
    if use == .begin, isRun { throw conflict(.holdsRun) }
    for name in own {
      var status = stat()
      if lstat("\(path)/\(name)", &status) == 0, status.st_mode & S_IFMT == S_IFDIR { throw conflict(.isNoRun(file: name)) }
    }
  }
}

extension RunFolder {
  /// Whether writing to a path would write one of the run's own files, be it there already or not, and however the path leads there.
  public func owns(_ file: String) -> Bool {
    if let identity = FileIdentity(file) { return names.contains { Self.isOwn($0) && FileIdentity("\(path)/\($0)") == identity } }
    let name = String(file.split(separator: "/").last ?? "")
    guard Self.isOwn(name), let folder = FileIdentity(path) else { return false }
    return folder == FileIdentity(file.contains("/") ? String(file.dropLast(name.utf8.count)) : ".")
  }
}

/// Why a run must not have a folder: it would overwrite what it reads, or what somebody else has there.
public struct RunFolderConflict: Error, Hashable, Sendable, CustomStringConvertible {
  /// What speaks against it.
  public enum Reason: Hashable, Sendable {
    /// The run reads a file that has the name of one that it writes.
    case isRead(file: String, as: String)
    /// The folder is one of the data's.
    case isData(String)
    /// Somebody's file has the name of one that a run writes, and no run is there.
    case isNoRun(file: String)
    /// An earlier run is there.
    case holdsRun
  }

  /// The folder.
  public let path: String
  /// What speaks against it.
  public let reason: Reason

  public var description: String {
    switch reason {
    case .isRead(let file, let input):
      "output folder \(path): the run reads \(input), and would overwrite it, because it writes a file called \(file) there; "
        + "take another folder"
    case .isData(let data): "output folder \(path) is one of the folders of the data, \(data), and not a run's; take another folder"
    case .isNoRun(let file):
      "output folder \(path) holds \(file), which a run would overwrite, and is not a run's, because it has no recipe.yaml of one; "
        + "take another folder, or move the file away"
    case .holdsRun: "output folder \(path) holds an earlier run"
    }
  }
}

/// A run folder that cannot be used.
public struct RunFolderError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The folder, as it was given.
  public let path: String
  /// What is wrong with it, as the end of a sentence about it.
  public let problem: String
  public var description: String { "output folder \(path) \(problem)" }
}
