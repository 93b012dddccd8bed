/// Times of one thing measured several times, in seconds.
public struct Samples: Hashable, Sendable {
  /// In ascending order.
  public private(set) var sorted: [Double]

  public init(_ values: [Double]) { sorted = values.sorted() }

  public var count: Int { sorted.count }

  /// The value below which a share of the samples lies, with linear interpolation between neighbours (NumPy's default): at position
  /// share · (count − 1).
  /// - Parameter share: from 0 to 1.
  /// - Returns: NaN where there are no samples.
  public func percentile(_ share: Double) -> Double {
    guard let last = sorted.last else { return .nan }
    let position = max(0, min(share, 1)) * Double(sorted.count - 1)
    let below = Int(position)
    guard below + 1 < sorted.count else { return last }
    return sorted[below] + (position - Double(below)) * (sorted[below + 1] - sorted[below])
  }

  public var median: Double { percentile(0.5) }
  public var minimum: Double { sorted.first ?? .nan }
  /// The 90th percentile.
  public var p90: Double { percentile(0.9) }
}
