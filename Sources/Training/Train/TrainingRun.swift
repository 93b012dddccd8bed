import GlissadeData
import GlissadeDevices
import GlissadeLayers
import GlissadeOptimizers

/// One call of `Trainer.fit`: where it stands, and how it gets on.
final class TrainingRun {
  private(set) var record = RunRecord()
  /// Where training can go on: after the last checkpoint, or where it was stopped in order.
  private(set) var last = TrainingCheckpoint(state: ModelState(parameters: []))
  /// The last state that is known to be sound: that of `last`, or a later one that was found after a failure.
  private(set) var lastState = ModelState(parameters: [])
  /// The parameters after the best epoch so far.
  private(set) var best: ModelState?
  private var completedEpochs: Int { last.completedEpochs }

  private let model: any Layer
  private let options: TrainingOptions
  private let training: any Dataset
  private let validation: (any Dataset)?
  private let order: BatchOrder
  /// In which form training batches have their targets.
  private let encoding: TargetEncoding
  private let beginning: Beginning
  private let conditions: TrainingConditions?
  private let start: ContinuousClock.Instant
  private let shouldStop: () -> Bool
  private let checkpoint: (TrainingCheckpoint) throws -> Void
  private let observe: (TrainingEvent) -> Void
  private let clock = ContinuousClock()
  private var session: TrainingSession?
  private var isInterrupted = false
  /// The phase that the session is in, and where groups are drawn to that stay close.
  private var phase: Int?
  private var anchor: ModelState?
  /// What epochs go through that train the head alone, once it is there.
  private var kept: (training: FeatureDataset, validation: FeatureDataset?)?
  /// What is known of the samples' spread; `nil` where it does not matter (any more).
  private var spread: Spread? = Spread()
  /// A layer whose results suffer from it.
  private var mixingLayer: String?
  /// The session's steps before the first batch of the epoch at hand.
  private var stepsBeforeEpoch = 0

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
    shouldStop: @escaping () -> Bool, checkpoint: @escaping (TrainingCheckpoint) throws -> Void, observe: @escaping (TrainingEvent) -> Void
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
    self.observe = observe
    if case .checkpoint(let checkpoint) = beginning {
      last = checkpoint
      record = checkpoint.record
      best = checkpoint.best
      last.best = nil
    }
    record.preparationSeconds += seconds(preparation)
    record.stepsPerEpoch = order.batchesPerEpoch
    record.batchSize = options.batchSize
    record.measure = options.loss.measure
    record.tell(inUnitsOf: options.valueUnit)
    record.stepSeconds.reserveCapacity(min(order.batchesPerEpoch * options.epochs, 1 << 20))
  }

  func begin(on device: any Device, reason: String) throws {
    let session = try open(device)
    // A short last batch that does not fit (one sample under batch norm, say) is found now, not at the end of the first epoch.
    let last = training.count % options.batchSize
    if last > 0 { try check(batchOf: last, session) }
    try checkRoom(session)
    // So is a kernel that the device computes wrongly.
    _ = try session.checkedPlan(batchSize: options.batchSize, isTraining: true)
    // And what a later phase cannot do, by a session that takes no memory.
    for phase in options.laterPhases {
      let trial = try makeSession(device, groups: phase.groups, isTrial: true)
      for size in Set([options.batchSize, last]) where size > 0 { try check(batchOf: size, trial) }
      try checkRoom(trial, insteadOf: session)
    }
    switch beginning {
    case .initializers: break
    case .state(let initial): try session.restore(initial)
    case .checkpoint(let checkpoint): try session.restore(checkpoint.state)
    }
    lastState = try session.state()
    self.last.state = lastState
    try anchorGroups(of: session)
    record.device = device.information.description
    record.deviceReason = reason
    record.parameters = session.parameterCount
    observe(
      .started(
        .init(
          device: record.device, reason: reason, parameters: session.parameterCount, stepsPerEpoch: order.batchesPerEpoch,
          trainingSamples: training.count, validationSamples: validation?.count ?? 0)))
  }

  /// Sees whether there is memory for what is to come, before it takes hours to find out.
  /// - Parameter other: the session of an earlier phase, which will be gone.
  private func checkRoom(_ session: TrainingSession, insteadOf other: TrainingSession? = nil) throws {
    let beginsAtAnchor = session.groups.contains { $0.stayClose != 0 }
    // Where features are kept, samples are only evaluated, once.
    let keepsFeatures = options.featureCache != nil && options.mixing == nil && session.canTakeFeatures
    try session.checkRoom(
      batchSize: options.batchSize, isTraining: !keepsFeatures, states: 3 + (beginsAtAnchor ? 1 : 0) + (validation == nil ? 0 : 1),
      insteadOf: other)
  }

  /// Sees whether a batch of some size can be trained on.
  private func check(batchOf size: Int, _ session: TrainingSession) throws {
    do throws(ShapeError) { _ = try session.plannedStep(batchSize: size, isTraining: true) } catch  where size == 1 {
      throw loneSample(error)
    }
  }

  private func loneSample(_ reason: ShapeError) -> TrainingError {
    let better = TrainingOptions.sizeWithoutRemainder(of: training.count, near: options.batchSize)
    return .loneSample(samples: training.count, batchSize: options.batchSize, better: better, reason: reason)
  }

  /// Where training would go on, in words.
  var place: String {
    let epochs = "the state after epoch \(last.completedEpochs)"
    return last.completedBatches == 0 ? epochs : "\(epochs) and \(last.completedBatches) steps"
  }

  /// Starts over on the CPU from the last checkpoint; where not even the first state was there yet, from the beginning.
  func moveToCPU(because reason: String) throws {
    session = nil
    let device = try CPUDevice()
    record.fallback = reason
    guard !lastState.parameters.isEmpty else { return try begin(on: device, reason: reason) }
    let session = try open(device)
    try session.restore(last.state)
    lastState = last.state
    try anchorGroups(of: session)
    record.device = device.information.description
    record.deviceReason = reason
  }

  private func open(_ device: any Device) throws -> TrainingSession {
    let session = try makeSession(device, groups: options.groups(inEpoch: completedEpochs + 1))
    phase = options.phase(ofEpoch: completedEpochs + 1)
    kept = nil
    self.session = session
    return session
  }

  private func makeSession(_ device: any Device, groups: [ParameterGroup], isTrial: Bool = false) throws -> TrainingSession {
    do {
      return try TrainingSession(
        model: model, sampleShape: Shape(training.sampleShape), batchSize: options.batchSize, loss: options.loss,
        trainsOnDistributions: options.trainsOnDistributions, groups: groups, clippingNorm: options.clippingNorm, seed: options.seed,
        device: device, isExact: options.isExact, fuses: true, isTrial: isTrial)
    } catch let error as ShapeError where options.batchSize == 1 && error.operation == "batchNorm" { throw loneSample(error) }
  }

  private func anchorGroups(of session: TrainingSession) throws {
    let groups = options.groups + options.laterPhases.flatMap(\.groups)
    // A state is large, and nobody else needs the first one.
    guard groups.contains(where: { $0.stayClose != 0 }) else { return }
    if anchor == nil { anchor = options.anchor ?? lastState }
    if let anchor { try session.anchor(at: anchor) }
  }

  /// The session for the epoch that comes next: another one where a phase begins, which takes over parameters and what optimizers remember.
  private func sessionOfNextEpoch() throws -> TrainingSession? {
    guard options.phase(ofEpoch: completedEpochs + 1) != phase, let (state, device) = try leaveSession() else { return session }
    let next = try open(device)
    try next.restore(state)
    try anchorGroups(of: next)
    observe(.unfroze(epoch: completedEpochs + 1, trainable: next.trainableCount))
    return next
  }

  /// Gives a session's memory back, so that the next one need not have room beside it.
  /// - Returns: its state, on the host, and its device; `nil` where there is no session.
  private func leaveSession() throws -> (state: ModelState, device: any Device)? {
    guard let current = session else { return nil }
    let state = try current.state()
    record.peakArenaBytes = max(record.peakArenaBytes, current.peakArenaBytes)
    session = nil
    return (state, current.device)
  }

  /// What an epoch goes through: the features of a frozen backbone where they are to be kept, otherwise the samples.
  private func data(for session: TrainingSession) throws -> (training: any Dataset, validation: (any Dataset)?) {
    guard let cache = options.featureCache, options.mixing == nil, session.canTakeFeatures else {
      try session.take(.samples)
      return (training, validation)
    }
    if kept == nil {
      try session.take(.samples)
      let begin = clock.now
      let count = training.count + (validation?.count ?? 0)
      var (done, lastReport) = (0, begin)
      func features(of data: any Dataset) throws -> FeatureDataset {
        try FeatureDataset(of: data, by: session, batchSize: options.batchSize, cache: cache, shouldStop: shouldStop) { more in
          done += more
          let now = clock.now
          guard done == count || lastReport.duration(to: now) > .milliseconds(100) else { return }
          lastReport = now
          observe(.features(.init(done: done, count: count, seconds: seconds(begin.duration(to: now)))))
        }
      }
      let (first, second) = (try features(of: training), try validation.map(features))
      kept = (first, second)
      record.featureSeconds += seconds(since: begin)
      record.dataWaitSeconds += seconds(first.waited + (second?.waited ?? .zero))
    }
    try session.take(.features)
    return (kept?.training ?? training, kept?.validation ?? validation)
  }

  /// Trains the remaining epochs and evaluates the test set.
  func finish(test: (any Dataset)?) throws {
    while completedEpochs < options.epochs, !isInterrupted, let session = try sessionOfNextEpoch() { try epoch(session) }
    guard let session else { return }
    record.peakArenaBytes = max(record.peakArenaBytes, session.peakArenaBytes)
    try session.take(.samples)
    if !isInterrupted { try report(on: test, session) }
  }

  /// Evaluates the test set, or where there is none looks at the validation data more closely than after each epoch.
  private func report(on test: (any Dataset)?, _ session: TrainingSession) throws {
    guard let data = test ?? validation else { return }
    observe(.testing)
    var measured = completedEpochs
    if options.tested == .best, let best, let epoch = record.bestEpoch?.epoch {
      if epoch != completedEpochs { try session.restore(best) }
      measured = epoch
    }
    let result = try evaluate(data, session, mistakes: Evaluation.mistakes)
    if shouldStop() {
      // What was measured on a part of the data is no result.
      record.interruption = "interrupted while the \(test == nil ? "validation" : "test") set was evaluated"
      return
    }
    if test != nil { (record.testLoss, record.testAccuracy) = (result.loss, result.accuracy * unit) }
    record.testedEpoch = measured
    record.report = result.report
    record.reportedOn = test == nil ? "validation" : "test"
  }

  // MARK: One epoch

  private func epoch(_ session: TrainingSession) throws {
    let epoch = completedEpochs
    var steps = last.completedBatches
    stepsBeforeEpoch = session.steps - steps
    let (training, validation) = try data(for: session)
    let loader = try BatchLoader(training, order: order, startEpoch: epoch, startBatch: steps, endEpoch: epoch + 1, encoding: encoding)
    // As if the batches that are done already had been done since.
    let epochStart = clock.now - .seconds(last.epochSeconds)
    var stepStart = clock.now
    var lastReport = epochStart
    if steps == 0 { try session.resetSums() } else { try session.restore(sumsBlock: last.sums) }
    if shouldStop() {
      // What is kept may not be complete.
      kept = nil
      return try interrupt(session, epoch: epoch, steps: steps, since: epochStart)
    }
    while let batch = try loader.next() {
      if shouldStop() { return try interrupt(session, epoch: epoch, steps: steps, since: epochStart, waited: loader.waited) }
      try session.train(features: UnsafeBufferPointer(batch.features), targets: batch.targets) { group in
        learningRate(ofGroup: group, step: session.steps - 1)
      }
      steps += 1
      watchSpread(of: UnsafeBufferPointer(batch.features), session)
      if record.firstStepSeconds.isNaN {
        try session.device.synchronize()
        record.firstStepSeconds = seconds(since: start)
      }
      // A short batch says nothing of the usual one's time.
      let now = clock.now
      if batch.count == options.batchSize { record.stepSeconds.append(seconds(stepStart.duration(to: now))) }
      stepStart = now
      if steps == 1 || lastReport.duration(to: now) > .milliseconds(100) {
        lastReport = now
        try report(session, epoch: epoch, steps: steps, epochStart: epochStart)
      }
      if let interval = options.checkpointSteps, session.steps % interval == 0, steps < order.batchesPerEpoch {
        try save(try position(session, epoch: epoch, steps: steps, since: epochStart, waited: loader.waited))
        stepStart = clock.now
      }
    }
    let sums = try session.sums()
    try check(sums, session, epoch: epoch)
    let elapsed = seconds(since: epochStart)
    let end = try position(session, epoch: epoch, steps: steps, since: epochStart, waited: loader.waited)
    record.dataWaitSeconds += seconds(loader.waited)
    var row = EpochRecord(
      epoch: epoch + 1, step: session.steps, learningRate: learningRate(ofGroup: 0, step: session.steps - 1), trainLoss: sums.loss,
      trainAccuracy: sums.accuracy * unit, validationLoss: .nan, validationAccuracy: .nan, seconds: elapsed,
      samplesPerSecond: Double(sums.samples) / elapsed)
    if let validation {
      let begin = clock.now
      let result = try evaluate(validation, session)
      // An epoch without its validation is not over.
      if shouldStop() { return interrupt(at: end, session, epoch: epoch) }
      record.validationSeconds += seconds(since: begin)
      record.dataWaitSeconds += seconds(result.waited)
      (row.validationLoss, row.validationAccuracy) = (result.loss, result.accuracy * unit)
      row.validationDetermination = result.determination
    }
    record.peakArenaBytes = max(record.peakArenaBytes, session.peakArenaBytes)
    record.epochs.append(row)
    spread = nil
    if record.bestEpoch?.epoch == row.epoch { best = ModelState(parameters: end.state.parameters) }
    var next = TrainingCheckpoint(state: end.state)
    next.completedEpochs = epoch + 1
    next.record = record
    try save(next)
    observe(.epoch(row))
  }

  // MARK: Checkpoints

  /// A checkpoint in the middle of an epoch.
  private func position(
    _ session: TrainingSession, epoch: Int, steps: Int, since epochStart: ContinuousClock.Instant, waited: Duration = .zero
  ) throws -> TrainingCheckpoint {
    try check(try session.sums(), session, epoch: epoch)
    var position = TrainingCheckpoint(state: try session.state())
    position.completedEpochs = epoch
    position.completedBatches = steps
    position.sums = steps == 0 ? [] : try session.sumsBlock()
    position.epochSeconds = seconds(since: epochStart)
    position.record = record
    position.record.dataWaitSeconds += seconds(waited)
    position.record.peakArenaBytes = max(record.peakArenaBytes, session.peakArenaBytes)
    return position
  }

  private func save(_ position: TrainingCheckpoint) throws {
    last = position
    last.conditions = conditions
    last.record.stepSeconds = []
    lastState = position.state
    try checkpoint(last)
  }

  private func learningRate(ofGroup group: Int, step: Int) -> Double {
    let group = options.groups(inEpoch: completedEpochs + 1)[group]
    return group.schedule.learningRate(
      base: group.optimizer.learningRate, step: step, stepsPerEpoch: order.batchesPerEpoch,
      totalSteps: order.batchesPerEpoch * options.epochs)
  }

  private func report(_ session: TrainingSession, epoch: Int, steps: Int, epochStart: ContinuousClock.Instant) throws {
    let sums = try session.sums()
    try check(sums, session, epoch: epoch)
    let elapsed = seconds(since: epochStart)
    let rate = Double(sums.samples) / elapsed
    let left = (options.epochs - epoch) * order.batchesPerEpoch - steps
    observe(
      .progress(
        .init(
          epoch: epoch + 1, epochs: options.epochs, step: steps, stepsPerEpoch: order.batchesPerEpoch, loss: sums.loss,
          accuracy: sums.accuracy * unit, samplesPerSecond: rate, secondsLeft: elapsed / Double(max(steps, 1)) * Double(left),
          learningRate: learningRate(ofGroup: 0, step: session.steps - 1))))
  }

  private func interrupt(
    _ session: TrainingSession, epoch: Int, steps: Int, since epochStart: ContinuousClock.Instant, waited: Duration = .zero
  ) throws {
    interrupt(at: try position(session, epoch: epoch, steps: steps, since: epochStart, waited: waited), session, epoch: epoch)
  }

  private func interrupt(at position: TrainingCheckpoint, _ session: TrainingSession, epoch: Int) {
    last = position
    last.conditions = conditions
    last.record.stepSeconds = []
    lastState = position.state
    isInterrupted = true
    record.interruption = "interrupted in epoch \(epoch + 1) after \(position.completedBatches) of \(order.batchesPerEpoch) steps"
    record.peakArenaBytes = session.peakArenaBytes
  }

  // MARK: Health

  /// Says once, in the first epoch, that samples hold numbers beside which convolutions lose digits. It asks for a pass over each batch, which
  /// is nothing beside a step with such convolutions, and is not done for others.
  private func watchSpread(of features: UnsafeBufferPointer<Float>, _ session: TrainingSession) {
    guard spread != nil else { return }
    mixingLayer = mixingLayer ?? session.mixingLayers.first
    guard let mixingLayer else { return spread = nil }
    spread?.add(features)
    guard let found = spread, found.isWide else { return }
    observe(.note("samples hold \(found.description); \(Spread.consequence(mixingLayer))"))
    spread = nil
  }

  /// Throws where a loss or gradient was not finite. Updates have been held back since, so the device's parameters are the last sound ones.
  private func check(_ sums: TrainingSession.Sums, _ session: TrainingSession, epoch: Int) throws {
    guard sums.badStep != nil || sums.hasBadGradient else { return }
    let step = max(sums.badStep ?? session.steps, 1)
    let state = try session.state()
    // A step before the one with the bad loss may have driven a parameter to infinity.
    if state.isFinite { lastState = state }
    record.peakArenaBytes = session.peakArenaBytes
    var report = NotFinite(step: step, epoch: epoch + 1, what: sums.hasBadGradient ? "gradient" : "loss")
    // A gradient is noticed one step late at the most.
    for candidate in [step, step - 1] where candidate > stepsBeforeEpoch && report.operation == nil {
      let batch = candidate - stepsBeforeEpoch - 1
      let data: any Dataset = session.input == .features ? kept?.training ?? training : training
      let loader = try BatchLoader(data, order: order, startEpoch: epoch, startBatch: batch, endEpoch: epoch + 1, encoding: encoding)
      guard let again = try loader.next() else { continue }
      report.operation = try session.firstNotFinite(
        features: UnsafeBufferPointer(again.features), targets: again.targets, step: candidate)
    }
    throw TrainingError.notFinite(report)
  }

  /// Where errors are told in a unit of their own, how large that of the data is in it.
  private var unit: Double { options.loss.isOfClasses ? 1 : options.valueUnit }

  /// Looks at how the loss went, at the end.
  func noteDivergence() throws(DataError) {
    record.divergence = try Divergence(of: training, options, unit: unit)?.verdict(on: record.epochs)
  }

  // MARK: Evaluation

  private func evaluate(_ data: any Dataset, _ session: TrainingSession, mistakes: Int? = nil) throws -> Evaluation {
    let result = try session.evaluate(data, batchSize: options.batchSize, mistakes: mistakes, shouldStop: shouldStop)
    if !result.loss.isFinite, data.count > 0, !shouldStop() {
      var report = NotFinite(step: session.steps, epoch: min(completedEpochs + 1, options.epochs), isEvaluation: true, what: "loss")
      report.operation = try firstNotFinite(evaluating: data, session)
      throw TrainingError.notFinite(report)
    }
    return result
  }

  /// Goes through an evaluation's batches again until one shows where a number stopped being finite.
  private func firstNotFinite(evaluating data: any Dataset, _ session: TrainingSession) throws -> String? {
    let order = try BatchOrder(count: data.count, batchSize: min(options.batchSize, data.count), shuffles: false)
    try session.resetSums()
    let loader = try BatchLoader(data, order: order, endEpoch: 1)
    while let batch = try loader.next() {
      let found = try session.firstNotFinite(
        features: UnsafeBufferPointer(batch.features), targets: batch.targets, step: session.steps, isTraining: false)
      if let found { return found }
    }
    return nil
  }

  private func seconds(since instant: ContinuousClock.Instant) -> Double { seconds(instant.duration(to: clock.now)) }

  private func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }
}
