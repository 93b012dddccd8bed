/// The records at an archive's end, which say where its directory is.
struct ZipEnd {
  let directoryOffset: UInt64
  let directorySize: Int
  let count: Int

  private static let size = 22
  private static let size64 = 56
  private static let locatorSize = 20
  /// The smallest entry of a directory.
  private static let smallestListing = 46

  init(file: InputFile) throws(FormatError) {
    let (position, record) = try Self.find(file)
    var cursor = LittleEndianCursor(record)
    guard cursor.skip(4), let disk: UInt16 = cursor.number(), let directoryDisk: UInt16 = cursor.number(),
      let countHere: UInt16 = cursor.number(), let count: UInt16 = cursor.number(), let size: UInt32 = cursor.number(),
      let offset: UInt32 = cursor.number()
    else { throw Self.truncated(file) }
    var end = position
    var (totalCount, totalSize, directory) = (UInt64(count), UInt64(size), UInt64(offset))
    var disks = [UInt64(disk), UInt64(directoryDisk)]
    if let (position64, large) = try Self.find64(file, before: position) {
      // What the small record can hold, it must hold as well.
      let pairs: [(UInt64, UInt64, UInt64)] = [
        (UInt64(count), 0xffff, large.count), (UInt64(size), 0xffff_ffff, large.size), (UInt64(offset), 0xffff_ffff, large.offset),
      ]
      guard pairs.allSatisfy({ $0 == $1 || $0 == $2 }) else {
        throw ZipArchive.malformed(file, "the two records at the archive's end contradict each other")
      }
      end = position64
      (totalCount, totalSize, directory) = (large.count, large.size, large.offset)
      disks = large.disks
    } else if countHere != count || count == 0xffff || size == .max || offset == .max {
      throw ZipArchive.malformed(file, "the archive's directory is not where its last record says")
    }
    guard disks.allSatisfy({ $0 == 0 }) else { throw ZipArchive.malformed(file, "a part of an archive on several disks") }
    guard totalSize <= end, directory <= end - totalSize else {
      throw ZipArchive.malformed(file, "the archive's directory of \(totalSize) bytes at byte \(directory) does not lie in the file")
    }
    guard totalCount <= totalSize / UInt64(Self.smallestListing) else {
      throw ZipArchive.malformed(file, "\(totalCount) entries do not fit in a directory of \(totalSize) bytes")
    }
    directoryOffset = directory
    directorySize = Int(totalSize)
    self.count = Int(totalCount)
  }

  /// The last record: a comment of up to 65535 bytes may follow, and reaches to the file's end.
  private static func find(_ file: InputFile) throws(FormatError) -> (position: UInt64, record: [UInt8]) {
    guard file.size >= UInt64(size) else { throw truncated(file) }
    let count = Int(min(file.size, UInt64(size + 0xffff)))
    let start = file.size - UInt64(count)
    let tail = try file.bytes(at: start, count: count)
    for index in stride(from: count - size, through: 0, by: -1) where tail[index..<index + 4].elementsEqual([0x50, 0x4b, 0x05, 0x06]) {
      let comment = Int(tail[index + 20]) | Int(tail[index + 21]) << 8
      if index + size + comment == count { return (start + UInt64(index), Array(tail[index..<index + size])) }
    }
    throw truncated(file)
  }

  /// The record of a large archive, which a locator in front of the last record points to.
  private static func find64(
    _ file: InputFile, before position: UInt64
  ) throws(FormatError) -> (position: UInt64, record: (count: UInt64, size: UInt64, offset: UInt64, disks: [UInt64]))? {
    guard position >= UInt64(locatorSize) else { return nil }
    let locatorPosition = position - UInt64(locatorSize)
    var locator = LittleEndianCursor(try file.bytes(at: locatorPosition, count: locatorSize))
    guard locator.number(UInt32.self) == 0x0706_4b50 else { return nil }
    guard let disk: UInt32 = locator.number(), let recordPosition: UInt64 = locator.number(), locatorPosition >= UInt64(size64),
      recordPosition <= locatorPosition - UInt64(size64)
    else { throw ZipArchive.malformed(file, "the record of a large archive does not lie in the file") }
    var record = LittleEndianCursor(try file.bytes(at: recordPosition, count: size64))
    guard record.number(UInt32.self) == 0x0606_4b50, record.skip(12), let disk1: UInt32 = record.number(),
      let disk2: UInt32 = record.number(), let countHere: UInt64 = record.number(), let count: UInt64 = record.number(),
      let size: UInt64 = record.number(), let offset: UInt64 = record.number(), countHere == count
    else { throw ZipArchive.malformed(file, "the record of a large archive is not where it should be") }
    return (recordPosition, (count, size, offset, [UInt64(disk), UInt64(disk1), UInt64(disk2)]))
  }

  private static func truncated(_ file: InputFile) -> FormatError {
    ZipArchive.malformed(file, "truncated: an archive that ends without its directory")
  }
}
