import CZlib

/// Undoes deflate. The content has the size that the archive's directory says, or is refused; memory is taken for no more.
enum Inflation {
  private static let pieceSize = 1 << 16

  static func inflate(_ entry: ZipEntry, of file: InputFile, into destination: UnsafeMutableRawBufferPointer) throws(FormatError) {
    // zlib keeps a pointer back to its stream, so the stream must not move.
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    // Negative: no wrapper around the deflated data.
    guard inflateInit2_(stream, -15, zlibVersion(), Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw damaged(file, entry, "there is no memory to decompress it")
    }
    defer { inflateEnd(stream) }
    var piece = [UInt8](repeating: 0, count: min(pieceSize, max(entry.storedSize, 1)))
    var (consumed, produced) = (0, 0)
    // One byte more than there should be, to see whether there is one.
    var surplus: UInt8 = 0
    while true {
      let input = min(piece.count, entry.storedSize - consumed)
      let code = try piece.withMemory { (piece) throws(FormatError) -> Int32 in
        try file.read(into: UnsafeMutableRawBufferPointer(rebasing: piece[..<input]), at: entry.offset + UInt64(consumed))
        stream.pointee.next_in = piece.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(input)
        return withUnsafeMutablePointer(to: &surplus) { surplus in
          let room = min(destination.count - produced, 1 << 30)
          stream.pointee.next_out = room > 0 ? destination.baseAddress?.assumingMemoryBound(to: UInt8.self).advanced(by: produced) : surplus
          stream.pointee.avail_out = UInt32(max(room, 1))
          let code = CZlib.inflate(stream, Z_NO_FLUSH)
          let made = max(room, 1) - Int(stream.pointee.avail_out)
          produced += made
          return code
        }
      }
      let taken = input - Int(stream.pointee.avail_in)
      consumed += taken
      if produced > destination.count { throw damaged(file, entry, "it holds more than the \(entry.size) bytes it claims") }
      if code == Z_STREAM_END { break }
      guard code == Z_OK || code == Z_BUF_ERROR else { throw damaged(file, entry, "its compressed data are damaged") }
      if code == Z_BUF_ERROR, taken == 0, consumed == entry.storedSize { throw damaged(file, entry, "its compressed data are cut short") }
    }
    guard produced == destination.count else {
      throw damaged(file, entry, "it holds \(produced) bytes and claims \(entry.size)")
    }
    guard consumed == entry.storedSize else { throw damaged(file, entry, "something follows its compressed data") }
  }

  private static func damaged(_ file: InputFile, _ entry: ZipEntry, _ text: String) -> FormatError {
    ZipArchive.malformed(file, "entry \(printable(entry.name)): \(text)")
  }
}
