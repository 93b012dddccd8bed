/// Random numbers, the same for the same seed: SplitMix64.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}

/// Damages a file in one to eight places.
enum Mutation {
  private static let longest = 1 << 16
  /// Numbers at the edges of what they are stored in.
  private static let edges: [UInt64] = [
    0, 1, 2, 3, 4, 7, 8, 16, 22, 46, 63, 64, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
    0x1_0000_0000, 1 << 40, 1 << 61, 1 << 62, 0x7fff_ffff_ffff_ffff, 1 << 63, .max - 1, .max,
  ]

  static func damage(_ bytes: [UInt8], other: [UInt8], _ random: inout SplitMix) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      guard !bytes.isEmpty else { return [UInt8(truncatingIfNeeded: random.next())] }
      let place = bytes.indices.randomElement(using: &random) ?? 0
      switch Int.random(in: 0..<10, using: &random) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1, 2: bytes[place] = UInt8(truncatingIfNeeded: random.next())
      case 3, 4: put(edges.randomElement(using: &random) ?? 0, at: place, &bytes, &random)
      case 5: bytes.removeSubrange(range(in: bytes, from: place, &random))
      case 6: bytes.insert(contentsOf: Array(bytes[range(in: bytes, from: place, &random)]), at: place)
      case 7:
        let source = other.indices.randomElement(using: &random) ?? 0
        bytes.insert(contentsOf: Array(other[range(in: other, from: source, &random)]), at: place)
      case 8:
        let part = Array(other[range(in: other, from: other.indices.randomElement(using: &random) ?? 0, &random)])
        let end = min(place + part.count, bytes.count)
        bytes.replaceSubrange(place..<end, with: part.prefix(end - place))
      default:
        if Int.random(in: 0..<4, using: &random) == 0 { bytes.removeSubrange(place...) }
      }
    }
    return Array(bytes.prefix(longest))
  }

  /// A number of one to eight bytes, in either byte order.
  private static func put(_ value: UInt64, at place: Int, _ bytes: inout [UInt8], _ random: inout SplitMix) {
    let size = [1, 2, 4, 8].randomElement(using: &random) ?? 1
    let isBig = Int.random(in: 0..<8, using: &random) == 0
    for index in 0..<size where place + index < bytes.count {
      bytes[place + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (isBig ? size - 1 - index : index)))
    }
  }

  private static func range(in bytes: [UInt8], from place: Int, _ random: inout SplitMix) -> Range<Int> {
    let most = min(bytes.count - place, [1, 4, 16, 64, 1024].randomElement(using: &random) ?? 1)
    return place..<place + (most > 0 ? Int.random(in: 0...most, using: &random) : 0)
  }
}
