import GlissadeFormats

/// How the loss went of late, as means over a few steps each, and whether it rises and falls with a period: steps that overshoot, most often
/// because momentum is too large.
struct LossTrace: Sendable {
  private var points: [(step: Int, loss: Double, rate: Double)] = []
  /// What the sums came to when they were last read.
  private var before: (loss: Double, samples: Int) = (0, 0)

  /// Points that are looked at.
  private static let window = 128
  /// Fewer say nothing.
  private static let least = 36

  /// Sums are those of an epoch.
  mutating func beginEpoch() { before = (0, 0) }

  /// Takes the mean over the steps since the last time.
  mutating func note(_ sums: TrainingSession.Sums, step: Int, rate: Double) {
    let now = (loss: sums.loss * Double(sums.samples), samples: sums.samples)
    let start = before
    before = now
    guard now.samples > start.samples else { return }
    add((now.loss - start.loss) / Double(now.samples - start.samples), step: step, rate: rate)
  }

  /// The smaller of the last two means; `nil` before there are two.
  var leastOfLastTwo: Double? { points.count < 2 ? nil : min(points[points.count - 1].loss, points[points.count - 2].loss) }

  mutating func add(_ loss: Double, step: Int, rate: Double) {
    guard loss.isFinite else { return }
    points.append((step, loss, rate))
    if points.count > Self.window { points.removeFirst(points.count - Self.window) }
  }

  /// Steps from one high to the next; `nil` where there is no such regularity. What a schedule does that raises the rate is none of it.
  ///
  /// The autocorrelation of what is left beside a straight line has to fall below −0.4 and to come back above 0.4 within a third of what is
  /// looked at, and the loss to vary by a twentieth of itself.
  var period: Double? {
    let count = points.count
    guard count >= Self.least, zip(points, points.dropFirst()).allSatisfy({ $0.rate >= $1.rate * (1 - 1e-9) }) else { return nil }
    let losses = points.map(\.loss)
    let mean = losses.reduce(0, +) / Double(count)
    let centre = Double(count - 1) / 2
    let slope =
      losses.enumerated().reduce(0) { $0 + (Double($1.offset) - centre) * $1.element }
      / (0..<count).reduce(0) { $0 + (Double($1) - centre) * (Double($1) - centre) }
    let rest = losses.enumerated().map { $1 - mean - slope * (Double($0) - centre) }
    let variance = rest.reduce(0) { $0 + $1 * $1 } / Double(count)
    guard variance.squareRoot() > 0.05 * abs(mean), variance > 0 else { return nil }
    let correlations = (0...(count / 3)).map { lag in
      zip(rest, rest.dropFirst(lag)).reduce(0) { $0 + $1.0 * $1.1 } / Double(count - lag) / variance
    }
    guard let low = correlations.indices.dropFirst().first(where: { correlations[$0] < -0.4 }) else { return nil }
    let rising = correlations.indices[low...]
    guard let high = rising.max(by: { correlations[$0] < correlations[$1] }), correlations[high] > 0.4, high > low,
      high + 1 < correlations.count
    else { return nil }
    // The first high, not a later one that is a little higher.
    let first = rising.first { correlations[$0] > 0.4 && correlations[$0] >= correlations[min($0 + 1, correlations.count - 1)] } ?? high
    return Double(first) * Double(points[count - 1].step - points[0].step) / Double(count - 1)
  }
}

extension LossTrace {
  /// As a checkpoint keeps it, so that a training that goes on notices what it would have noticed.
  var json: JSONValue {
    [
      "points": .array(points.map { [.integer(Int64($0.step)), .number($0.loss), .number($0.rate)] }),
      "sum": .number(before.loss), "samples": .integer(Int64(before.samples)),
    ]
  }

  init?(json: JSONValue) {
    guard let rows = json["points"]?.arrayValue, rows.count <= Self.window, let sum = json["sum"]?.doubleValue,
      let samples = json["samples"]?.integerValue
    else { return nil }
    for row in rows {
      guard let row = row.arrayValue, row.count == 3, let step = row[0].integerValue, let loss = row[1].doubleValue,
        let rate = row[2].doubleValue
      else { return nil }
      add(loss, step: step, rate: rate)
    }
    before = (sum, samples)
  }
}
