/// Values that both sides compute from a name, so that no file has to hold them: uniform in [offset − scale, offset + scale), by
/// Philox4x32-10 as the fixtures' README defines it.
///
/// Written out here, apart from the library's own generator, because it is the fixtures' definition, and in plain integers because
/// ResNet-18 draws 56 million values in a debug build.
enum NamedStream {
  static func values(_ name: String, count: Int, scale: Double = 1, offset: Double = 0) -> [Float] {
    let (scale, offset) = (Float(scale), Float(offset))
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    return [Float](unsafeUninitializedCapacity: count + 3) { buffer, used in
      guard let target = buffer.baseAddress else { return }
      var index = 0
      while index < count {
        fillBlock(UInt32(truncatingIfNeeded: index &>> 2), hash, target + index, scale, offset)
        index &+= 4
      }
      used = count
    }
  }

  private static func fillBlock(_ block: UInt32, _ key: UInt64, _ target: UnsafeMutablePointer<Float>, _ scale: Float, _ offset: Float) {
    var (c0, c1, c2, c3) = (block, 0 as UInt32, 0 as UInt32, 0 as UInt32)
    var (k0, k1) = (UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key &>> 32))
    var round = 0
    while round < 10 {
      let a = 0xd251_1f53 as UInt64 &* UInt64(truncatingIfNeeded: c0)
      let b = 0xcd9e_8d57 as UInt64 &* UInt64(truncatingIfNeeded: c2)
      c0 = UInt32(truncatingIfNeeded: b &>> 32) ^ c1 ^ k0
      c1 = UInt32(truncatingIfNeeded: b)
      c2 = UInt32(truncatingIfNeeded: a &>> 32) ^ c3 ^ k1
      c3 = UInt32(truncatingIfNeeded: a)
      k0 = k0 &+ 0x9e37_79b9
      k1 = k1 &+ 0xbb67_ae85
      round = round &+ 1
    }
    target[0] = value(c0, scale, offset)
    target[1] = value(c1, scale, offset)
    target[2] = value(c2, scale, offset)
    target[3] = value(c3, scale, offset)
  }

  private static func value(_ word: UInt32, _ scale: Float, _ offset: Float) -> Float {
    // (2u − 1) is exact; product and sum are rounded apart from each other.
    let product = (Float(Int32(truncatingIfNeeded: word &>> 8)) * 0x1p-23 - 1) * scale
    return offset == 0 ? product : product + offset
  }
}
