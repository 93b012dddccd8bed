// Comparisons, logic and choice. A mask is float32: it holds where it is not 0, and what is computed here is 1 or 0. No gradient flows through
// it. Shapes broadcast as NumPy's; both operands of a comparison may be int32.

extension Tensor {
  /// The same values of another element type. To int32: towards 0; what is too large becomes the nearest there is, and a NaN 0. To float32:
  /// rounded to the nearest, which is exact up to 2²⁴. No gradient flows through.
  public func cast(to dtype: DType) -> Tensor {
    guard isValid, dtype != self.dtype else { return self }
    return applying(dtype == .int32 ? .toInteger : .toFloat)
  }

  /// A mask, of whatever is given as one.
  private var mask: Tensor { isValid && dtype == .int32 ? self .!= 0 : self }

  /// 1 where a > b, otherwise 0; also next to a NaN.
  public static func .> (a: Tensor, b: Tensor) -> Tensor { a.combined(with: b, .greater) }
  /// 1 where a ≥ b, otherwise 0; also next to a NaN.
  public static func .>= (a: Tensor, b: Tensor) -> Tensor { a.combined(with: b, .greaterOrEqual) }
  /// 1 where a < b, otherwise 0; also next to a NaN.
  public static func .< (a: Tensor, b: Tensor) -> Tensor { b.combined(with: a, .greater) }
  /// 1 where a ≤ b, otherwise 0; also next to a NaN.
  public static func .<= (a: Tensor, b: Tensor) -> Tensor { b.combined(with: a, .greaterOrEqual) }
  /// 1 where a = b, otherwise 0. A NaN is equal to nothing.
  public static func .== (a: Tensor, b: Tensor) -> Tensor { a.combined(with: b, .equal) }
  /// 1 where a ≠ b, otherwise 0. A NaN is equal to nothing.
  public static func .!= (a: Tensor, b: Tensor) -> Tensor { a.combined(with: b, .notEqual) }

  /// 1 where an element is above b, otherwise 0; also for a NaN.
  public static func .> (a: Tensor, b: Float) -> Tensor { a .> a.scalar(b) }
  /// 1 where an element is at least b, otherwise 0; also for a NaN.
  public static func .>= (a: Tensor, b: Float) -> Tensor { a .>= a.scalar(b) }
  /// 1 where an element is below b, otherwise 0; also for a NaN.
  public static func .< (a: Tensor, b: Float) -> Tensor { a .< a.scalar(b) }
  /// 1 where an element is at most b, otherwise 0; also for a NaN.
  public static func .<= (a: Tensor, b: Float) -> Tensor { a .<= a.scalar(b) }
  /// 1 where an element is b, otherwise 0.
  public static func .== (a: Tensor, b: Float) -> Tensor { a .== a.scalar(b) }
  /// 1 where an element is not b, otherwise 0; 1 for a NaN.
  public static func .!= (a: Tensor, b: Float) -> Tensor { a .!= a.scalar(b) }

  /// 1 where both masks hold, otherwise 0.
  public static func .& (a: Tensor, b: Tensor) -> Tensor { a.mask.combined(with: b.mask, .logicalAnd) }
  /// 1 where at least one of the masks holds, otherwise 0.
  public static func .| (a: Tensor, b: Tensor) -> Tensor { a.mask.combined(with: b.mask, .logicalOr) }
  /// 1 where exactly one of the masks holds, otherwise 0.
  public static func .^ (a: Tensor, b: Tensor) -> Tensor { a.mask.combined(with: b.mask, .logicalXor) }
  /// 1 where the mask does not hold, otherwise 0.
  public static prefix func .! (a: Tensor) -> Tensor { a.mask.applying(.logicalNot) }

  /// This tensor where a mask holds, and another elsewhere: PyTorch's `where(mask, self, other)`. What is not chosen has no part in the result
  /// or in the gradient, not even where it is NaN.
  /// - Parameters:
  ///   - mask: holds where it is not 0.
  ///   - other: of this tensor's element type.
  public func kept(where mask: Tensor, otherwise other: Tensor) -> Tensor {
    if isValid, other.isValid, other.isZero, graph === other.graph, dtype == other.dtype, shape.broadcast(with: other.shape) == shape {
      return mask.mask.combined(with: self, .keep)
    }
    return graph.record(.select(Select()), [mask.mask, self, other])
  }

  /// This tensor where a mask holds, and a number elsewhere.
  public func kept(where mask: Tensor, otherwise number: Float) -> Tensor { kept(where: mask, otherwise: scalar(number)) }

  /// Whether it is the constant 0, of either type.
  private var isZero: Bool {
    guard case .constant(let constant) = graph.nodes[id.node].operation else { return false }
    return constant.value.bitPattern == 0
  }

  /// The lower triangle of these matrices, of the last two axes, and 0 above it: what is at column − row ≤ `diagonal`. PyTorch's `tril`.
  /// - Parameter diagonal: 0 is the main diagonal, positive ones are above it; default 0.
  public func lowerTriangle(diagonal: Int = 0) -> Tensor {
    guard let mask = triangle(diagonal) else { return graph.tensor(.invalid) }
    return kept(where: mask, otherwise: 0)
  }

  /// The upper triangle of these matrices, of the last two axes, and 0 below it: what is at column − row ≥ `diagonal`. PyTorch's `triu`.
  /// - Parameter diagonal: 0 is the main diagonal, positive ones are above it; default 0.
  public func upperTriangle(diagonal: Int = 0) -> Tensor {
    guard let mask = triangle(Swift.max(diagonal, -(1 << 30)) - 1) else { return graph.tensor(.invalid) }
    return mask.combined(with: self, .drop)
  }

  private func triangle(_ diagonal: Int) -> Tensor? {
    guard isValid, shape.rank >= 2 else {
      _ = graph.reject("triangle", [self], because: "there have to be at least two axes")
      return nil
    }
    return graph.lowerTriangle(rows: shape[-2], columns: shape[-1], diagonal: diagonal)
  }
}
