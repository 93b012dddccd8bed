/// Reads forward through a part of a file, or through bytes in memory, a piece at a time.
struct ByteReader {
  /// The file the bytes come from, for messages too.
  let file: InputFile
  /// Where reading ends.
  let end: UInt64

  private let isInMemory: Bool
  private var window: [UInt8]
  /// The position of the window's first byte.
  private var windowStart: UInt64
  private var cursor = 0
  private static let windowSize = 1 << 16

  /// Reads the given part of a file; the caller has checked that the file is so long.
  init(file: InputFile, range: Range<UInt64>) {
    self.file = file
    end = range.upperBound
    isInMemory = false
    window = []
    windowStart = range.lowerBound
  }

  /// Reads bytes that came out of a file.
  init(file: InputFile, bytes: [UInt8]) {
    self.file = file
    end = UInt64(bytes.count)
    isInMemory = true
    window = bytes
    windowStart = 0
  }

  /// Where the next byte is.
  var position: UInt64 { windowStart + UInt64(cursor) }

  /// How many bytes are left.
  var remaining: UInt64 { end - position }

  /// The next byte; nil at the end.
  mutating func next() throws(FormatError) -> UInt8? {
    if cursor == window.count {
      guard try refill() else { return nil }
    }
    defer { cursor += 1 }
    return window[cursor]
  }

  /// The next bytes; nil when fewer are left. Memory is taken only for what is there.
  mutating func next(_ count: Int) throws(FormatError) -> [UInt8]? {
    guard count >= 0, UInt64(count) <= remaining else { return nil }
    if count <= window.count - cursor {
      defer { cursor += count }
      return Array(window[cursor..<cursor + count])
    }
    // Bytes in memory are all in the window, so this is a file.
    let bytes = try file.bytes(at: position, count: count)
    windowStart = position + UInt64(count)
    window = []
    cursor = 0
    return bytes
  }

  /// The bytes up to the next newline, which is taken but not part of them; nil where none comes within `limit` bytes.
  mutating func line(limit: Int) throws(FormatError) -> [UInt8]? {
    var bytes: [UInt8] = []
    while let byte = try next() {
      if byte == UInt8(ascii: "\n") { return bytes }
      if bytes.count == limit { return nil }
      bytes.append(byte)
    }
    return nil
  }

  /// Passes over bytes; false when fewer are left.
  mutating func skip(_ count: UInt64) -> Bool {
    guard count <= remaining else { return false }
    if count <= UInt64(window.count - cursor) {
      cursor += Int(count)
    } else {
      windowStart = position + count
      window = []
      cursor = 0
    }
    return true
  }

  private mutating func refill() throws(FormatError) -> Bool {
    guard !isInMemory, remaining > 0 else { return false }
    windowStart = position
    cursor = 0
    window = []
    window = try file.bytes(at: windowStart, count: Int(min(UInt64(Self.windowSize), end - windowStart)))
    return true
  }
}
