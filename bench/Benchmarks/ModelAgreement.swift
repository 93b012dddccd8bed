import Glissade

/// How far what was measured is from the cost model, for those kernels whose time memory sets by the model.
public struct ModelAgreement: Sendable {
  /// How many there are.
  public let count: Int
  /// How many of them took within a quarter of what the model says, at their best.
  public let within: Int
  /// The others with what they took for each second of the model's, the farthest first.
  public let others: [(name: String, ratio: Double)]

  /// What is within a quarter.
  public static let range = 0.75...1.25

  public init(_ results: [BenchmarkResult]) {
    let bound = results.filter { $0.suite != .train && $0.modelBound == .memory }
    let ratios = bound.compactMap { result in
      result.modelSeconds.map { (name: result.name, ratio: result.samples.minimum / $0) }
    }
    count = ratios.count
    func farness(_ ratio: Double) -> Double { max(ratio, 1 / ratio) }
    others = ratios.filter { !Self.range.contains($0.ratio) }.sorted { farness($0.ratio) > farness($1.ratio) }
    within = count - others.count
  }
}
