import GlissadeData
import GlissadeDevices
import GlissadeLayers
import GlissadeOptimizers

/// One call of `Trainer.fit`: where it stands, and how it gets on.
final class TrainingRun {
  private(set) var record = RunRecord()
  /// The last state that is known to be sound: that of the last completed epoch, or a later one where training was stopped in order.
  private(set) var lastState = ModelState(parameters: [])
  private(set) var completedEpochs = 0

  private let model: any Layer
  private let options: TrainingOptions
  private let training: any Dataset
  private let validation: (any Dataset)?
  private let order: BatchOrder
  /// In which form training batches have their targets.
  private let encoding: TargetEncoding
  private let start: ContinuousClock.Instant
  private let shouldStop: () -> Bool
  private let checkpoint: (ModelState, RunRecord) throws -> Void
  private let observe: (TrainingEvent) -> Void
  private let clock = ContinuousClock()
  private var session: TrainingSession?
  private var isInterrupted = false
  /// The session's steps before the first batch of the epoch at hand.
  private var stepsBeforeEpoch = 0

  init(
    model: any Layer, options: TrainingOptions, training: any Dataset, validation: (any Dataset)?, order: BatchOrder,
    encoding: TargetEncoding,
    start: ContinuousClock.Instant, shouldStop: @escaping () -> Bool, checkpoint: @escaping (ModelState, RunRecord) throws -> Void,
    observe: @escaping (TrainingEvent) -> Void
  ) {
    self.model = model
    self.options = options
    self.training = training
    self.validation = validation
    self.order = order
    self.encoding = encoding
    self.start = start
    self.shouldStop = shouldStop
    self.checkpoint = checkpoint
    self.observe = observe
    record.stepsPerEpoch = order.batchesPerEpoch
    record.batchSize = options.batchSize
    record.measure = options.loss.measure
    record.stepSeconds.reserveCapacity(min(order.batchesPerEpoch * options.epochs, 1 << 20))
  }

  func begin(on device: any Device, reason: String, from initial: ModelState?) throws {
    let session = try open(device)
    // A short last batch that does not fit (one sample under batch norm, say) is found now, not at the end of the first epoch.
    let last = training.count % options.batchSize
    if last > 0 { _ = try session.plan(batchSize: last, isTraining: true) }
    if let initial { try session.restore(initial) }
    lastState = try session.state()
    record.device = device.information.description
    record.deviceReason = reason
    record.parameters = session.parameterCount
    observe(
      .started(
        .init(
          device: record.device, reason: reason, parameters: session.parameterCount, stepsPerEpoch: order.batchesPerEpoch,
          trainingSamples: training.count, validationSamples: validation?.count ?? 0)))
  }

  /// Starts over on the CPU from the last completed epoch; where not even the first state was there yet, from the beginning.
  func moveToCPU(because reason: String, from initial: ModelState?) throws {
    session = nil
    let device = try CPUDevice()
    record.fallback = reason
    guard !lastState.parameters.isEmpty else { return try begin(on: device, reason: reason, from: initial) }
    let session = try open(device)
    try session.restore(lastState)
    record.device = device.information.description
    record.deviceReason = reason
  }

  private func open(_ device: any Device) throws -> TrainingSession {
    let session = try TrainingSession(
      model: model, sampleShape: Shape(training.sampleShape), batchSize: options.batchSize, loss: options.loss,
      trainsOnDistributions: options.trainsOnDistributions, groups: options.groups, clippingNorm: options.clippingNorm, seed: options.seed,
      device: device)
    self.session = session
    return session
  }

  /// Trains the remaining epochs and evaluates the test set.
  func finish(test: (any Dataset)?) throws {
    guard let session else { return }
    while completedEpochs < options.epochs, !isInterrupted { try epoch(session) }
    record.peakArenaBytes = session.peakArenaBytes
    if let test, !isInterrupted {
      observe(.testing)
      let result = try evaluate(test, session)
      if shouldStop() {
        // What was measured on a part of the test set is no result.
        record.interruption = "interrupted while the test set was evaluated"
      } else {
        (record.testLoss, record.testAccuracy) = result
      }
    }
  }

  // MARK: One epoch

