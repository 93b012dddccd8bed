import GlissadeDevices
import GlissadeFormats
import GlissadeOptimizers
import GlissadePlanning
import GlissadeTensors

/// Steps that are taken on the host: those of L-BFGS, which needs loss and gradient of one batch again and again.
extension TrainingSession {
  /// The optimizer of all groups where it is one whose steps are taken on the host.
  /// - Throws: `TrainingError` for what goes with no such optimizer.
  static func descent(
    _ groups: [ParameterGroup], _ clipping: GradientClipping, isAveraged: Bool, isSummed: Bool
  ) throws(TrainingError) -> LBFGS? {
    let rules = groups.compactMap { $0.optimizer as? LBFGS }
    guard let first = rules.first else { return nil }
    func refuse(_ option: String, _ value: String, _ requirement: String) -> TrainingError {
      .invalid(option: "\(option) beside \(LBFGS.name)", value: value, requirement: requirement)
    }
    /// What is common to all parameters: all but weight decay.
    func shared(_ rule: LBFGS) -> String {
      var rule = rule
      rule.weightDecay = 0
      return "\(rule)"
    }
    guard rules.count == groups.count, rules.allSatisfy({ shared($0) == shared(first) }) else {
      throw refuse("another optimizer, or another number of it,", "there", "none, since its steps are those of all parameters together")
    }
    if let other = groups.first(where: { $0.schedule != groups[0].schedule }) {
      throw refuse(
        "schedule '\(other.schedule)'", "another one", "that of the first group, since its steps are those of all parameters together")
    }
    let reason = "none, since its line search needs the loss and the loss's own gradient"
    if clipping != GradientClipping() { throw refuse("clipping", "there", reason) }
    if isSummed { throw refuse("a loss that is summed", "there", "the mean, which is what it is told of the loss") }
    if isAveraged { throw refuse("an average of the weights", "there", "none, since its steps are taken on the host") }
    for group in groups {
      if let norm = group.maximumNorm { throw refuse("a maximum norm", "\(norm)", reason) }
      if group.stayClose != 0 { throw refuse("what draws weights to their start", "\(group.stayClose)", reason) }
    }
    return first
  }

  /// Sees whether the function that L-BFGS minimises is the same in all steps.
  /// - Throws: `TrainingError` for layers that draw random numbers, unless `takesMiniBatches` is set.
  static func checkSameness(_ rule: LBFGS, _ graph: Graph) throws(TrainingError) {
    guard !rule.takesMiniBatches, let node = graph.nodes.first(where: { if case .dropout = $0.operation { true } else { false } }) else {
      return
    }
    // Whatever is random is made of that.
    let layer = graph.path(ofScope: node.scope)
    throw .invalid(
      option: "a layer that draws random numbers beside \(LBFGS.name)", value: "in the model\(layer.isEmpty ? "" : " (\(layer))")",
      requirement: "none (dropout of 0), unless takesMiniBatches (--mini-batches) is set: \(LBFGS.whySame)")
  }

  /// Sees whether the host has room for what L-BFGS remembers.
  /// - Throws: `MemoryError` with what is needed and what there is.
  static func checkRoom(for rule: LBFGS, parameters: Int) throws(MemoryError) {
    do throws(MemoryError) {
      try AvailableMemory.require(
        rule.hostBytes(parameters: parameters),
        for: "\(LBFGS.name) with a history of \(Int(rule.history)) steps of \(parameters) parameters")
    } catch {
      var error = error
      let most = rule.history(within: error.available.bytes - AvailableMemory.margin, parameters: parameters)
      error.remedy = most > 0 ? "a history of \(most) has room" : "another optimizer needs less"
      throw error
    }
  }

