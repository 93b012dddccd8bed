/// What a reduction makes of many numbers.
public enum Reduction: String, CaseIterable, Hashable, Sendable {
  /// In their order Σ x, Σ x / n, the largest, the smallest, and Π x.
  case sum, mean, max, min, product
}

/// A reduction over some axes, which are dropped, or kept with extent 1.
package struct Reduce: OperationRule {
  package let reduction: Reduction
  /// Which axes, in ascending order.
  package let axes: [Int]
  /// Whether reduced axes stay, with extent 1.
  package let keepingAxes: Bool

  package var name: String { reduction.rawValue }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expectFloats(inputs)
    return [try reducedType(inputs[0], axes: axes, keepingAxes: keepingAxes)]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil] }
    let x = context.inputs[0]
    let kept = Shape((0..<x.shape.rank).map { axes.contains($0) ? 1 : x.shape[$0] })
    let stretched = dy.reshaped(to: kept)
    switch reduction {
    case .sum: return [stretched.broadcast(to: x.shape)]
    case .mean:
      let count = axes.reduce(1) { $0 * x.shape[$1] }
      return [(stretched * (1 / Float(count))).broadcast(to: x.shape)]
    case .max, .min:
      let y = context.outputs[0].reshaped(to: kept)
      return [x.graph.record(.extremeGradient(ExtremeGradient(axes: axes)), [x, y, stretched])]
    case .product:
      return [stretched * x.graph.record(.productOfOthers(ProductOfOthers(axes: axes)), [x])]
    }
  }
}

/// The type of what is left when some axes are reduced.
private func reducedType(_ input: TensorType, axes: [Int], keepingAxes: Bool) throws(ShapeError) -> TensorType {
  let shape = input.shape
  guard axes.allSatisfy({ (0..<shape.rank).contains($0) }), Set(axes).count == axes.count else {
    throw ShapeError(problem: "the axes \(axes) have to be different and among 0..<\(shape.rank)")
  }
  var dimensions: [Int] = []
  for axis in 0..<shape.rank {
    if !axes.contains(axis) { dimensions.append(shape[axis]) } else if keepingAxes { dimensions.append(1) }
  }
  return TensorType(Shape(dimensions))
}

/// Whether axes are the last ones, and so rows in memory, none so long that several workers had better share it.
private func areRows(_ axes: [Int], of shape: Shape) -> Bool {
  guard !axes.isEmpty, axes == Array((shape.rank - axes.count)..<shape.rank) else { return false }
  let columns = axes.reduce(1) { $0 * shape[$1] }
  return columns <= 8192 || (columns <= 1 << 16 && shape.count / columns >= 64)
}

/// The gradient of the largest or smallest numbers along some axes, from x, the extremes y and dy, both with extent 1 along these: dy / n where x
/// is y, of which there are n, and 0 elsewhere. So equal extremes share the gradient: PyTorch's convention for amax and amin.
///
/// Of rows it is one launch; otherwise the planner takes it apart into a reduction and elementwise operations.
package struct ExtremeGradient: OperationRule {
  /// Along which axes, in ascending order.
  package let axes: [Int]

  package init(axes: [Int]) { self.axes = axes }

  package var name: String { "extremeGradient" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expectFloats(inputs)
    let kept = try reducedType(inputs[0], axes: axes, keepingAxes: true)
    try expect(inputs[1] == kept && inputs[2] == kept, "the extremes and their gradient have to be \(kept.shape)")
    return [inputs[0]]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let upstream = context.upstream[0], context.needs[2] else { return [nil, nil, nil] }
    // Which numbers are the extremes changes nowhere but in steps.
    let hit = context.inputs[0].combined(with: context.inputs[1], .equal)
    func sum(_ x: Tensor) -> Tensor { x.reduced(.sum, axes: axes, keepingAxes: true) }
    return [nil, nil, sum(hit * upstream) / sum(hit)]
  }

  /// Whether it is that of whole rows.
  func isOfRows(_ shape: Shape) -> Bool { areRows(axes, of: shape) }

  /// What it is made of.
  func takenApart(_ x: Tensor, _ y: Tensor, _ dy: Tensor) -> Tensor {
    let compared = x.graph.stretchedWhereNeeded([x, y])
    let hit = compared[0].combined(with: compared[1], .equal)
    let shared = x.graph.stretchedWhereNeeded([hit, dy / hit.reduced(.sum, axes: axes, keepingAxes: true)])
    return shared[0] * shared[1]
  }
}

