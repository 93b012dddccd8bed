import GlissadeDevices
import GlissadeTensors

/// How a training begins: what can be seen to keep it from going on is looked at before the first step.
extension TrainingRun {
  func begin(on device: any Device, reason: String) throws {
    let session = try open(device)
    try session.checkOutputs(for: training)
    record.measure = session.measure
    try options.checkStopping(measure: session.measure, hasValidation: validation != nil)
    record.tell(inUnitsOf: options.valueUnit)
    // A short last batch that does not fit (one sample under batch norm, say) is found now, not at the end of the first epoch.
    let last = training.count % options.batchSize
    for size in Set([last, session.isParted ? options.batchSize : 0]) where size > 0 { try check(batchOf: size, session) }
    try checkRoom(session)
    // So is a kernel that the device computes wrongly.
    _ = try session.checkedPlan(session.largestPart(of: options.batchSize), session.trainingPurpose)
    if session.isParted { _ = try session.checkedPlan(0, .update) }
    // And what a later phase cannot do, by a session that takes no memory.
    for phase in options.laterPhases {
      let trial = try makeSession(device, groups: phase.groups, isTrial: true)
      if options.monitor != nil { try trial.monitor() }
      for size in Set([options.batchSize, last]) where size > 0 { try check(batchOf: size, trial) }
      try checkRoom(trial, insteadOf: session)
    }
    switch beginning {
    case .initializers: break
    case .state(let initial): try session.restore(initial)
    case .checkpoint(let checkpoint): try session.restore(checkpoint.state)
    }
    lastState = try session.state()
    if case .checkpoint(let checkpoint) = beginning { lastState.averageStatistics = checkpoint.state.averageStatistics }
    self.last.state = lastState
    try anchorGroups(of: session)
    if !record.epochs.isEmpty, record.device != device.information.description { record.hasOtherSteps = true }
    record.device = device.information.description
    record.deviceReason = reason
    record.parameters = session.parameterCount
    observe(
      .started(
        .init(
          device: record.device, reason: reason, parameters: session.parameterCount, stepsPerEpoch: order.batchesPerEpoch,
          trainingSamples: training.count, validationSamples: validation?.count ?? 0, measure: session.measure)))
  }

  /// Sees whether there is memory for what is to come, before it takes hours to find out.
  /// - Parameter other: the session of an earlier phase, which will be gone.
  func checkRoom(_ session: TrainingSession, insteadOf other: TrainingSession? = nil) throws {
    let beginsAtAnchor = session.groups.contains { $0.stayClose != 0 }
    // Where features are kept, samples are only evaluated, once.
    let keepsFeatures = options.featureCache != nil && options.mixing == nil && session.canTakeFeatures
    try session.checkRoom(
      batchSize: keepsFeatures ? options.evaluationBatch : options.batchSize, isTraining: !keepsFeatures,
      states: 3 + (beginsAtAnchor ? 1 : 0) + (validation == nil ? 0 : 1),
      insteadOf: other)
  }

  /// Sees whether a batch of some size can be trained on.
  func check(batchOf size: Int, _ session: TrainingSession) throws {
    for part in Set(session.parts(of: size).map(\.count)) { try check(part: part, ofBatch: size, session) }
  }

  private func check(part: Int, ofBatch size: Int, _ session: TrainingSession) throws {
    do throws(ShapeError) { _ = try session.plannedStep(part, session.trainingPurpose) } catch {
      throw refusal(of: part, ofBatch: size, session, error)
    }
  }

  /// Why a part of a batch cannot be trained on.
  private func refusal(of part: Int, ofBatch size: Int, _ session: TrainingSession, _ error: ShapeError) -> any Error {
    if part > 1 { return error }
    guard session.isParted, size > 1 else { return loneSample(error) }
    return TrainingError.invalid(option: "the micro-batch", value: "1", requirement: "at least 2: of one sample alone, \(error)")
  }

  func loneSample(_ reason: ShapeError) -> TrainingError {
    let better = TrainingOptions.sizeWithoutRemainder(of: training.count, near: options.batchSize)
    return .loneSample(samples: training.count, batchSize: options.batchSize, better: better, reason: reason)
  }
}
