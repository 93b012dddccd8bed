import CZlib

/// A picture as PNG: RGB of 8 bits, as the PNG specification (ISO/IEC 15948) has it.
public struct PNG: Hashable, Sendable {
  /// In pixels.
  public let width: Int
  /// In pixels.
  public let height: Int
  /// The file.
  public let bytes: [UInt8]

  /// - Parameters:
  ///   - width: in pixels, at least 1.
  ///   - pixels: red, green and blue of each, row by row from the top; rows that are not whole are left out.
  /// - Returns: `nil` where there is no pixel, or no memory to compress them.
  public init?(width: Int, pixels: [UInt8]) {
    guard width > 0, width <= 1 << 20, pixels.count >= 3 * width else { return nil }
    (self.width, height) = (width, pixels.count / (3 * width))
    // Each row begins with its filter: none.
    var rows: [UInt8] = []
    rows.reserveCapacity(height * (3 * width + 1))
    for row in 0..<height {
      rows.append(0)
      rows += pixels[(3 * width * row)..<(3 * width * (row + 1))]
    }
    var size = compressBound(UInt(rows.count))
    var data = [UInt8](repeating: 0, count: Int(size))
    guard compress2(&data, &size, rows, UInt(rows.count), Z_DEFAULT_COMPRESSION) == Z_OK else { return nil }
    let header = Self.big(width) + Self.big(height) + [8, 2, 0, 0, 0]
    bytes =
      [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + Self.chunk("IHDR", header) + Self.chunk("IDAT", Array(data.prefix(Int(size))))
      + Self.chunk("IEND", [])
  }

  private static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let named = Array(name.utf8) + data
    return big(data.count) + named + big(Int(crc32(0, named, UInt32(named.count))))
  }

  private static func big(_ number: Int) -> [UInt8] {
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: number).bigEndian) { Array($0) }
  }
}
