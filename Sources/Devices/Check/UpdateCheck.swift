import GlissadeKernels
import GlissadePlanning
import GlissadeTensors

/// What ends a training step, alone: sums of losses, clipping, the pull to anchors, optimizers and running statistics. It is run twice, since
/// optimizers treat the first step as a special one, from states that are not zero.
struct UpdateCheck {
  /// Something that is left in memory.
  struct Outcome {
    var name: String
    var bits: [UInt32]
    var type = DType.float32
    /// Whether a launch may be the reason if it is wrong.
    var concerns: (Launch) -> Bool
  }

  /// Parameters of one shape.
  struct Matrices: Hashable {
    var shape: Shape
    var count: Int

    /// What products of them cost, about.
    var work: Int {
      let (rows, columns) = shape.matrix ?? (1, shape.count)
      return shape.count * count * min(rows, columns)
    }
  }

  private let source: StepRequest
  /// What groups have whose rules take parameters as matrices.
  private let matrices: Matrices
  /// Elements of a group: more than one chunk of the gradients' norm, and no multiple of anything.
  private static let count = (1 << 14) + 1031
  /// About the same as a matrix, for rules that take parameters as such.
  static let usual = Matrices(shape: [405, 43], count: 1)
  private static let channels = 21
  /// Matrices whose products cost more, or that have more elements, are not checked, so that a start does not wait for it.
  private static let (mostWork, mostElements) = (1 << 31, 1 << 24)

  /// - Parameters:
  ///   - source: the step that is to be checked.
  ///   - matrices: what groups have whose rules take parameters as matrices; default one tall matrix.
  init(_ source: StepRequest, matrices: Matrices = usual) {
    self.source = source
    self.matrices = matrices
  }

  /// The checks of a step, the cheapest first. A rule that takes parameters as matrices has one for each shape that these have, since which
  /// kernels multiply matrices depends on that: of two of them, and of as many as there are.
  static func checks(of source: StepRequest) -> [UpdateCheck] {
    var all: [Matrices] = []
    for group in source.updates.indices where takesMatrices(group, of: source) {
      var counts: [Shape: Int] = [:]
      for entry in source.layout.entries where entry.group == group {
        if let (rows, columns) = entry.parameter.shape.matrix { counts[Shape([rows, columns]), default: 0] += 1 }
      }
      for (shape, count) in counts { all += Set([min(count, 2), count]).map { Matrices(shape: shape, count: $0) } }
    }
    let checked = Set(all).filter { $0.work <= mostWork && $0.shape.count * $0.count <= mostElements }.sorted {
      ($0.work, $0.shape[0]) < ($1.work, $1.shape[0])
    }
    return checked.isEmpty ? [UpdateCheck(source)] : checked.map { UpdateCheck(source, matrices: $0) }
  }

  private static func takesMatrices(_ group: Int, of source: StepRequest) -> Bool {
    (try? source.updates[group].compiled())?.takesMatrices == true
  }

  /// Whether products of matrices are among what is checked.
  var hasMatrices: Bool { source.updates.indices.contains { Self.takesMatrices($0, of: source) } }

  /// - Parameters:
  ///   - profile: what the device's plan is made for.
  ///   - isWanted: whether a launch's kernel is to be checked.
  /// - Returns: what the processor and the device leave, and the launches; `nil` where there is nothing to check.
  func outcomes(
    on device: any Device, _ profile: DeviceProfile, witness: any Device, isWanted: (Launch) -> Bool
  ) throws(DeviceError) -> (right: [Outcome], found: [Outcome], launches: [Launch])? {
    let plan: Plan
    let request = request
    let rules: [CompiledUpdate]
    let reference: Plan
    do throws(ShapeError) {
      plan = try self.plan(for: profile)
      reference = try self.plan(for: witness.profile)
      rules = try request.updates.map { rule throws(ShapeError) in try rule.compiled() }
    } catch {
      throw DeviceError(device: device.information.identifier, call: "self-test", error: "an invalid step", detail: error.description)
    }
    let wanted = plan.launches.filter(isWanted)
    if wanted.isEmpty { return nil }
    return (try run(reference, request, rules, on: witness), try run(plan, request, rules, on: device), wanted)
  }

  func plan(for profile: DeviceProfile) throws(ShapeError) -> Plan { try Planner(profile: profile).plan(request) }

