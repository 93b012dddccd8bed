import GlissadeData
import GlissadeDevices
import GlissadeKernels
import GlissadeLayers
import GlissadeOptimizers
import GlissadePlanning

/// A model on a device: its memory, and the plans of its training and evaluation steps, one for each batch size that comes along.
///
/// The lower of two levels: `Trainer` runs whole trainings on top of it. It is not for use from several threads at once.
///
/// Steps are queued. What is let go of waits for them; a program that keeps a session up to its own end, as a global variable does, calls
/// `device.synchronize()` after the last step or reads something: a driver that still compiles or computes while its process ends may end it
/// with a segmentation fault, as PoCL's does now and then.
public final class TrainingSession {
  /// Where it runs.
  public let device: any Device
  /// Where parameters live.
  public let layout: ParameterLayout
  /// What is trained, and how; empty for a session that only evaluates.
  public let groups: [ParameterGroup]
  /// Optimizer steps taken.
  public internal(set) var steps = 0
  /// Optimizer steps that each group has taken, on which Adam's bias corrections and the first step of momentum depend. A group that begins
  /// later than the run, or takes over state from a session that did not train it, counts from there.
  public internal(set) var groupSteps: [Int]
  /// Elements of all trained parameters.
  public var trainableCount: Int { layout.entries.reduce(0) { $0 + ($1.group == nil ? 0 : $1.slice.count) } }
  /// Elements of all weights.
  public var parameterCount: Int { layout.entries.reduce(0) { $0 + ($1.parameter.role == .weight ? $1.slice.count : 0) } }
  /// The tensors that samples consist of.
  public let inputs: [SampleField]
  /// What the model gives for a sample, by name.
  public let outputs: [SampleField]
  /// What is told beside the loss.
  public let measure: Loss.Measure
  /// What is told beside that.
  public let metrics: [Metric]
  /// What steps are given; see `take(_:)`.
  public internal(set) var input = Input.samples
  /// The largest activation arena so far, in bytes.
  public internal(set) var peakArenaBytes = 0

  let model: any Layer
  /// Each group's rule: its optimizer, with whatever its schedule and averages ask for.
  let updates: [any UpdateRule]
  /// The same, as plans have it.
  let rules: [CompiledUpdate]
  /// The optimizer where it takes its steps on the host, and what it remembers.
  let descent: LBFGS?
  var descentMemory = LBFGS.Memory()
  /// Whether a step is followed by what brings parameters down to a maximum norm.
  let isConstrained: Bool
  let paths: [(path: String, parameter: Parameter)]
  /// What outputs are compared with; `nil` for values, as many as the output has.
  let targets: [SampleField]?
  let weighing: StepWeighing
  /// Weights that no group takes.
  let frozen: Set<ParameterID>
  let loss: Loss
  let seed: UInt64
  let clipping: GradientClipping
  let isExact: Bool
  let fuses: Bool
  let isTrial: Bool
  /// Samples that a training step computes at a time; `nil` for the whole batch.
  let microBatch: Int?
  /// Where a part of a batch finds how many times its samples all of the batch's are: what is differentiated is multiplied by it where it is no
  /// mean over the part, but what the part adds to the batch's, so that all parts are told and added up as means.
  let partScale: UnsafeMutablePointer<Float>
  /// Numbers that the output has for each sample, the first of several.
  let outputSize: Int
  /// How many numbers each part of each metric adds up.
  let partSizes: [[Int]]
  var shared: [BufferReference: any DeviceBuffer] = [:]
  var steppers: [StepKey: Stepper] = [:]
  /// What brings parameters down to their maximum norms, once it is ready.
  var constraint: Stepper?
  /// What the monitor needs; `nil` where there is none.
  var monitoring: SessionMonitoring?
  /// Plans that are known and not ready yet.
  var planned: [StepKey: Plan] = [:]
  /// What computes the backbone's features, by batch size.
  var backbones: [Int: Stepper] = [:]
  var knownFeatureShape: Shape?
  let constants: UnsafeMutableRawBufferPointer
  let control: any DeviceBuffer

  /// Where the batch at hand is, field by field, while training and in evaluation.
  var stagedTraining: StagedBatch
  var stagedEvaluation: StagedBatch
  /// The stepper used last, so that a run of equal steps looks nothing up.
  var current: (key: StepKey, stepper: Stepper)?

  struct StepKey: Hashable {
    var batchSize: Int
    var purpose: StepPurpose
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

