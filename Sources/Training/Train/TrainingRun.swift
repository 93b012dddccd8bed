import GlissadeData
import GlissadeDevices
import GlissadeLayers
import GlissadeOptimizers

/// One call of `Trainer.fit`: where it stands, and how it gets on.
final class TrainingRun {
  var record = RunRecord()
  /// Where training can go on: after the last checkpoint, or where it was stopped in order.
  var last = TrainingCheckpoint(state: ModelState(parameters: []))
  /// The last state that is known to be sound: that of `last`, or a later one that was found after a failure.
  var lastState = ModelState(parameters: [])
  /// The parameters after the best epoch so far.
  var best: ModelState?
  var completedEpochs: Int { last.completedEpochs }

  let model: any Layer
  let options: TrainingOptions
  let training: any Dataset
  let validation: (any Dataset)?
  let order: BatchOrder
  /// In which form training batches have their targets.
  let encoding: TargetEncoding
  let beginning: Beginning
  let conditions: TrainingConditions?
  let start: ContinuousClock.Instant
  let shouldStop: () -> Bool
  let checkpoint: (TrainingCheckpoint) throws -> Void
  /// Is given the model at the end of each of the schedule's cycles; `nil` where nobody wants it.
  let snapshot: ((ModelSnapshot) throws -> Void)?
  /// When these end; made anew where training starts over from a checkpoint.
  var snapshots: SnapshotClock?
  let observe: (TrainingEvent) -> Void
  let clock = ContinuousClock()
  /// When this stretch of the training began, and what `RunRecord.elapsedSeconds` was then.
  let begun: ContinuousClock.Instant
  var elapsedBefore = 0.0
  /// What went by between the steps of one epoch and those of the next, in this stretch: validation, saving.
  var pauses = (seconds: 0.0, count: 0)
  var session: TrainingSession?
  var isInterrupted = false
  /// Whether a step has been trained.
  var hasTrained = false
  /// The phase that the session is in, and where groups are drawn to that stay close.
  var phase: Int?
  var anchor: ModelState?
  /// What epochs go through that train the head alone, once it is there.
  var kept: (training: FeatureDataset, validation: FeatureDataset?)?
  /// What is known of the samples' spread; `nil` where it does not matter (any more).
  var spread: Spread? = Spread()
  /// A layer whose results suffer from it.
  var mixingLayer: String?
  /// The session's steps before the first batch of the epoch at hand.
  var stepsBeforeEpoch = 0
  /// What plateaus have come to, by group; see `plateauReductions()`.
  var reductions: [Double] = []

  /// What a training begins with.
  enum Beginning {
    case initializers
    case state(ModelState)
    case checkpoint(TrainingCheckpoint)
  }

  init(
    model: any Layer, options: TrainingOptions, training: any Dataset, validation: (any Dataset)?, order: BatchOrder,
    encoding: TargetEncoding,
    beginning: Beginning, conditions: TrainingConditions?, start: ContinuousClock.Instant, preparation: Duration,
    shouldStop: @escaping () -> Bool, checkpoint: @escaping (TrainingCheckpoint) throws -> Void,
    snapshot: ((ModelSnapshot) throws -> Void)?, observe: @escaping (TrainingEvent) -> Void
  ) {
    self.model = model
    self.options = options
    self.training = training
    self.validation = validation
    self.order = order
    self.encoding = encoding
    self.beginning = beginning
    self.conditions = conditions
    self.start = start
    self.shouldStop = shouldStop
    self.checkpoint = checkpoint
    self.snapshot = snapshot
    self.observe = observe
    begun = clock.now
    if case .checkpoint(let checkpoint) = beginning {
      last = checkpoint
      record = checkpoint.record
      best = checkpoint.best
      last.best = nil
    }
    let bestSoFar = record.bestEpoch?.epoch
    record.bestBy = options.earlyStopping?.measure ?? .validationLoss
    // The best by another measure may be another epoch, whose parameters nobody has any more.
    if record.bestEpoch?.epoch != bestSoFar { best = nil }
    record.stopReason = nil
    record.monitored.isClipped = options.clipping != GradientClipping()
    record.preparationSeconds += seconds(preparation)
    record.elapsedSeconds += seconds(preparation)
    elapsedBefore = record.elapsedSeconds
    record.stepsPerEpoch = order.batchesPerEpoch
    record.batchSize = options.batchSize
    record.stepSeconds.reserveCapacity(min(order.batchesPerEpoch * options.epochs, 1 << 20))
  }

  /// Trains the remaining epochs and evaluates the test set.
  func finish(test: (any Dataset)?) throws {
    while completedEpochs < options.epochs, !isInterrupted {
      if last.completedBatches == 0, let reason = reasonToStop {
        record.stopReason = reason
        observe(.stopped(epoch: completedEpochs, reason: reason))
        break
      }
      guard let session = try sessionOfNextEpoch() else { break }
      try epoch(session)
    }
    guard let session else { return }
    record.peakArenaBytes = max(record.peakArenaBytes, session.peakArenaBytes)
    try session.take(.samples)
    if !isInterrupted { try report(on: test, session) }
    record.elapsedSeconds = elapsedSeconds
  }

  /// Where errors are told in a unit of their own, how large that of the data is in it.
  var unit: Double { record.measure == .meanAbsoluteError ? options.valueUnit : 1 }

  func seconds(since instant: ContinuousClock.Instant) -> Double { seconds(instant.duration(to: clock.now)) }

  func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }
}