  private func epoch(_ session: TrainingSession) throws {
    let epoch = completedEpochs
    stepsBeforeEpoch = session.steps
    let loader = try BatchLoader(training, order: order, startEpoch: epoch, endEpoch: epoch + 1, encoding: encoding)
    let epochStart = clock.now
    var stepStart = epochStart
    var lastReport = epochStart
    var steps = 0
    try session.resetSums()
    while let batch = try loader.next() {
      if shouldStop() {
        try interrupt(session, epoch: epoch, steps: steps)
        return
      }
      try session.train(features: UnsafeBufferPointer(batch.features), targets: batch.targets) { group in
        learningRate(ofGroup: group, step: session.steps - 1)
      }
      steps += 1
      if session.steps == 1, record.firstStepSeconds.isNaN {
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
    }
    let sums = try session.sums()
    try check(sums, session, epoch: epoch)
    let elapsed = seconds(since: epochStart)
    record.dataWaitSeconds += seconds(loader.waited)
    var row = EpochRecord(
      epoch: epoch + 1, step: session.steps, learningRate: learningRate(ofGroup: 0, step: session.steps - 1), trainLoss: sums.loss,
      trainAccuracy: sums.accuracy, validationLoss: .nan, validationAccuracy: .nan, seconds: elapsed,
      samplesPerSecond: Double(sums.samples) / elapsed)
    if let validation {
      let result = try evaluate(validation, session)
      if !shouldStop() { (row.validationLoss, row.validationAccuracy) = result }
    }
    lastState = try session.state()
    completedEpochs += 1
    record.peakArenaBytes = max(record.peakArenaBytes, session.peakArenaBytes)
    record.epochs.append(row)
    try checkpoint(lastState, record)
    observe(.epoch(row))
  }

  private func learningRate(ofGroup group: Int, step: Int) -> Double {
    options.groups[group].schedule.learningRate(
      base: options.groups[group].optimizer.learningRate, step: step, stepsPerEpoch: order.batchesPerEpoch,
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
          accuracy: sums.accuracy, samplesPerSecond: rate, secondsLeft: elapsed / Double(max(steps, 1)) * Double(left),
          learningRate: learningRate(ofGroup: 0, step: session.steps - 1))))
  }

  private func interrupt(_ session: TrainingSession, epoch: Int, steps: Int) throws {
    isInterrupted = true
    record.interruption = "interrupted in epoch \(epoch + 1) after \(steps) of \(order.batchesPerEpoch) steps"
    try check(try session.sums(), session, epoch: epoch)
    lastState = try session.state()
    record.peakArenaBytes = session.peakArenaBytes
  }

  // MARK: Health

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
      let loader = try BatchLoader(training, order: order, startEpoch: epoch, startBatch: batch, endEpoch: epoch + 1, encoding: encoding)
      guard let again = try loader.next() else { continue }
      report.operation = try session.firstNotFinite(
        features: UnsafeBufferPointer(again.features), targets: again.targets, step: candidate)
    }
    throw TrainingError.notFinite(report)
  }

  // MARK: Evaluation

  private func evaluate(_ data: any Dataset, _ session: TrainingSession) throws -> (loss: Double, accuracy: Double) {
    let result = try Self.evaluate(data, batchSize: options.batchSize, session, shouldStop: shouldStop)
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

  static func evaluate(
    _ data: any Dataset, batchSize: Int, _ session: TrainingSession, shouldStop: () -> Bool
  ) throws -> (loss: Double, accuracy: Double) {
    guard data.count > 0 else { return (.nan, .nan) }
    let order = try BatchOrder(count: data.count, batchSize: min(batchSize, data.count), shuffles: false)
    let loader = try BatchLoader(data, order: order, endEpoch: 1)
    try session.resetSums()
    while let batch = try loader.next(), !shouldStop() {
      try session.evaluate(features: UnsafeBufferPointer(batch.features), targets: batch.targets)
    }
    let sums = try session.sums()
    return (sums.badStep == nil ? sums.loss : .nan, sums.accuracy)
  }

  private func seconds(since instant: ContinuousClock.Instant) -> Double { seconds(instant.duration(to: clock.now)) }

  private func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }
}
