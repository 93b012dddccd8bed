import Glissade
import GlissadeDevices

/// Numbers to measure with. They repeat after so many, which are too many for a processor to learn what kernels do at which of them.
enum Filling {
  private static let block = 1 << 22

  private static func random(count: Int) -> [UInt32] {
    var state: UInt64 = 0x9e37_79b9_7f4a_7c15
    return (0..<count).map { _ in
      // Knuth's MMIX generator; its upper half is random enough.
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt32(truncatingIfNeeded: state >> 32)
    }
  }

  /// Random numbers in [-1, 1).
  static func numbers(count: Int) -> [Float] { random(count: count).map { Float($0 >> 8) * 0x1p-23 - 1 } }

  /// Random int32 in 0..<below.
  static func integers(count: Int, below: Int) -> [Int32] {
    random(count: count).map { Int32(truncatingIfNeeded: Int($0 >> 1) % max(below, 1)) }
  }

  /// Random numbers in [-√2, -√½) and [√½, √2), roughly as many below 1 as above: products of some thousand neither vanish nor overflow.
  static func factors(count: Int) -> [Float] {
    random(count: count).map { word in
      let size = word & 2 == 0 ? 1 + Float(word >> 8) * 0x1p-24 * 0.41421 : 1 / (1 + Float(word >> 8) * 0x1p-24 * 0.41421)
      return word & 1 == 0 ? size : -size
    }
  }

  /// Fills a slice.
  static func write(_ content: KernelCase.Content, count: Int, to buffer: any DeviceBuffer, at offset: Int, of device: any Device) throws {
    let length = min(count, block)
    var words: [UInt32]
    switch content {
    case .numbers: words = numbers(count: length).map(\.bitPattern)
    case .factors: words = factors(count: length).map(\.bitPattern)
    case .integers(let below): words = integers(count: length, below: below).map { UInt32(bitPattern: $0) }
    }
    var start = 0
    while start < count {
      if count - start < words.count { words.removeLast(words.count - (count - start)) }
      try device.write(words, to: buffer, at: offset + start)
      start += words.count
    }
  }
}