  /// Takes one step of L-BFGS on a batch. What is added up is what the batch gave where the step began.
  func descend(
    by rule: LBFGS, _ fields: UnsafeBufferPointer<UnsafeRawBufferPointer>, numbers: (_ group: Int, _ count: Int) -> StepNumbers
  ) throws {
    let count = try stage(fields, isTraining: true)
    let parts = parts(of: count)
    let whole = isParted ? nil : try stepper(count, .training)
    steps += 1
    for group in groupSteps.indices { groupSteps[group] += 1 }
    write(step: steps, numbers)
    let trained = layout.entries.filter { $0.group != nil }
    let decays = trained.map { entry in Float((entry.group.flatMap { groups[$0].optimizer as? LBFGS })?.weightDecay ?? 0) }

    func evaluate(_ x: [Float]) throws -> LBFGS.Evaluation {
      try place(x, in: trained)
      var loss: Float = 0
      if let whole {
        try whole.prepared.run(constants: UnsafeRawBufferPointer(constants), inputs: stagedTraining.pointers)
        loss = try self.loss(of: whole)
      } else {
        for (number, part) in parts.enumerated() {
          let stepper = try addGradients(number, of: parts)
          loss += Float(part.count) / Float(count) * (try self.loss(of: stepper))
        }
      }
      let sign: Float = rule.isMaximizing ? -1 : 1
      var (value, gradient) = (Double(sign * loss), try values(of: trained) { $0.gradient })
      var first = 0
      for (entry, decay) in zip(trained, decays) {
        for index in first..<(first + entry.slice.count) {
          gradient[index] = sign * gradient[index] + decay * x[index]
          value += Double(decay) / 2 * Double(x[index]) * Double(x[index])
        }
        first += entry.slice.count
      }
      return (value, gradient)
    }

    var x = try values(of: trained) { $0.slice }
    let start = x
    let first = try evaluate(x)
    var block = try sumsBlock()
    if !first.gradient.allSatisfy(\.isFinite), first.value.isFinite, block.count > 2 {
      // As updates on the device would tell: not sound any more, since this step, because of a gradient.
      (block[0], block[1], block[2]) = (0, Int32(truncatingIfNeeded: steps), 1)
    } else if first.value.isFinite {
      var memory = descentMemory
      try rule.minimize(&x, &memory, rate: numbers(0, groupSteps[0]).rate, first: first, evaluate)
      if x.allSatisfy(\.isFinite) { descentMemory = memory } else { x = start }
    }
    try place(x, in: trained)
    try restore(sumsBlock: block)
  }

  /// The loss that a plan computed last. Waits for the device.
  private func loss(of stepper: Stepper) throws(DeviceError) -> Float {
    guard let output = stepper.plan.outputs["loss"], let buffer = stepper.memory.buffers[output.slice.buffer] else { return .nan }
    return try device.read(buffer, at: output.slice.offset, count: 1, filler: Float.nan)[0]
  }

  private func place(_ x: [Float], in entries: [ParameterLayout.Entry]) throws(DeviceError) {
    var first = 0
    for entry in entries {
      try write(Array(x[first..<(first + entry.slice.count)]), to: entry)
      first += entry.slice.count
    }
  }

  private func values(of entries: [ParameterLayout.Entry], _ place: (ParameterLayout.Entry) -> Slice?) throws(DeviceError) -> [Float] {
    var all: [Float] = []
    for entry in entries {
      guard let slice = place(entry), let buffer = buffer(slice.buffer) else { continue }
      all += try device.read(buffer, at: slice.offset, count: slice.count, filler: Float.nan)
    }
    return all
  }

  // MARK: What it remembers

  private static let (lastStep, lastGradient, step, change) = ("last_step", "last_gradient", "step", "change")

  /// What is remembered of each parameter, as checkpoints keep it: under a name for each kind and place.
  /// - Parameter range: the parameter's place among all.
  func descentSlots(_ range: Range<Int>) -> [ModelState.OptimizerEntry.Slot] {
    var slots: [ModelState.OptimizerEntry.Slot] = []
    func add(_ name: String, _ values: [Float]?) {
      if let values, values.count >= range.upperBound { slots.append(.init(name: name, values: Array(values[range]))) }
    }
    for (index, pair) in descentMemory.pairs.enumerated() {
      add("\(Self.step).\(index)", pair.step)
      add("\(Self.change).\(index)", pair.change)
    }
    add(Self.lastStep, descentMemory.lastStep)
    add(Self.lastGradient, descentMemory.lastGradient)
    return slots
  }

  /// Takes up again what `descentSlots` gave, if it is there of all parameters.
  func restoreDescent(from memory: [String: ModelState.OptimizerEntry]) {
    descentMemory = LBFGS.Memory()
    let entries = layout.entries.filter { $0.group != nil }.map { memory[$0.path] }
    func all(_ name: String) -> [Float]? {
      var values: [Float] = []
      for entry in entries {
        guard let slot = entry?.slots.first(where: { $0.name == name }) else { return nil }
        values += slot.values
      }
      return values
    }
    while let step = all("\(Self.step).\(descentMemory.pairs.count)"), let change = all("\(Self.change).\(descentMemory.pairs.count)") {
      descentMemory.pairs.append((step, change))
    }
    (descentMemory.lastStep, descentMemory.lastGradient) = (all(Self.lastStep), all(Self.lastGradient))
  }
}
