import GlissadeData
import GlissadeDevices
import GlissadeLayers
import GlissadeOptimizers

/// What a training is to do, apart from model, data and device.
public struct TrainingOptions: Sendable {
  /// How often the data is gone through, from 1 to 1,000,000; default 5.
  public var epochs = 5
  /// Samples in a step; default 128. The last batch of an epoch is shorter where it does not come out even.
  public var batchSize = 128
  /// Samples that are computed together; default the whole batch.
  ///
  /// A batch of more is computed in parts of at most so many, as equal as they can be: gradients of one after the other are added up, each weighted
  /// by its share of the batch, and then there is one update. That takes the memory of a micro-batch, and a gradient's beside it, and comes to the
  /// same numbers but for rounding, with two exceptions. Batch norm takes its statistics of each micro-batch, and moves its running ones as often;
  /// and what is drawn at random (dropout) is drawn otherwise. Evaluation takes micro-batches, too. Elsewhere this is called gradient
  /// accumulation, of `batchSize` / `microBatch` steps.
  public var microBatch: Int?
  /// Samples of a step that evaluates.
  var evaluationBatch: Int { min(batchSize, microBatch ?? batchSize) }
  /// Of weights, shuffles and dropout.
  public var seed: UInt64 = 0
  /// What errors cost; default cross-entropy of classes.
  public var loss = Loss.crossEntropy
  /// Which parameters are trained how; what no group takes is frozen.
  public var groups: [ParameterGroup]
  /// What keeps gradients small; default nothing.
  public var clipping = GradientClipping()
  /// The global norm that gradients are clipped to.
  public var clippingNorm: Float? {
    get { clipping.norm }
    set { clipping.norm = newValue }
  }
  /// An average of the weights, which is kept and measured beside them; default none.
  public var average: WeightAverage?
  /// Whether a convolution's sums hold nothing but what its filter reaches; default no. On CPUs 3×3 convolutions of stride 1 go by Winograd's
  /// algorithm otherwise, which takes half the time and mixes the pixels of a tile of 6×6: beside a number that is 1000 times the others'
  /// root mean square, results lose half of their digits, and an infinity or NaN makes outputs NaN that never see it.
  public var isExact = false
  /// What is trained from later epochs on, in their order; default always `groups`.
  public var laterPhases: [TrainingPhase] = []
  /// Where groups with `stayClose` are drawn to; default the state that training begins with.
  public var anchor: ModelState?
  /// Whether the features of a frozen backbone are computed once and kept; default not. For a `LayerWithHead`, in epochs that train nothing but
  /// its head; only for data that is the same in every epoch.
  public var featureCache: FeatureCache?
  /// A checkpoint after so many steps, counted from the beginning of the run, beside the one after each epoch.
  public var checkpointSteps: Int?
  /// How much samples of each class count in training's loss, which is then a mean weighted by them. Validation counts all alike.
  public var classWeights: ClassWeights?
  /// How an epoch's samples are chosen.
  public var sampling = Sampling.shuffled
  /// Which of its states the test data is measured with, where there is validation data to choose by; otherwise it is always the last.
  public var tested = RunFolder.Model.best
  /// Blends samples of a training batch, as mixup does. The training accuracy is then the share of each answer that is right: naming a
  /// sample's own class counts as much as is left of it, naming its partner's counts as the rest.
  public var mixing: (any SampleMixing)?
  /// What is told beside the loss, and beside accuracy or error; default nothing.
  public var metrics: [Metric] = []
  /// Ends the training when what is measured stops getting better; default it goes through all its epochs. It also decides which epoch is the
  /// best one: by its measure instead of the validation loss.
  public var earlyStopping: EarlyStopping?
  /// Ends the training after the epoch in which this time is over, counted over all its stretches (`RunRecord.elapsedSeconds`); default none.
  public var timeLimit: Duration?
  /// Looks at every layer now and then, and warns of what goes wrong; default not.
  public var monitor: HealthMonitor?
  /// How large one unit of the data's values is in those that people know, where values were standardised: their deviation. Errors are told in
  /// the latter; losses are of the values as they are. Default 1.
  public var valueUnit = 1.0

  /// How an epoch's samples are chosen.
  public enum Sampling: String, CaseIterable, Sendable {
    /// Every sample once, in random order.
    case shuffled
    /// As many draws with replacement as there are samples, every class as likely as every other.
    case balanced
  }

