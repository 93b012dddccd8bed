import CZlib

/// An archive written by hand, so that tests can make what no honest program writes.
public struct HandmadeArchive {
  /// One entry, with room for lies.
  public struct Entry {
    public var name: String
    /// As stored: deflate it before where `method` is 8.
    public var data: [UInt8]
    public var method: UInt16 = 0
    public var flags: UInt16 = 0
    /// Where nil, the truth.
    public var checksum: UInt32?
    public var storedSize: UInt32?
    public var size: UInt32?
    /// Where the directory says that the entry begins; nil: where it does.
    public var offset: UInt32?
    /// In the entry's own header, where another name than the directory's is wanted.
    public var ownName: String?
    /// Extra field of the directory.
    public var extra: [UInt8] = []
    /// Of the content, before deflate.
    var content: [UInt8]

    public init(_ name: String, _ content: [UInt8], deflated: Bool = false) {
      self.name = name
      self.content = content
      data = deflated ? HandmadeArchive.deflate(content) : content
      method = deflated ? 8 : 0
    }
  }

  public var entries: [Entry]
  /// What the last record says instead of the truth.
  public var count: UInt16?
  public var directoryOffset: UInt32?
  public var directorySize: UInt32?
  public var comment: [UInt8] = []

  public init(_ entries: [Entry]) { self.entries = entries }

  /// A checkpoint: its pickle, and storages in order of their keys.
  public init(pickle: [UInt8], storages: [[UInt8]] = [], deflated: Bool = false) {
    entries = [Entry("archive/data.pkl", pickle, deflated: deflated), Entry("archive/byteorder", Array("little".utf8))]
    entries += storages.enumerated().map { Entry("archive/data/\($0)", $1, deflated: deflated) }
    entries.append(Entry("archive/version", Array("3\n".utf8)))
  }

  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      let (name, own) = (Array(entry.name.utf8), Array((entry.ownName ?? entry.name).utf8))
      let checksum = entry.checksum ?? Self.checksum(entry.content)
      let (stored, size) = (entry.storedSize ?? UInt32(entry.data.count), entry.size ?? UInt32(entry.content.count))
      let start = UInt32(bytes.count)
      var common = little(entry.flags) + little(entry.method) + little(0 as UInt32) + little(checksum)
      common += little(stored) + little(size)
      bytes += little(0x0403_4b50 as UInt32) + little(20 as UInt16) + common + little(UInt16(own.count)) + little(0 as UInt16) + own
      bytes += entry.data
      directory += little(0x0201_4b50 as UInt32) + little(20 as UInt16) + little(20 as UInt16) + common
      directory += little(UInt16(name.count)) + little(UInt16(entry.extra.count)) + [UInt8](repeating: 0, count: 10)
      directory += little(entry.offset ?? start) + name + entry.extra
    }
    let start = UInt32(bytes.count)
    let number = count ?? UInt16(entries.count)
    bytes += directory
    bytes += little(0x0605_4b50 as UInt32) + [0, 0, 0, 0] + little(number) + little(number)
    bytes += little(directorySize ?? UInt32(directory.count)) + little(directoryOffset ?? start)
    return bytes + little(UInt16(comment.count)) + comment
  }

  /// CRC-32.
  public static func checksum(_ bytes: [UInt8]) -> UInt32 {
    UInt32(truncatingIfNeeded: bytes.withUnsafeBufferPointer { crc32_z(0, $0.baseAddress, $0.count) })
  }

  /// Deflated, without a wrapper.
  public static func deflate(_ content: [UInt8]) -> [UInt8] {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    deflateInit2_(stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY, zlibVersion(), Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(stream) }
    var input = content
    var output = [UInt8](repeating: 0, count: content.count + content.count / 1000 + 64)
    let room = output.count
    input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.pointee.next_in = input.baseAddress
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = output.baseAddress
        stream.pointee.avail_out = UInt32(output.count)
        _ = CZlib.deflate(stream, Z_FINISH)
      }
    }
    return Array(output[..<(room - Int(stream.pointee.avail_out))])
  }
}

private func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
  withUnsafeBytes(of: number.littleEndian) { Array($0) }
}
