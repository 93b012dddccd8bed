/// What an archive's directory says of one entry, before the entry itself has been looked at.
struct ZipListing {
  private let name: [UInt8]
  private let text: String
  private let flags: UInt16
  private let method: UInt16
  private let checksum: UInt32
  private let storedSize: UInt64
  private let size: UInt64
  private let headerOffset: UInt64

  private static let headerSize = 30
  private static let encrypted: UInt16 = 1 << 0
  /// Sizes and checksum follow the data instead of standing in the header.
  private static let hasDescriptor: UInt16 = 1 << 3

  /// Takes the next entry of a directory.
  init(_ cursor: inout LittleEndianCursor, file: InputFile) throws(FormatError) {
    guard let signature: UInt32 = cursor.number(), signature == 0x0201_4b50, cursor.skip(4), let flags: UInt16 = cursor.number(),
      let method: UInt16 = cursor.number(), cursor.skip(4), let checksum: UInt32 = cursor.number(),
      let storedSize: UInt32 = cursor.number(), let size: UInt32 = cursor.number(), let nameLength: UInt16 = cursor.number(),
      let extraLength: UInt16 = cursor.number(), let commentLength: UInt16 = cursor.number(), let disk: UInt16 = cursor.number(),
      cursor.skip(6), let headerOffset: UInt32 = cursor.number(), let name = cursor.take(Int(nameLength)),
      let extra = cursor.take(Int(extraLength)), cursor.skip(Int(commentLength))
    else { throw ZipArchive.malformed(file, "the archive's directory is damaged") }
    guard let text = String(validating: name, as: UTF8.self), Self.isHarmless(text) else {
      throw ZipArchive.malformed(
        file, "an entry is named \(printable(String(decoding: name, as: UTF8.self))), which is no path inside an archive")
    }
    guard flags & Self.encrypted == 0 else { throw ZipArchive.malformed(file, "entry \(printable(text)) is encrypted") }
    guard disk == 0 || disk == .max else { throw ZipArchive.malformed(file, "a part of an archive on several disks") }
    self.name = name
    self.text = text
    self.flags = flags
    self.method = method
    self.checksum = checksum
    var large = Self.largeNumbers(extra)
    guard let size = Self.widen(size, &large), let storedSize = Self.widen(storedSize, &large),
      let headerOffset = Self.widen(headerOffset, &large)
    else { throw ZipArchive.malformed(file, "entry \(printable(text)) has a size of more than 32 bits that is not noted") }
    self.size = size
    self.storedSize = storedSize
    self.headerOffset = headerOffset
  }

  /// Looks at the entry's own header.
  /// - Returns: the entry, and all that it takes of the archive.
  func locate(in file: InputFile, dataEnd: UInt64) throws(FormatError) -> (entry: ZipEntry, place: Range<UInt64>) {
    let title = printable(text)
    let header = UInt64(Self.headerSize + name.count)
    guard header <= dataEnd, headerOffset <= dataEnd - header else { throw Self.outside(file, title) }
    var cursor = LittleEndianCursor(try file.bytes(at: headerOffset, count: Int(header)))
    guard let signature: UInt32 = cursor.number(), cursor.skip(2), let flags: UInt16 = cursor.number(),
      let method: UInt16 = cursor.number(), cursor.skip(4), let checksum: UInt32 = cursor.number(),
      let storedSize: UInt32 = cursor.number(), let size: UInt32 = cursor.number(), let nameLength: UInt16 = cursor.number(),
      let extraLength: UInt16 = cursor.number(), let name = cursor.take(self.name.count)
    else { throw Self.outside(file, title) }
    guard signature == 0x0403_4b50, method == self.method, Int(nameLength) == self.name.count, name == self.name,
      flags & Self.encrypted == 0
    else { throw ZipArchive.malformed(file, "entry \(title) is not where the archive's directory says") }
    if flags & Self.hasDescriptor == 0 {
      // Where the numbers stand in both places they are the same; large ones stand elsewhere.
      guard checksum == self.checksum, size == .max || UInt64(size) == self.size,
        storedSize == .max || UInt64(storedSize) == self.storedSize
      else { throw ZipArchive.malformed(file, "entry \(title) has another size or checksum than the archive's directory says") }
    }
    let offset = headerOffset + header + UInt64(extraLength)
    guard offset <= dataEnd, self.storedSize <= dataEnd - offset else { throw Self.outside(file, title) }
    let stored = Int(self.storedSize)
    switch method {
    case 0:
      guard self.size == self.storedSize else {
        throw ZipArchive.malformed(file, "entry \(title) is not compressed and claims \(self.size) bytes in \(stored)")
      }
    case 8:
      // Deflate makes at most 1032 bytes of one.
      guard self.size / 1100 <= self.storedSize else {
        throw ZipArchive.malformed(
          file, "entry \(title) claims \(self.size) bytes of content, which \(stored) compressed bytes cannot hold")
      }
    default: throw ZipArchive.malformed(file, "entry \(title) is compressed by method \(method); known are 0 (stored) and 8 (deflate)")
    }
    guard let content = Int(exactly: self.size) else { throw Self.outside(file, title) }
    let entry = ZipEntry(
      name: text, isDeflated: method == 8, checksum: self.checksum, storedSize: stored, size: content, offset: offset)
    return (entry, headerOffset..<offset + self.storedSize)
  }

  private static func outside(_ file: InputFile, _ title: String) -> FormatError {
    ZipArchive.malformed(file, "entry \(title) does not lie in the archive")
  }

  /// A relative path without ways out. A folder's name ends with a slash.
  private static func isHarmless(_ name: String) -> Bool {
    guard !name.isEmpty, !name.contains("\\"), !name.contains("\0") else { return false }
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    return parts.enumerated().allSatisfy { index, part in
      part != ".." && part != "." && (!part.isEmpty || index > 0 && index == parts.count - 1)
    }
  }

  /// The 64-bit numbers of an entry, in the order in which they are missing elsewhere.
  private static func largeNumbers(_ extra: [UInt8]) -> [UInt64] {
    var cursor = LittleEndianCursor(extra)
    while let kind: UInt16 = cursor.number(), let length: UInt16 = cursor.number(), let field = cursor.take(Int(length)) {
      guard kind == 1 else { continue }
      var numbers: [UInt64] = []
      var field = LittleEndianCursor(field)
      while let number: UInt64 = field.number() { numbers.append(number) }
      return numbers.reversed()
    }
    return []
  }

  private static func widen(_ number: UInt32, _ large: inout [UInt64]) -> UInt64? {
    number == .max ? large.popLast() : UInt64(number)
  }
}
