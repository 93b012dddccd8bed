/// Batch norm by the batch's own statistics, over all axes but the last: y = (x − mean)·inverseDeviation·weight + bias.
///
/// Inputs: x, weight, bias. Results: y, mean, biased variance, 1/√(variance + ε), the last three [channels].
/// The planner takes it apart into statistics and elementwise operations, so that what follows can be fused into it.
public struct BatchNormalization: OperationRule {
  /// ε, added to the variance.
  public let epsilon: Float

  public var name: String { "batchNorm" }
  public var outputCount: Int { 4 }

  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let channels = inputs[0].shape[-1]
    try expect(inputs[0].shape.rank >= 2 && inputs[0].dtype == .float32, "it needs float32 and at least two axes, channels last")
    try expect(
      inputs[1].shape == [channels] && inputs[2].shape == [channels],
      "the tensor has \(channels) channels, and weight and bias are made for \(inputs[1].shape.count) and \(inputs[2].shape.count)")
    try expect(epsilon >= 0, "epsilon is \(epsilon), and it has to be at least 0")
    try expect(inputs[0].shape.count > channels, "a batch's statistics need more than one value in each channel while training")
    return [inputs[0], TensorType([channels]), TensorType([channels]), TensorType([channels])]
  }

  public func gradients(_ context: GradientContext) -> [Tensor?] {
    let x = context.inputs[0]
    let mean = context.outputs[1]
    let inverse = context.outputs[3]
    let n = Float(x.shape.count / x.shape[-1])
    let throughStatistics = context.needs[0] ? gradientThroughStatistics(context, n) : nil
    guard let dy = context.upstream[0] else { return [throughStatistics, nil, nil] }
    let sums = dy.graph.recordAll(.batchNormSums(BatchNormSums()), [x, dy, mean, inverse])
    let (dBias, dWeight) = (sums[0], sums[1])
    var dx: Tensor?
    if context.needs[0] {
      // dx = weight·inverse·(dy − Σdy/n − x̂·Σ(dy·x̂)/n), x̂ = (x − mean)·inverse
      let slope = inverse * dWeight * (1 / n)
      dx = (dy - dBias * (1 / n) - (x - mean) * slope) * (context.inputs[1] * inverse)
      if let throughStatistics { dx = dx.map { $0 + throughStatistics } }
    }
    return [dx, dWeight, dBias]
  }

  /// What reaches x where the loss depends on the statistics themselves: Σ over them of d loss · d statistic / dx.
  private func gradientThroughStatistics(_ context: GradientContext, _ n: Float) -> Tensor? {
    let x = context.inputs[0]
    let inverse = context.outputs[3]
    var dVariance = context.upstream[2]
    if let dInverse = context.upstream[3] {
      let part = dInverse * (inverse * inverse * inverse * -0.5)
      dVariance = dVariance.map { $0 + part } ?? part
    }
    let throughVariance = dVariance.map { (x - context.outputs[1]) * ($0 * (2 / n)) }
    guard let dMean = context.upstream[1] else { return throughVariance }
    let throughMean = dMean * (1 / n)
    return throughVariance.map { $0 + throughMean } ?? throughMean.broadcast(to: x.shape)
  }
}

/// Mean, biased variance and 1/√(variance + ε) of each channel, by Chan's merging of partial results.
public struct BatchNormStatistics: OperationRule {
  public let epsilon: Float

  public init(epsilon: Float) { self.epsilon = epsilon }
  public var name: String { "batchNormStatistics" }
  public var outputCount: Int { 3 }

  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    Array(repeating: TensorType([inputs[0].shape[-1]]), count: 3)
  }
}

/// From x, dy, mean and inverse deviation: Σ dy and Σ dy·x̂ of each channel, which are the gradients of batch norm's bias and weight.
public struct BatchNormSums: OperationRule {
  public var name: String { "batchNormSums" }
  public var outputCount: Int { 2 }

  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    Array(repeating: TensorType([inputs[0].shape[-1]]), count: 2)
  }
}
