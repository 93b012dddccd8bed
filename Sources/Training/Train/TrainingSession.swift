import GlissadeData
import GlissadeDevices
import GlissadeKernels
import GlissadeLayers
import GlissadeOptimizers
import GlissadePlanning

/// A model on a device: its memory, and the plans of its training and evaluation steps, one for each batch size that comes along.
///
/// The lower of two levels: `Trainer` runs whole trainings on top of it. It is not for use from several threads at once.
public final class TrainingSession {
  /// Where it runs.
  public let device: any Device
  /// Where parameters live.
  public let layout: ParameterLayout
  /// What is trained, and how; empty for a session that only evaluates.
  public let groups: [ParameterGroup]
  /// Optimizer steps taken.
  public private(set) var steps = 0
  /// Optimizer steps that each group has taken, on which Adam's bias corrections and the first step of momentum depend. A group that begins
  /// later than the run, or takes over state from a session that did not train it, counts from there.
  public private(set) var groupSteps: [Int]
  /// Elements of all trained parameters.
  public var trainableCount: Int { layout.entries.reduce(0) { $0 + ($1.group == nil ? 0 : $1.slice.count) } }
  /// Elements of all weights.
  public var parameterCount: Int { layout.entries.reduce(0) { $0 + ($1.parameter.role == .weight ? $1.slice.count : 0) } }
  /// What steps are given; see `take(_:)`.
  public internal(set) var input = Input.samples
  /// The largest activation arena so far, in bytes.
  public private(set) var peakArenaBytes = 0

  let model: any Layer
  private let paths: [(path: String, parameter: Parameter)]
  let sampleShape: Shape
  /// Weights that no group takes.
  let frozen: Set<ParameterID>
  private let loss: Loss
  private let seed: UInt64
  private let clippingNorm: Float?
  let isExact: Bool
  let fuses: Bool
  let isTrial: Bool
  private let trainsOnDistributions: Bool
  /// Numbers that the output has for each sample.
  let outputSize: Int
  private var shared: [BufferReference: any DeviceBuffer] = [:]
  private var steppers: [StepKey: Stepper] = [:]
  /// Plans that are known and not ready yet.
  private var planned: [StepKey: Plan] = [:]
  /// What computes the backbone's features, by batch size.
  var backbones: [Int: Stepper] = [:]
  var knownFeatureShape: Shape?
  let constants: UnsafeMutableRawBufferPointer
  private let control: any DeviceBuffer

  /// Where the batch at hand is: features, and labels or values.
  private var staged = [UnsafeRawBufferPointer](repeating: UnsafeRawBufferPointer(start: nil, count: 0), count: 2)
  /// The same where targets are distributions: features, weights, credit.
  private var stagedDistributions = [UnsafeRawBufferPointer](repeating: UnsafeRawBufferPointer(start: nil, count: 0), count: 3)
  /// The stepper used last, so that a run of equal steps looks nothing up.
  private var current: (key: StepKey, stepper: Stepper)?

  private struct StepKey: Hashable {
    var batchSize: Int
    var isTraining: Bool
    var input: Input
  }

  /// What steps take.
  public enum Input: Hashable, Sendable {
    /// Samples, which go through the whole model.
    case samples
    /// What a `LayerWithHead`'s backbone made of samples (`features(of:)`), which goes through the head alone. Only for sessions that do not
    /// train the backbone.
    case features
  }

  /// A plan that is ready to be replayed. A class, so that handing it over copies nothing.
  final class Stepper {
    let plan: Plan
    let prepared: any PreparedPlan
    let memory: PlanMemory

    init(plan: Plan, prepared: any PreparedPlan, memory: PlanMemory) {
      self.plan = plan
      self.prepared = prepared
      self.memory = memory
    }
  }

