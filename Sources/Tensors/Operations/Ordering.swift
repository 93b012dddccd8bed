/// Running sums along the last axis: y[…, j] = x[…, 0] + … + x[…, j].
package struct CumulativeSum: OperationRule {
  /// Whether the sums begin at the end: y[…, j] = x[…, j] + … + x[…, n − 1].
  package let isReversed: Bool

  package var name: String { "cumulativeSum" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expectFloats(inputs)
    try expect(inputs[0].shape.rank >= 1, "it needs at least one axis")
    return [inputs[0]]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    [context.upstream[0].map { $0.graph.record(.cumulativeSum(CumulativeSum(isReversed: !isReversed)), [$0]) }]
  }
}

/// Where along the last axis the first `count` numbers of the sorted row are, as int32. Equal numbers keep their order, −0 and 0 are equal,
/// and a NaN is larger than everything. It has no gradient.
package struct SortOrder: OperationRule {
  /// How many of the sorted numbers are wanted.
  package let count: Int
  /// Whether the largest comes first.
  package let isDescending: Bool

  package var name: String { "sortOrder" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let shape = inputs[0].shape
    try expectFloats(inputs)
    try expect(shape.rank >= 1, "it needs at least one axis")
    try expect((1...max(shape[-1], 1)).contains(count), "\(count) of the \(shape[-1]) numbers along the axis are asked for")
    return [TensorType(Shape(shape.dimensions.dropLast() + [count]), .int32)]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] { [nil] }
}
