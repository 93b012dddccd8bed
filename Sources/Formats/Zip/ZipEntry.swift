/// One file in an archive, as its directory lists it. Its data have been found to lie in the archive, apart from all others.
struct ZipEntry {
  let name: String
  /// Compressed by deflate, or stored as it is.
  let isDeflated: Bool
  /// CRC-32 of the content.
  let checksum: UInt32
  /// In the archive.
  let storedSize: Int
  /// Of the content.
  let size: Int
  /// Where the data begin.
  let offset: UInt64
}
