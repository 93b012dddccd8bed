/// The ways in which results are compared. Every one is infinite where sizes differ or something is not finite, so that no such result passes.
enum Difference {
  /// The largest difference, relative to the expected element or to `scale`, whichever is more.
  static func elementwise(_ found: [Float], _ expected: [Double], scale: Double) -> Double {
    worst(found, expected) { abs($0 - $1) / max(abs($1), scale) }
  }

  /// The largest difference, relative to the largest expected magnitude or to `scale`, whichever is more.
  static func ofTensor(_ found: [Float], _ expected: [Double], scale: Double) -> Double {
    let size = expected.reduce(scale) { max($0, abs($1)) }
    return worst(found, expected) { abs($0 - $1) / size }
  }

  /// |found − expected| / |expected|, L2 norms.
  static func relative(_ found: [Float], _ expected: [Double]) -> Double {
    guard found.count == expected.count else { return .infinity }
    var (difference, size) = (0.0, 0.0)
    for (a, b) in zip(found, expected) {
      difference += (Double(a) - b) * (Double(a) - b)
      size += b * b
    }
    let result = (difference / size).squareRoot()
    return result.isFinite ? result : .infinity
  }

  /// |found − expected|, the L2 norm; in plain loops, for tensors of millions of elements in debug builds.
  static func distance(_ found: [Float], _ expected: [Float]) -> Double {
    guard found.count == expected.count else { return .infinity }
    let sum = found.withUnsafeBufferPointer { found in
      expected.withUnsafeBufferPointer { expected in
        var sum = 0.0
        var index = 0
        while index < found.count {
          let difference = Double(found[index]) - Double(expected[index])
          sum += difference * difference
          index &+= 1
        }
        return sum
      }
    }
    return sum.isFinite ? sum.squareRoot() : .infinity
  }

  private static func worst(_ found: [Float], _ expected: [Double], _ measure: (Double, Double) -> Double) -> Double {
    guard found.count == expected.count, !found.isEmpty else { return .infinity }
    var worst = 0.0
    for (a, b) in zip(found, expected) {
      let difference = measure(Double(a), b)
      guard difference.isFinite else { return .infinity }
      worst = max(worst, difference)
    }
    return worst
  }
}
