import GlissadeKernels
import GlissadeTensors

/// What a rule recorded: chains of instructions, and what the host gives them in each step.
package struct RecordedUpdate: Sendable {
  /// What a norm is taken of.
  package enum NormOperand: Hashable, Sendable {
    case parameter, gradient
    case state(Int)
    /// What a chain computes.
    case value(UpdateChain)
  }

  /// What the host gives for each step, in order.
  let numbers: [@Sendable (StepNumbers) -> Double]
  /// Norms of each parameter, which the step itself reads.
  package let norms: [NormOperand]
  /// What becomes of matrices before the step, in order: what is computed element by element, and what is made of that by any operations. The step
  /// reads each as one more state, behind the rule's own.
  package let matrices: [(chain: UpdateChain, compute: @Sendable (Tensor) -> Tensor)]
  /// What takes the sums for all of them at once, if some are taken of what a chain computes.
  package let sums: UpdateChain?
  /// The step.
  package let step: UpdateChain
  /// What chains have that is always the same.
  let immediates: [Float]
  /// Whether the rule has a momentum that a schedule may move.
  let asksForMomentum: Bool

  /// How many states a step changes.
  package var changedStates: Int {
    guard case .step(_, let states) = step.outputs else { return 0 }
    // Matrices are none of the rule's states, and never stored by the step.
    return states.reduce(0) { $0 + ($1 == nil ? 0 : 1) }
  }

  /// As many elements as no parameter has by chance, so that a rule that makes another shape of them is found out.
  private static let nominalCount = 7919

  /// Records a rule.
  /// - Throws: `ShapeError` for a rule that is no expression of elementwise operations, or gives something of another shape.
  package init(_ rule: some UpdateRule) throws(ShapeError) {
    do throws(ShapeError) { try self.init(recording: rule) } catch {
      throw ShapeError(path: "optimizer \(type(of: rule).name)", operation: error.operation, inputs: error.inputs, problem: error.problem)
    }
  }

  private init(recording rule: some UpdateRule) throws(ShapeError) {
    let (names, shape) = (rule.stateNames, Shape([Self.nominalCount]))
    func fail(_ operation: String, _ problem: String, _ inputs: [TensorType] = []) -> ShapeError {
      ShapeError(operation: operation, inputs: inputs, problem: problem)
    }
    guard names.count <= Int(UPDATE_STATES), Set(names).count == names.count else {
      throw fail(
        "stateNames",
        "it has \(names.count) states (\(names.joined(separator: ", "))), and it may have up to \(UPDATE_STATES), "
          + "each with a name of its own")
    }
    let traced = Graph()
    let (p, g) = (traced.input("parameters", shape: shape), traced.input("gradients", shape: shape))
    let states = names.map { traced.input($0, shape: shape) }
    let recorder = UpdateRecorder(traced, shape: shape)
    let listed = names.isEmpty ? "and it lists none in stateNames" : "and its stateNames are \(names.joined(separator: ", "))"
    let before = UpdateState(Dictionary(zip(names, states), uniquingKeysWith: { first, _ in first })) { name in
      traced.reject("state[\"\(name)\"]", [p], because: "there is no such state, \(listed)")
    }
    let (after, left) = rule.update(p, rule.isMaximizing ? -g : g, before, UpdateStep(recorder))
    if let error = traced.firstError { throw error }
    if let stray = left.values.keys.sorted().first(where: { !names.contains($0) }) {
      throw fail("state[\"\(stray)\"]", "there is no such state, \(listed)")
    }
    let newStates = zip(names, states).map { left.values[$0] ?? $1 }
    for (what, value) in [("update, its parameters", after)] + zip(names, newStates).map({ ("update, its state \($0)", $1) }) {
      guard value.isValid, value.graph === traced else { throw fail(what, "it comes from another graph than what the rule was given") }
      guard value.shape == shape else {
        throw fail(what, "\(value.shape) for each \(shape), and the shape has to stay as it is", [value.type])
      }
    }

    guard names.count + recorder.matrices.count <= Int(UPDATE_STATES) else {
      throw fail(
        "step.matrices",
        "it has \(names.count) states and takes matrices \(recorder.matrices.count) times, and both together may be \(UPDATE_STATES)")
    }

    // Choices and clamps are taken apart, as in any other step.
    let wanted = [after] + newStates + recorder.norms.map(\.operand) + recorder.matrices.map(\.operand)
    let (graph, moved) = traced.decomposed(keeping: wanted.map(\.id))
    func place(_ tensor: Tensor) -> ValueID { moved[tensor.id] ?? tensor.id }

    var given: [ValueID: UpdateChain.Operand] = [place(p): .parameter, place(g): .gradient]
    for (index, state) in states.enumerated() { given[place(state)] = .state(index) }
    for (index, number) in recorder.numberValues.enumerated() { given[place(number)] = .number(index) }
    // A norm's operand is computed before any norm is known, and so is what matrices are made of.
    var builder = UpdateChainBuilder(graph, given: given)
    var norms: [NormOperand] = []
    let (limit, immediateLimit) = (Int(UPDATE_INSTRUCTIONS), Int(UPDATE_IMMEDIATES))
    var matrices: [(chain: UpdateChain, compute: @Sendable (Tensor) -> Tensor)] = []
    for (operand, _, compute) in recorder.matrices {
      let id = graph.resolved(place(operand))
      let (instructions, uniformCount, _, places) = try builder.instructions(for: [id], limit: limit, immediateLimit: immediateLimit)
      matrices.append(
        (
          UpdateChain(
            stateCount: names.count, normCount: 0, instructions: instructions, uniformCount: uniformCount, segmentCount: 0,
            outputs: .value(places[id] ?? .parameter)), compute
        ))
    }
    for (operand, _) in recorder.norms {
      let id = graph.resolved(place(operand))
      switch given[id] {
      case .parameter: norms.append(.parameter)
      case .gradient: norms.append(.gradient)
      case .state(let index): norms.append(.state(index))
      default:
        let (instructions, uniformCount, _, places) = try builder.instructions(for: [id], limit: limit, immediateLimit: immediateLimit)
        norms.append(
          .value(
            UpdateChain(
              stateCount: names.count, normCount: 0, instructions: instructions, uniformCount: uniformCount, segmentCount: 0,
              outputs: .value(places[id] ?? .parameter))))
      }
    }
    let normed = recorder.norms.map { graph.resolved(place($0.operand)) }
    let computed = normed.filter { given[$0] == nil }
    if computed.isEmpty {
      sums = nil
    } else {
      let (instructions, uniformCount, _, places) = try builder.instructions(for: computed, limit: limit, immediateLimit: immediateLimit)
      sums = UpdateChain(
        stateCount: names.count, normCount: 0, instructions: instructions, uniformCount: uniformCount, segmentCount: 0,
        outputs: .sums(normed.map { given[$0] ?? places[$0] ?? .parameter }))
    }
    for (index, norm) in recorder.norms.enumerated() { given[place(norm.value)] = .norm(index) }
    for (index, matrices) in recorder.matrices.enumerated() { given[place(matrices.value)] = .state(names.count + index) }
    var last = UpdateChainBuilder(graph, given: given, immediates: builder.immediates)
    // What stays as it is is not stored.
    let changed = ([after] + newStates).map(place).enumerated().filter {
      given[graph.resolved($1)] != ($0 == 0 ? .parameter : .state($0 - 1))
    }
    let (instructions, uniformCount, segmentCount, places) = try last.instructions(
      for: changed.map(\.element), limit: limit, immediateLimit: immediateLimit)
    var outputs = [UpdateChain.Operand?](repeating: nil, count: 1 + names.count + matrices.count)
    for (index, id) in changed { outputs[index] = places[graph.resolved(id)] }
    self.norms = norms
    self.matrices = matrices
    asksForMomentum = recorder.asksForMomentum
    numbers = recorder.numbers
    step = UpdateChain(
      stateCount: names.count + matrices.count, normCount: norms.count, instructions: instructions, uniformCount: uniformCount,
      segmentCount: segmentCount, outputs: .step(parameter: outputs[0], states: Array(outputs.dropFirst())))
    immediates = last.immediates
  }
}