  /// The same optimizers on other parameters, with a loss from outside.
  private var request: StepRequest {
    let graph = Graph(isTraining: true)
    let groups = source.layout.groupSizes.count
    // Groups may be empty.
    let trained = (0..<groups).filter { source.layout.groupSizes[$0] > 0 }
    var parameters: [(path: String, parameter: Parameter, group: Int?)] = trained.flatMap { group in
      let takesMatrices = group < source.updates.count && Self.takesMatrices(group, of: source)
      return (0..<(takesMatrices ? matrices.count : 1)).map { index in
        let path = "group\(group).\(index)"
        return (path, Parameter(path, shape: takesMatrices ? matrices.shape : [Self.count]), group)
      }
    }
    // As many as one launch takes on a GPU, and one more, which has a launch of its own.
    let statistics = source.graph.isTrainingStep ? source.graph.runningStatistics.prefix(Int(BATCH_NORM_LAYERS) + 1) : []
    for (index, statistics) in statistics.enumerated() {
      let channels = Self.channels + index
      let mean = Parameter("mean\(index)", shape: [channels], role: .statistic)
      let variance = Parameter("variance\(index)", shape: [channels], role: .statistic)
      parameters += [("mean\(index)", mean, nil), ("variance\(index)", variance, nil)]
      graph.updateRunningStatistics(
        mean: mean, variance: variance, batchMean: graph.input("batch mean \(index)", shape: [channels]),
        batchVariance: graph.input("batch variance \(index)", shape: [channels]), momentum: statistics.momentum,
        sampleCount: statistics.sampleCount)
    }
    let layout = ParameterLayout(parameters.map { ($0.path, $0.parameter) }, groupCount: groups) { path, _ in
      parameters.first { $0.path == path }?.group
    }
    var request = StepRequest(graph: graph, layout: layout)
    if let loss = source.loss {
      request.loss = graph.input("loss", shape: loss.shape)
      request.correct = source.correct.map { graph.input("correct", shape: $0.shape, dtype: $0.dtype) }
      request.isFractional = source.isFractional
      request.sampleCount = 1000
      request.sums = source.sums.enumerated().map { graph.input("sums \($0)", shape: $1.shape) }
    }
    request.addsGradients = source.addsGradients
    request.updates = source.updates
    request.anchorStrengths = source.anchorStrengths
    // It has to bite, whatever the gradients are.
    request.clippingNorm = source.clippingNorm.map { _ in 1 }
    return request
  }

  private func run(
    _ plan: Plan, _ request: StepRequest, _ rules: [CompiledUpdate], on device: any Device
  ) throws(DeviceError) -> [Outcome] {
    let layout = request.layout
    let values = CheckValues(request.graph, classes: 1000)
    var shared: [BufferReference: any DeviceBuffer] = [:]
    func make(_ reference: BufferReference, _ count: Int, isPositive: Bool = false) throws(DeviceError) {
      let buffer = try device.makeBuffer(count: count)
      shared[reference] = buffer
      try device.write(
        values.bits(TensorType([max(count, 1)]), named: "\(reference)", isTap: nil, isPositive: isPositive), to: buffer)
    }
    for (group, size) in layout.groupSizes.enumerated() {
      try make(.parameters(group: group), size)
      try make(.gradients(group: group), size)
      try make(.anchors(group: group), size)
      if request.addsGradients { try make(.gradientSums(group: group), size) }
      // Means of squares are among the states.
      let slots = group < request.updates.count ? request.updates[group].stateSlots : 0
      for slot in 0..<slots { try make(.state(group: group, slot: slot), size, isPositive: true) }
    }
    try make(.statistics, max(layout.statisticsSize, 16), isPositive: true)
    let control = try device.makeBuffer(count: StepMemory.controlSize(sums: request.sums.reduce(0) { $0 + $1.shape.count }))
    var block = ControlBlock()
    (block.ok, block.badStep, block.clip) = (1, -1, 1)
    try device.write([block], to: control)
    shared[.control] = control
    let memory = try PlanMemory(for: plan, on: device, sharing: shared)
    let prepared = try device.prepare(plan, buffers: memory.buffers)
    var constants = [Float](repeating: 0, count: StepMemory.constantsSize(groups: layout.groupSizes.count))
    for step in 1...2 {
      constants.withUnsafeMutableBytes { bytes in
        var head = StepConstants()
        head.step = Int32(step)
        // In the middle of a batch, and at its end.
        (head.part, head.isLastPart, head.share) = (1, step == 2 ? 1 : 0, 0.3)
        bytes.storeBytes(of: head, as: StepConstants.self)
      }
      constants.withUnsafeMutableBufferPointer { numbers in
        for (group, rule) in rules.enumerated() {
          let start = 16 * (1 + group)
          rule.write(
            constants: UnsafeMutableBufferPointer(rebasing: numbers[start..<(start + 16)]),
            StepNumbers(rate: 0.01, count: step, averaging: 0.25))
        }
      }
      let inputs = plan.inputNames.map { name in
        plan.inputs[name].map { values.bits($0.type, named: name, isTap: nil, isPositive: true) } ?? []
      }
      try KernelCheck.run(prepared, constants: constants, inputs: inputs)
    }
    return try outcomes(layout, request, rules, device, memory, control)
  }

