/// A hash of bytes in the manner of FNV-1a, but eight bytes at a time: against accidents, not against malice.
package struct ContentHash {
  /// Of what has been added.
  package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  package init() {}

  /// Adds some bytes, and how many they are.
  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    var hash = value
    var offset = 0
    while offset + 8 <= bytes.count {
      hash = Self.mixed(hash, bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset += 8
    }
    while offset < bytes.count {
      hash = Self.mixed(hash, UInt64(bytes[offset]))
      offset += 1
    }
    value = Self.mixed(hash, UInt64(bytes.count))
  }

  /// The hash of some bytes.
  package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var hash = ContentHash()
    hash.add(bytes)
    return hash.value
  }

  @inline(__always)
  private static func mixed(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let product = (hash ^ word) &* 0x0000_0100_0000_01b3
    return product ^ product >> 32
  }
}
