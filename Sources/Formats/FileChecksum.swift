/// The CRC-32 of a file's bytes, as archives have it: tells accidental changes.
public enum FileChecksum {
  /// - Throws: `FormatError` for a file that cannot be read.
  public static func crc32(path: String) throws(FormatError) -> UInt32 {
    let file = try InputFile(path: path)
    var checksum = Checksum()
    var offset: UInt64 = 0
    while offset < file.size {
      let count = Int(min(file.size - offset, 1 << 20))
      let bytes = try file.bytes(at: offset, count: count)
      bytes.withUnsafeBytes { checksum.add($0) }
      offset += UInt64(count)
    }
    return checksum.value
  }
}
