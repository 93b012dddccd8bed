/// Elements by number along one axis, for y and x seen as [outer, count, inner] and [outer, extent, inner]: y[o, j, i] = x[o, n, i], where n is
/// `indices[j]` for all o and i, or with `perElement` `indices[o, j, i]`. An index outside the axis gives NaN, of int32 the smallest number.
package struct Gather: OperationRule {
  package let axis: Int
  /// Whether each element has an index of its own, and indices the result's shape.
  package let perElement: Bool
  /// Whether an index outside the axis gives 0.
  package var isZeroOutside = false

  package var name: String { "gather" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let (shape, indices) = (inputs[0].shape, inputs[1].shape)
    try expect(inputs[1].dtype == .int32, "the indices have to be int32")
    try expect((0..<shape.rank).contains(axis), "the axis \(axis) has to be among 0..<\(shape.rank)")
    if perElement {
      try expect(
        indices.rank == shape.rank && indices.replacing(axis, by: 1) == shape.replacing(axis, by: 1),
        "beside axis \(axis) the indices have to have the extents of what they are taken from")
      return [TensorType(indices, inputs[0].dtype)]
    }
    let result = shape.dimensions[..<axis] + indices.dimensions + shape.dimensions[(axis + 1)...]
    return [TensorType(Shape(Array(result)), inputs[0].dtype)]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0], dy.dtype == .float32 else { return [nil, nil] }
    let rule = ScatterAdd(axis: axis, extent: context.inputs[0].shape[axis], perElement: perElement)
    return [dy.graph.record(.scatterAdd(rule), [dy, context.inputs[1]]), nil]
  }
}

/// The gradient of `Gather`: sums of elements by number along one axis, y[o, n, i] = Σⱼ x[o, j, i] over all j whose index is n, in the order of
/// j. What has an index outside the axis is left out.
package struct ScatterAdd: OperationRule {
  package let axis: Int
  /// The result's extent along the axis.
  package let extent: Int
  /// Whether each element has an index of its own.
  package let perElement: Bool

  package init(axis: Int, extent: Int, perElement: Bool) {
    self.axis = axis
    self.extent = extent
    self.perElement = perElement
  }

  package var name: String { "scatterAdd" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let (shape, indices) = (inputs[0].shape, inputs[1].shape)
    try expect(inputs[0].dtype == .float32, "it adds float32; `cast(to: .float32)` makes it of int32")
    try expect(inputs[1].dtype == .int32, "the indices have to be int32")
    if perElement {
      try expect((0..<shape.rank).contains(axis), "the axis \(axis) has to be among 0..<\(shape.rank)")
      try expect(indices == shape, "there has to be an index for each element")
      return [TensorType(shape.replacing(axis, by: extent))]
    }
    try expect(
      axis >= 0 && axis + indices.rank <= shape.rank
        && shape.dimensions[axis..<(axis + indices.rank)].elementsEqual(indices.dimensions),
      "from axis \(axis) on the extents have to be those of the indices")
    let result = shape.dimensions[..<axis] + [extent] + shape.dimensions[(axis + indices.rank)...]
    return [TensorType(Shape(Array(result)))]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil, nil] }
    return [dy.graph.record(.gather(Gather(axis: axis, perElement: perElement, isZeroOutside: true)), [dy, context.inputs[1]]), nil]
  }
}
