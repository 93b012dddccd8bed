/// A product of matrices: C = A·B over the last two axes, either factor transposed; leading axes are batches.
package struct MatMul: OperationRule {
  /// A is stored as [..., K, M].
  public let transposeA: Bool
  /// B is stored as [..., N, K].
  public let transposeB: Bool

  public var name: String { "matmul" }

  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let a = inputs[0].shape
    let b = inputs[1].shape
    try expect(inputs[0].dtype == .float32 && inputs[1].dtype == .float32, "it works on float32")
    try expect(a.rank >= 2 && b.rank >= 2, "both factors need at least two axes")
    let (m, k) = transposeA ? (a[-1], a[-2]) : (a[-2], a[-1])
    let (inner, n) = transposeB ? (b[-1], b[-2]) : (b[-2], b[-1])
    try expect(
      k == inner,
      "the inner sizes \(k) and \(inner) differ (\(transposeA ? "first factor transposed" : "first factor as it is"), "
        + "\(transposeB ? "second transposed" : "second as it is"))")
    let aBatch = Array(a.dimensions.dropLast(2))
    let bBatch = Array(b.dimensions.dropLast(2))
    try expect(
      aBatch == bBatch || bBatch.isEmpty || aBatch.isEmpty, "the batch axes \(aBatch) and \(bBatch) have to be equal, or one of them absent"
    )
    return [TensorType(Shape((aBatch.isEmpty ? bBatch : aBatch) + [m, n]))]
  }

  public func gradients(_ context: GradientContext) -> [Tensor?] {
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
    if context.needs[1] {
      let db =
        transposeB
        ? dy.matmul(a, transposeSelf: true, transposeOther: transposeA)
        : a.matmul(dy, transposeSelf: !transposeA, transposeOther: false)
      result[1] = db.summed(to: b.shape)
    }
    return result
  }
}
