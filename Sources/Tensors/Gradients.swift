/// Reverse-mode differentiation, recorded in the graph itself, so that what comes of it can be differentiated again.
extension Graph {
  /// Appends to the graph the gradients of a scalar with respect to some of its values.
  ///
  /// Two sweeps find what has to be differentiated: forwards, what depends on a wanted value; backwards, what reaches the loss. Only nodes in
  /// both get gradient operations, so a frozen layer below the first trained one costs nothing. Gradients are values like any other: a loss
  /// may be made of them, and be differentiated in its turn.
  ///
  /// A value of int32 has no gradient, nor has a loss that depends on what is wanted only by what was made of whole numbers, as of `argmax`:
  /// both are errors, which planning throws. Through what is constant piece by piece (signs, comparisons, which element is picked) nothing
  /// flows either, and that is no error: the gradient is 0.
  /// - Parameters:
  ///   - loss: the scalar to differentiate.
  ///   - wanted: the values to differentiate with respect to.
  /// - Returns: a gradient for each wanted value, of its shape; `nil` for one that does not reach the loss, or whose gradient is 0 everywhere.
  public func gradients(of loss: Tensor, withRespectTo wanted: [Tensor]) -> [Tensor?] {
    guard loss.isValid, wanted.allSatisfy(\.isValid) else { return wanted.map { _ in nil } }
    guard loss.shape.count == 1 else {
      return wanted.map { _ in reject("gradient", [loss], because: "only a scalar can be differentiated; take its sum or mean first") }
    }
    return products(of: [loss], times: [], withRespectTo: wanted)
  }

  /// The gradient of a scalar with respect to one value, as a tensor in any case: zeros where the loss does not depend on the value.
  ///
  /// It can be differentiated again: (‖∂y/∂x‖ − 1)² is the gradient penalty of a critic y(x).
  /// - Parameters:
  ///   - loss: the scalar to differentiate. Where it is a sum over samples, each sample's part of the gradient is its own term's.
  ///   - value: what to differentiate with respect to.
  public func gradient(of loss: Tensor, withRespectTo value: Tensor) -> Tensor {
    gradients(of: loss, withRespectTo: [value])[0] ?? constant(0, shape: value.shape)
  }

  /// Products of a vector with a Jacobian, vᵀ·∂y/∂x: the gradients of Σ y·v, where v is taken as given, whatever it depends on.
  /// - Parameters:
  ///   - results: y, any number of tensors.
  ///   - vectors: v, one of the shape of each of y.
  ///   - wanted: x, the values to differentiate with respect to.
  /// - Returns: a product for each of x, of its shape; `nil` for one on which none of y depends, or does so without a slope.
  public func jacobianProducts(of results: [Tensor], times vectors: [Tensor], withRespectTo wanted: [Tensor]) -> [Tensor?] {
    guard (results + vectors + wanted).allSatisfy(\.isValid) else { return wanted.map { _ in nil } }
    guard results.map(\.shape) == vectors.map(\.shape) else {
      let problem = "it needs a vector of the shape of each result: \(vectors.map(\.shape)) instead of \(results.map(\.shape))"
      return wanted.map { _ in reject("product with a Jacobian", results, because: problem) }
    }
    return products(of: results, times: vectors, withRespectTo: wanted)
  }

  /// The product of a scalar's Hessian with a vector, H·v, for the price of one more gradient; H itself is never made.
  /// - Parameters:
  ///   - loss: the scalar to differentiate twice.
  ///   - values: x, any number of tensors.
  ///   - vectors: v, one of the shape of each of x; taken as given, whatever it depends on.
  /// - Returns: H·v, one tensor of the shape of each of x; zeros for one that no gradient depends on.
  public func hessianProducts(of loss: Tensor, times vectors: [Tensor], withRespectTo values: [Tensor]) -> [Tensor] {
    guard values.map(\.shape) == vectors.map(\.shape) else {
      let problem = "it needs a vector of the shape of each value: \(vectors.map(\.shape)) instead of \(values.map(\.shape))"
      return values.map { _ in reject("product with a Hessian", [loss], because: problem) }
    }
    let slopes = zip(gradients(of: loss, withRespectTo: values), vectors).compactMap { gradient, vector in gradient.map { ($0, vector) } }
    let products = jacobianProducts(of: slopes.map(\.0), times: slopes.map(\.1), withRespectTo: values)
    return zip(values, products).map { $1 ?? constant(0, shape: $0.shape) }
  }

