/// PNG files written by hand: so that tests can make pictures, and what no honest program writes.
public enum HandmadePicture {
  /// A PNG of RGB pixels of one byte per channel.
  public static func png(width: Int, height: Int, pixels: [UInt8]) -> [UInt8] {
    var rows: [UInt8] = []
    for row in 0..<height {
      rows.append(0)
      rows += pixels[(row * width * 3)..<((row + 1) * width * 3)]
    }
    return file(header(width: width, height: height), data: rows)
  }

  /// A header's content. Colour 0 is grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGB with alpha.
  public static func header(width: Int, height: Int, depth: UInt8 = 8, colour: UInt8 = 2, interlaced: Bool = false) -> [UInt8] {
    let kind: [UInt8] = [depth, colour, 0, 0, interlaced ? 1 : 0]
    return big(UInt32(width)) + big(UInt32(height)) + kind
  }

  /// A whole file from a header and the rows, each with its filter's number in front.
  public static func file(_ header: [UInt8], data: [UInt8], before: [[UInt8]] = []) -> [UInt8] {
    let (start, others): ([UInt8], [UInt8]) = (signature + chunk("IHDR", header), before.flatMap(\.self))
    let pixels = chunk("IDAT", zlib(data))
    return start + others + pixels + chunk("IEND", [])
  }

  public static let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

  public static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + content
    let (length, sum) = (big(UInt32(content.count)), big(HandmadeArchive.checksum(body)))
    return length + body + sum
  }

  /// Deflated, with the frame that PNG wants.
  public static func zlib(_ bytes: [UInt8]) -> [UInt8] {
    var (a, b): (UInt32, UInt32) = (1, 0)
    for byte in bytes {
      a = (a + UInt32(byte)) % 65521
      b = (b + a) % 65521
    }
    let (start, sum): ([UInt8], [UInt8]) = ([0x78, 0x01], big(b << 16 | a))
    return start + HandmadeArchive.deflate(bytes) + sum
  }

  private static func big(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }
}