  /// - Parameters:
  ///   - model: what is trained.
  ///   - sampleShape: the shape of one sample, without the batch axis.
  ///   - batchSize: the usual batch, with which the model is traced to find what is to be trained.
  ///   - loss: default cross-entropy.
  ///   - trainsOnDistributions: whether training steps are given a distribution over classes for each sample, as class weights and mixed
  ///     samples need it, in place of a class number. Evaluation is by class numbers either way. Cross-entropy only; default no.
  ///   - groups: what is trained and how; empty to evaluate only.
  ///   - clippingNorm: the global norm that gradients are clipped to; default none.
  ///   - seed: of initial weights and dropout.
  ///   - device: where.
  ///   - isExact: whether a convolution's sums hold nothing but what its filter reaches, at the cost of time on a CPU: see
  ///     `TrainingOptions.isExact`.
  ///   - fuses: whether operations are fused; only tests that compare say no.
  /// - Throws: `ShapeError` for a model that does not fit its input, `TrainingError.nothingToTrain`, `OptimizerError`, `DeviceError`.
  public convenience init(
    model: any Layer, sampleShape: Shape, batchSize: Int, loss: Loss = .crossEntropy, trainsOnDistributions: Bool = false,
    groups: [ParameterGroup], clippingNorm: Float? = nil, seed: UInt64 = 0, device: any Device, isExact: Bool = false,
    fuses: Bool = true
  ) throws {
    try self.init(
      model: model, sampleShape: sampleShape, batchSize: batchSize, loss: loss, trainsOnDistributions: trainsOnDistributions,
      groups: groups, clippingNorm: clippingNorm, seed: seed, device: device, isExact: isExact, fuses: fuses, isTrial: false)
  }

  /// - Parameter isTrial: whether nothing is to be run, only planned: then parameters get no memory.
  init(
    model: any Layer, sampleShape: Shape, batchSize: Int, loss: Loss, trainsOnDistributions: Bool, groups: [ParameterGroup],
    clippingNorm: Float?, seed: UInt64, device: any Device, isExact: Bool, fuses: Bool, isTrial: Bool
  ) throws {
    for group in groups { try group.optimizer.validate() }
    guard batchSize > 0 else { throw TrainingError.invalid(option: "batch size", value: "\(batchSize)", requirement: "at least 1") }
    if let norm = clippingNorm, !(norm > 0 && norm.isFinite) {
      throw TrainingError.invalid(option: "clipping norm", value: "\(norm)", requirement: "a number above 0")
    }
    if trainsOnDistributions, loss.smoothing == nil {
      throw TrainingError.invalid(
        option: "the loss for class weights or mixed samples", value: loss.name, requirement: "cross-entropy, which has a form for them")
    }
    self.model = model
    self.trainsOnDistributions = trainsOnDistributions
    self.sampleShape = sampleShape
    self.loss = loss
    self.groups = groups
    self.clippingNorm = clippingNorm
    self.seed = seed
    self.device = device
    self.isExact = isExact
    self.fuses = fuses
    self.isTrial = isTrial
    paths = LayerPath.parameters(of: model)

    // What no group takes is frozen: its layers compute what they compute in evaluation.
    var groupOf: [ParameterID: Int] = [:]
    var frozen = Set<ParameterID>()
    for (path, parameter) in paths where parameter.role == .weight {
      if let group = groups.firstIndex(where: { $0.takes(path) }) { groupOf[parameter.id] = group } else { frozen.insert(parameter.id) }
    }
    self.frozen = frozen
    // What depends on no trained parameter, or does not reach the loss, gets no gradient and no place in an arena.
    let trace = StepTrace(
      paths, frozen, [batchSize] + sampleShape.dimensions, isTraining: !groups.isEmpty, loss,
      !loss.isOfClasses ? .values : trainsOnDistributions && !groups.isEmpty ? .distributions : .labels
    ) { model($0) }
    if let error = trace.graph.firstError { throw error }
    outputSize = trace.output.shape.count / batchSize
    try Self.check(paths)
    let known = Set(paths.map(\.parameter.id))
    if let stray = trace.graph.parameters.first(where: { !known.contains($0.id) }) {
      throw TrainingError.unreachableParameter(name: stray.name, shape: stray.shape)
    }
    let wanted = trace.graph.parameters.filter { groupOf[$0.id] != nil }
    let reached = zip(wanted, trace.graph.gradients(of: trace.loss, withRespectTo: wanted.map { trace.graph[$0] }))
    let trained = Set(reached.filter { $0.1 != nil }.map(\.0.id))
    if !groups.isEmpty && trained.isEmpty { throw TrainingError.nothingToTrain }
    layout = ParameterLayout(paths, groupCount: groups.count, limits: device.profile.limits) { _, parameter in
      trained.contains(parameter.id) ? groupOf[parameter.id] : nil
    }

    if !isTrial { try Self.checkRoom(for: layout, groups, on: device) }
    groupSteps = Array(repeating: 0, count: groups.count)
    constants = .allocate(byteCount: StepMemory.constantsSize(groups: groups.count) * 4, alignment: 64)
    constants.initializeMemory(as: UInt8.self, repeating: 0)
    control = try device.makeBuffer(count: MemoryLayout<ControlBlock>.size / 4)
    if !isTrial {
      shared = try device.makeBuffers(
        layout.buffers { group, piece in
          (0..<groups[group].optimizer.stateSlots).map { .state(group: group, slot: $0, piece: piece) }
            + (groups[group].stayClose != 0 ? [.anchors(group: group, piece: piece)] : [])
        })
      try initialize()
    }
    shared[.control] = control
    try resetSums()
  }