  /// The gradients of Σ results · vectors, or of one scalar where there are no vectors.
  private func products(of results: [Tensor], times vectors: [Tensor], withRespectTo wanted: [Tensor]) -> [Tensor?] {
    if let whole = (results + wanted).first(where: { $0.dtype == .int32 }) {
      let maker = nodes[whole.id.node].operation.rule.name
      return wanted.map { _ in reject("gradient", [whole], because: "int32 values have no gradient (here: \(maker))") }
    }
    let last = results.reduce(-1) { max($0, $1.id.node) }
    let depends = dependents(on: wanted, upTo: last) { nodes[$0.node].outputs[$0.output].dtype == .float32 }
    guard results.contains(where: { depends[$0.id.node] }) else {
      rejectIfOnlyByIntegers(results, wanted, upTo: last)
      return wanted.map { _ in nil }
    }
    var upstream: [ValueID: Tensor] = [:]
    func arrives(_ gradient: Tensor, at value: ValueID) { upstream[value] = upstream[value].map { $0 + gradient } ?? gradient }
    for (index, result) in results.enumerated() where depends[result.id.node] {
      arrives(vectors.indices.contains(index) ? vectors[index] : constant(1, shape: result.shape), at: result.id)
    }
    for index in stride(from: last, through: 0, by: -1) where depends[index] {
      let node = nodes[index]
      let arriving = node.outputs.indices.map { upstream[ValueID(node: index, output: $0)] }
      guard !node.inputs.isEmpty, arriving.contains(where: { $0 != nil }) else { continue }
      let needs = node.inputs.map { depends[$0.node] && nodes[$0.node].outputs[$0.output].dtype == .float32 }
      let context = GradientContext(
        inputs: node.inputs.map(tensor), outputs: node.outputs.indices.map { tensor(ValueID(node: index, output: $0)) },
        upstream: arriving, needs: needs, operation: node.operation.rule.name)
      inScope(of: index) {
        for (place, gradient) in node.operation.rule.gradients(context).enumerated() where needs[place] {
          if let gradient { arrives(gradient, at: node.inputs[place]) }
        }
      }
    }
    return wanted.map { upstream[$0.id] }
  }

  /// Which nodes depend on some values, by inputs that `passes` says so of.
  private func dependents(on values: [Tensor], upTo last: Int, by passes: (ValueID) -> Bool) -> [Bool] {
    var depends = [Bool](repeating: false, count: last + 1)
    for value in values where value.id.node <= last { depends[value.id.node] = true }
    for index in depends.indices where !depends[index] { depends[index] = nodes[index].inputs.contains { depends[$0.node] && passes($0) } }
    return depends
  }

  /// Names the operation that hides what is wanted from the results, if one does: whose whole numbers are made floats again. Whole numbers that
  /// say which element is picked hide nothing, since what is picked is what has a slope.
  private func rejectIfOnlyByIntegers(_ results: [Tensor], _ wanted: [Tensor], upTo last: Int) {
    let depends = dependents(on: wanted, upTo: last) { _ in true }
    var reaches = [Bool](repeating: false, count: last + 1)
    for result in results { reaches[result.id.node] = true }
    for index in reaches.indices.reversed() where reaches[index] { for input in nodes[index].inputs { reaches[input.node] = true } }
    let back = reaches.indices.first { index in
      let inputs = nodes[index].inputs
      return reaches[index] && depends[index] && !inputs.isEmpty && nodes[index].outputs.contains { $0.dtype == .float32 }
        && inputs.allSatisfy { nodes[$0.node].outputs[$0.output].dtype == .int32 }
    }
    // What made the first of the numbers that led there.
    guard var hides = back else { return }
    while let input = nodes[hides].inputs.first(where: { depends[$0.node] && nodes[$0.node].outputs[$0.output].dtype == .int32 }) {
      hides = input.node
    }
    let node = nodes[hides]
    inScope(of: hides) {
      _ = reject(
        "gradient of \(node.operation.rule.name)", node.inputs.map(tensor),
        because: "its results are whole numbers, through which nothing flows, and what is differentiated depends on what it is "
          + "differentiated with respect to in no other way")
    }
  }
}
