/// How far the probabilities that a classifier gives can be believed.
public struct Calibration: Hashable, Sendable {
  /// The samples whose surest class had a probability within a range.
  public struct Bin: Hashable, Sendable {
    /// The range, of which the upper end belongs to it.
    public var lower: Double
    /// The upper end, which belongs to it.
    public var upper: Double
    /// How many samples these are.
    public var samples = 0
    /// The mean of the probabilities; NaN without samples.
    public var confidence: Double { samples == 0 ? .nan : confidences / Double(samples) }
    /// The share of right answers; NaN without samples.
    public var accuracy: Double { samples == 0 ? .nan : Double(correct) / Double(samples) }

    var confidences = 0.0
    var correct = 0
  }

  /// Fifteen of equal width, as in Guo et al., On Calibration of Modern Neural Networks (2017).
  public private(set) var bins: [Bin]
  private var squares = 0.0
  private var samples = 0

  /// Of nothing yet.
  init() { bins = (0..<15).map { Bin(lower: Double($0) / 15, upper: Double($0 + 1) / 15) } }

  /// Adds a sample.
  /// - Parameters:
  ///   - confidence: the probability of the answer.
  ///   - isRight: whether that is the sample's class.
  ///   - square: Σ (probability − target)² over the classes.
  mutating func add(confidence: Double, isRight: Bool, square: Double) {
    guard confidence.isFinite else { return }
    let place = min(max(Int((confidence * Double(bins.count)).rounded(.up)) - 1, 0), bins.count - 1)
    bins[place].samples += 1
    bins[place].confidences += confidence
    bins[place].correct += isRight ? 1 : 0
    squares += square
    samples += 1
  }

  /// The expected calibration error: Σ (samples of a bin / samples) · |accuracy − confidence|. NaN without samples.
  public var expectedError: Double {
    guard samples > 0 else { return .nan }
    return bins.reduce(0) { $0 + abs(Double($1.correct) - $1.confidences) } / Double(samples)
  }

  /// Brier's score: the mean over the samples of Σ (probability − target)², from 0 to 2. NaN without samples.
  public var brier: Double { samples == 0 ? .nan : squares / Double(samples) }

  /// Whether more was promised than kept, over all samples.
  public var isOverconfident: Bool { bins.reduce(0) { $0 + $1.confidences - Double($1.correct) } > 0 }
}
