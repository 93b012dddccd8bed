import GlissadeData
import GlissadeDevices
import GlissadeLayers

/// The sessions that a training goes through: one for each phase, another after a device failed, and what their epochs go through.
extension TrainingRun {
  /// Where training would go on, in words.
  var place: String {
    let epochs = "the state after epoch \(last.completedEpochs)"
    return last.completedBatches == 0 ? epochs : "\(epochs) and \(last.completedBatches) steps"
  }

  /// Starts over on the CPU from the last checkpoint; where not even the first state was there yet, from the beginning.
  func moveToCPU(because reason: String) throws {
    (session, snapshots) = (nil, nil)
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

  func open(_ device: any Device) throws -> TrainingSession {
    let session = try makeSession(device, groups: options.groups(inEpoch: completedEpochs + 1))
    phase = options.phase(ofEpoch: completedEpochs + 1)
    kept = nil
    if options.monitor != nil { try session.monitor() }
    self.session = session
    return session
  }

  func makeSession(_ device: any Device, groups: [ParameterGroup], isTrial: Bool = false) throws -> TrainingSession {
    do {
      return try Trainer(model: model, options: options).session(for: training, on: device, groups: groups, isTrial: isTrial)
    } catch let error as ShapeError where options.batchSize == 1 && error.operation == "batchNorm" { throw loneSample(error) }
  }

  func anchorGroups(of session: TrainingSession) throws {
    let groups = options.groups + options.laterPhases.flatMap(\.groups)
    // A state is large, and nobody else needs the first one.
    guard groups.contains(where: { $0.stayClose != 0 }) else { return }
    if anchor == nil { anchor = options.anchor ?? lastState }
    if let anchor { try session.anchor(at: anchor) }
  }

  /// The session for the epoch that comes next: another one where a phase begins, which takes over parameters and what optimizers remember.
  func sessionOfNextEpoch() throws -> TrainingSession? {
    guard options.phase(ofEpoch: completedEpochs + 1) != phase, let (state, device) = try leaveSession() else { return session }
    let next = try open(device)
    try next.restore(state)
    try anchorGroups(of: next)
    record.hasOtherSteps = true
    observe(.unfroze(epoch: completedEpochs + 1, trainable: next.trainableCount))
    return next
  }

  /// Gives a session's memory back, so that the next one need not have room beside it.
  /// - Returns: its state, on the host, and its device; `nil` where there is no session.
  func leaveSession() throws -> (state: ModelState, device: any Device)? {
    guard let current = session else { return nil }
    let state = try current.state()
    record.peakArenaBytes = max(record.peakArenaBytes, current.peakArenaBytes)
    session = nil
    return (state, current.device)
  }

  /// What an epoch goes through: the features of a frozen backbone where they are to be kept, otherwise the samples.
  func data(for session: TrainingSession) throws -> (training: any Dataset, validation: (any Dataset)?) {
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
        try FeatureDataset(of: data, by: session, batchSize: options.evaluationBatch, cache: cache, shouldStop: shouldStop) { more in
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
      let waited = seconds(first.waited + (second?.waited ?? .zero))
      record.dataWaitSeconds += waited
      record.featureWaitSeconds += waited
    }
    try session.take(.features)
    return (kept?.training ?? training, kept?.validation ?? validation)
  }
}
