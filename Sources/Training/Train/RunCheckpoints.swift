import GlissadeDevices

/// Where a training can go on.
extension TrainingRun {
  /// A checkpoint in the middle of an epoch.
  func position(
    _ session: TrainingSession, epoch: Int, steps: Int, since epochStart: ContinuousClock.Instant, waited: Duration = .zero
  ) throws -> TrainingCheckpoint {
    try check(try session.sums(), session, epoch: epoch)
    var position = TrainingCheckpoint(state: try session.state())
    // A stochastic average moves at the end of epochs alone.
    position.state.averageStatistics = lastState.averageStatistics
    position.completedEpochs = epoch
    position.completedBatches = steps
    position.sums = steps == 0 ? [] : try session.sumsBlock()
    position.epochSeconds = seconds(since: epochStart)
    position.record = record
    position.record.elapsedSeconds = elapsedSeconds
    position.record.dataWaitSeconds += seconds(waited)
    position.record.peakArenaBytes = max(record.peakArenaBytes, session.peakArenaBytes)
    return position
  }

  func save(_ position: TrainingCheckpoint) throws {
    last = position
    last.conditions = conditions
    last.record.stepSeconds = []
    lastState = position.state
    try checkpoint(last)
  }

  func interrupt(
    _ session: TrainingSession, epoch: Int, steps: Int, since epochStart: ContinuousClock.Instant, waited: Duration = .zero
  ) throws {
    interrupt(at: try position(session, epoch: epoch, steps: steps, since: epochStart, waited: waited), session, epoch: epoch)
  }

  func interrupt(at position: TrainingCheckpoint, _ session: TrainingSession, epoch: Int) {
    last = position
    last.conditions = conditions
    last.record.stepSeconds = []
    lastState = position.state
    isInterrupted = true
    record.interruption = "interrupted in epoch \(epoch + 1) after \(position.completedBatches) of \(order.batchesPerEpoch) steps"
    record.peakArenaBytes = session.peakArenaBytes
  }
}
