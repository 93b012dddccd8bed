/// Some places of each axis: y[i₀, i₁, …] = x[starts₀ + i₀·steps₀, starts₁ + i₁·steps₁, …] for iₖ in 0 ..< countsₖ. Steps may be negative.
/// What lies together in memory is a view, which costs nothing.
package struct Slicing: OperationRule {
  package let starts: [Int]
  package let counts: [Int]
  package let steps: [Int]

  package init(starts: [Int], counts: [Int], steps: [Int]) {
    self.starts = starts
    self.counts = counts
    self.steps = steps
  }

  package var name: String { "slice" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let shape = inputs[0].shape
    try expect(
      starts.count == shape.rank && counts.count == shape.rank && steps.count == shape.rank,
      "a slice has a start, a count and a step for each of the \(shape.rank) axes")
    for axis in 0..<shape.rank {
      try expect(counts[axis] > 0, "nothing is left along axis \(axis), and every extent has to be positive")
      let (reach, overflow) = (counts[axis] - 1).multipliedReportingOverflow(by: steps[axis])
      let (last, isFar) = starts[axis].addingReportingOverflow(reach)
      try expect(
        !overflow && !isFar && (0..<shape[axis]).contains(starts[axis]) && (0..<shape[axis]).contains(last)
          && (steps[axis] != 0 || counts[axis] == 1),
        "axis \(axis) has the places 0..<\(shape[axis]), and \(counts[axis]) of them from \(starts[axis]) by \(steps[axis]) are asked for")
    }
    return [TensorType(Shape(counts), inputs[0].dtype)]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil] }
    let shape = context.inputs[0].shape
    // Backwards steps are forward ones of the axis turned round.
    let backwards = steps.indices.filter { steps[$0] < 0 }
    let lowest = steps.indices.map { steps[$0] < 0 ? starts[$0] + (counts[$0] - 1) * steps[$0] : starts[$0] }
    let strides = steps.map { max(1, abs($0)) }
    let after = steps.indices.map { shape[$0] - lowest[$0] - (counts[$0] - 1) * strides[$0] - 1 }
    return [dy.flipped(axes: backwards).padded(before: lowest, after: after, steps: strides, value: 0)]
  }
}

/// A tensor in pieces along one axis, of so many places each. What lies together in memory is a view, which costs nothing.
package struct Split: OperationRule {
  package let axis: Int
  package let sizes: [Int]

  package var name: String { "split" }
  package var outputCount: Int { sizes.count }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let shape = inputs[0].shape
    try expect((0..<shape.rank).contains(axis), "the axis \(axis) has to be among 0..<\(shape.rank)")
    try expect(
      sizes.allSatisfy { (1...shape[axis]).contains($0) } && sizes.reduce(0, +) == shape[axis],
      "pieces of \(sizes) places do not make the \(shape[axis]) of axis \(axis)")
    return sizes.map { TensorType(shape.replacing(axis, by: $0), inputs[0].dtype) }
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let graph = context.inputs.first?.graph, context.inputs[0].dtype == .float32 else { return [nil] }
    let parts = zip(context.outputs, context.upstream).map { $1 ?? graph.constant(0, shape: $0.shape) }
    return [graph.concatenate(parts, axis: axis)]
  }
}

/// Tensors one after the other along one axis. What computes an operand writes it into its place, where that lies together in memory.
package struct Concatenate: OperationRule {
  package let axis: Int

  package var name: String { "concatenate" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard let first = inputs.first else { throw ShapeError(problem: "there is nothing to be put together") }
    try expect((0..<first.shape.rank).contains(axis), "the axis \(axis) has to be among 0..<\(first.shape.rank)")
    var extent = 0
    for input in inputs {
      try expect(
        input.shape.rank == first.shape.rank && input.shape.replacing(axis, by: 1) == first.shape.replacing(axis, by: 1),
        "beside axis \(axis) all extents have to be equal")
      try expect(input.dtype == first.dtype, "all have to be of one type; `cast(to:)` changes it")
      extent = extent.addingReportingOverflow(input.shape[axis]).partialValue
    }
    return [TensorType(first.shape.replacing(axis, by: extent), first.dtype)]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return context.inputs.map { _ in nil } }
    var start = 0
    return context.inputs.indices.map { index in
      let count = context.inputs[index].shape[axis]
      defer { start += count }
      return context.needs[index] ? dy.sliced(axis: axis, start..<(start + count)) : nil
    }
  }
}

/// A tensor within a larger one: along axis k its places are `steps[k]` apart, `before[k]` places come before them and `after[k]` after; what
/// is not a place of its own holds `value`.
package struct Pad: OperationRule {
  package let before: [Int]
  package let after: [Int]
  package let steps: [Int]
  /// The value; of int32 the bits.
  package let value: Float

  package var name: String { "pad" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let shape = inputs[0].shape
    try expect(
      before.count == shape.rank && after.count == shape.rank && steps.count == shape.rank,
      "there has to be an amount for each of the \(shape.rank) axes")
    let limit = 1 << 31
    let amounts = before + after
    try expect(amounts.allSatisfy { (0..<limit).contains($0) }, "the amounts have to be at least 0 and below 2^31")
    try expect(steps.allSatisfy { (1..<limit).contains($0) }, "the steps have to be at least 1 and below 2^31")
    return [
      TensorType(
        Shape(shape.dimensions.indices.map { before[$0] + (shape[$0] - 1) * steps[$0] + 1 + after[$0] }), inputs[0].dtype)
    ]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil] }
    return [dy.sliced(starts: before, counts: context.inputs[0].shape.dimensions, steps: steps)]
  }
}

extension Shape {
  /// The same with another extent along one axis.
  func replacing(_ axis: Int, by extent: Int) -> Shape {
    Shape(dimensions.enumerated().map { $0 == axis ? extent : $1 })
  }
}
