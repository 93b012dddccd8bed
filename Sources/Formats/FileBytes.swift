/// A small file as a whole.
package enum FileBytes {
  /// Reads it.
  /// - Throws: `FormatError` where it cannot be read, is no regular file, or has more bytes than may be.
  package static func read(path: String, limit: Int) throws(FormatError) -> [UInt8] {
    let file = try InputFile(path: path)
    guard file.size <= UInt64(limit) else { throw FormatError(path: path, reason: .tooLong(bytes: file.size, limit: UInt64(limit))) }
    return try file.bytes(at: 0, count: Int(file.size))
  }
}