  /// A session for samples of one tensor, which gives one.
  /// - Parameters:
  ///   - model: what is trained.
  ///   - sampleShape: the shape of one sample, without the batch axis.
  ///   - batchSize: the usual batch, with which the model is traced to find what is to be trained.
  ///   - loss: default cross-entropy. One of somebody's own compares with class numbers.
  ///   - trainsOnDistributions: whether training steps are given a distribution over classes for each sample, as class weights and mixed
  ///     samples need it, in place of a class number. Evaluation is by class numbers either way. Cross-entropy only; default no.
  ///   - groups: what is trained and how; empty to evaluate only.
  ///   - clippingNorm: the global norm that gradients are clipped to; default none.
  ///   - clippingValue: the magnitude that gradients are clipped to, number by number (`GradientClipping.value`); default none.
  ///   - clippingRatio: that of adaptive clipping (`GradientClipping.ratio`); default none.
  ///   - seed: of initial weights and dropout.
  ///   - device: where.
  ///   - isExact: whether a convolution's sums hold nothing but what its filter reaches, at the cost of time on a CPU: see
  ///     `TrainingOptions.isExact`.
  ///   - fuses: whether operations are fused; only tests that compare say no.
  /// - Throws: `ShapeError` for a model that does not fit its input, `TrainingError.nothingToTrain`, `OptimizerError`, `DeviceError`.
  public convenience init(
    model: any Layer, sampleShape: Shape, batchSize: Int, loss: Loss = .crossEntropy, trainsOnDistributions: Bool = false,
    groups: [ParameterGroup], clippingNorm: Float? = nil, clippingValue: Float? = nil, clippingRatio: Float? = nil, seed: UInt64 = 0,
    device: any Device, isExact: Bool = false, fuses: Bool = true
  ) throws {
    if trainsOnDistributions, loss.smoothing == nil {
      throw TrainingError.invalid(
        option: "the loss for class weights or mixed samples", value: loss.name, requirement: "cross-entropy, which has a form for them")
    }
    try self.init(
      model: model, inputs: [SampleField(SampleField.featuresName, sampleShape.dimensions)],
      targets: loss.comparison == .values ? nil : [SampleField(SampleField.labelsName, [], .int32)], batchSize: batchSize, loss: loss,
      weighing: trainsOnDistributions ? .distributions(areMixed: false) : .none, metrics: [], groups: groups,
      clipping: GradientClipping(norm: clippingNorm, value: clippingValue, ratio: clippingRatio), seed: seed, device: device,
      isExact: isExact, fuses: fuses, isTrial: false)
  }

  /// A session for samples of named tensors.
  /// - Parameters:
  ///   - model: what is trained; a `Model`, where there are several inputs.
  ///   - inputs: what samples consist of, in order (`Dataset.inputs`).
  ///   - targets: what outputs are compared with, in order (`Dataset.targetFields`); default nothing.
  ///   - batchSize: the usual batch, with which the model is traced to find what is to be trained.
  ///   - loss: what is minimised.
  ///   - metrics: what is told beside it; default nothing.
  ///   - groups: what is trained and how; empty to evaluate only.
  ///   - clippingNorm: the global norm that gradients are clipped to; default none.
  ///   - clippingValue: the magnitude that gradients are clipped to, number by number (`GradientClipping.value`); default none.
  ///   - clippingRatio: that of adaptive clipping (`GradientClipping.ratio`); default none.
  ///   - seed: of initial weights and dropout.
  ///   - device: where.
  ///   - isExact: see `TrainingOptions.isExact`.
  ///   - microBatch: see `TrainingOptions.microBatch`.
  /// - Throws: `ShapeError` for a model or loss that does not fit, `TrainingError.nothingToTrain`, `OptimizerError`, `DeviceError`.
  public convenience init(
    model: any Layer, inputs: [SampleField], targets: [SampleField] = [], batchSize: Int, loss: Loss, metrics: [Metric] = [],
    groups: [ParameterGroup], clippingNorm: Float? = nil, clippingValue: Float? = nil, clippingRatio: Float? = nil, seed: UInt64 = 0,
    device: any Device, isExact: Bool = false, microBatch: Int? = nil
  ) throws {
    try self.init(
      model: model, inputs: inputs, targets: targets, batchSize: batchSize, loss: loss, weighing: .none, metrics: metrics,
      groups: groups, clipping: GradientClipping(norm: clippingNorm, value: clippingValue, ratio: clippingRatio), seed: seed,
      device: device, isExact: isExact, fuses: true, isTrial: false, microBatch: microBatch)
  }

