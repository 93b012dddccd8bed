/// The same elements under another shape. Costs nothing.
package struct Reshape: OperationRule {
  package let shape: Shape

  package var name: String { "reshape" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(
      shape.count == inputs[0].shape.count,
      "\(shape) has \(shape.count) elements, and the tensor has \(inputs[0].shape.count)")
    return [TensorType(shape, inputs[0].dtype)]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    [context.upstream[0]?.reshaped(to: context.inputs[0].shape)]
  }
}

/// The axes in another order: axis k of the result is axis `permutation[k]` of the input.
package struct Transpose: OperationRule {
  package let permutation: [Int]

  package var name: String { "transpose" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let shape = inputs[0].shape
    try expect(
      permutation.sorted() == Array(0..<shape.rank),
      "the permutation \(permutation) has to name each of the \(shape.rank) axes once")
    return [TensorType(Shape(permutation.map { shape[$0] }), inputs[0].dtype)]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    var inverse = permutation
    for (to, from) in permutation.enumerated() { inverse[from] = to }
    return [context.upstream[0]?.transposed(inverse)]
  }
}

/// Axes of extent 1 (and missing leading axes) stretched to `shape`.
package struct Broadcast: OperationRule {
  package let shape: Shape

  package var name: String { "broadcast" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(inputs[0].shape.broadcast(with: shape) == shape, "it does not stretch to \(shape)")
    return [TensorType(shape, inputs[0].dtype)]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    [context.upstream[0]?.summed(to: context.inputs[0].shape)]
  }
}
