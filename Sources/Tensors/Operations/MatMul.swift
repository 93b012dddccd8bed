/// A product of matrices: C = A·B over the last two axes, either factor transposed; leading axes are batches, which broadcast.
package struct MatMul: OperationRule {
  /// A is stored as [..., K, M].
  package let transposeA: Bool
  /// B is stored as [..., N, K].
  package let transposeB: Bool

  package var name: String { "matmul" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let a = inputs[0].shape
    let b = inputs[1].shape
    try expectFloats(inputs)
    try expect(a.rank >= 2 && b.rank >= 2, "both factors need at least one axis")
    let (m, k) = transposeA ? (a[-1], a[-2]) : (a[-2], a[-1])
    let (inner, n) = transposeB ? (b[-1], b[-2]) : (b[-2], b[-1])
    try expect(
      k == inner,
      "the inner sizes \(k) and \(inner) differ (\(transposeA ? "first factor transposed" : "first factor as it is"), "
        + "\(transposeB ? "second transposed" : "second as it is"))")
    guard let batch = a.batch.broadcast(with: b.batch) else {
      throw ShapeError(
        problem: "the batch axes \(a.batch) and \(b.batch) do not broadcast: aligned from the last, they have to be equal or 1")
    }
    return [TensorType(Shape(batch.dimensions + [m, n]))]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil, nil] }
    let a = context.inputs[0]
    let b = context.inputs[1]
    var result: [Tensor?] = [nil, nil]
    if context.needs[0] {
      // A: dC·Bᵀ, transposed where A was; a factor shared by the batch sums over it.
      let da =
        transposeA
        ? b.matmul(dy, transposeSelf: transposeB, transposeOther: true)
        : dy.matmul(b, transposeSelf: false, transposeOther: !transposeB)
      result[0] = da.summed(to: a.shape)
    }
    if context.needs[1], !transposeA, b.shape.batch.count == 1, dy.shape.rank > 2, a.shape.batch == dy.shape.batch {
      // One factor for the whole batch: its rows are just more rows, and nothing is left to be summed.
      let (x, upstream) = (a.joiningRows(), dy.joiningRows())
      let db = transposeB ? upstream.matmul(x, transposeSelf: true) : x.matmul(upstream, transposeSelf: true)
      result[1] = db.reshaped(to: b.shape)
    } else if context.needs[1] {
      let db =
        transposeB
        ? dy.matmul(a, transposeSelf: true, transposeOther: transposeA)
        : a.matmul(dy, transposeSelf: !transposeA, transposeOther: false)
      result[1] = db.summed(to: b.shape)
    }
    return result
  }
}

extension Tensor {
  /// All axes but the last as one.
  fileprivate func joiningRows() -> Tensor { reshaped(to: [shape.count / Swift.max(shape[-1], 1), shape[-1]]) }
}

extension Shape {
  /// All axes but the last two.
  package var batch: Shape { Shape(Array(dimensions.dropLast(2))) }

  /// Which entries of a batch of this shape the entries of a larger one take, to which it is stretched: entry e takes entry
  /// e / repeats % entries. `nil` where a repeated axis lies between two that are not.
  package func entries(in batch: Shape) -> (repeats: Int, entries: Int)? {
    let own = Array(repeating: 1, count: max(0, batch.rank - rank)) + dimensions
    // Axes of extent 1 are no axes here.
    var axes = zip(own, batch.dimensions).filter { $0.1 != 1 }[...]
    var repeats = 1
    while axes.last?.0 == 1 { repeats *= axes.removeLast().1 }
    while axes.first?.0 == 1 { axes.removeFirst() }
    return axes.contains { $0.0 == 1 } ? nil : (repeats, axes.reduce(1) { $0 * $1.0 })
  }
}
