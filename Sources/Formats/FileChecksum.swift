import CDigest

/// What tells whether a file's bytes are those that they should be.
public enum FileChecksum {
  /// The CRC-32 of a file's bytes, as archives have it: tells accidental changes.
  /// - Throws: `FormatError` for a file that cannot be read.
  public static func crc32(path: String) throws(FormatError) -> UInt32 {
    var checksum = Checksum()
    try read(path) { checksum.add($0) }
    return checksum.value
  }

  /// The SHA-256 of a file's bytes (FIPS 180-4), in hexadecimal: tells any change, made by accident or on purpose.
  /// - Throws: `FormatError` for a file that cannot be read.
  public static func sha256(path: String) throws(FormatError) -> String {
    var hash = GlissadeSHA256()
    glissade_sha256_start(&hash)
    try read(path) { glissade_sha256_add(&hash, $0.baseAddress, $0.count) }
    var digest = [UInt8](repeating: 0, count: 32)
    glissade_sha256_finish(&hash, &digest)
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func read(_ path: String, _ body: (UnsafeRawBufferPointer) -> Void) throws(FormatError) {
    let file = try InputFile(path: path)
    var offset: UInt64 = 0
    while offset < file.size {
      let count = Int(min(file.size - offset, 1 << 20))
      let bytes = try file.bytes(at: offset, count: count)
      bytes.withUnsafeBytes { body($0) }
      offset += UInt64(count)
    }
  }
}
