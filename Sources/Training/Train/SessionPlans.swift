import GlissadeData
import GlissadeDevices
import GlissadeLayers
import GlissadePlanning

/// The plans of a session's steps, and what makes them ready to be replayed.
extension TrainingSession {
  /// Records a step in the form in which it will get its batch.
  func trace(_ batchSize: Int, _ purpose: StepPurpose) -> StepTrace {
    let isPart = purpose == .part || purpose == .health && isParted
    return StepTrace(
      paths, frozen, form(purpose), batch: batchSize, purpose, loss, metrics,
      takesScale: isPart && Self.takesScale(weighing, loss), model: outputs(for:))
  }

  /// What a step is given.
  func form(_ purpose: StepPurpose) -> StepForm {
    let weighing = purpose.isTraining ? weighing : .none
    let inputs = input == .samples ? inputs : [SampleField(SampleField.featuresName, inputShape.dimensions)]
    return StepForm(inputs: inputs, targets: targets, weighing: weighing, takesTargets: loss.takesTargets(metrics, weighing))
  }

  /// The plan of a step, as it will run; of one that computes its batch in parts, that of the largest.
  /// - Parameters:
  ///   - batchSize: samples in the batch.
  ///   - isTraining: whether the step trains.
  ///   - profile: the device that it is planned for; `nil` for the session's own, which alone can run it.
  /// - Throws: `ShapeError`.
  public func plan(batchSize: Int, isTraining: Bool, for profile: DeviceProfile? = nil) throws(ShapeError) -> Plan {
    try plan(isTraining ? largestPart(of: batchSize) : batchSize, isTraining ? trainingPurpose : .evaluation, for: profile)
  }

  private func plan(_ batchSize: Int, _ purpose: StepPurpose, for profile: DeviceProfile? = nil) throws(ShapeError) -> Plan {
    try Planner(profile: profile ?? device.profile).plan(try request(batchSize, purpose))
  }

  /// What is planned for a step.
  func request(_ batchSize: Int, _ purpose: StepPurpose) throws(ShapeError) -> StepRequest {
    switch purpose {
    case .constraint: return constraintRequest()
    case .health: return healthRequest(batchSize)
    case .movement: return movementRequest()
    case .statistics: return statisticsRequest(batchSize)
    case .update: return updateRequest()
    case .training, .part, .evaluation, .prediction: break
    }
    let trace = trace(batchSize, purpose)
    var request = StepRequest(graph: trace.graph, layout: layout)
    request.sampleCount = batchSize
    request.isExact = isExact
    request.fuses = fuses
    let trains = purpose == .training || purpose == .part
    let penalty = trains ? penalty(in: trace.graph) : nil
    if trace.graph.firstError == nil, trace.loss != nil { try checkParts(of: trace) }
    if var loss = trace.loss {
      if let penalty { loss = loss + penalty }
      request.loss = loss
      request.correct = trace.sum
      request.isFractional = trace.isFractional
      request.sums = Array(trace.parts.joined())
      request.outputs = ["loss": loss]
    }
    if trains, var objective = trace.objective {
      if let penalty { objective = objective + penalty }
      let trained = layout.entries.filter { $0.group != nil }.map(\.parameter)
      let gradients = trace.graph.gradients(of: objective, withRespectTo: trained.map { trace.graph[$0] })
      request.gradients = zip(trained, gradients).compactMap { parameter, gradient in
        // Of a part they are clipped when all are added up.
        gradient.map { (parameter.id, purpose == .part ? $0 : clipped($0, of: trace.graph[parameter])) }
      }
      request.addsGradients = purpose == .part
      if purpose == .training { setUpdates(of: &request) }
    } else {
      for (place, output) in trace.outputs.tensors.enumerated() { request.outputs[Self.outputKey(place)] = output }
    }
    return request
  }

  /// What optimizers do with a batch's gradients.
  func setUpdates(of request: inout StepRequest) {
    request.updates = descent == nil ? updates : []
    request.anchorStrengths = groups.map(\.stayClose)
    request.clippingNorm = clipping.norm
  }

  /// What metrics add up has one place in the control block, whatever the batch.
  private func checkParts(of trace: StepTrace) throws(ShapeError) {
    for ((metric, parts), expected) in zip(zip(metrics, trace.parts), partSizes) {
      let sizes = parts.map(\.shape.count)
      guard sizes != expected else { continue }
      throw ShapeError(
        operation: "metric '\(metric.name)'", inputs: parts.map(\.type),
        problem: "it gives \(sizes) numbers for each sample of this batch and \(expected) of another: as many are wanted of every batch")
    }
  }

  /// What a plan calls an output.
  static func outputKey(_ place: Int) -> String { place == 0 ? "output" : "output \(place)" }

  /// After the device has found out that it needs other plans.
  func forgetPlans() { planned = [:] }

  /// The plan of a step, which is kept until it is made ready.
  func plannedStep(_ batchSize: Int, _ purpose: StepPurpose) throws(ShapeError) -> Plan {
    let key = StepKey(batchSize: batchSize, purpose: purpose, input: input)
    if let known = planned[key] ?? steppers[key]?.plan { return known }
    let plan = try plan(batchSize, purpose)
    planned[key] = plan
    return plan
  }

  func stepper(_ batchSize: Int, _ purpose: StepPurpose) throws -> Stepper {
    let key = StepKey(batchSize: batchSize, purpose: purpose, input: input)
    if let current, current.key == key { return current.stepper }
    if let known = steppers[key] {
      current = (key, known)
      return known
    }
    let stepper = try preparing {
      let plan = try checkedPlan(batchSize, purpose)
      try checkDevice(for: plan, batchSize: batchSize, isTraining: purpose.isTraining)
      return plan
    }
    planned[key] = nil
    steppers[key] = stepper
    current = (key, stepper)
    return stepper
  }

  /// Makes a plan ready to be replayed.
  func prepare(_ plan: Plan) throws -> Stepper {
    // The largest arenas so far serve every plan: steps run one after another. Those that are too small go first, with what uses them.
    let grown = plan.ownBuffers.filter { (shared[$0.reference]?.count ?? 0) < $0.size }
    if grown.contains(where: { shared[$0.reference] != nil }) {
      for (key, stepper) in steppers { planned[key] = stepper.plan }
      steppers = [:]
      backbones = [:]
      constraint = nil
      current = nil
      for (reference, _) in grown { shared[reference] = nil }
    }
    try device.checkRoom(for: grown.reduce(8 * plan.inputsSize) { $0 + 4 * $1.size }, "a step")
    let memory = try PlanMemory(for: plan, on: device, sharing: shared)
    for (reference, _) in plan.ownBuffers { shared[reference] = memory.buffers[reference] }
    for reference in plan.tables.keys { shared[reference] = memory.buffers[reference] }
    peakArenaBytes = max(peakArenaBytes, plan.activationsSize * 4)
    return Stepper(plan: plan, prepared: try device.prepare(plan, buffers: memory.buffers), memory: memory)
  }
}