/// For each number the product of all others along some axes, also where numbers are 0: one of them leaves only its own, two leave none. It is
/// the gradient of a product.
///
/// The planner takes it apart into that product and elementwise operations.
package struct ProductOfOthers: OperationRule {
  /// Along which axes, in ascending order.
  package let axes: [Int]

  package var name: String { "productOfOthers" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expectFloats(inputs)
    _ = try reducedType(inputs[0], axes: axes, keepingAxes: true)
    return [inputs[0]]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil] }
    let x = context.inputs[0]
    let shape = x.shape
    let order = (0..<shape.rank).filter { !axes.contains($0) } + axes
    let count = axes.reduce(1) { $0 * shape[$1] }
    if count == 1 { return [nil] }
    let moved = Shape(order.map { shape[$0] })
    func rows(_ tensor: Tensor) -> Tensor { tensor.transposed(order).reshaped(to: [shape.count / count, count]) }
    let back = (0..<shape.rank).map { axis in order.firstIndex(of: axis) ?? axis }
    return [Self.slope(rows(x), towards: rows(dy)).reshaped(to: moved).transposed(back)]
  }

  /// How products of others change where x moves towards v, which is the gradient as well, because ∂²Π/∂xᵢ∂xⱼ = ∂²Π/∂xⱼ∂xᵢ. Rows are
  /// multiplied by halves, so that nothing is divided by, and on the way back each half is multiplied by what the other comes to.
  private static func slope(_ x: Tensor, towards v: Tensor) -> Tensor {
    var levels: [(x: [Tensor], v: [Tensor], isPadded: Bool)] = []
    var (x, v) = (x, v)
    while x.shape[1] > 1 {
      let isPadded = x.shape[1] % 2 == 1
      if isPadded { (x, v) = (x.padded([(0, 0), (0, 1)], mode: .constant(1)), v.padded([(0, 0), (0, 1)])) }
      let halves = (x.split(into: 2, axis: 1), v.split(into: 2, axis: 1))
      levels.append((halves.0, halves.1, isPadded))
      x = halves.0[0] * halves.0[1]
      v = halves.1[0] * halves.0[1] + halves.0[0] * halves.1[1]
    }
    // What the rest of a row comes to, and how that changes; at first it is 1.
    var rest: (x: Tensor, v: Tensor)?
    for level in levels.reversed() {
      var halves = (x: [level.x[1], level.x[0]], v: [level.v[1], level.v[0]])
      if let rest {
        halves.v = (0..<2).map { rest.v * halves.x[$0] + rest.x * halves.v[$0] }
        halves.x = halves.x.map { rest.x * $0 }
      }
      let all = (x: concatenate(halves.x, axis: 1), v: concatenate(halves.v, axis: 1))
      rest = level.isPadded ? (all.x.sliced(axis: 1, to: -1), all.v.sliced(axis: 1, to: -1)) : all
    }
    return rest?.v ?? v
  }

  /// What it is made of.
  func takenApart(_ x: Tensor) -> Tensor {
    let none = x.graph.constant(0)
    let zero = x.combined(with: none, .equal)
    let others = x + zero
    let zeros = x.graph.stretchedWhereNeeded([zero.reduced(.sum, axes: axes, keepingAxes: true), zero])
    let product = x.graph.stretchedWhereNeeded([others.reduced(.product, axes: axes, keepingAxes: true), others])
    return (product[0] / product[1]).zeroed(where: (zeros[0] - zeros[1]).combined(with: none, .equal))
  }
}

/// Σ (x − mean)² / (n − correction) over some axes, which are dropped, or kept with extent 1; and the mean.
///
/// Of rows it is one launch; otherwise the planner takes it apart into reductions and elementwise operations.
package struct Variance: OperationRule {
  /// Which axes, in ascending order.
  package let axes: [Int]
  /// What is taken from the number of values before the sum is divided by it.
  package let correction: Int
  /// Whether reduced axes stay, with extent 1.
  package let keepingAxes: Bool

  package var name: String { "variance" }
  package var outputCount: Int { 2 }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expectFloats(inputs)
    let type = try reducedType(inputs[0], axes: axes, keepingAxes: keepingAxes)
    return [type, type]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    let (x, mean) = (context.inputs[0], context.outputs[1])
    let kept = keptShape(x.shape)
    let throughVariance = context.upstream[0].map { dy in
      (x - mean.reshaped(to: kept)) * (dy.reshaped(to: kept) * (2 / divisor(x.shape)))
    }
    let throughMean = context.upstream[1].map { $0.reshaped(to: kept) * (1 / count(x.shape)) }
    guard let throughVariance else { return [throughMean?.broadcast(to: x.shape)] }
    return [throughMean.map { throughVariance + $0 } ?? throughVariance]
  }

  private func keptShape(_ shape: Shape) -> Shape { Shape((0..<shape.rank).map { axes.contains($0) ? 1 : shape[$0] }) }
  private func count(_ shape: Shape) -> Float { Float(axes.reduce(1) { $0 * shape[$1] }) }
  /// What the sum of squares is divided by.
  package func divisor(_ shape: Shape) -> Float { Swift.max(0, count(shape) - Float(correction)) }

  /// Whether it is that of whole rows, none so long that several workers had better share it.
  func isOfRows(_ shape: Shape) -> Bool { areRows(axes, of: shape) }

  /// What it is made of.
  func takenApart(_ x: Tensor) -> [Tensor] {
    let mean = x.mean(axes: axes, keepingAxes: true)
    let operands = x.graph.stretchedWhereNeeded([x, mean])
    let squares = (operands[0] - operands[1]).applying(.square).sum(axes: axes, keepingAxes: keepingAxes)
    return [squares / divisor(x.shape), mean.reshaped(to: squares.shape)]
  }
}

