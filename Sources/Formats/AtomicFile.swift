import Glibc

/// Files that are whole or absent.
public enum AtomicFile {
  /// Writes a file so that at every instant the path holds either what it held before or all of the new content.
  ///
  /// The content goes to a temporary file in the same folder, which is synced to disk and renamed over `path`; then the folder is synced.
  /// On any error the temporary file is removed and the previous file stays as it was. An existing file keeps its permissions, a symbolic
  /// link keeps pointing where it did (the file it points to is replaced), and anything but a regular file is refused.
  ///
  /// - Parameters:
  ///   - path: the file to write.
  ///   - isDurable: whether it is on the disk when this returns; default yes. Without, a machine that loses its power may lose the file; whoever
  ///     reads it still sees one content or the other.
  ///   - body: writes the content. An error it throws abandons the file and is passed on.
  /// - Throws: `FormatError` naming the path and, where a system call failed, the call and its errno (no space, no permission, …).
  public static func write(
    path: String, isDurable: Bool = true, _ body: (FileWriter) throws(FormatError) -> Void
  ) throws(FormatError) {
    let target = try Target(path)
    let temporary = try target.makeTemporary()
    do throws(FormatError) {
      let writer = FileWriter(path: path, descriptor: temporary.descriptor)
      try body(writer)
      try writer.flush()
      if let mode = target.existingMode, fchmod(temporary.descriptor, mode) != 0 { throw .system("set permissions of the new file", path) }
      if isDurable, fsync(temporary.descriptor) != 0 { throw .system("sync to disk", path) }
    } catch {
      close(temporary.descriptor)
      unlink(temporary.path)
      throw error
    }
    guard close(temporary.descriptor) == 0, rename(temporary.path, target.resolved) == 0 else {
      let code = errno
      unlink(temporary.path)
      throw .system("replace the file", path, code: code)
    }
    if isDurable { try target.syncFolder() }
  }

  /// Whether a name is that of a file which was not written to its end, because the process was killed meanwhile.
  public static func isUnfinished(_ name: String) -> Bool { name.hasPrefix(temporaryPrefix) && name.hasSuffix(temporarySuffix) }

  fileprivate static let temporaryPrefix = ".glissade-"
  fileprivate static let temporarySuffix = ".tmp"

  /// Writes the given text to a file, atomically; see `write(path:isDurable:_:)`.
  /// - Throws: `FormatError` naming the path and the failed call.
  public static func write(path: String, isDurable: Bool = true, text: String) throws(FormatError) {
    try write(path: path, isDurable: isDurable) { (writer) throws(FormatError) in try writer.write(text) }
  }
}

/// Where an atomic write ends up: symbolic links resolved, folder known, existing file inspected.
private struct Target {
  let named: String
  let resolved: String
  let folder: String
  let existingMode: mode_t?

  init(_ path: String) throws(FormatError) {
    named = path
    var information = stat()
    if stat(path, &information) == 0 {
      guard information.st_mode & S_IFMT == S_IFREG else { throw FormatError(path: path, reason: .notRegular) }
      existingMode = information.st_mode & 0o7777
      guard let real = realpath(path, nil) else { throw .system("resolve the path", path) }
      resolved = String(cString: real)
      free(real)
    } else {
      guard errno == ENOENT else { throw .system("look up the path", path) }
      guard !path.isEmpty, path.utf8.last != UInt8(ascii: "/") else { throw .system("write to a path without a file name", path) }
      existingMode = nil
      resolved = path
    }
    if let slash = resolved.utf8.lastIndex(of: UInt8(ascii: "/")) {
      folder = slash == resolved.startIndex ? "/" : String(resolved[..<slash])
    } else {
      folder = "."
    }
  }

  /// Creates an empty file beside the target under a name no one else uses.
  func makeTemporary() throws(FormatError) -> (path: String, descriptor: Int32) {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<16 {
      let path = "\(folder)/\(AtomicFile.temporaryPrefix)\(String(generator.next() as UInt64, radix: 16))\(AtomicFile.temporarySuffix)"
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor >= 0 { return (path, descriptor) }
      if errno != EEXIST && errno != EINTR { break }
    }
    throw .system("create a file in \(folder)", named)
  }

  /// Makes the rename itself durable. A folder that cannot be opened for reading, or a file system that cannot sync one, is no error: the
  /// file is complete either way.
  func syncFolder() throws(FormatError) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    if fsync(descriptor) != 0 && errno != EINVAL && errno != ENOTSUP && errno != EROFS { throw .system("sync the folder \(folder)", named) }
  }
}
