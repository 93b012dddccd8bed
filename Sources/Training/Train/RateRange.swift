import GlissadeData
import GlissadeDevices
import GlissadeOptimizers
import GlissadePlanning

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A learning-rate range test (Smith, Cyclical learning rates for training neural networks, 2017): a model is trained for a few steps, with a rate
/// that grows from step to step by the same factor, until its loss explodes. Where the loss falls fast, but is not near its end yet, is a rate to
/// train with (`suggestion`).
public struct RateRange: Sendable {
  /// What is tried.
  public struct Options: Hashable, Sendable {
    /// The first rate. Of several groups of parameters it is the first one's; those of others keep their ratio to it.
    public var lowest = 1e-7
    /// The last rate.
    public var highest = 10.0
    /// How many there are, at equal ratios.
    public var steps = 100
    /// How many times the lowest smoothed loss ends the test, as in fastai.
    public var explosion = 4.0

    /// 100 rates from 1e-7 to 10.
    public init() {}

    /// - Throws: `TrainingError.invalid` for numbers that make no sense.
    public func validate() throws(TrainingError) {
      guard lowest > 0, highest > lowest, highest.isFinite else {
        throw .invalid(
          option: "the rates of a range test", value: "\(lowest) to \(highest)", requirement: "above 0, the first below the last")
      }
      guard (10...100_000).contains(steps) else {
        throw .invalid(option: "the steps of a range test", value: "\(steps)", requirement: "from 10 to 100000")
      }
      guard explosion > 1 else {
        throw .invalid(option: "what ends a range test", value: "\(explosion)", requirement: "above 1 times the lowest loss")
      }
    }

    /// The rate of a step, from 0.
    public func rate(_ step: Int) -> Double { lowest * pow(highest / lowest, Double(step) / Double(max(steps - 1, 1))) }
  }

  /// One step.
  public struct Point: Hashable, Sendable {
    /// The learning rate that it was taken with.
    public var rate: Double
    /// The loss of its batch, before it was taken.
    public var loss: Double
    /// The same, smoothed: while the test goes on, the mean of what has been, of which the last steps have the most; when it is over, the mean of
    /// what lies around it on both sides, so that the curve lies where the losses do.
    public var smoothed: Double
  }

  /// In order; the last may be the one that exploded.
  public private(set) var points: [Point] = []
  /// Why the test ended before its last rate; `nil` where it did not.
  public internal(set) var end: String?

  /// How much of the running mean goes on from step to step: sₙ = β sₙ₋₁ + (1 − β) lₙ, over 1 − βⁿ. fastai's 0.98 looks back over half of a test.
  private static let smoothing = 0.9
  private var mean = 0.0
  private var lowest = Double.infinity

  init() {}

  /// - Parameter losses: of steps, with their rates.
  package init(_ losses: [(rate: Double, loss: Double)]) {
    for (rate, loss) in losses { add(rate: rate, loss: loss) }
    smooth()
  }

  /// Notes a step.
  mutating func add(rate: Double, loss: Double) {
    mean = Self.smoothing * mean + (1 - Self.smoothing) * loss
    points.append(Point(rate: rate, loss: loss, smoothed: mean / (1 - pow(Self.smoothing, Double(points.count + 1)))))
    lowest = min(lowest, points.last?.smoothed ?? lowest)
  }

  /// Whether the running mean is so many times its lowest.
  func hasExploded(_ times: Double) -> Bool {
    guard let last = points.last?.smoothed, let first = points.first?.smoothed else { return false }
    guard last.isFinite else { return true }
    // A loss near or below zero has no multiples; then the way back up counts.
    return lowest > 0 ? last > times * lowest : last > first + (times - 1) * (first - lowest)
  }

  /// Smooths the whole curve, now that it is over: weights exp(−½ (d / 0.4)²), where d is the distance in decades of the rate. What exploded counts
  /// as much as what the loss began with, or a single step would hide where it was lowest.
  mutating func smooth() {
    let losses = points.map { min($0.loss, level) }
    let places = points.map { log10($0.rate) / Self.width }
    for index in points.indices {
      var (sum, weights) = (0.0, 0.0)
      for other in points.indices {
        let distance = places[other] - places[index]
        let weight = exp(-0.5 * distance * distance)
        sum += weight * losses[other]
        weights += weight
      }
      points[index].smoothed = sum / weights
    }
  }

  private static let width = 0.4

  /// What the loss begins with: the median of the first ten steps.
  var level: Double {
    let first = points.prefix(10).map(\.loss).sorted()
    return first.isEmpty ? .nan : first[first.count / 2]
  }
}

extension Trainer {
  /// Tries growing learning rates. It is done in memory of its own: what the trainer trains later begins as if nothing had been.
  ///
  /// Schedules, averages of weights and later phases play no part.
  /// - Parameters:
  ///   - data: what to learn from; where it has fewer batches than there are steps, it is gone through again.
  ///   - device: where.
  ///   - initial: parameters to start from; default the initialisers'.
  ///   - options: the rates.
  ///   - observe: is told of each step.
  /// - Throws: `TrainingError` for options that make no sense, and for an optimizer whose steps are no rate's; what keeps training from starting.
  public func rateRange(
    _ data: any Dataset, on device: any Device, from initial: ModelState? = nil, options range: RateRange.Options = .init(),
    observe: (RateRange.Point) -> Void = { _ in }
  ) throws -> RateRange {
    try range.validate()
    guard let first = options.groups.first else { throw TrainingError.nothingToTrain }
    if options.groups.contains(where: { $0.optimizer is LBFGS }) {
      throw TrainingError.invalid(
        option: "the optimizer of a range test", value: LBFGS.name, requirement: "another one, since a line search finds its steps")
    }
    var plain = options
    plain.average = nil
    let trainer = Trainer(model: model, options: plain)
    let session = try trainer.session(for: data, on: device)
    try session.checkOutputs(for: data)
    if let initial {
      // A new training: nothing that optimizers remember, and no steps taken.
      try session.restore(ModelState(parameters: initial.parameters))
    }
    if options.groups.contains(where: { $0.stayClose != 0 }) { try session.anchor(at: options.anchor ?? session.state()) }
    let ratios = options.groups.map { $0.optimizer.learningRate / first.optimizer.learningRate }
    let loader = try BatchLoader(data, order: try order(of: data), endEpoch: range.steps, encoding: try options.encoding(for: data))
    var result = RateRange()
    for step in 0..<range.steps {
      guard let batch = try loader.next() else { break }
      let rate = range.rate(step)
      try session.resetSums()
      try session.train(fields: batch.fields) { group, count in StepNumbers(rate: rate * ratios[group], count: count) }
      let sums = try session.sums()
      guard sums.badStep == nil, !sums.hasBadGradient, sums.loss.isFinite else {
        result.end = "the loss is not finite at a rate of \(RateRange.short(rate))"
        break
      }
      result.add(rate: rate, loss: sums.loss)
      if let point = result.points.last { observe(point) }
      if step > 0, result.hasExploded(range.explosion) {
        result.end = "the loss is \(Float(range.explosion)) times its lowest at a rate of \(RateRange.short(rate))"
        break
      }
    }
    result.smooth()
    return result
  }
}