  /// - Parameter groups: what is trained and how; default everything by Adam at 1e-3.
  public init(groups: [ParameterGroup] = [ParameterGroup(Adam())]) { self.groups = groups }
}

/// What a trainer may have been made from: a recipe with its data, which only a module above this one knows.
package protocol TrainerOrigin {}

/// The training loop: batches, replay, validation, and what happens when something fails.
///
/// ```swift
/// let trainer = Trainer(model: MLP([784, 128, 10]), options: TrainingOptions())
/// let result = try trainer.fit(training, validation: validation)
/// ```
public struct Trainer {
  /// What is trained.
  public let model: any Layer
  /// How.
  public let options: TrainingOptions
  /// What it was made from, where that is more than model and options.
  package var origin: (any TrainerOrigin)?

  /// - Parameters:
  ///   - model: what is trained; its first values are drawn where `fit` is not given others.
  ///   - options: how.
  public init(model: any Layer, options: TrainingOptions) {
    self.model = model
    self.options = options
  }

  /// What came of a training.
  public struct Result {
    /// What was measured, epoch by epoch and at the end.
    public var record: RunRecord
    /// The parameters at the end; after a failure, the last that were sound.
    public var state: ModelState
    /// The average of the weights at the end, where `TrainingOptions.average` asks for one, with the other parameters of `state`.
    public var average: ModelState? { state.averaged }
    /// The parameters after the best epoch: that with the lowest validation loss, or by the measure of `earlyStopping`; `nil` where there is
    /// nothing to measure by, and where a training went on whose checkpoint had no `best`.
    public var best: ModelState?
    /// Where training can go on: the last epoch's end or, after an interruption, the step it stopped at.
    public var checkpoint: TrainingCheckpoint
    /// Why training stopped before its end: a device that failed, a loss that is not finite. `nil` for a training that ended or was interrupted.
    public var failure: (any Error)?

    package init(record: RunRecord, state: ModelState, best: ModelState?, checkpoint: TrainingCheckpoint, failure: (any Error)?) {
      (self.record, self.state, self.best, self.checkpoint, self.failure) = (record, state, best, checkpoint, failure)
    }
  }

