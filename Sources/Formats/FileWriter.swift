import Glibc

/// A buffered writer over an open file, handed to the body of `AtomicFile.write`. Not for use after that body returns.
public final class FileWriter {
  /// Bytes accepted so far.
  public private(set) var count: UInt64 = 0

  /// Of all bytes since it was set.
  var checksum: Checksum?

  private let path: String
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private static let capacity = 1 << 16

  init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
    buffer.reserveCapacity(Self.capacity)
  }

  /// Appends bytes as they are.
  /// - Throws: `FormatError` with the errno of a failed write, disk full among them.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(FormatError) {
    checksum?.add(bytes)
    if bytes.count > Self.capacity - buffer.count { try flush() }
    if bytes.count >= Self.capacity {
      try writeThrough(bytes)
    } else {
      buffer.append(contentsOf: bytes)
    }
    count += UInt64(bytes.count)
  }

  /// Appends bytes as they are.
  /// - Throws: `FormatError` with the errno of a failed write.
  public func write(_ bytes: [UInt8]) throws(FormatError) {
    try write(elements: bytes)
  }

  /// Appends text as UTF-8.
  /// - Throws: `FormatError` with the errno of a failed write.
  public func write(_ text: String) throws(FormatError) {
    try write(elements: Array(text.utf8))
  }

  /// Appends the memory of a buffer of plain numbers, in the machine's (little-endian) byte order.
  /// - Throws: `FormatError` with the errno of a failed write.
  public func write<Element: BitwiseCopyable>(elements: UnsafeBufferPointer<Element>) throws(FormatError) {
    try write(UnsafeRawBufferPointer(elements))
  }

  /// Appends the memory of an array of plain numbers, in the machine's (little-endian) byte order.
  /// - Throws: `FormatError` with the errno of a failed write.
  public func write<Element: BitwiseCopyable>(elements: [Element]) throws(FormatError) {
    try elements.withUnsafeBufferPointer { (buffer) throws(FormatError) in try write(elements: buffer) }
  }

  func flush() throws(FormatError) {
    try buffer.withUnsafeBufferPointer { (pending) throws(FormatError) in try writeThrough(UnsafeRawBufferPointer(pending)) }
    buffer.removeAll(keepingCapacity: true)
  }

  private func writeThrough(_ bytes: UnsafeRawBufferPointer) throws(FormatError) {
    guard let base = bytes.baseAddress else { return }
    var done = 0
    while done < bytes.count {
      let written = Glibc.write(descriptor, base + done, bytes.count - done)
      if written > 0 {
        done += written
      } else if written == 0 || errno != EINTR {
        // A write of zero bytes sets no errno; nothing but a full or broken device explains it.
        throw .system("write", path, code: written == 0 ? EIO : errno)
      }
    }
  }
}
