/// A file in the IDX format of the MNIST family: a big-endian magic number, the dimensions, then unsigned bytes. Plain or gzip.
///
/// Format: http://yann.lecun.com/exdb/mnist/
struct IDXFile {
  let dimensions: [Int]
  let bytes: [UInt8]

  /// Unsigned bytes in three dimensions: images, rows, columns.
  static let images: UInt32 = 0x0000_0803
  /// Unsigned bytes in one dimension: labels.
  static let labels: UInt32 = 0x0000_0801

  private static let chunk = 1 << 18

  /// Reads a whole file. What its header promises is compared with what is there; memory grows only with bytes that really arrive.
  init(path: String, magic expected: UInt32) throws(DataError) {
    let source = try ByteSource(path: path)
    let rank = Int(expected & 0xff)
    let header = try Self.read(source, count: 4 * (rank + 1), of: path)
    guard header.count >= 4 else { throw .truncated(path: path, bytes: header.count, expected: 4 * (rank + 1)) }
    let magic = Self.word(header, 0)
    guard magic == expected else { throw .wrongMagic(path: path, found: magic, expected: expected) }
    guard header.count == 4 * (rank + 1) else { throw .truncated(path: path, bytes: header.count, expected: 4 * (rank + 1)) }
    dimensions = (1...rank).map { Int(Self.word(header, $0)) }
    guard dimensions.allSatisfy({ $0 > 0 }), let size = checkedProduct(dimensions), size < Int.max - header.count else {
      throw .badDimensions(path: path, dimensions: dimensions)
    }
    bytes = try Self.read(source, count: size, of: path)
    guard bytes.count == size else {
      throw .truncated(path: path, bytes: header.count + bytes.count, expected: header.count + size)
    }
    // Reading on to the end also makes zlib compare the check sum.
    guard try Self.read(source, count: 1, of: path).isEmpty else { throw .trailingBytes(path: path, expected: header.count + size) }
  }

  private static func word(_ bytes: [UInt8], _ index: Int) -> UInt32 {
    bytes[4 * index..<4 * index + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// `count` bytes, or fewer where the source ends.
  private static func read(_ source: ByteSource, count: Int, of what: String) throws(DataError) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: min(count, chunk))
    while bytes.count < count {
      let wanted = min(buffer.count, count - bytes.count)
      let size = try buffer.withUnsafeMutableBufferPointer { (buffer) throws(DataError) in
        try source.read(into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<wanted])))
      }
      if size == 0 { break }
      try bytes.requireGrowth(by: size, for: what)
      bytes.append(contentsOf: buffer[..<size])
    }
    return bytes
  }
}