  private func outcomes(
    _ layout: ParameterLayout, _ request: StepRequest, _ rules: [CompiledUpdate], _ device: any Device, _ memory: PlanMemory,
    _ control: any DeviceBuffer
  ) throws(DeviceError) -> [Outcome] {
    let block = try device.read(control, filler: ControlBlock())
    var outcomes: [Outcome] = []
    func add(_ name: String, _ bits: [UInt32], _ concerns: @escaping (Launch) -> Bool, type: DType = .float32) {
      outcomes.append(Outcome(name: name, bits: bits, type: type, concerns: concerns))
    }
    func isNamed(_ names: String...) -> (Launch) -> Bool { { names.contains($0.kernelName) } }
    add(
      "the count of right answers, samples and steps",
      [block.correct, block.samples, block.steps, block.ok].map { UInt32(bitPattern: $0) },
      isNamed("step_end"), type: .int32)
    add("the sum of losses", [block.lossSum, block.measureSum].map(\.bitPattern), isNamed("step_end"))
    if !request.sums.isEmpty {
      let (first, count) = (StepMemory.controlSize(sums: 0), request.sums.reduce(0) { $0 + $1.shape.count })
      let pairs = try device.read(control, at: first, count: 2 * count, filler: UInt32(0))
      // What a sum still lacks is nothing but rounding.
      add("the sums of what is told", stride(from: 0, to: pairs.count, by: 2).map { pairs[$0] }, isNamed("step_sums"))
    }
    if request.clippingNorm != nil {
      add("the gradients' norm", [block.norm.bitPattern], isNamed("gradient_norm_partial", "gradient_norm_finish"))
      add("the factor of clipping", [block.clip.bitPattern], isNamed("gradient_norm_finish"))
    }
    for (group, size) in layout.groupSizes.enumerated() where size > 0 {
      // Between parameters there is room that nobody reads.
      let own = layout.entries.filter { $0.group == group }.map(\.slice)
      func read(_ reference: BufferReference) throws(DeviceError) -> [UInt32] {
        guard let buffer = memory.buffers[reference] else { return [] }
        var bits: [UInt32] = []
        for slice in own { bits += try device.read(buffer, at: slice.offset, count: slice.count, filler: UInt32(0)) }
        return bits
      }
      add(
        "a gradient that joins others or is drawn to an anchor", try read(.gradients(group: group)), isNamed("stay_close", "add_gradients"))
      if request.addsGradients { add("a sum of gradients", try read(.gradientSums(group: group)), isNamed("add_gradients")) }
      guard group < rules.count else { continue }
      let rule = rules[group]
      func isOfRule(_ launch: Launch) -> Bool {
        switch rule.form {
        case .kernel(let kernel): launch.kernelName == kernel.kernel
        case .recorded: launch.note.operation.hasPrefix("\(rule.name) ")
        }
      }
      add("a parameter after \(rule.name)'s update", try read(.parameters(group: group)), isOfRule)
      for slot in 0..<rule.stateSlots { add("\(rule.name)'s state", try read(.state(group: group, slot: slot)), isOfRule) }
    }
    for entry in layout.entries where entry.group == nil {
      guard let buffer = memory.buffers[entry.slice.buffer] else { continue }
      add(
        "a running \(entry.path)", try device.read(buffer, at: entry.slice.offset, count: entry.slice.count, filler: 0),
        isNamed("batch_norm_running_update", "batch_norm_running_updates"))
    }
    return outcomes
  }
}
