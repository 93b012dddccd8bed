/// What a classifier of two classes does at every threshold on the second one's probability.
public struct TwoClassCurves: Hashable, Sendable {
  /// One threshold.
  public struct Point: Hashable, Sendable {
    /// The curve's abscissa, from 0 to 1: the share of false alarms, or recall.
    public var x: Double
    /// Its ordinate, from 0 to 1: recall, or precision.
    public var y: Double
  }

  /// The probability of the second class, and whether the sample is of it.
  private var samples: [Sample] = []

  private struct Sample: Hashable {
    var score: Double
    var isPositive: Bool
  }

  /// Of nothing yet.
  init() {}

  mutating func add(score: Double, isPositive: Bool) {
    if score.isFinite { samples.append(Sample(score: score, isPositive: isPositive)) }
  }

  /// Right and wrong ones among the samples that are taken for the second class, threshold by threshold from the highest; equal scores are one
  /// threshold. `nil` unless there are samples of both classes.
  private var counts: (steps: [(right: Int, wrong: Int)], positives: Int, negatives: Int)? {
    let positives = samples.reduce(0) { $0 + ($1.isPositive ? 1 : 0) }
    let negatives = samples.count - positives
    guard positives > 0, negatives > 0 else { return nil }
    var steps: [(right: Int, wrong: Int)] = []
    var (right, wrong) = (0, 0)
    let sorted = samples.sorted { $0.score > $1.score }
    for (index, sample) in sorted.enumerated() {
      if sample.isPositive { right += 1 } else { wrong += 1 }
      if index + 1 == sorted.count || sorted[index + 1].score < sample.score { steps.append((right, wrong)) }
    }
    return (steps, positives, negatives)
  }

  /// The receiver's curve, from (0, 0) to (1, 1): x is the share of the first class that is taken for the second, y the share of the second that is
  /// found. Empty unless there are samples of both classes.
  public var receiver: [Point] {
    guard let (steps, positives, negatives) = counts else { return [] }
    return [Point(x: 0, y: 0)]
      + steps.map { Point(x: Double($0.wrong) / Double(negatives), y: Double($0.right) / Double(positives)) }
  }

  /// The area below the receiver's curve: how likely a sample of the second class has a higher score than one of the first, equal ones counting half.
  /// NaN unless there are samples of both classes.
  public var receiverArea: Double {
    let points = receiver
    guard !points.isEmpty else { return .nan }
    return zip(points, points.dropFirst()).reduce(0) { $0 + ($1.1.x - $1.0.x) * ($1.1.y + $1.0.y) / 2 }
  }

  /// x is recall, y is precision. Empty unless there are samples of both classes.
  public var precisionByRecall: [Point] {
    guard let (steps, positives, _) = counts else { return [] }
    return steps.map { Point(x: Double($0.right) / Double(positives), y: Double($0.right) / Double($0.right + $0.wrong)) }
  }

  /// Average precision: Σ (recallₙ − recallₙ₋₁) · precisionₙ. NaN unless there are samples of both classes.
  public var averagePrecision: Double {
    let points = precisionByRecall
    guard !points.isEmpty else { return .nan }
    var (area, recall) = (0.0, 0.0)
    for point in points {
      area += (point.x - recall) * point.y
      recall = point.x
    }
    return area
  }

  /// At most so many points, the ends among them.
  static func thinned(_ points: [Point], to count: Int) -> [Point] {
    guard points.count > count, count > 1 else { return points }
    return (0..<count).map { points[$0 * (points.count - 1) / (count - 1)] }
  }
}
