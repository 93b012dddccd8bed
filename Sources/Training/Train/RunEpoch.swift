import GlissadeData
import GlissadeDevices

/// One epoch of a training.
extension TrainingRun {
  func epoch(_ session: TrainingSession) throws {
    let epoch = completedEpochs
    var steps = last.completedBatches
    stepsBeforeEpoch = session.steps - steps
    if steps == 0 { record.monitored.losses.beginEpoch() }
    reductions = plateauReductions()
    snapshots = snapshots ?? snapshotClock(after: session.steps)
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
      let isLast = steps + 1 == order.batchesPerEpoch
      try checkRates(step: session.steps)
      try step(session, batch.fields, epoch: epoch) {
        try withTimes(ofStep: session.steps + 1, samples: batch.count) { times in
          try session.train(fields: batch.fields, addingTo: times) { group, count in
            numbers(ofGroup: group, step: session.steps - 1, count: count, isLast: isLast)
          }
        }
      }
      steps += 1
      watchSpread(of: UnsafeBufferPointer(batch.features), session)
      if record.firstStepSeconds.isNaN {
        try session.device.synchronize()
        record.firstStepSeconds = seconds(since: start)
      }
      hasTrained = true
      // A short batch says nothing of the usual one's time.
      let now = clock.now
      if batch.count == options.batchSize { record.stepSeconds.append(seconds(stepStart.duration(to: now))) }
      stepStart = now
      if steps == 1 || lastReport.duration(to: now) > .milliseconds(100) {
        lastReport = now
        try report(session, epoch: epoch, steps: steps, epochStart: epochStart)
      }
      if let snapshots, session.steps == snapshots.next {
        try takeSnapshot(session, epoch: epoch)
        stepStart = clock.now
      }
      if let interval = options.checkpointSteps, session.steps % interval == 0, steps < order.batchesPerEpoch {
        try save(try position(session, epoch: epoch, steps: steps, since: epochStart, waited: loader.waited))
        stepStart = clock.now
      }
    }
    let sums = try session.sums()
    try check(sums, session, epoch: epoch)
    let elapsed = seconds(since: epochStart)
    let endOfSteps = clock.now
    defer { pauses = (pauses.seconds + seconds(since: endOfSteps), pauses.count + 1) }
    var end = try position(session, epoch: epoch, steps: steps, since: epochStart, waited: loader.waited)
    record.dataWaitSeconds += seconds(loader.waited)
    var row = EpochRecord(
      epoch: epoch + 1, step: session.steps, learningRate: learningRate(ofGroup: 0, step: session.steps - 1), trainLoss: sums.loss,
      trainAccuracy: sums.accuracy * unit, validationLoss: .nan, validationAccuracy: .nan, seconds: elapsed,
      samplesPerSecond: Double(sums.samples) / elapsed)
    row.metrics = zip(session.metrics, sums.metrics).map { MetricValue(name: $0.name, training: $1) }
    if let average = options.average, average.isMeasured(inEpoch: epoch + 1), average.needsStatistics,
      session.movesStatistics(order.batchSize),
      let averaged = end.state.averaged
    {
      let begin = clock.now
      try session.replaceParameters(by: averaged.parameters)
      let found = try session.statistics(of: training, order: order, epoch: epoch, shouldStop: shouldStop)
      try session.replaceParameters(by: end.state.parameters)
      guard let found else { return interrupt(at: end, session, epoch: epoch) }
      end.state.averageStatistics = found
      record.validationSeconds += seconds(since: begin)
    }
    if let validation {
      let begin = clock.now
      let result = try evaluate(validation, session, mistakes: options.monitor == nil ? nil : 0)
      record.monitored.validation = result.report
      // An epoch without its validation is not over.
      if shouldStop() { return interrupt(at: end, session, epoch: epoch) }
      record.validationSeconds += seconds(since: begin)
      noteValidationWait(result)
      (row.validationLoss, row.validationAccuracy) = (result.loss, result.accuracy * unit)
      row.validationDetermination = result.determination
      for (place, value) in result.metrics.enumerated() { row.metrics[place].validation = value }
      if let average = options.average, average.isMeasured(inEpoch: epoch + 1), let state = end.state.averaged {
        let begin = clock.now
        let result = try evaluate(validation, session, with: state, insteadOf: end.state)
        if shouldStop() { return interrupt(at: end, session, epoch: epoch) }
        record.validationSeconds += seconds(since: begin)
        noteValidationWait(result)
        (row.averageValidationLoss, row.averageValidationAccuracy) = (result.loss, result.accuracy * unit)
      }
    }
    record.peakArenaBytes = max(record.peakArenaBytes, session.peakArenaBytes)
    if options.monitor?.takesHistograms == true { record.monitored.health?.gradients = try session.gradientHistograms() }
    // Those of earlier epochs are told.
    if let last = record.epochs.indices.last { record.epochs[last].health?.gradients = [] }
    row.health = record.monitored.health
    record.monitored.health = nil
    record.epochs.append(row)
    warn(session, epoch: epoch)
    spread = nil
    if record.bestEpoch?.epoch == row.epoch { best = ModelState(parameters: end.state.parameters) }
    var next = TrainingCheckpoint(state: end.state)
    next.completedEpochs = epoch + 1
    record.elapsedSeconds = elapsedSeconds
    next.record = record
    try save(next)
    observe(.epoch(row))
  }

  private func noteValidationWait(_ result: Evaluation) {
    record.dataWaitSeconds += seconds(result.waited)
    record.validationWaitSeconds += seconds(result.waited)
  }

  /// Lends what the times of a step are added to, if it is one of those that are timed.
  private func withTimes(ofStep step: Int, samples: Int, _ body: (UnsafeMutablePointer<StepTimes>?) throws -> Void) throws {
    guard StepTimes.timed.contains(step), samples == options.batchSize else { return try body(nil) }
    try body(&record.stepTimes)
  }

  func report(_ session: TrainingSession, epoch: Int, steps: Int, epochStart: ContinuousClock.Instant) throws {
    let sums = try session.sums()
    try check(sums, session, epoch: epoch)
    let elapsed = seconds(since: epochStart)
    let rate = Double(sums.samples) / elapsed
    observe(
      .progress(
        .init(
          epoch: epoch + 1, epochs: options.epochs, step: steps, stepsPerEpoch: order.batchesPerEpoch, loss: sums.loss,
          accuracy: sums.accuracy * unit, metrics: zip(session.metrics, sums.metrics).map { MetricValue(name: $0.name, training: $1) },
          samplesPerSecond: rate, secondsLeft: secondsLeft(epoch: epoch, steps: steps, elapsed: elapsed),
          learningRate: learningRate(ofGroup: 0, step: session.steps - 1))))
  }
}
