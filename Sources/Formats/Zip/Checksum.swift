import CZlib

/// CRC-32 as archives use it, over bytes that come in pieces.
struct Checksum {
  private var state = crc32(0, nil, 0)

  var value: UInt32 { UInt32(truncatingIfNeeded: state) }

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    state = crc32_z(state, base.assumingMemoryBound(to: UInt8.self), bytes.count)
  }

  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var checksum = Checksum()
    checksum.add(bytes)
    return checksum.value
  }
}