  /// Trains.
  /// - Parameters:
  ///   - training: what to learn from.
  ///   - validation: checked after each epoch.
  ///   - test: evaluated once, at the end, with the state that `TrainingOptions.tested` says.
  ///   - selection: the device; default the best that there is (`DeviceSelection.open(.auto)`). Where it was chosen automatically and fails, training goes on on the CPU from the last epoch's state.
  ///   - initial: parameters to start from; default the initialisers'. Steps that they have taken move the schedules on.
  ///   - resuming: where an earlier training stopped: this one goes on there and ends with the same bits, on the same device, as if that had
  ///     not stopped. The options may say more epochs.
  ///   - start: when the process began, for `firstStepSeconds`.
  ///   - preparation: how long reading the data took before, for `preparationSeconds`.
  ///   - willStart: called once, when all that can be seen to keep training from starting has been looked at (memory, shapes, weights) and
  ///     nothing has been computed yet; what it throws keeps training from starting.
  ///   - observe: is told what happens.
  ///   - checkpoint: is given a checkpoint after each epoch, before the epoch is reported, and where `checkpointSteps` asks for one; what it
  ///     throws stops training.
  ///   - snapshot: is given the model at the end of each cycle of the schedule (of the first group), where it is about to begin again; what it
  ///     throws stops training. After a resume a snapshot that was taken behind the checkpoint comes once more.
  ///   - shouldStop: asked before each step; training then ends with what it has.
  /// - Throws: what keeps training from starting: `ShapeError`, `TrainingError` (`cannotResume` names what has changed), `OptimizerError`, `DataError`, `DeviceError`.
  ///   What happens later is in the result's `failure`, beside the last sound state, and thrown where no step was trained.
  public func fit(
    _ training: any Dataset, validation: (any Dataset)? = nil, test: (any Dataset)? = nil, on selection: DeviceSelection? = nil,
    from initial: ModelState? = nil, resuming: TrainingCheckpoint? = nil, start: ContinuousClock.Instant = .now,
    preparation: Duration = .zero, willStart: () throws -> Void = {}, observe: @escaping (TrainingEvent) -> Void = { _ in },
    checkpoint: ((TrainingCheckpoint) throws -> Void)? = nil, snapshot: ((ModelSnapshot) throws -> Void)? = nil,
    shouldStop: @escaping () -> Bool = { false }
  ) throws -> Result {
    guard (1...1_000_000).contains(options.epochs) else {
      throw TrainingError.invalid(option: "the number of epochs", value: "\(options.epochs)", requirement: "from 1 to 1000000")
    }
    guard (1...max(training.count, 1)).contains(options.batchSize) else {
      throw TrainingError.batchSize(options.batchSize, samples: training.count)
    }
    if let size = options.microBatch, size < 1 {
      throw TrainingError.invalid(option: "the micro-batch", value: "\(size)", requirement: "at least 1")
    }
    if let steps = options.checkpointSteps, steps < 1 {
      throw TrainingError.invalid(option: "the steps between checkpoints", value: "\(steps)", requirement: "at least 1")
    }
    guard !options.groups.isEmpty else { throw TrainingError.nothingToTrain }
    try options.checkPhases()
    for group in options.groups + options.laterPhases.flatMap(\.groups) {
      try group.schedule.validate()
      if group.schedule.movesMomentum, !(try group.optimizer.takesMomentum()) {
        throw TrainingError.invalid(
          option: "schedule '\(group.schedule)'", value: "one that moves momentum",
          requirement: "one that leaves it, since \(type(of: group.optimizer).name) has no momentum, or is set to have none")
      }
      if let rule = group.optimizer as? LBFGS, !rule.takesMiniBatches {
        if options.batchSize < training.count {
          throw TrainingError.invalid(
            option: "the batch size under \(LBFGS.name)", value: "\(options.batchSize)",
            requirement: "\(training.count), all training samples, unless takesMiniBatches is set: \(LBFGS.whyWhole)")
        }
        let changing = [("sampling", options.sampling == .balanced), ("mixing", options.mixing != nil)].first(where: \.1)
        if let changing {
          throw TrainingError.invalid(
            option: "\(changing.0) under \(LBFGS.name)", value: "there",
            requirement: "none, unless takesMiniBatches is set: \(LBFGS.whySame)")
        }
      }
      if validation == nil, let measure = group.schedule.measures.first(where: { $0 != .trainingLoss }) {
        throw TrainingError.invalid(
          option: "the metric of schedule '\(group.schedule)'", value: measure.rawValue,
          requirement: "\(Plateau.Measure.trainingLoss.rawValue), since there is no validation data")
      }
      if !options.loss.hasClasses(training), group.schedule.measures.contains(.validationAccuracy) {
        throw TrainingError.invalid(
          option: "the metric of schedule '\(group.schedule)'", value: Plateau.Measure.validationAccuracy.rawValue,
          requirement: "\(Plateau.Measure.validationLoss.rawValue), since numbers are predicted")
      }
    }
    try options.monitor?.check()
    try options.earlyStopping?.validate()
    try options.checkMetrics()
    try options.average?.check(epochs: options.epochs)
    for (what, data) in [("validation", validation), ("test", test)] {
      guard let data else { continue }
      if data.sampleShape != training.sampleShape {
        throw TrainingError.sampleShape(what: what, data.sampleShape, expected: training.sampleShape)
      }
      try data.requireFields(of: training, what)
    }
    for (what, data) in [("training", training), ("validation", validation), ("test", test)] {
      try data?.requireDistinctFields(source: "the \(what) data")
      try data?.requireLabelsInRange(source: "the \(what) data")
    }
    if options.featureCache != nil, let changes = training.changes {
      throw TrainingError.invalid(
        option: "the training data for a feature cache", value: "one that changes in each epoch (\(changes))",
        requirement: "the same in every epoch, since features are computed once")
    }
    let encoding = try options.encoding(for: training)
    let order = try order(of: training)
    try options.checkRates(stepsPerEpoch: order.batchesPerEpoch)
    let selection = try selection ?? DeviceSelection.open(.auto)
    var beginning = TrainingRun.Beginning.initializers
    if let initial { beginning = .state(initial) }
    var conditions: TrainingConditions?
    if checkpoint != nil || resuming != nil {
      conditions = try TrainingConditions(options, training: training, validation: validation)
    }
    if let resuming {
      try check(resuming, training: training, validation: validation)
      beginning = .checkpoint(resuming)
    }
    let run = TrainingRun(
      model: model, options: options.parted(by: model), training: training, validation: validation, order: order, encoding: encoding,
      beginning: beginning, conditions: conditions, start: start, preparation: preparation, shouldStop: shouldStop,
      checkpoint: checkpoint ?? { _ in }, snapshot: snapshot, observe: observe)
    try run.checkSnapshots()
    do { try run.begin(on: selection.device, reason: selection.reason) } catch let error as DeviceError
      where selection.mayFallBack
    {
      // Too little memory, say.
      let reason = "\(error.description); training starts on the CPU"
      observe(.fellBack(reason: reason))
      try run.moveToCPU(because: reason)
    }
    try willStart()
    var failure: (any Error)?
    do {
      try run.finish(test: test)
    } catch let error as DeviceError where selection.mayFallBack && run.record.fallback == nil {
      let reason = "\(error.description); training goes on on the CPU from \(run.place)"
      observe(.fellBack(reason: reason))
      do {
        try run.moveToCPU(because: reason)
        try run.finish(test: test)
      } catch { failure = error }
    } catch { failure = error }
    // What does not get beyond its first step could not work from the start, and there is nothing to hand back.
    if let failure, !run.hasTrained { throw failure }
    if failure == nil { try run.noteDivergence() }
    return Result(record: run.record, state: run.lastState, best: run.best, checkpoint: run.last, failure: failure)
  }

