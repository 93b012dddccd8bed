/// What a reduction makes of many numbers.
public enum Reduction: String, CaseIterable, Hashable, Sendable {
  case sum, mean, max, min
}

/// A reduction over some axes, which are dropped, or kept with extent 1.
public struct Reduce: OperationRule {
  public let reduction: Reduction
  /// Which axes, in ascending order.
  public let axes: [Int]
  /// Whether reduced axes stay, with extent 1.
  public let keepingAxes: Bool

  public var name: String { reduction.rawValue }

  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let shape = inputs[0].shape
    try expect(inputs[0].dtype == .float32, "it works on float32")
    try expect(
      axes.allSatisfy { (0..<shape.rank).contains($0) } && Set(axes).count == axes.count,
      "the axes \(axes) have to be different and among 0..<\(shape.rank)")
    var dimensions: [Int] = []
    for axis in 0..<shape.rank {
      if !axes.contains(axis) { dimensions.append(shape[axis]) } else if keepingAxes { dimensions.append(1) }
    }
    return [TensorType(Shape(dimensions))]
  }

  public func gradients(_ context: GradientContext) -> [Tensor?] {
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
      // PyTorch's convention for amax and amin: equal extremes share the gradient.
      let hit = x.combined(with: context.outputs[0].reshaped(to: kept), .equal)
      let hits = hit.reduced(.sum, axes: axes, keepingAxes: true)
      return [hit * (stretched / hits)]
    }
  }
}

/// Softmax over the last axis, or its logarithm.
public struct Softmax: OperationRule {
  /// Whether the logarithm is taken (in a form that does not overflow).
  public let isLogarithmic: Bool

  public var name: String { isLogarithmic ? "logSoftmax" : "softmax" }

  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(inputs[0].shape.rank >= 1 && inputs[0].dtype == .float32, "it needs float32 and at least one axis")
    return [inputs[0]]
  }

  public func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil] }
    return [dy.graph.record(.softmaxGradient(SoftmaxGradient(isLogarithmic: isLogarithmic)), [context.outputs[0], dy])]
  }
}

/// The gradient of `Softmax` from its result y and dy: y·(dy − Σ dy·y), or dy − eʸ·Σ dy for the logarithm.
public struct SoftmaxGradient: OperationRule {
  public let isLogarithmic: Bool

  package init(isLogarithmic: Bool) { self.isLogarithmic = isLogarithmic }

  public var name: String { isLogarithmic ? "logSoftmaxGradient" : "softmaxGradient" }
  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [inputs[0]] }

  public func gradients(_ context: GradientContext) -> [Tensor?] {
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
public struct SoftmaxCrossEntropy: OperationRule {
  /// ε of label smoothing: the target is (1 − ε)·onehot + ε / classes.
  public let labelSmoothing: Float

  public var name: String { "softmaxCrossEntropy" }
  public var outputCount: Int { 3 }

  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let logits = inputs[0]
    try expect(logits.shape.rank == 2 && logits.dtype == .float32, "the logits have to be [batch, classes] of float32")
    try expect(
      inputs[1].shape == [logits.shape[0]] && inputs[1].dtype == .int32,
      "the labels have to be [\(logits.shape[0])] of int32: one class number for each row of logits")
    try expect(labelSmoothing >= 0 && labelSmoothing < 1, "label smoothing is \(labelSmoothing), and it has to be at least 0 and below 1")
    return [TensorType([]), logits, TensorType([])]
  }

  public func gradients(_ context: GradientContext) -> [Tensor?] {
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
