#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A run folder in use. No other process gets it until the lock is gone, which is also when the process ends, however it does.
///
/// It is `flock` on the folder itself, so that nothing is left behind.
package final class RunFolderLock: Sendable {
  private let descriptor: Int32
  /// Why the folder is not locked although nobody else has it: some network file systems know no such locks. `nil` where it is.
  package let objection: String?

  /// - Throws: `RunFolderError` where another training has the folder.
  fileprivate init(_ folder: RunFolder) throws(RunFolderError) {
    descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    var code: Int32 = descriptor < 0 ? errno : 0
    if descriptor >= 0 {
      // Whoever asks whether it is in use (`isInUse`) has it for a moment.
      var tries = 0
      while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
        code = errno
        if code == EWOULDBLOCK, tries < 10 {
          tries += 1
          usleep(5000)
        } else if code != EINTR {
          break
        }
        code = 0
      }
    }
    if code == EWOULDBLOCK {
      close(descriptor)
      throw RunFolderError(path: folder.path, problem: "is in use: another training writes to it")
    }
    objection = code == 0 ? nil : String(cString: strerror(code))
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}

extension RunFolder {
  /// Takes the folder, which has to be there, for as long as the lock is kept.
  /// - Throws: `RunFolderError` where another training has it.
  package func lock() throws(RunFolderError) -> RunFolderLock { try RunFolderLock(self) }

  /// Whether a training has the folder; also where its file system does not tell.
  package var isInUse: Bool {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    // Closing gives the lock back.
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0
  }
}
