/// How numbers are spread: counts in buckets of equal width between the smallest and the largest.
public struct Histogram: Hashable, Sendable {
  /// The smallest number; 0 where there is none.
  public private(set) var minimum = 0.0
  /// The largest number; 0 where there is none.
  public private(set) var maximum = 0.0
  /// How many numbers there are.
  public private(set) var count = 0
  /// Their sum.
  public private(set) var sum = 0.0
  /// The sum of their squares.
  public private(set) var sumOfSquares = 0.0
  /// Each bucket's right edge, ascending; the last is the maximum.
  public private(set) var limits: [Double] = []
  /// Numbers in each: above the edge before, up to its own.
  public private(set) var counts: [Int] = []

  /// - Parameters:
  ///   - values: what is counted; those that are not finite are left out.
  ///   - buckets: how many; default 30, as TensorBoard's own writers have.
  public init(_ values: some Collection<Float>, buckets: Int = 30) {
    var (low, high) = (Float.infinity, -Float.infinity)
    for value in values where value.isFinite {
      (low, high) = (min(low, value), max(high, value))
      count += 1
      sum += Double(value)
      sumOfSquares += Double(value) * Double(value)
    }
    guard count > 0, buckets > 0 else { return }
    (minimum, maximum) = (Double(low), Double(high))
    if low == high {
      // One bucket around a single number.
      (limits, counts) = ([maximum], [count])
      return
    }
    let width = (maximum - minimum) / Double(buckets)
    limits = (1...buckets).map { $0 == buckets ? maximum : minimum + Double($0) * width }
    counts = [Int](repeating: 0, count: buckets)
    for value in values where value.isFinite {
      let place = Int(((Double(value) - minimum) / width).rounded(.up)) - 1
      counts[min(max(place, 0), buckets - 1)] += 1
    }
  }
}
