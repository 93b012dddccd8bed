/// The same elements under another shape. Costs nothing.
package struct Reshape: OperationRule {
  public let shape: Shape

  public var name: String { "reshape" }

  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(
      shape.count == inputs[0].shape.count,
      "\(shape) has \(shape.count) elements, and the tensor has \(inputs[0].shape.count)")
    return [TensorType(shape, inputs[0].dtype)]
  }

  public func gradients(_ context: GradientContext) -> [Tensor?] {
    [context.upstream[0]?.reshaped(to: context.inputs[0].shape)]
  }
}

/// The axes in another order: axis k of the result is axis `permutation[k]` of the input.
package struct Transpose: OperationRule {
  public let permutation: [Int]

  public var name: String { "transpose" }

  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let shape = inputs[0].shape
    try expect(
      permutation.sorted() == Array(0..<shape.rank),
      "the permutation \(permutation) has to name each of the \(shape.rank) axes once")
    return [TensorType(Shape(permutation.map { shape[$0] }), inputs[0].dtype)]
  }

  public func gradients(_ context: GradientContext) -> [Tensor?] {
    var inverse = permutation
    for (to, from) in permutation.enumerated() { inverse[from] = to }
    return [context.upstream[0]?.transposed(inverse)]
  }
}

/// Axes of extent 1 (and missing leading axes) stretched to `shape`.
package struct Broadcast: OperationRule {
  public let shape: Shape

  public var name: String { "broadcast" }

  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(inputs[0].shape.broadcast(with: shape) == shape, "it does not stretch to \(shape)")
    return [TensorType(shape, inputs[0].dtype)]
  }

  public func gradients(_ context: GradientContext) -> [Tensor?] {
    [context.upstream[0]?.summed(to: context.inputs[0].shape)]
  }
}

/// Rows of a table by number: `y[i] = table[indices[i]]`; an embedding.
package struct GatherRows: OperationRule {
  public var name: String { "gatherRows" }

  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(inputs[0].shape.rank == 2 && inputs[0].dtype == .float32, "the table has to be [rows, columns] of float32")
    try expect(inputs[1].dtype == .int32, "the indices have to be int32")
    return [TensorType(Shape(inputs[1].shape.dimensions + [inputs[0].shape[1]]))]
  }

  public func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil, nil] }
    return [dy.graph.record(.scatterAddRows(ScatterAddRows(rows: context.inputs[0].shape[0])), [dy, context.inputs[1]]), nil]
  }
}

/// The gradient of `GatherRows`: each row of the result is the sum of the rows of dy whose index names it, in order.
package struct ScatterAddRows: OperationRule {
  /// The table's number of rows.
  public let rows: Int

  package init(rows: Int) { self.rows = rows }

  public var name: String { "scatterAddRows" }

  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    [TensorType([rows, inputs[0].shape[-1]])]
  }

  public func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil, nil] }
    return [dy.graph.record(.gatherRows(GatherRows()), [dy, context.inputs[1]]), nil]
  }
}
