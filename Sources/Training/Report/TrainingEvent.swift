/// What a trainer reports while it works.
public enum TrainingEvent: Sendable {
  /// The device is open and the first plans are made.
  case started(Start)
  /// Every now and then while the features of a frozen backbone are computed, before the first epoch that goes through them; and once at the end.
  case features(Features)
  /// Every now and then within an epoch.
  case progress(Progress)
  /// An epoch is over and, where there is validation data, has been checked.
  case epoch(EpochRecord)
  /// The device failed and training goes on on another.
  case fellBack(reason: String)
  /// From this epoch on (from 1) other parameters are trained, so many in all.
  case unfroze(epoch: Int, trainable: Int)
  /// Training ends after this epoch (from 1), before all are done, in order.
  case stopped(epoch: Int, reason: String)
  /// What the monitor noticed: something that goes wrong, with the usual remedy. Each kind once.
  case warning(RunWarning)
  /// Something that people should know of the training, in a sentence.
  case note(String)
  /// The test set is being evaluated, or the validation data once more.
  case testing

  /// A training that is about to take its first step.
  public struct Start: Sendable {
    /// The device, for people.
    public var device: String
    /// Why it is this one, in one line.
    public var reason: String
    /// How many numbers are trained or could be.
    public var parameters: Int
    /// Steps of one epoch.
    public var stepsPerEpoch: Int
    /// Samples of one epoch.
    public var trainingSamples: Int
    /// Samples that each epoch is checked with; 0 for none.
    public var validationSamples: Int
    /// What is told beside the loss.
    public var measure: Loss.Measure
  }

  /// How far a frozen backbone's features are.
  public struct Features: Sendable {
    /// Samples whose features are there.
    public var done: Int
    /// Of so many, to be trained on and to be checked with.
    public var count: Int
    /// Since the beginning.
    public var seconds: Double
  }

  /// How far an epoch is.
  public struct Progress: Sendable {
    /// From 1.
    public var epoch: Int
    /// Of so many.
    public var epochs: Int
    /// Steps of this epoch that are done.
    public var step: Int
    /// Of so many.
    public var stepsPerEpoch: Int
    /// Means over the epoch so far.
    public var loss: Double
    /// Or what the loss's measure is; an error is in units of `TrainingOptions.valueUnit`.
    public var accuracy: Double
    /// Of `TrainingOptions.metrics`.
    public var metrics: [MetricValue] = []
    /// Over the epoch so far.
    public var samplesPerSecond: Double
    /// Seconds to the end of the run.
    public var secondsLeft: Double
    /// The first group's in the last step.
    public var learningRate: Double
  }
}

/// One line of `metrics.csv`.
public struct EpochRecord: Sendable {
  /// From 1.
  public var epoch: Int
  /// Steps since the run began.
  public var step: Int
  /// The first group's in the epoch's last step.
  public var learningRate: Double
  /// The mean over the epoch's steps, penalties included.
  public var trainLoss: Double
  /// Or what the loss's measure is; an error is in units of `TrainingOptions.valueUnit`.
  public var trainAccuracy: Double
  /// NaN without validation data.
  public var validationLoss: Double
  /// Or what the loss's measure is; NaN without validation data.
  public var validationAccuracy: Double
  /// R² of the predictions for the validation data: 1 − Σ (prediction − value)² / Σ (value − mean)², where the mean is that of the validation
  /// data's values, of each by itself where a sample has several. NaN for classes, and where there is no such data.
  public var validationDetermination = Double.nan
  /// The same as `validationLoss` and `validationAccuracy`, of the average of the weights; NaN where there is none.
  public var averageValidationLoss = Double.nan
  /// See `averageValidationLoss`.
  public var averageValidationAccuracy = Double.nan
  /// What became of `TrainingOptions.metrics`, in their order.
  public var metrics: [MetricValue] = []
  /// What the monitor found; `nil` where there is none, or no step of the epoch was measured.
  public var health: EpochHealth?
  /// How long the epoch's steps took, without validation.
  public var seconds: Double
  /// Training samples by these seconds.
  public var samplesPerSecond: Double

  /// The row of one epoch.
  public init(
    epoch: Int, step: Int, learningRate: Double, trainLoss: Double, trainAccuracy: Double, validationLoss: Double,
    validationAccuracy: Double, seconds: Double, samplesPerSecond: Double
  ) {
    self.epoch = epoch
    self.step = step
    self.learningRate = learningRate
    self.trainLoss = trainLoss
    self.trainAccuracy = trainAccuracy
    self.validationLoss = validationLoss
    self.validationAccuracy = validationAccuracy
    self.seconds = seconds
    self.samplesPerSecond = samplesPerSecond
  }