  deinit { constants.deallocate() }

  /// Every parameter needs a path of its own and a shape that kernels can index.
  private static func check(_ parameters: [(path: String, parameter: Parameter)]) throws(TrainingError) {
    var seen = Set<String>()
    for (path, parameter) in parameters {
      if !seen.insert(path).inserted { throw .duplicatePath(path) }
      if !parameter.shape.isUsable {
        throw .invalid(
          option: "the shape of parameter \(path)", value: "\(parameter.shape)", requirement: "of positive extents, below 2^31 elements")
      }
    }
  }

  // MARK: Tracing

  /// Records a step in the form in which it will get its targets.
  private func trace(_ batchSize: Int, isTraining: Bool) -> StepTrace {
    StepTrace(
      paths, frozen, [batchSize] + inputShape.dimensions, isTraining: isTraining, loss, targets(isTraining: isTraining), model: output(of:))
  }

  private func targets(isTraining: Bool) -> StepTrace.Targets {
    loss.isOfClasses ? (isTraining && trainsOnDistributions ? .distributions : .labels) : .values
  }

  /// The plan of a step, as it will run.
  /// - Parameters:
  ///   - batchSize: samples in the batch.
  ///   - isTraining: whether the step trains.
  ///   - profile: the device that it is planned for; `nil` for the session's own, which alone can run it.
  /// - Throws: `ShapeError`.
  public func plan(batchSize: Int, isTraining: Bool, for profile: DeviceProfile? = nil) throws(ShapeError) -> Plan {
    try Planner(profile: profile ?? device.profile).plan(try request(batchSize: batchSize, isTraining: isTraining))
  }

  /// What is planned for a step.
  func request(batchSize: Int, isTraining: Bool) throws(ShapeError) -> StepRequest {
    let trace = trace(batchSize, isTraining: isTraining)
    var request = StepRequest(graph: trace.graph, layout: layout)
    request.loss = trace.loss
    request.correct = trace.sum
    request.isFractional = trace.isFractional
    request.sampleCount = batchSize
    request.outputs = ["loss": trace.loss]
    request.isExact = isExact
    request.fuses = fuses
    if isTraining {
      let trained = layout.entries.filter { $0.group != nil }.map(\.parameter)
      let gradients = trace.graph.gradients(of: trace.loss, withRespectTo: trained.map { trace.graph[$0] })
      request.gradients = zip(trained, gradients).compactMap { parameter, gradient in gradient.map { (parameter.id, $0) } }
      request.updates = groups.map(\.optimizer)
      request.anchorStrengths = groups.map(\.stayClose)
      request.clippingNorm = clippingNorm
    } else {
      request.outputs["output"] = trace.output
    }
    return request
  }

  /// After the device has found out that it needs other plans.
  func forgetPlans() { planned = [:] }

  /// The plan of a step, which is kept until it is made ready.
  func plannedStep(batchSize: Int, isTraining: Bool) throws(ShapeError) -> Plan {
    let key = StepKey(batchSize: batchSize, isTraining: isTraining, input: input)
    if let known = planned[key] ?? steppers[key]?.plan { return known }
    let plan = try plan(batchSize: batchSize, isTraining: isTraining)
    planned[key] = plan
    return plan
  }

