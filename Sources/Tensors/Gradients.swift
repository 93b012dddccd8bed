/// Reverse-mode differentiation, recorded in the graph itself.
extension Graph {
  /// Appends to the graph the gradients of a scalar with respect to some of its values.
  ///
  /// Two sweeps find what has to be differentiated: forwards, what depends on a wanted value; backwards, what reaches the loss. Only nodes in
  /// both get gradient operations, so a frozen layer below the first trained one costs nothing.
  /// - Parameters:
  ///   - loss: the scalar to differentiate.
  ///   - wanted: the values to differentiate with respect to.
  /// - Returns: a gradient for each wanted value, of its shape; `nil` for one that does not reach the loss.
  public func gradients(of loss: Tensor, withRespectTo wanted: [Tensor]) -> [Tensor?] {
    guard loss.isValid, wanted.allSatisfy(\.isValid) else { return wanted.map { _ in nil } }
    guard loss.shape.count == 1 else {
      return wanted.map { _ in reject("gradient", [loss], because: "only a scalar can be differentiated; take its sum or mean first") }
    }
    let count = loss.id.node + 1
    var depends = [Bool](repeating: false, count: count)
    for value in wanted where value.id.node < count { depends[value.id.node] = true }
    for index in 0..<count where !depends[index] { depends[index] = nodes[index].inputs.contains { depends[$0.node] } }
    guard depends[loss.id.node] else { return wanted.map { _ in nil } }

    var upstream: [ValueID: Tensor] = [loss.id: constant(1, shape: loss.shape)]
    for index in stride(from: count - 1, through: 0, by: -1) where depends[index] {
      let node = nodes[index]
      let arriving = node.outputs.indices.map { upstream[ValueID(node: index, output: $0)] }
      guard !node.inputs.isEmpty, arriving.contains(where: { $0 != nil }) else { continue }
      let context = GradientContext(
        inputs: node.inputs.map(tensor), outputs: node.outputs.indices.map { tensor(ValueID(node: index, output: $0)) },
        upstream: arriving, needs: node.inputs.map { depends[$0.node] })
      inScope(of: index) {
        for (input, gradient) in zip(node.inputs, node.operation.rule.gradients(context)) {
          guard depends[input.node], let gradient else { continue }
          upstream[input] = upstream[input].map { $0 + gradient } ?? gradient
        }
      }
    }
    return wanted.map { upstream[$0.id] }
  }
}
