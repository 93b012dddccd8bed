extension Philox4x32 {
  /// An unbiased integer in 0 ..< bound; 0 when `bound` is 0.
  ///
  /// Lemire's multiply-and-reject method ("Fast random integer generation in an interval", 2019) over 32-bit words while the bound fits
  /// in 32 bits, over 64-bit ones above. The standard library's method is not used because it may change between releases, and with it
  /// every shuffle of a given seed.
  public mutating func integer(below bound: UInt64) -> UInt64 {
    if bound <= 1 { return 0 }
    guard let narrow = UInt32(exactly: bound) else { return wideInteger(below: bound) }
    var product = UInt64(nextWord()) &* bound
    if UInt32(truncatingIfNeeded: product) < narrow {
      let threshold = (0 &- narrow) % narrow
      while UInt32(truncatingIfNeeded: product) < threshold {
        product = UInt64(nextWord()) &* bound
      }
    }
    return product &>> 32
  }

  private mutating func wideInteger(below bound: UInt64) -> UInt64 {
    let threshold = (0 &- bound) % bound
    var product = next().multipliedFullWidth(by: bound)
    while product.low < threshold {
      product = next().multipliedFullWidth(by: bound)
    }
    return product.high
  }

  /// Shuffles in place by Fisher and Yates: from the last element down, each is swapped with one at or before it, all equally likely.
  public mutating func shuffle(_ values: inout [Int]) {
    var last = values.count - 1
    while last > 0 {
      values.swapAt(last, Int(truncatingIfNeeded: integer(below: UInt64(last) + 1)))
      last -= 1
    }
  }

  /// A random order of 0 ..< count; empty when `count` is not positive.
  public mutating func permutation(count: Int) -> [Int] {
    var values = Array(0..<max(count, 0))
    shuffle(&values)
    return values
  }
}
