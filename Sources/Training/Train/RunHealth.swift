import GlissadeData
import GlissadeDevices

/// What may go wrong with the numbers of a training, and how it is told.
extension TrainingRun {
  /// Says once, in the first epoch, that samples hold numbers beside which convolutions lose digits. It asks for a pass over each batch, which
  /// is nothing beside a step with such convolutions, and is not done for others.
  func watchSpread(of features: UnsafeBufferPointer<Float>, _ session: TrainingSession) {
    guard spread != nil else { return }
    mixingLayer = mixingLayer ?? session.mixingLayers.first
    guard let mixingLayer else { return spread = nil }
    spread?.add(features)
    guard let found = spread, found.isWide else { return }
    observe(.note("samples hold \(found.description); \(Spread.consequence(mixingLayer))"))
    spread = nil
  }

  /// Throws where a loss or gradient was not finite. Updates have been held back since, so the device's parameters are the last sound ones.
  func check(_ sums: TrainingSession.Sums, _ session: TrainingSession, epoch: Int) throws {
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
        fields: again.fields, step: candidate)
    }
    throw TrainingError.notFinite(report)
  }

  /// Looks at how the loss went, at the end.
  func noteDivergence() throws(DataError) {
    record.divergence = try Divergence(of: training, options, record.measure, unit: unit)?.verdict(on: record.epochs)
  }
}
