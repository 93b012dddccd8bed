// What many numbers come to, beside sum, mean, max and min. Axes are counted from the last where they are negative; `nil` means all.

extension Tensor {
  /// The product over some axes, or all. Of int32 it is int32 and wraps around beyond it.
  public func product(axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor { reduced(.product, axes: axes, keepingAxes: keepingAxes) }

  /// Σ (x − mean)² / (n − correction) over some axes, or all (PyTorch's `var`): NaN where no number is left to divide by.
  /// - Parameter correction: 1 (the default) for a sample's unbiased variance, 0 for that of all there is.
  public func variance(axes: [Int]? = nil, correction: Int = 1, keepingAxes: Bool = false) -> Tensor {
    varianceAndMean(axes: axes, correction: correction, keepingAxes: keepingAxes).variance
  }

  /// The variance and, without any more work, the mean over some axes, or all.
  /// - Parameter correction: as of `variance`; default 1.
  public func varianceAndMean(
    axes: [Int]? = nil, correction: Int = 1, keepingAxes: Bool = false
  ) -> (variance: Tensor, mean: Tensor) {
    let rule = Variance(axes: ascending(axes), correction: correction, keepingAxes: keepingAxes)
    let results = graph.recordAll(.variance(rule), [self])
    return (results[0], results[1])
  }

  /// The square root of the variance. Where that is 0, its gradient is 0.
  /// - Parameter correction: as of `variance`; default 1.
  public func standardDeviation(axes: [Int]? = nil, correction: Int = 1, keepingAxes: Bool = false) -> Tensor {
    variance(axes: axes, correction: correction, keepingAxes: keepingAxes).rooted { $0.sqrt() }
  }

  /// (Σ |x|ᵖ)^(1/p) over some axes, or all; for p = ∞ the largest magnitude (PyTorch's `vector_norm`). Where it is 0, its gradient is 0.
  /// - Parameter order: p, from 1 on; default 2, the Euclidean length.
  public func norm(order: Float = 2, axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor {
    if isWhole { return graph.reject("norm", [self], because: "it works on float32; `cast(to: .float32)` makes it of int32") }
    guard order >= 1 else { return graph.reject("norm", [self], because: "the order is \(order), and it has to be at least 1") }
    switch order {
    case 1: return abs().sum(axes: axes, keepingAxes: keepingAxes)
    case 2: return square().sum(axes: axes, keepingAxes: keepingAxes).rooted { $0.sqrt() }
    case .infinity: return abs().max(axes: axes, keepingAxes: keepingAxes)
    default: return abs().pow(order).sum(axes: axes, keepingAxes: keepingAxes).rooted { $0.pow(1 / order) }
    }
  }

  /// A root of numbers that are never negative, whose slope at 0 is finite: what leads to a 0 there is 0 times it.
  private func rooted(_ root: (Tensor) -> Tensor) -> Tensor {
    let zero = combined(with: graph.constant(0), .equal)
    return root(self + zero) - zero
  }

  /// ln Σ eˣ over some axes, or all, without overflow: −∞ where all are −∞, ∞ where one is ∞ (PyTorch's `logsumexp`).
  public func logSumExp(axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor {
    alongLast(axes, keepingAxes: keepingAxes) { graph.record(.logSumExp(LogSumExp()), [$0]) }
  }

  /// Where the largest number along an axis is: int32, the first of equals, the first NaN where there is one. It has no gradient. The numbers may
  /// be int32.
  /// - Parameter axis: `nil` for all numbers in their order.
  public func argmax(axis: Int? = nil, keepingAxes: Bool = false) -> Tensor { argument(axis, isMinimum: false, keepingAxes) }

  /// Where the smallest number along an axis is: int32, the first of equals, the first NaN where there is one. It has no gradient. The numbers may
  /// be int32.
  /// - Parameter axis: `nil` for all numbers in their order.
  public func argmin(axis: Int? = nil, keepingAxes: Bool = false) -> Tensor { argument(axis, isMinimum: true, keepingAxes) }

  private func argument(_ axis: Int?, isMinimum: Bool, _ keepingAxes: Bool) -> Tensor {
    alongLast(axis.map { [$0] }, keepingAxes: keepingAxes) { rows in
      let isWhole = rows.isWhole && rows.shape.rank > 0
      return graph.record(
        .argumentOfExtreme(ArgumentOfExtreme(isMinimum: isMinimum && !isWhole)), [isWhole ? rows.extremes(isMinimum: isMinimum) : rows])
    }
  }

  /// What `reduce` makes of the last axis, done to some axes or all: they become the last one.
  func alongLast(_ axes: [Int]?, keepingAxes: Bool, _ reduce: (Tensor) -> Tensor) -> Tensor {
    let all = Array(0..<shape.rank)
    let chosen = ascending(axes)
    guard isValid, chosen.allSatisfy(all.contains), Set(chosen).count == chosen.count else {
      return graph.reject("reduce", [self], because: "the axes \(chosen) have to be different and among 0..<\(shape.rank)")
    }
    let rest = all.filter { !chosen.contains($0) }
    let turned = rest + chosen == all ? self : transposed(rest + chosen)
    let restExtents = rest.map { shape[$0] }
    let reduced = reduce(turned.reshaped(to: Shape(restExtents + [chosen.reduce(1) { $0 * shape[$1] }])))
    return reduced.reshaped(to: keepingAxes ? Shape(all.map { chosen.contains($0) ? 1 : shape[$0] }) : Shape(restExtents))
  }
}
