/// What a trainer reports while it works.
public enum TrainingEvent: Sendable {
  /// The device is open and the first plans are made.
  case started(Start)
  /// Every now and then within an epoch.
  case progress(Progress)
  /// An epoch is over and, where there is validation data, has been checked.
  case epoch(EpochRecord)
  /// The device failed and training goes on on another.
  case fellBack(reason: String)
  /// The test set is being evaluated.
  case testing

  public struct Start: Sendable {
    public var device: String
    public var reason: String
    public var parameters: Int
    public var stepsPerEpoch: Int
    public var trainingSamples: Int
    public var validationSamples: Int
  }

  public struct Progress: Sendable {
    /// From 1.
    public var epoch: Int
    public var epochs: Int
    /// Steps of this epoch that are done.
    public var step: Int
    public var stepsPerEpoch: Int
    /// Means over the epoch so far.
    public var loss: Double
    public var accuracy: Double
    public var samplesPerSecond: Double
    /// Seconds to the end of the run.
    public var secondsLeft: Double
    public var learningRate: Double
  }
}

/// One line of `metrics.csv`.
public struct EpochRecord: Sendable {
  /// From 1.
  public var epoch: Int
  /// Steps since the run began.
  public var step: Int
  public var learningRate: Double
  public var trainLoss: Double
  public var trainAccuracy: Double
  /// NaN without validation data.
  public var validationLoss: Double
  public var validationAccuracy: Double
  public var seconds: Double
  public var samplesPerSecond: Double
}

/// Everything a run produced; the summary and the tables are written from it.
public struct RunRecord: Sendable {
  public var device = ""
  public var deviceReason = ""
  public var parameters = 0
  public var epochs: [EpochRecord] = []
  public var stepsPerEpoch = 0
  public var batchSize = 0
  /// Seconds from the start of the process (as the caller measured it) to the end of the first optimizer step.
  public var firstStepSeconds = Double.nan
  /// Seconds of each step, in order.
  public var stepSeconds: [Double] = []
  public var testLoss = Double.nan
  public var testAccuracy = Double.nan
  public var peakArenaBytes = 0
  /// Why training stopped before its end, if it did.
  public var interruption: String?
  /// What went wrong with the device that training began on, if it moved to another.
  public var fallback: String?
  /// Seconds the device waited for data.
  public var dataWaitSeconds = 0.0

  public init() {}

  /// The median over the steps after the first ten (over all, if there are no more).
  public var medianStepSeconds: Double {
    let steady = (stepSeconds.count > 10 ? Array(stepSeconds.dropFirst(10)) : stepSeconds).sorted()
    guard !steady.isEmpty else { return .nan }
    let middle = steady.count / 2
    return steady.count % 2 == 1 ? steady[middle] : (steady[middle - 1] + steady[middle]) / 2
  }

  /// Samples per second at the median step.
  public var samplesPerSecond: Double { Double(batchSize) / medianStepSeconds }
}
