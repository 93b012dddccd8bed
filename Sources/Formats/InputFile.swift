import Glibc

/// A regular file open for reading at any offset. Closed when the last reference goes.
final class InputFile: Sendable {
  let path: String
  let size: UInt64
  private let descriptor: Int32

  init(path: String) throws(FormatError) {
    // O_NONBLOCK: opening a pipe must fail below, not wait for a writer. Regular files ignore it.
    let descriptor = PathBytes.with(path) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else {
      let code = errno
      var link = stat()
      let isLink = PathBytes.with(path) { lstat($0, &link) } == 0 && link.st_mode & S_IFMT == S_IFLNK
      throw code == ENOENT && isLink
        ? FormatError(path: path, reason: .malformed("a link that leads nowhere")) : .system("open", path, code: code)
    }
    var information = stat()
    guard fstat(descriptor, &information) == 0 else {
      let code = errno
      close(descriptor)
      throw .system("inspect", path, code: code)
    }
    guard information.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw FormatError(path: path, reason: .notRegular)
    }
    self.path = path
    self.descriptor = descriptor
    size = UInt64(max(0, information.st_size))
  }

  deinit {
    close(descriptor)
  }

  /// Fills the whole buffer from the given offset.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(FormatError) {
    guard let base = buffer.baseAddress else { return }
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, base + done, buffer.count - done, off_t(offset) + off_t(done))
      if count > 0 {
        done += count
      } else if count == 0 {
        throw FormatError(path: path, reason: .tooShort(bytes: offset + UInt64(done), needed: offset + UInt64(buffer.count)))
      } else if errno != EINTR {
        throw .system("read", path)
      }
    }
  }

  /// `count` bytes from the given offset; the caller has checked the count against `size`.
  func bytes(at offset: UInt64, count: Int) throws(FormatError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBufferPointer { (buffer) throws(FormatError) in
      try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
    }
    return bytes
  }
}
