extension Graph {
  /// A copy of what some values need, with composite operations (batch norm, variance, clamp) taken apart into what devices compute, so that a planner can
  /// fuse the pieces with their neighbours. What nothing needs is left behind, except inputs: the host writes them either way.
  /// - Parameter roots: the values to keep.
  /// - Returns: the new graph, and where each old value that was copied went.
  package func decomposed(keeping roots: [ValueID]) -> (graph: Graph, values: [ValueID: ValueID]) {
    let (apart, first) = copied(keeping: roots) { $0.takenApart($1, $2) }
    // Taking apart can leave operations behind that nothing needs any more.
    let (pruned, second) = apart.copied(keeping: roots.compactMap { first[$0] }) { $0.recordAll($1, $2) }
    return (pruned, first.compactMapValues { second[$0] })
  }

  /// A copy of what some values need, each operation recorded by `record`.
  private func copied(
    keeping roots: [ValueID], _ record: (Graph, Operation, [Tensor]) -> [Tensor]
  ) -> (graph: Graph, values: [ValueID: ValueID]) {
    var isNeeded = [Bool](repeating: false, count: nodes.count)
    for root in roots where root.isValid { isNeeded[root.node] = true }
    for index in stride(from: nodes.count - 1, through: 0, by: -1) where isNeeded[index] {
      for input in nodes[index].inputs { isNeeded[input.node] = true }
    }
    for (index, node) in nodes.enumerated() { if case .input = node.operation { isNeeded[index] = true } }
    let copy = Graph(copyingScopesOf: self)
    var values: [ValueID: ValueID] = [:]
    for (index, node) in nodes.enumerated() where isNeeded[index] {
      let inputs = node.inputs.map { copy.tensor(values[$0] ?? .invalid) }
      let results = copy.inScope(node.scope) { record(copy, node.operation, inputs) }
      for (output, result) in results.enumerated() { values[ValueID(node: index, output: output)] = result.id }
    }
    return (copy, values)
  }

  private func takenApart(_ operation: Operation, _ inputs: [Tensor]) -> [Tensor] {
    if let constant = constant(operation, inputs) { return [constant] }
    if case .binary(let rule) = operation {
      if rule.function == .reluGradient, let moved = maskBeforePooling(inputs[0], inputs[1]) { return [moved] }
      return recordAll(operation, stretchedWhereNeeded(inputs))
    }
    if case .variance(let rule) = operation, !rule.isOfRows(inputs[0].shape) { return rule.takenApart(inputs[0]) }
    if case .extremeGradient(let rule) = operation, !rule.isOfRows(inputs[0].shape) {
      return [rule.takenApart(inputs[0], inputs[1], inputs[2])]
    }
    if case .productOfOthers(let rule) = operation { return [rule.takenApart(inputs[0])] }
    if case .clamp(let rule) = operation { return [rule.takenApart(inputs[0])] }
    if case .matmul = operation { return recordAll(operation, batchesStretchedWhereNeeded(inputs)) }
    if case .select = operation {
      let kept = recordStretched(.keep, inputs[0], inputs[1])
      return [recordStretched(.join, kept, recordStretched(.drop, inputs[0], inputs[2]))]
    }
    guard case .batchNorm(let rule) = operation else { return recordAll(operation, inputs) }
    let (x, weight, bias) = (inputs[0], inputs[1], inputs[2])
    let statistics = recordAll(.batchNormStatistics(BatchNormStatistics(epsilon: rule.epsilon)), [x])
    let y = (x - statistics[0]) * (statistics[2] * weight) + bias
    return [y, statistics[0], statistics[1], statistics[2]]
  }

  /// What follows from constants alone, as a constant: what a mean hands to its gradient, say, be it spread over any shape.
  private func constant(_ operation: Operation, _ inputs: [Tensor]) -> Tensor? {
    switch operation {
    case .broadcast(let rule): return number(inputs[0]).map { constant($0, shape: rule.shape) }
    case .binary(let rule):
      guard let a = number(inputs[0]), let b = number(inputs[1]), let shape = inputs[0].shape.broadcast(with: inputs[1].shape) else {
        return nil
      }
      let value: Float
      switch rule.function {
      case .add: value = a + b
      case .subtract: value = a - b
      case .multiply: value = a * b
      case .divide: value = a / b
      default: return nil
      }
      // What is no number any more is computed where it is looked for.
      return value.isFinite ? constant(value, shape: shape) : nil
    default: return nil
    }
  }

  /// The number that all elements of a tensor of float32 are, where that is known.
  private func number(_ tensor: Tensor) -> Float? {
    guard tensor.isValid, tensor.dtype == .float32 else { return nil }
    var id = tensor.id
    while case .reshape = nodes[id.node].operation { id = nodes[id.node].inputs[0] }
    guard case .constant(let constant) = nodes[id.node].operation else { return nil }
    return constant.value
  }

  private func recordStretched(_ function: BinaryFunction, _ a: Tensor, _ b: Tensor) -> Tensor {
    record(.binary(Binary(function: function)), stretchedWhereNeeded([a, b]))
  }

  /// Broadcasts that a canvas of rows and columns cannot express become operations of their own.
  func stretchedWhereNeeded(_ inputs: [Tensor]) -> [Tensor] {
    guard let shape = inputs[0].shape.broadcast(with: inputs[1].shape) else { return inputs }
    var columns: Int?
    return inputs.map { input in
      guard let access = input.shape.access(in: shape), columns == nil || access.columns == nil || columns == access.columns else {
        return input.broadcast(to: shape)
      }
      columns = columns ?? access.columns
      return input
    }
  }

  /// Batches of which kernels cannot take the entries by counting are stretched.
  private func batchesStretchedWhereNeeded(_ inputs: [Tensor]) -> [Tensor] {
    guard let batch = inputs[0].shape.batch.broadcast(with: inputs[1].shape.batch) else { return inputs }
    return inputs.map { input in
      if input.shape.batch.entries(in: batch) != nil { return input }
      return input.broadcast(to: Shape(batch.dimensions + input.shape.dimensions.suffix(2)))
    }
  }

  /// ReLU's gradient after that of a max pooling over ReLU's result. The only places where dx is not 0 are the windows' maxima, which are the
  /// pooled values, so the mask can be applied to dy before it is spread: on a fraction of the elements, and in the store of what made dy.
  private func maskBeforePooling(_ y: Tensor, _ dx: Tensor) -> Tensor? {
    guard case .maxPoolGradient(let rule) = nodes[dx.id.node].operation else { return nil }
    let (dy, index) = (nodes[dx.id.node].inputs[0], nodes[dx.id.node].inputs[1])
    guard case .maxPool = nodes[index.node].operation, nodes[index.node].inputs[0] == y.id else { return nil }
    let pooled = tensor(ValueID(node: index.node, output: 0))
    return inScope(nodes[dx.id.node].scope) {
      record(.maxPoolGradient(rule), [pooled.combined(with: tensor(dy), .reluGradient), tensor(index)])
    }
  }
}