  /// In which order samples come.
  func order(of training: any Dataset) throws(DataError) -> BatchOrder {
    try BatchOrder(
      count: training.count, batchSize: options.batchSize, seed: options.seed,
      sampleWeights: options.sampling == .balanced ? BatchOrder.balancedWeights(labels: training.labels) : nil)
  }

  /// Checks whether a training can go on from a checkpoint, before anything is opened or written. `fit` does the same.
  /// - Throws: `TrainingError.cannotResume` with everything that has changed, `DataError` where the data cannot be read.
  public func check(_ checkpoint: TrainingCheckpoint, training: any Dataset, validation: (any Dataset)?) throws {
    var differences: [String] = []
    if let before = checkpoint.conditions {
      differences = before.differences(from: try TrainingConditions(options, training: training, validation: validation))
    }
    if checkpoint.completedEpochs > options.epochs {
      differences.append("\(checkpoint.completedEpochs) epochs are done already, and there are to be \(options.epochs)")
    }
    let batches = training.count / options.batchSize + (training.count % options.batchSize == 0 ? 0 : 1)
    if checkpoint.completedBatches > batches {
      differences.append("\(checkpoint.completedBatches) batches of an epoch are done, and it has \(batches)")
    }
    if !differences.isEmpty { throw TrainingError.cannotResume(differences: differences) }
  }

  /// Evaluates a model on a dataset.
  /// - Parameters:
  ///   - data: what to evaluate on.
  ///   - state: the parameters.
  ///   - device: where; default the best that there is.
  /// - Returns: mean loss and share of right answers.
  public func evaluate(_ data: any Dataset, state: ModelState, on device: (any Device)? = nil) throws -> (loss: Double, accuracy: Double) {
    let result = try evaluation(of: data, state: state, on: device ?? DeviceSelection.open(.auto).device, mistakes: nil)
    return (result.loss, result.accuracy)
  }

  /// Evaluates a classifier on a dataset, class by class.
  /// - Parameters:
  ///   - data: what to evaluate on.
  ///   - state: the parameters.
  ///   - device: where.
  ///   - mistakes: how many of the mistakes that the model is surest of are kept; `nil` for no report.
  /// - Returns: mean loss, share of right answers, and the report.
  public func evaluation(
    of data: any Dataset, state: ModelState, on device: any Device, mistakes: Int? = Evaluation.mistakes
  ) throws -> Evaluation {
    let session = try evaluationSession(for: data, batchSize: min(options.evaluationBatch, max(data.count, 1)), on: device)
    try session.restore(state)
    return try session.evaluate(data, batchSize: options.evaluationBatch, mistakes: mistakes, shouldStop: { false })
  }
}
