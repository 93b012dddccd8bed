import GlissadeData
import GlissadeDevices

/// Validation, and the measurement at the end.
extension TrainingRun {
  /// Evaluates the test set, or where there is none looks at the validation data more closely than after each epoch.
  func report(on test: (any Dataset)?, _ session: TrainingSession) throws {
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
    if test != nil {
      (record.testLoss, record.testAccuracy) = (result.loss, result.accuracy * unit)
      record.testMetrics = zip(session.metrics, result.metrics).map { MetricValue(name: $0.name, validation: $1) }
    }
    if let average = lastState.averaged, options.average?.isMeasured(inEpoch: completedEpochs) ?? false, test != nil {
      let result = try evaluate(data, session, with: average, insteadOf: lastState)
      if shouldStop() {
        record.interruption = "interrupted while the test set was evaluated"
        return
      }
      (record.averageTestLoss, record.averageTestAccuracy) = (result.loss, result.accuracy * unit)
    }
    record.testedEpoch = measured
    record.report = result.report
    record.reportedOn = test == nil ? "validation" : "test"
  }

  func evaluate(_ data: any Dataset, _ session: TrainingSession, mistakes: Int? = nil) throws -> Evaluation {
    let result = try session.evaluate(data, batchSize: options.evaluationBatch, mistakes: mistakes, shouldStop: shouldStop)
    if !result.loss.isFinite, data.count > 0, !shouldStop() {
      var report = NotFinite(step: session.steps, epoch: min(completedEpochs + 1, options.epochs), isEvaluation: true, what: "loss")
      report.operation = try firstNotFinite(evaluating: data, session)
      throw TrainingError.notFinite(report)
    }
    return result
  }

  /// The same with other parameters; afterwards the session has those that it had.
  func evaluate(
    _ data: any Dataset, _ session: TrainingSession, with state: ModelState, insteadOf own: ModelState
  ) throws -> Evaluation {
    try session.replaceParameters(by: state.parameters)
    let result = try evaluate(data, session)
    try session.replaceParameters(by: own.parameters)
    return result
  }

  /// Goes through an evaluation's batches again until one shows where a number stopped being finite.
  func firstNotFinite(evaluating data: any Dataset, _ session: TrainingSession) throws -> String? {
    let order = try BatchOrder(count: data.count, batchSize: min(options.evaluationBatch, data.count), shuffles: false)
    try session.resetSums()
    let loader = try BatchLoader(data, order: order, endEpoch: 1)
    while let batch = try loader.next() {
      let found = try session.firstNotFinite(
        fields: batch.fields, step: session.steps, isTraining: false)
      if let found { return found }
    }
    return nil
  }
}
