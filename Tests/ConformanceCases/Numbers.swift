import GlissadeTensors

/// A tensor of the float64 reference.
struct Numbers {
  var shape: Shape
  var values: [Double]

  init(_ shape: Shape, _ values: [Double]) {
    self.shape = shape
    self.values = values
  }

  init(_ shape: Shape, repeating value: Double = 0) { self.init(shape, [Double](repeating: value, count: shape.count)) }

  /// An element by its place along each axis.
  subscript(index: Int...) -> Double {
    get { values[position(index)] }
    set { values[position(index)] = newValue }
  }

  private func position(_ index: [Int]) -> Int {
    var result = 0
    for axis in 0..<index.count { result = result * shape.dimensions[axis] + index[axis] }
    return result
  }

  /// The place along each axis of an element.
  static func places(_ position: Int, _ shape: Shape) -> [Int] {
    var rest = position
    var result = [Int](repeating: 0, count: shape.rank)
    for axis in (0..<shape.rank).reversed() {
      result[axis] = rest % shape[axis]
      rest /= shape[axis]
    }
    return result
  }
}

/// A small generator of tests' own, so that no test's data depends on what it tests (SplitMix64).
struct Dice: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

  init(_ name: String) { self.init(name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }) }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func uniform(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + Double(next() >> 11) / Double(1 << 53) * (range.upperBound - range.lowerBound)
  }

  /// Extents that leave tails: 1, primes, powers of two and their neighbours.
  mutating func extent(below limit: Int) -> Int {
    [1, 2, 3, 5, 7, 8, 11, 13, 15, 16, 17, 19, 23, 31, 32, 33, 37, 47, 61, 64, 67].filter { $0 < limit }.randomElement(using: &self) ?? 1
  }
}
