/// Writes an archive of stored entries as PyTorch lays its own out: every entry's data begin at a multiple of 64 bytes, sizes and checksums
/// follow them, and the archive ends with the records of a large one.
struct ZipWriter {
  private let writer: FileWriter
  private var listings: [Listing] = []

  private struct Listing {
    let name: [UInt8]
    let flags: UInt16
    let checksum: UInt32
    let size: UInt64
    let offset: UInt64
  }

  private static let alignment: UInt64 = 64
  /// Numbers from here on do not fit in 32 bits, of which the largest is a mark.
  private static let large: UInt64 = 0xffff_ffff
  private static let isUTF8: UInt16 = 1 << 11
  private static let hasDescriptor: UInt16 = 1 << 3

  init(_ writer: FileWriter) { self.writer = writer }

  /// Adds an entry of `size` bytes, which `body` writes.
  /// - Returns: the number of bytes it did write, which the caller compares.
  mutating func add(
    _ name: String, size: Int, _ body: (FileWriter) throws(FormatError) -> Void
  ) throws(FormatError) -> Int {
    let name = Array(name.utf8)
    let (start, size) = (writer.count, UInt64(size))
    let flags = size > 0 ? Self.isUTF8 | Self.hasDescriptor : Self.isUTF8
    var extra = Self.largeNumbers(size: size, offset: start)
    let isLarge = !extra.isEmpty
    let unpadded = start + 30 + UInt64(name.count + extra.count) + 4
    let padding = (Self.alignment - unpadded % Self.alignment) % Self.alignment
    extra += Self.bytes(UInt16(0x4246)) + Self.bytes(UInt16(padding)) + [UInt8](repeating: UInt8(ascii: "Z"), count: Int(padding))
    let mark: UInt32 = size >= Self.large ? .max : 0
    var header = Self.bytes(0x0403_4b50 as UInt32) + Self.bytes(0 as UInt16) + Self.bytes(flags) + [UInt8](repeating: 0, count: 10)
    header += Self.bytes(mark) + Self.bytes(mark) + Self.bytes(UInt16(name.count)) + Self.bytes(UInt16(extra.count))
    try writer.write(header + name + extra)

    let first = writer.count
    writer.checksum = Checksum()
    try body(writer)
    let checksum = writer.checksum?.value ?? 0
    writer.checksum = nil
    let written = writer.count - first
    if size > 0 {
      let sizes = isLarge ? Self.bytes(size) + Self.bytes(size) : Self.bytes(UInt32(size)) + Self.bytes(UInt32(size))
      try writer.write(Self.bytes(0x0807_4b50 as UInt32) + Self.bytes(checksum) + sizes)
    }
    listings.append(Listing(name: name, flags: flags, checksum: checksum, size: size, offset: start))
    return Int(written)
  }

  /// Adds an entry with the given content.
  mutating func add(_ name: String, _ content: [UInt8]) throws(FormatError) {
    _ = try add(name, size: content.count) { (writer) throws(FormatError) in try writer.write(content) }
  }

  /// Writes the directory. Nothing can be added afterwards.
  func finish() throws(FormatError) {
    let start = writer.count
    for listing in listings {
      let extra = Self.largeNumbers(size: listing.size, offset: listing.offset)
      let size = UInt32(min(listing.size, Self.large))
      var bytes = Self.bytes(0x0201_4b50 as UInt32) + [0, 0, 0, 0] + Self.bytes(listing.flags) + [UInt8](repeating: 0, count: 6)
      bytes += Self.bytes(listing.checksum) + Self.bytes(size) + Self.bytes(size) + Self.bytes(UInt16(listing.name.count))
      bytes += Self.bytes(UInt16(extra.count)) + [UInt8](repeating: 0, count: 10)
      bytes += Self.bytes(UInt32(min(listing.offset, Self.large)))
      try writer.write(bytes + listing.name + extra)
    }
    let end = writer.count
    let count = UInt64(listings.count)
    var bytes =
      Self.bytes(0x0606_4b50 as UInt32) + Self.bytes(44 as UInt64) + Self.bytes(0x2d_031e as UInt32) + [UInt8](repeating: 0, count: 8)
    bytes += Self.bytes(count) + Self.bytes(count) + Self.bytes(end - start) + Self.bytes(start)
    bytes += Self.bytes(0x0706_4b50 as UInt32) + Self.bytes(0 as UInt32) + Self.bytes(end) + Self.bytes(1 as UInt32)
    let small = UInt16(min(count, 0xffff))
    bytes += Self.bytes(0x0605_4b50 as UInt32) + [0, 0, 0, 0] + Self.bytes(small) + Self.bytes(small)
    bytes += Self.bytes(UInt32(min(end - start, Self.large))) + Self.bytes(UInt32(min(start, Self.large))) + [0, 0]
    try writer.write(bytes)
  }

  /// The field with what does not fit in 32 bits; nothing where all fits.
  private static func largeNumbers(size: UInt64, offset: UInt64) -> [UInt8] {
    var numbers: [UInt8] = []
    if size >= large { numbers += bytes(size) + bytes(size) }
    if offset >= large { numbers += bytes(offset) }
    return numbers.isEmpty ? [] : bytes(1 as UInt16) + bytes(UInt16(numbers.count)) + numbers
  }

  /// Little-endian.
  private static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }
}