  /// An epoch of which nothing is known yet.
  init(epoch: Int, step: Int) {
    self.init(
      epoch: epoch, step: step, learningRate: .nan, trainLoss: .nan, trainAccuracy: .nan, validationLoss: .nan, validationAccuracy: .nan,
      seconds: .nan, samplesPerSecond: .nan)
  }

  /// What is measured, in the order of the table's columns and under their names; and where TensorBoard shows it. Whatever writes or reads
  /// rows goes by this list.
  static let columns: [Column] = [
    Column("learning_rate", "learning_rate", \.learningRate), Column("train_loss", "train/loss", \.trainLoss),
    Column("train_accuracy", "train/accuracy", \.trainAccuracy, measures: told),
    Column("validation_loss", "validation/loss", \.validationLoss),
    Column("validation_accuracy", "validation/accuracy", \.validationAccuracy, measures: told),
    Column("validation_r2", "validation/r2", \.validationDetermination, measures: [.meanAbsoluteError]),
    Column("average_validation_loss", "validation_average/loss", \.averageValidationLoss, isRare: true),
    Column("average_validation_accuracy", "validation_average/accuracy", \.averageValidationAccuracy, measures: told, isRare: true),
    Column("seconds", nil, \.seconds),
    Column("samples_per_second", "samples_per_second", \.samplesPerSecond),
  ]

  private static let told: Set<Loss.Measure> = [.accuracy, .meanAbsoluteError]

  /// The columns that a run has, beside those of its metrics.
  /// - Parameters:
  ///   - measure: what is told beside the loss.
  ///   - rows: its epochs.
  static func columns(_ measure: Loss.Measure, of rows: [EpochRecord]) -> [Column] {
    columns.filter { column in
      column.measures?.contains(measure) ?? true && (!column.isRare || rows.contains { !$0[keyPath: column.value].isNaN })
    }
  }

  struct Column: Sendable {
    let name: String
    let tag: String?
    let value: WritableKeyPath<EpochRecord, Double> & Sendable
    /// Which trainings have it, by what they tell beside the loss; all where `nil`.
    let measures: Set<Loss.Measure>?
    /// Whether most trainings have it not: then no file has it.
    let isRare: Bool

    init(
      _ name: String, _ tag: String?, _ value: WritableKeyPath<EpochRecord, Double> & Sendable, measures: Set<Loss.Measure>? = nil,
      isRare: Bool = false
    ) {
      (self.name, self.tag, self.value, self.measures, self.isRare) = (name, tag, value, measures, isRare)
    }

    /// Whether checkpoints may lack it.
    var mayBeMissing: Bool { isRare || measures == [.meanAbsoluteError] }
  }

  /// The row for TensorBoard: what there is a number for, by its tag.
  /// - Parameter measure: what the columns called accuracy hold.
  public func scalars(_ measure: Loss.Measure = .accuracy) -> [(tag: String, value: Float)] {
    let all = Self.columns(measure, of: [self]).map { (tag: $0.tag.map(measure.named), value: self[keyPath: $0.value]) }
    let more = metrics.flatMap { [(tag: "train/\($0.name)" as String?, value: $0.training), ("validation/\($0.name)", $0.validation)] }
    let layers = (health?.layers ?? []).flatMap { layer in
      LayerHealth.figures.map { (tag: "\($0.name)/\(layer.layer)" as String?, value: layer[keyPath: $0.value]) }
    }
    return (all + more + layers).compactMap { entry in entry.tag.flatMap { entry.value.isNaN ? nil : ($0, Float(entry.value)) } }
  }
}

