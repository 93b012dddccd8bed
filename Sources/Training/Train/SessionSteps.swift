import GlissadeData
import GlissadeDevices
import GlissadeKernels
import GlissadePlanning

/// One step of a session at a time.
extension TrainingSession {
  /// The layers whose convolutions mix pixels beyond their filter's reach in the step that was queued last; see `Plan.mixingLayers`.
  public var mixingLayers: [String] { current?.stepper.plan.mixingLayers ?? [] }

  /// Queues one training step. What it adds up is read by `sums()`. The batch is copied before this returns, so that its memory may be freed
  /// or filled anew at once, whatever the device still has to do.
  /// - Parameters:
  ///   - features: the samples one after another.
  ///   - targets: what the output is compared with: class numbers, or what the session was made for.
  ///   - learningRates: each group's, for this step.
  public func train(
    features: UnsafeBufferPointer<Float>, targets: BatchTargets, learningRates: (_ group: Int) -> Double
  ) throws {
    let count = try stage(features, targets, isTraining: true)
    let stepper = try stepper(count, true)
    steps += 1
    for group in groupSteps.indices { groupSteps[group] += 1 }
    write(step: steps, learningRates)
    try stepper.prepared.run(constants: UnsafeRawBufferPointer(constants), inputs: trainsOnDistributions ? stagedDistributions : staged)
  }

  /// Queues one training step on samples with class numbers.
  public func train(
    features: UnsafeBufferPointer<Float>, labels: UnsafeBufferPointer<Int32>, learningRates: (_ group: Int) -> Double
  ) throws {
    try train(features: features, targets: .classes(labels), learningRates: learningRates)
  }

  /// Queues one evaluation step, which adds its loss and right answers (or errors) to the sums. The batch is copied before this returns.
  public func evaluate(features: UnsafeBufferPointer<Float>, targets: BatchTargets) throws {
    let count = try stage(features, targets, isTraining: false)
    let stepper = try stepper(count, false)
    try stepper.prepared.run(constants: UnsafeRawBufferPointer(constants), inputs: staged)
  }

  /// Queues one evaluation step on samples with class numbers.
  public func evaluate(features: UnsafeBufferPointer<Float>, labels: UnsafeBufferPointer<Int32>) throws {
    try evaluate(features: features, targets: .classes(labels))
  }

  /// Checks a batch against what the model was traced for, and notes where it is.
  /// - Returns: how many samples it has.
  @discardableResult
  func stage(
    _ features: UnsafeBufferPointer<Float>, _ targets: BatchTargets, isTraining: Bool
  ) throws(TrainingError) -> Int {
    let form = self.targets(isTraining: isTraining)
    let (count, found, expected): (Int, Int, Int)
    switch (targets, form) {
    case (.classes(let labels), .labels):
      (count, found, expected) = (labels.count, labels.count, labels.count)
      staged[1] = UnsafeRawBufferPointer(labels)
      // A kernel would read beside the row of such a label. A loss of somebody's own may mean something else by it.
      if loss.smoothing != nil {
        for (sample, label) in labels.enumerated() where label < 0 || Int(label) >= outputSize {
          throw .invalid(
            option: "the label of sample \(sample) of a batch", value: "\(label)",
            requirement: "from 0 to \(outputSize - 1), since the model has \(outputSize) outputs")
        }
      }
    case (.values(let values), .values):
      count = features.count / max(inputShape.count, 1)
      (found, expected) = (values.count, count * outputSize)
      staged[1] = UnsafeRawBufferPointer(values)
    case (.distributions(let weights, let credit), .distributions):
      count = features.count / max(inputShape.count, 1)
      (found, expected) = (weights.count + credit.count, 2 * count * outputSize)
      stagedDistributions[0] = UnsafeRawBufferPointer(features)
      stagedDistributions[1] = UnsafeRawBufferPointer(weights)
      stagedDistributions[2] = UnsafeRawBufferPointer(credit)
    default:
      throw .invalid(option: "a batch's targets", value: targets.form, requirement: "\(form), which is what the step compares with")
    }
    guard count > 0, features.count == count * inputShape.count else {
      throw .invalid(
        option: "a batch", value: "\(features.count) numbers for \(count) labels",
        requirement: "\(inputShape.count) numbers (\(inputShape)) for each label")
    }
    guard found == expected else {
      throw .invalid(
        option: "a batch's targets", value: "\(found) numbers for \(count) samples", requirement: "\(expected), by the model's output")
    }
    staged[0] = UnsafeRawBufferPointer(features)
    return count
  }

  func write(step: Int, _ learningRates: (Int) -> Double) {
    var head = StepConstants()
    head.step = Int32(truncatingIfNeeded: step)
    head.seedLow = UInt32(truncatingIfNeeded: seed)
    head.seedHigh = UInt32(truncatingIfNeeded: seed >> 32)
    constants.storeBytes(of: head, as: StepConstants.self)
    let numbers = constants.bindMemory(to: Float.self)
    for group in groups.indices {
      let start = 16 * (1 + group)
      groups[group].optimizer.write(
        constants: UnsafeMutableBufferPointer(rebasing: numbers[start..<(start + 16)]), step: groupSteps[group],
        learningRate: learningRates(group))
    }
  }
}