  /// - Parameters:
  ///   - weighing: how training batches say how much their samples count.
  ///   - isAveraged: whether an average of the parameters is kept beside them.
  ///   - microBatch: samples that a training step computes at a time; `nil` for the whole batch, as is a number that no batch exceeds.
  ///   - isTrial: whether nothing is to be run, only planned: then parameters get no memory.
  ///   - predictsOnly: whether outputs are all that is wanted, so that there need be nothing to compare them with.
  init(
    model: any Layer, inputs: [SampleField], targets: [SampleField]?, batchSize: Int, loss: Loss, weighing: StepWeighing,
    metrics: [Metric], groups: [ParameterGroup], clipping: GradientClipping, isAveraged: Bool = false, seed: UInt64, device: any Device,
    isExact: Bool, fuses: Bool, isTrial: Bool, microBatch: Int? = nil, predictsOnly: Bool = false
  ) throws {
    for group in groups {
      try group.optimizer.validate()
      try group.check()
    }
    paths = LayerPath.parameters(of: model)
    let groups = groups.parted(paths)
    updates = groups.map { $0.rule(isAveraged: isAveraged) }
    rules = try updates.map { try $0.compiled() }
    descent = try Self.descent(groups, clipping, isAveraged: isAveraged, isSummed: loss.reduction == .sum)
    isConstrained = groups.contains { $0.maximumNorm != nil }
    guard batchSize > 0 else { throw TrainingError.invalid(option: "batch size", value: "\(batchSize)", requirement: "at least 1") }
    try clipping.check()
    if let microBatch, microBatch < 1 {
      throw TrainingError.invalid(option: "the micro-batch", value: "\(microBatch)", requirement: "at least 1")
    }
    self.microBatch = groups.isEmpty ? nil : microBatch.flatMap { $0 < batchSize ? $0 : nil }
    self.model = model
    self.inputs = inputs
    self.targets = targets
    self.weighing = groups.isEmpty ? .none : weighing
    self.metrics = metrics
    self.loss = loss
    self.groups = groups
    self.clipping = clipping
    self.seed = seed
    self.device = device
    self.isExact = isExact
    self.fuses = fuses
    self.isTrial = isTrial

    // What no group takes is frozen: its layers compute what they compute in evaluation.
    var groupOf: [ParameterID: Int] = [:]
    var frozen = Set<ParameterID>()
    for (path, parameter) in paths where parameter.role == .weight {
      if let group = groups.firstIndex(where: { $0.takes(path) }) { groupOf[parameter.id] = group } else { frozen.insert(parameter.id) }
    }
    self.frozen = frozen
    // What depends on no trained parameter, or does not reach the loss, gets no gradient and no place in an arena.
    let form = StepForm(inputs: inputs, targets: targets, weighing: self.weighing, takesTargets: loss.takesTargets(metrics, self.weighing))
    let purpose = predictsOnly ? StepPurpose.prediction : groups.isEmpty ? .evaluation : .training
    let trace = StepTrace(paths, frozen, form, batch: batchSize, purpose, loss, metrics) { model.outputs(for: $0) }
    if let error = trace.graph.firstError { throw error }
    guard let first = trace.outputs.tensors.first, trace.objective != nil || predictsOnly else { throw TrainingError.nothingToTrain }
    outputs = trace.outputs.entries.map { SampleField($0.name, of: $0.tensor, batch: batchSize) }
    outputSize = first.shape.count / batchSize
    measure = trace.measure
    partSizes = trace.parts.map { $0.map(\.shape.count) }
    partScale = .allocate(capacity: 1)
    partScale.initialize(to: 1)
    stagedTraining = StagedBatch(form, outputSize: outputSize, partsWith: Self.scale(partScale, self.weighing, loss))
    stagedEvaluation = StagedBatch(
      StepForm(inputs: inputs, targets: targets, weighing: .none, takesTargets: loss.takesTargets(metrics, .none)), outputSize: outputSize)
    try Self.check(paths)
    let known = Set(paths.map(\.parameter.id))
    if let stray = trace.graph.parameters.first(where: { !known.contains($0.id) }) {
      throw TrainingError.unreachableParameter(name: stray.name, shape: stray.shape)
    }
    let wanted = trace.graph.parameters.filter { groupOf[$0.id] != nil }
    let gradients = trace.objective.map { trace.graph.gradients(of: $0, withRespectTo: wanted.map { trace.graph[$0] }) } ?? []
    // What a gradient was asked of that has none is known only now.
    if let error = trace.graph.firstError { throw error }
    let trained = Set(zip(wanted, gradients).filter { $0.1 != nil }.map(\.0.id))
    if !groups.isEmpty && trained.isEmpty { throw TrainingError.nothingToTrain }
    layout = ParameterLayout(paths, groupCount: groups.count, limits: device.profile.limits) { _, parameter in
      trained.contains(parameter.id) ? groupOf[parameter.id] : nil
    }

    if let descent {
      try Self.checkSameness(descent, trace.graph)
      let count = layout.entries.reduce(0) { $0 + ($1.group == nil ? 0 : $1.slice.count) }
      if !isTrial { try Self.checkRoom(for: descent, parameters: count) }
    }
    if !isTrial { try Self.checkRoom(for: layout, groups, updates, addsGradients: self.microBatch != nil, on: device) }
    groupSteps = Array(repeating: 0, count: groups.count)
    constants = .allocate(byteCount: StepMemory.constantsSize(groups: groups.count) * 4, alignment: 64)
    constants.initializeMemory(as: UInt8.self, repeating: 0)
    control = try device.makeBuffer(count: StepMemory.controlSize(sums: partSizes.joined().reduce(0, +)))
    if !isTrial {
      shared = try device.makeBuffers(
        layout.buffers { group, piece in
          (0..<updates[group].stateSlots).map { .state(group: group, slot: $0, piece: piece) }
            + (groups[group].stayClose != 0 ? [.anchors(group: group, piece: piece)] : [])
            + (self.microBatch != nil ? [.gradientSums(group: group, piece: piece)] : [])
        })
      try initialize()
    }
    shared[.control] = control
    try resetSums()
  }

  deinit {
    constants.deallocate()
    partScale.deallocate()
  }

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
}