/// ln Σ eˣ over the last axis, which is dropped. −∞ where all are −∞, ∞ where one is ∞.
package struct LogSumExp: OperationRule {
  package var name: String { "logSumExp" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expectFloats(inputs)
    try expect(inputs[0].shape.rank >= 1, "it needs at least one axis")
    return [TensorType(Shape(Array(inputs[0].shape.dimensions.dropLast())))]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil] }
    let (x, y) = (context.inputs[0], context.outputs[0])
    let kept = Shape(y.shape.dimensions + [1])
    return [(x - y.reshaped(to: kept)).applying(.exponential) * dy.reshaped(to: kept)]
  }
}

/// Where along the last axis, which is dropped, the largest (or smallest) number is, as int32: the first of equals, the first NaN where there
/// is one. It has no gradient.
package struct ArgumentOfExtreme: OperationRule {
  /// Whether the smallest is looked for.
  package let isMinimum: Bool

  package var name: String { isMinimum ? "argmin" : "argmax" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expectFloats(inputs)
    try expect(inputs[0].shape.rank >= 1, "it needs at least one axis")
    // The kernel counts places in float32.
    try expect(inputs[0].shape[-1] <= 1 << 24, "the axis has \(inputs[0].shape[-1]) numbers, and it may have at most 2^24")
    return [TensorType(Shape(Array(inputs[0].shape.dimensions.dropLast())), .int32)]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] { [nil] }
}

/// Softmax over the last axis, or its logarithm.
package struct Softmax: OperationRule {
  /// Whether the logarithm is taken (in a form that does not overflow).
  package let isLogarithmic: Bool

  package var name: String { isLogarithmic ? "logSoftmax" : "softmax" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expectFloats(inputs)
    try expect(inputs[0].shape.rank >= 1, "it needs at least one axis")
    return [inputs[0]]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil] }
    return [dy.graph.record(.softmaxGradient(SoftmaxGradient(isLogarithmic: isLogarithmic)), [context.outputs[0], dy])]
  }
}

/// The gradient of `Softmax` from its result y and dy: y·(dy − Σ dy·y), or dy − eʸ·Σ dy for the logarithm.
package struct SoftmaxGradient: OperationRule {
  package let isLogarithmic: Bool

  package init(isLogarithmic: Bool) { self.isLogarithmic = isLogarithmic }

  package var name: String { isLogarithmic ? "logSoftmaxGradient" : "softmaxGradient" }
  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [inputs[0]] }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let upstream = context.upstream[0] else { return [nil, nil] }
    let (y, dy) = (context.inputs[0], context.inputs[1])
    func sum(_ x: Tensor) -> Tensor { x.sum(axes: [-1], keepingAxes: true) }
    if isLogarithmic {
      let p = exp(y)
      return [context.needs[0] ? -(upstream * p * sum(dy)) : nil, context.needs[1] ? upstream - sum(upstream * p) : nil]
    }
    return [
      context.needs[0] ? upstream * (dy - sum(dy * y)) - dy * sum(upstream * y) : nil,
      context.needs[1] ? y.graph.record(.softmaxGradient(self), [y, upstream]) : nil,
    ]
  }
}

/// Mean cross-entropy of softmax(logits) against class numbers, its gradient and the number of right answers, in one pass.
///
/// Results: loss (scalar), d loss / d logits, right answers (scalar). PyTorch's `cross_entropy(logits, labels, label_smoothing:)`.
package struct SoftmaxCrossEntropy: OperationRule {
  /// ε of label smoothing: the target is (1 − ε)·onehot + ε / classes.
  package let labelSmoothing: Float

  package var name: String { "softmaxCrossEntropy" }
  package var outputCount: Int { 3 }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let logits = inputs[0]
    try expect(logits.shape.rank == 2 && logits.dtype == .float32, "the logits have to be [batch, classes] of float32")
    try expect(
      inputs[1].shape == [logits.shape[0]] && inputs[1].dtype == .int32,
      "the labels have to be [\(logits.shape[0])] of int32: one class number for each row of logits")
    try expect(labelSmoothing >= 0 && labelSmoothing < 1, "label smoothing is \(labelSmoothing), and it has to be at least 0 and below 1")
    return [TensorType([]), logits, TensorType([])]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard context.needs[0] else { return [nil, nil] }
    let logits = context.inputs[0]
    var result = context.upstream[0].map { context.outputs[1] * $0 }
    if let upstream = context.upstream[1] {
      // What the second result is, (softmax − target) / batch, changes with the logits as softmax does.
      let y = logits.softmax()
      let part = y.graph.record(.softmaxGradient(SoftmaxGradient(isLogarithmic: false)), [y, upstream]) * (1 / Float(logits.shape[0]))
      result = result.map { $0 + part } ?? part
    }
    return [result, nil]
  }
}