/// Everything a run produced; the summary and the tables are written from it.
public struct RunRecord: Sendable {
  /// The device that training ended on, for people.
  public var device = ""
  /// Why it is this one.
  public var deviceReason = ""
  /// How many numbers the model has.
  public var parameters = 0
  /// A row for each epoch that is over.
  public var epochs: [EpochRecord] = []
  /// Steps of one epoch.
  public var stepsPerEpoch = 0
  /// Samples of a full batch.
  public var batchSize = 0
  /// Seconds from the start of the process (as the caller measured it) to the end of the first optimizer step.
  public var firstStepSeconds = Double.nan
  /// Seconds between one full batch's step and the next, as the host sees them, in order; the short last batch is left out.
  public var stepSeconds: [Double] = []
  /// Where the device's time goes within a step.
  public var stepTimes = StepTimes()
  /// The loss on the test data; NaN without any.
  public var testLoss = Double.nan
  /// Or what the loss's measure is, on the test data; NaN without any.
  public var testAccuracy = Double.nan
  /// The same of the average of the weights after the last epoch, where there is one.
  public var averageTestLoss = Double.nan
  /// See `averageTestLoss`.
  public var averageTestAccuracy = Double.nan
  /// What became of the metrics on the test data, each as `validation`.
  public var testMetrics: [MetricValue] = []
  /// What is told beside the loss of each epoch: the columns called accuracy hold it.
  public var measure = Loss.Measure.accuracy
  /// What makes an epoch the best one.
  public var bestBy = EarlyStopping.Measure.validationLoss
  /// Why training ended before its last epoch, in order: early stopping, or its time was over. `nil` where it did not.
  public var stopReason: String?
  /// The unit of errors: see `TrainingOptions.valueUnit`.
  public var valueUnit = 1.0
  /// Why what came of the training is of no use although every number is finite, if that is so.
  public var divergence: String?
  /// What the monitor noticed, in the order in which it did.
  public var warnings: [RunWarning] = []
  /// What it knows beside figures of epochs.
  var monitored = MonitoredRun()
  /// The answers to the validation data after the last epoch, where the monitor looks at them.
  package var validationReport: ClassificationReport? { monitored.validation }
  /// How well the values of the test set are predicted, in their own units; `nil` for classes.
  public var regression: RegressionReport?
  /// The same of what was measured at the end, be it the validation data (`reportedOn`).
  public var predictions: RegressionReport?
  /// Class by class, after training; `nil` for what is no classification.
  public var report: ClassificationReport?
  /// The epoch whose state was measured at the end: the best one, where there is validation data; 0 before that.
  public var testedEpoch = 0
  /// What the report is on: `test`, or `validation` where there is no test set.
  public var reportedOn = ""
  /// What activations took at most, in bytes: the arenas of the largest plan.
  public var peakArenaBytes = 0
  /// Why training stopped before its end, if it did.
  public var interruption: String?
  /// What went wrong with the device that training began on, if it moved to another.
  public var fallback: String?
  /// Seconds that reading the data took before training could begin, as the caller measured them: decoding pictures, above all.
  public var preparationSeconds = 0.0
  /// Seconds that computing the features of a frozen backbone took, where they were kept.
  public var featureSeconds = 0.0
  /// Seconds that validation took after the epochs, whose own seconds are without it.
  public var validationSeconds = 0.0
  /// Seconds that the training took by the clock, on all its stretches, from the reading of its data on: beside what is counted by itself also
  /// saving and getting ready.
  public var elapsedSeconds = 0.0
  /// Seconds that steps, features and validation waited for data.
  public var dataWaitSeconds = 0.0
  /// What of that features waited.
  public var featureWaitSeconds = 0.0
  /// What of that validation waited.
  public var validationWaitSeconds = 0.0
  /// Whether there were steps unlike those of `stepTimes`: in another phase of training, or on another device.
  var hasOtherSteps = false

  /// Of a training that has not begun.
  public init() {}

  /// The best epoch by `bestBy` (usually the validation loss), the first of equal ones; `nil` where that is not measured.
  public var bestEpoch: EpochRecord? {
    var best: EpochRecord?
    for row in epochs where bestBy.value(of: row).isFinite {
      if let known = best, !bestBy.isBetter(bestBy.value(of: row), than: bestBy.value(of: known)) { continue }
      best = row
    }
    return best
  }

  /// Seconds for a step of a full batch, without the first ones: the median over the steps after the first ten.
  ///
  /// A device that works behind the host's back is handed a few steps before the host has to wait, so single steps say nothing until many
  /// have been seen: with fewer than 20 steps, or epochs shorter than that, it is the mean over whole epochs instead, whose ends do wait. The
  /// first epoch, which compiles kernels, counts only if it is the only one. NaN before there is either.
  public var steadyStepSeconds: Double {
    let enough = 20
    guard stepSeconds.count >= enough, stepsPerEpoch >= enough else {
      let steady = epochs.count > 1 ? epochs.dropFirst() : epochs[...]
      let seconds = steady.reduce(0) { $0 + $1.seconds }
      let samples = steady.reduce(0) { $0 + $1.seconds * $1.samplesPerSecond }
      return samples > 0 ? Double(batchSize) * seconds / samples : .nan
    }
    let steady = stepSeconds.dropFirst(10).sorted()
    let middle = steady.count / 2
    return steady.count % 2 == 1 ? steady[middle] : (steady[middle - 1] + steady[middle]) / 2
  }

  /// Samples per second of full batches, without the first steps: `batchSize / steadyStepSeconds`.
  public var samplesPerSecond: Double { Double(batchSize) / steadyStepSeconds }
}
