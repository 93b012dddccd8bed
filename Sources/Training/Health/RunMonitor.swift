import GlissadeDevices

/// What the monitor does in a training.
extension TrainingRun {
  /// Queues one step, and measures the layers at it where that is due.
  /// - Parameters:
  ///   - fields: the batch.
  ///   - train: queues the step.
  func step(
    _ session: TrainingSession, _ fields: UnsafeBufferPointer<UnsafeRawBufferPointer>, epoch: Int, _ train: () throws -> Void
  ) throws {
    guard let monitor = options.monitor else { return try train() }
    if monitor.isDue(atStep: session.steps + 1) {
      try note(try session.measured(fields: fields, train), session, epoch: epoch)
    } else {
      try train()
    }
    guard session.steps % monitor.lossInterval == 0 else { return }
    let sums = try session.sums()
    record.monitored.losses.note(sums, step: session.steps, rate: learningRate(ofGroup: 0, step: session.steps - 1))
    if let loss = record.monitored.losses.leastOfLastTwo { try checkGrowth(of: loss, session, epoch: epoch) }
    // Told once, and not looked for again.
    if record.monitored.lossPeriod == nil, let period = record.monitored.losses.period {
      record.monitored.lossPeriod = period
      warn(session, epoch: epoch)
    }
  }

  private func note(_ found: StepHealth, _ session: TrainingSession, epoch: Int) throws {
    // What is not finite is told by whoever looks at the sums.
    guard found.loss.isFinite else { return }
    if record.monitored.health?.add(found.layers, step: session.steps) == nil {
      record.monitored.health = EpochHealth(found.layers, step: session.steps)
    }
    if record.monitored.firstLoss == nil {
      record.monitored.firstLoss = found.loss
      record.monitored.firstGradientNorm = record.monitored.health?.gradientNorm
    }
    warn(session, epoch: epoch)
  }

  /// Ends a training whose loss is a thousand times what it began with, and more than classes or standardised values have that are learnt at
  /// all: nothing comes of it any more.
  /// - Parameter loss: what it does not fall below any more. The first batch may have been answered rightly by chance, and one with an outlier be
  ///   far off: those are no divergence.
  func checkGrowth(of loss: Double, _ session: TrainingSession, epoch: Int) throws {
    guard options.monitor != nil, let first = record.monitored.firstLoss, first > 0, loss > 1000 * first, loss > 10 else { return }
    let error = TrainingError.diverged(step: session.steps, epoch: epoch + 1, loss: loss, first: first)
    record.divergence = "the loss grew to \(Float(loss)) at step \(session.steps), from \(Float(first)) at the beginning"
    record.peakArenaBytes = max(record.peakArenaBytes, session.peakArenaBytes)
    throw error
  }

  /// Tells what goes wrong by what is known so far, each kind once.
  func warn(_ session: TrainingSession, epoch: Int) {
    guard options.monitor != nil else { return }
    for (kind, text) in record.warningsNow where !record.warnings.contains(where: { $0.kind == kind }) {
      let warning = RunWarning(kind: kind, epoch: epoch + 1, step: session.steps, text: text)
      record.warnings.append(warning)
      observe(.warning(warning))
    }
  }
}
