/// One of two values at each place, after NumPy's broadcasting of all three: y = a where the mask is not 0, otherwise b. What is not chosen has
/// no part in the result or in the gradient, not even where it is NaN. PyTorch's `where(mask, a, b)`.
///
/// Devices compute it from `keep`, `drop` and `join`, so that it is part of the elementwise chains around it.
package struct Select: OperationRule {
  package var name: String { "select" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(inputs[0].dtype == .float32, "a mask is of float32: what a comparison gives, or `cast(to: .float32)`")
    try expect(inputs[1].dtype == inputs[2].dtype, "both values have to be of one type; `cast(to:)` changes it")
    guard let pair = inputs[1].shape.broadcast(with: inputs[2].shape), let shape = inputs[0].shape.broadcast(with: pair) else {
      throw ShapeError(problem: "the shapes do not broadcast: aligned from the last axis, extents have to be equal or 1")
    }
    return [TensorType(shape, inputs[1].dtype)]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil, nil, nil] }
    let mask = context.inputs[0]
    func part(_ index: Int, _ function: BinaryFunction) -> Tensor? {
      context.needs[index] ? mask.combined(with: dy, function).summed(to: context.inputs[index].shape) : nil
    }
    return [nil, part(1, .keep), part(2, .drop)]
  }
}