  private func stepper(_ batchSize: Int, _ isTraining: Bool) throws -> Stepper {
    let key = StepKey(batchSize: batchSize, isTraining: isTraining, input: input)
    if let current, current.key == key { return current.stepper }
    if let known = steppers[key] {
      current = (key, known)
      return known
    }
    let stepper = try preparing {
      let plan = try checkedPlan(batchSize: batchSize, isTraining: isTraining)
      try checkDevice(for: plan, batchSize: batchSize, isTraining: isTraining)
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
      current = nil
      for (reference, _) in grown { shared[reference] = nil }
    }
    try device.checkRoom(for: grown.reduce(8 * plan.inputsSize) { $0 + 4 * $1.size }, "a step")
    let memory = try PlanMemory(for: plan, on: device, sharing: shared)
    for (reference, _) in plan.ownBuffers { shared[reference] = memory.buffers[reference] }
    peakArenaBytes = max(peakArenaBytes, plan.activationsSize * 4)
    return Stepper(plan: plan, prepared: try device.prepare(plan, buffers: memory.buffers), memory: memory)
  }

  // MARK: Steps

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
  private func stage(
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

  /// The model's output for some samples, in evaluation mode.
  /// - Parameter features: the samples one after another.
  /// - Returns: the output's elements.
  public func predict(_ features: [Float]) throws -> [Float] {
    let size = inputShape.count
    let count = features.count / max(size, 1)
    guard count > 0, count * size == features.count else {
      throw TrainingError.invalid(
        option: "features", value: "\(features.count) numbers", requirement: "a positive multiple of \(size), a sample's size")
    }
    try features.withUnsafeBufferPointer { features in
      if loss.isOfClasses {
        try [Int32](repeating: 0, count: count).withUnsafeBufferPointer { try evaluate(features: features, labels: $0) }
      } else {
        try [Float](repeating: 0, count: count * outputSize).withUnsafeBufferPointer {
          try evaluate(features: features, targets: .values($0))
        }
      }
    }
    var output: [Float] = []
    try read(outputOfBatch: count, into: &output)
    return output
  }

  /// Reads the model's output in the evaluation step that was queued last. Waits for the device.
  /// - Parameters:
  ///   - count: the batch's samples.
  ///   - values: becomes the output; where it has that size already, nothing is allocated.
  func read(outputOfBatch count: Int, into values: inout [Float]) throws {
    let stepper = try stepper(count, false)
    guard let output = stepper.plan.outputs["output"], let buffer = stepper.memory.buffers[output.slice.buffer] else {
      return values.removeAll()
    }
    if values.count != output.slice.count { values = [Float](repeating: 0, count: output.slice.count) }
    try device.read(buffer, at: output.slice.offset, into: &values)
  }

  private func write(step: Int, _ learningRates: (Int) -> Double) {
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

  // MARK: Sums

  /// What steps have added up since the sums were last cleared. Waits for the device.
  public struct Sums: Sendable {
    /// The mean loss over all samples; NaN where there were none.
    public var loss: Double
    /// The share of right answers; for a loss of values, the mean of |output − value|.
    public var accuracy: Double
    public var samples: Int
    /// The step at which a loss or gradient was not finite: from then on no update was applied.
    public var badStep: Int?
    /// Whether it was a gradient.
    public var hasBadGradient: Bool
    /// The global norm of the last step's gradients, before they were clipped; NaN where gradients are not clipped, and nobody computes it,
    /// and before the first step.
    public var gradientNorm: Float
  }

  /// Reads the sums.
  public func sums() throws(DeviceError) -> Sums {
    let block = try device.read(control, filler: ControlBlock())
    let samples = Double(block.samples)
    return Sums(
      loss: samples == 0 ? .nan : (Double(block.lossSum) - Double(block.lossCompensation)) / samples,
      accuracy: samples == 0
        ? .nan : (Double(block.correct) + Double(block.measureSum) - Double(block.measureCompensation)) / samples,
      samples: Int(block.samples),
      badStep: block.ok == 0 ? Int(block.badStep) : nil, hasBadGradient: block.gradientBad != 0, gradientNorm: block.norm)
  }

  /// Clears the sums, and the verdict on the run's health.
  public func resetSums() throws(DeviceError) {
    var block = ControlBlock()
    block.ok = 1
    block.badStep = -1
    block.clip = 1
    block.norm = .nan
    try device.write([block], to: control)
  }

  // MARK: State

  private func initialize() throws(DeviceError) {
    for entry in layout.entries {
      var values = [Float](repeating: 0, count: entry.slice.count)
      values.withUnsafeMutableBufferPointer { entry.parameter.initializer.fill($0, seed: seed, path: entry.path) }
      try write(values, to: entry)
    }
  }

  private func write(_ values: [Float], to entry: ParameterLayout.Entry) throws(DeviceError) {
    if let buffer = shared[entry.slice.buffer] { try device.write(values, to: buffer, at: entry.slice.offset) }
  }

  /// Bytes of the device's memory that the session takes, staging left out.
  var heldBytes: Int { shared.values.reduce(0) { $0 + 4 * $1.count } }

  /// Memory that plans share.
  func buffer(_ reference: BufferReference) -> (any DeviceBuffer)? { shared[reference] }

  /// After parameters and optimizer state were replaced.
  func restart(at steps: Int, groupSteps: [Int]) throws(DeviceError) {
    self.steps = steps
    self.groupSteps = groupSteps
    try resetSums()
  }

  /// A parameter's gradient after the last training step.
  /// - Returns: `nil` for a path that is not trained.
  public func gradient(of path: String) throws(DeviceError) -> [Float]? {
    guard let slice = layout.entries.first(where: { $0.path == path })?.gradient, let buffer = shared[slice.buffer] else { return nil }
    return try device.read(buffer, at: slice.offset, count: slice.count, filler: 0)
  }

  // MARK: Diagnosis

  /// Runs a step's computation again, launch by launch and without its updates, to find the first result that is not finite.
  /// - Returns: the operation with its layer, an input or a parameter; `nil` where everything is finite.
  public func firstNotFinite(
    features: UnsafeBufferPointer<Float>, targets: BatchTargets, step: Int, isTraining: Bool = true
  ) throws -> String? {
    if features.contains(where: { !$0.isFinite }) { return "the batch itself (its data is not finite)" }
    for entry in layout.entries {
      guard let buffer = shared[entry.slice.buffer] else { continue }
      let values = try device.read(buffer, at: entry.slice.offset, count: entry.slice.count, filler: Float(0))
      if values.contains(where: { !$0.isFinite }) { return "parameter \(entry.path)" }
    }
    var found: String?
    try replay(features: features, targets: targets, step: step, isTraining: isTraining) { launch, read throws(DeviceError) in
      guard found == nil else { return }
      for slice in launch.writes where try read(slice).contains(where: { !$0.isFinite }) {
        found = launch.note.operation + (launch.note.path.isEmpty ? "" : " in \(launch.note.path)") + " \(launch.note.shape)"
        return
      }
    }
    return found
  }

  /// Runs a step's computation launch by launch and without its updates.
  /// - Parameter body: is given each launch once it has run, and what reads the slices that it read or wrote.
  func replay(
    features: UnsafeBufferPointer<Float>, targets: BatchTargets, step: Int, isTraining: Bool,
    _ body: @escaping (_ launch: Launch, _ read: (Slice) throws(DeviceError) -> [Float]) throws(DeviceError) -> Void
  ) throws {
    let stepper = try stepper(try stage(features, targets, isTraining: isTraining), isTraining)
    write(step: step) { _ in 0 }
    try stepper.prepared.runObserved(
      constants: UnsafeRawBufferPointer(constants), inputs: isTraining && trainsOnDistributions ? stagedDistributions : staged,
      launches: stepper.plan.firstUpdate
    ) { [device] index, _ throws(DeviceError) in
      try body(stepper.plan.launches[index]) { slice throws(DeviceError) in
        guard let buffer = stepper.memory.buffers[slice.buffer] else { return [] }
        return try device.read(buffer, at: slice.offset, count: slice.count, filler: Float(0))
      }
    }
  }

  /// Times each launch of a training step.
  /// - Returns: nanoseconds, in the plan's order.
  public func profile(features: UnsafeBufferPointer<Float>, targets: BatchTargets) throws -> (plan: Plan, nanoseconds: [UInt64]) {
    let stepper = try stepper(try stage(features, targets, isTraining: true), true)
    var times = [UInt64](repeating: 0, count: stepper.plan.launches.count)
    try stepper.prepared.runObserved(
      constants: UnsafeRawBufferPointer(constants), inputs: trainsOnDistributions ? stagedDistributions : staged, launches: nil
    ) { index, nanoseconds throws(DeviceError) in times[index] = nanoseconds }
    return (stepper.plan, times)
  }

  /// Times each launch of a training step on samples with class numbers.
  public func profile(features: UnsafeBufferPointer<Float>, labels: UnsafeBufferPointer<Int32>) throws -> (
    plan: Plan, nanoseconds: [UInt64]
  ) {
    try profile(features: features, targets: .classes(labels))
  }
}
