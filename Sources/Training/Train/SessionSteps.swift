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
  ///   - fields: the inputs, what outputs are compared with, and what weighs them, each for all samples, as a loader hands them over
  ///     (`Batch.fields`).
  ///   - learningRates: each group's, for this step.
  public func train(
    fields: UnsafeBufferPointer<UnsafeRawBufferPointer>, learningRates: (_ group: Int) -> Double
  ) throws {
    try train(fields: fields) { StepNumbers(rate: learningRates($0), count: $1) }
  }

  /// Queues one training step.
  /// - Parameters:
  ///   - fields: as `train(fields:learningRates:)`.
  ///   - times: what each launch takes is added to these, where there are any and a step is one replay of a plan: not where a batch is computed
  ///     in parts.
  ///   - numbers: what each group is told of this step; `count`: the steps that it has taken then.
  func train(
    fields: UnsafeBufferPointer<UnsafeRawBufferPointer>, addingTo times: UnsafeMutablePointer<StepTimes>? = nil,
    numbers: (_ group: Int, _ count: Int) -> StepNumbers
  ) throws {
    if let descent { return try descend(by: descent, fields, numbers: numbers) }
    let count = try stage(fields, isTraining: true)
    if isParted {
      try trainInParts(count, numbers)
      if isConstrained { try constrain() }
      return
    }
    let stepper = try stepper(count, .training)
    steps += 1
    for group in groupSteps.indices { groupSteps[group] += 1 }
    write(step: steps, numbers)
    if let times {
      times.pointee.add(stepper.plan, nanoseconds: try nanoseconds(ofTraining: stepper))
    } else {
      try stepper.prepared.run(constants: UnsafeRawBufferPointer(constants), inputs: stagedTraining.pointers)
    }
    if isConstrained { try constrain() }
  }

  /// Queues what brings parameters down to their maximum norms.
  private func constrain() throws {
    let ready: Stepper
    if let constraint {
      ready = constraint
    } else {
      ready = try stepper(0, .constraint)
      (constraint, current) = (ready, nil)
    }
    try ready.prepared.run(constants: UnsafeRawBufferPointer(constants), inputs: [])
  }

  /// Queues one training step on samples of one tensor.
  /// - Parameters:
  ///   - features: the samples one after another.
  ///   - targets: what the output is compared with: class numbers, or what the session was made for.
  ///   - learningRates: each group's, for this step.
  public func train(
    features: UnsafeBufferPointer<Float>, targets: BatchTargets, learningRates: (_ group: Int) -> Double
  ) throws {
    try withFields(features, targets, isTraining: true) { try train(fields: $0, learningRates: learningRates) }
  }

  /// Queues one training step on samples with class numbers.
  public func train(
    features: UnsafeBufferPointer<Float>, labels: UnsafeBufferPointer<Int32>, learningRates: (_ group: Int) -> Double
  ) throws {
    try train(features: features, targets: .classes(labels), learningRates: learningRates)
  }

  /// Queues one evaluation step, which adds its loss and right answers (or errors) to the sums. The batch is copied before this returns.
  /// - Parameter fields: the inputs, and what outputs are compared with, each for all samples (`Batch.fields`).
  public func evaluate(fields: UnsafeBufferPointer<UnsafeRawBufferPointer>) throws {
    let count = try stage(fields, isTraining: false)
    let stepper = try stepper(count, .evaluation)
    try stepper.prepared.run(constants: UnsafeRawBufferPointer(constants), inputs: stagedEvaluation.pointers)
  }

  /// Queues one evaluation step on samples of one tensor.
  public func evaluate(features: UnsafeBufferPointer<Float>, targets: BatchTargets) throws {
    try withFields(features, targets, isTraining: false) { try evaluate(fields: $0) }
  }

  /// Queues one evaluation step on samples with class numbers.
  public func evaluate(features: UnsafeBufferPointer<Float>, labels: UnsafeBufferPointer<Int32>) throws {
    try evaluate(features: features, targets: .classes(labels))
  }

  /// Checks a batch against what the model was traced for, and notes where it is.
  /// - Returns: how many samples it has.
  @discardableResult
  func stage(_ fields: UnsafeBufferPointer<UnsafeRawBufferPointer>, isTraining: Bool) throws(TrainingError) -> Int {
    // A kernel would read beside the row of such a label.
    if measure == .accuracy, targets?.count == 1, inputs.count < fields.count {
      for (sample, label) in fields[inputs.count].bindMemory(to: Int32.self).enumerated() where label < 0 || Int(label) >= outputSize {
        throw .invalid(
          option: "the label of sample \(sample) of a batch", value: "\(label)",
          requirement: "from 0 to \(outputSize - 1), since the model has \(outputSize) outputs")
      }
    }
    return isTraining ? try stagedTraining.take(fields) : try stagedEvaluation.take(fields)
  }

  /// Lends a batch of samples of one tensor field by field.
  func withFields<Result>(
    _ features: UnsafeBufferPointer<Float>, _ targets: BatchTargets, isTraining: Bool,
    _ body: (UnsafeBufferPointer<UnsafeRawBufferPointer>) throws -> Result
  ) throws -> Result {
    let weighing = isTraining ? weighing : .none
    let form = weighing == .distributions(areMixed: false) ? "distributions over classes" : self.targets == nil ? "values" : "class numbers"
    let size = max(inputShape.count, 1)
    let count: Int
    if case .classes(let labels) = targets { count = labels.count } else { count = features.count / size }
    let (found, expected): (Int, Int)
    switch (targets, weighing) {
    case (.classes(let labels), .none) where self.targets?.count == 1: (found, expected) = (labels.count, count)
    case (.values(let values), .none) where self.targets?.count ?? 1 == 1:
      (found, expected) = (values.count, count * (self.targets?[0].size ?? outputSize))
    case (.distributions(let weights, let credit), .distributions(areMixed: false)):
      (found, expected) = (weights.count + credit.count, 2 * count * outputSize)
    default:
      throw TrainingError.invalid(
        option: "a batch's targets", value: targets.form, requirement: "\(form), which is what the step compares with")
    }
    guard count > 0, features.count == count * size else {
      throw TrainingError.invalid(
        option: "a batch", value: "\(features.count) numbers for \(count) labels",
        requirement: "\(size) numbers (\(inputShape)) for each label")
    }
    guard found == expected else {
      throw TrainingError.invalid(
        option: "a batch's targets", value: "\(found) numbers for \(count) samples", requirement: "\(expected), by the model's output")
    }
    return try withUnsafeTemporaryAllocation(of: UnsafeRawBufferPointer.self, capacity: 4) { list in
      list.initialize(repeating: UnsafeRawBufferPointer(start: nil, count: 0))
      list[0] = UnsafeRawBufferPointer(features)
      switch targets {
      case .classes(let labels): list[1] = UnsafeRawBufferPointer(labels)
      case .values(let values): list[1] = UnsafeRawBufferPointer(values)
      case .distributions(let weights, let credit):
        (list[2], list[3]) = (UnsafeRawBufferPointer(weights), UnsafeRawBufferPointer(credit))
      case .fields: break
      }
      return try body(UnsafeBufferPointer(list))
    }
  }

  func write(step: Int, _ numbers: (_ group: Int, _ count: Int) -> StepNumbers) {
    var head = StepConstants()
    head.step = Int32(truncatingIfNeeded: step)
    head.seedLow = UInt32(truncatingIfNeeded: seed)
    head.seedHigh = UInt32(truncatingIfNeeded: seed >> 32)
    (head.isLastPart, head.share) = (1, 1)
    constants.storeBytes(of: head, as: StepConstants.self)
    let all = constants.bindMemory(to: Float.self)
    for group in groups.indices {
      let start = 16 * (1 + group)
      rules[group].write(
        constants: UnsafeMutableBufferPointer(rebasing: all[start..<(start + 16)]), numbers(group, groupSteps[group]))
    }
  }
}
