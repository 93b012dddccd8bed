import CZlib
import Glibc

/// The bytes of a file, decompressed on the way where it is gzip (recognised by its content, not by its name).
final class ByteSource {
  private let path: String
  private let descriptor: Int32
  private let input: UnsafeMutablePointer<UInt8>
  private static let capacity = 1 << 17
  /// The part of `input` not yet consumed.
  private var pending = 0..<0
  // zlib keeps a pointer back to its stream, so the stream must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private var isGzip = false
  private var ended = false

  init(path: String) throws(DataError) {
    self.path = path
    // O_NONBLOCK: a pipe must be refused below, not waited for. Regular files ignore it.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.unreadable(path, code: errno) }
    input = .allocate(capacity: Self.capacity)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    var information = stat()
    guard fstat(descriptor, &information) == 0 else { throw Self.unreadable(path, code: errno) }
    guard information.st_mode & S_IFMT == S_IFREG else { throw .unreadable(path: path, message: "not a regular file") }
    try refill()
    if pending.count >= 2 && input[0] == 0x1f && input[1] == 0x8b {
      // 15: the largest window; 16: a gzip wrapper, whose check sum zlib verifies.
      let code = inflateInit2_(stream, 15 + 16, zlibVersion(), Int32(MemoryLayout<z_stream>.size))
      guard code == Z_OK else { throw failure(code) }
      isGzip = true
    }
  }

  deinit {
    close(descriptor)
    if isGzip { inflateEnd(stream) }
    stream.deallocate()
    input.deallocate()
  }

  /// Reads at least one byte into the buffer and says how many; 0 at the end, once a gzip file's check sum is found right.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(DataError) -> Int {
    guard !ended, buffer.count > 0, let base = buffer.baseAddress else { return 0 }
    return isGzip ? try inflate(into: base, count: buffer.count) : try copy(into: base, count: buffer.count)
  }

  private func copy(into base: UnsafeMutableRawPointer, count: Int) throws(DataError) -> Int {
    if pending.isEmpty {
      try refill()
    }
    let size = min(count, pending.count)
    base.copyMemory(from: input + pending.lowerBound, byteCount: size)
    pending = pending.lowerBound + size..<pending.upperBound
    ended = size == 0
    return size
  }

  private func inflate(into base: UnsafeMutableRawPointer, count: Int) throws(DataError) -> Int {
    let count = min(count, Int(UInt32.max))
    stream.pointee.next_out = base.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(count)
    while stream.pointee.avail_out == UInt32(count) {
      if pending.isEmpty {
        try refill()
        if pending.isEmpty { throw .truncatedGzip(path: path) }
      }
      stream.pointee.next_in = input + pending.lowerBound
      stream.pointee.avail_in = UInt32(pending.count)
      let code = CZlib.inflate(stream, Z_NO_FLUSH)
      pending = pending.upperBound - Int(stream.pointee.avail_in)..<pending.upperBound
      if code == Z_STREAM_END {
        if try !beginNextMember() {
          ended = true
          break
        }
      } else if code != Z_OK && code != Z_BUF_ERROR {
        throw failure(code)
      }
    }
    return count - Int(stream.pointee.avail_out)
  }

  /// A gzip file may hold several members in a row, and padding of zeros after the last. True when another member follows.
  private func beginNextMember() throws(DataError) -> Bool {
    while true {
      if pending.isEmpty {
        try refill()
        if pending.isEmpty { return false }
      }
      if input[pending.lowerBound] != 0 { break }
      pending = pending.lowerBound + 1..<pending.upperBound
    }
    let code = inflateReset(stream)
    guard code == Z_OK else { throw failure(code) }
    return true
  }

  private func refill() throws(DataError) {
    while true {
      let count = Glibc.read(descriptor, input, Self.capacity)
      if count >= 0 {
        pending = 0..<count
        return
      }
      if errno != EINTR { throw Self.unreadable(path, code: errno) }
    }
  }

  private func failure(_ code: Int32) -> DataError {
    if code == Z_MEM_ERROR { return .outOfMemory(what: "decompressing \(path)", bytes: 1 << 15) }
    return .corruptGzip(path: path, message: stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(code)")
  }

  private static func unreadable(_ path: String, code: Int32) -> DataError {
    .unreadable(path: path, message: String(cString: strerror(code)))
  }
}