/// A rule as plans have it: by a kernel written for it, or by what it recorded.
package struct CompiledUpdate: Sendable {
  package enum Form: Sendable {
    case kernel(any KernelUpdate)
    case recorded(RecordedUpdate)
  }

  package let name: String
  package let stateSlots: Int
  package let form: Form

  /// - Throws: `ShapeError` for a rule that cannot be recorded.
  package init(_ rule: some UpdateRule) throws(ShapeError) {
    name = type(of: rule).name
    stateSlots = rule.stateSlots
    // Kernels go downhill only.
    if !rule.isMaximizing, let kernel = rule as? any KernelUpdate {
      form = .kernel(kernel)
    } else {
      form = .recorded(try RecordedUpdate(rule))
    }
  }

  /// Whether it takes parameters as matrices.
  package var takesMatrices: Bool {
    if case .recorded(let update) = form { !update.matrices.isEmpty } else { false }
  }

  /// Writes a group's numbers for a step.
  /// - Parameters:
  ///   - constants: 16 floats.
  ///   - step: the group's steps, this one included.
  ///   - learningRate: the schedule's value for this step.
  package func write(constants: UnsafeMutableBufferPointer<Float>, step: Int, learningRate: Double) {
    write(constants: constants, StepNumbers(rate: learningRate, count: step))
  }

  /// Writes a group's numbers for a step.
  /// - Parameters:
  ///   - constants: 16 floats.
  ///   - numbers: the step's.
  package func write(constants: UnsafeMutableBufferPointer<Float>, _ numbers: StepNumbers) {
    switch form {
    case .kernel(let kernel): kernel.write(constants: constants, numbers)
    case .recorded(let update):
      for index in update.numbers.indices where index < constants.count { constants[index] = Float(update.numbers[index](numbers)) }
    }
  }
}

extension UpdateRule {
  /// The rule as plans have it.
  /// - Throws: `ShapeError` for one that cannot be recorded.
  package func compiled() throws(ShapeError) -> CompiledUpdate { try CompiledUpdate(self) }
}
