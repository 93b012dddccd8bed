/// Batch norm by the batch's own statistics, over all axes but the last: y = (x − mean)·inverseDeviation·weight + bias.
///
/// Inputs: x, weight, bias. Results: y, mean, biased variance, 1/√(variance + ε), the last three [channels].
/// The planner takes it apart into statistics and elementwise operations, so that what follows can be fused into it.
package struct BatchNormalization: OperationRule {
  /// ε, added to the variance.
  package let epsilon: Float

  package var name: String { "batchNorm" }
  package var outputCount: Int { 4 }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let channels = inputs[0].shape[-1]
    try expect(inputs[0].shape.rank >= 2 && inputs[0].dtype == .float32, "it needs float32 and at least two axes, channels last")
    try expect(
      inputs[1].shape == [channels] && inputs[2].shape == [channels],
      "the tensor has \(channels) channels, and weight and bias are made for \(inputs[1].shape.count) and \(inputs[2].shape.count)")
    try expect(epsilon >= 0, "epsilon is \(epsilon), and it has to be at least 0")
    try expect(inputs[0].shape.count > channels, "a batch's statistics need more than one value in each channel while training")
    return [inputs[0], TensorType([channels]), TensorType([channels]), TensorType([channels])]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    let x = context.inputs[0]
    let mean = context.outputs[1]
    let inverse = context.outputs[3]
    let n = Float(x.shape.count / x.shape[-1])
    let throughStatistics =
      context.needs[0]
      ? gradientThroughStatistics(
        x, mean, inverse, dMean: context.upstream[1], dVariance: context.upstream[2], dInverse: context.upstream[3]) : nil
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
}

/// What reaches x where the loss depends on the statistics themselves: Σ over them of d loss / d statistic · d statistic / dx.
private func gradientThroughStatistics(
  _ x: Tensor, _ mean: Tensor, _ inverse: Tensor, dMean: Tensor?, dVariance: Tensor?, dInverse: Tensor?
) -> Tensor? {
  let n = Float(x.shape.count / x.shape[-1])
  var dVariance = dVariance
  if let dInverse {
    let part = dInverse * (inverse * inverse * inverse * -0.5)
    dVariance = dVariance.map { $0 + part } ?? part
  }
  let throughVariance = dVariance.map { (x - mean) * ($0 * (2 / n)) }
  guard let dMean else { return throughVariance }
  let throughMean = dMean * (1 / n)
  return throughVariance.map { $0 + throughMean } ?? throughMean.broadcast(to: x.shape)
}

/// Mean, biased variance and 1/√(variance + ε) of each channel, by Chan's merging of partial results.
package struct BatchNormStatistics: OperationRule {
  package let epsilon: Float

  package init(epsilon: Float) { self.epsilon = epsilon }
  package var name: String { "batchNormStatistics" }
  package var outputCount: Int { 3 }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    Array(repeating: TensorType([inputs[0].shape[-1]]), count: 3)
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    [
      gradientThroughStatistics(
        context.inputs[0], context.outputs[0], context.outputs[2], dMean: context.upstream[0], dVariance: context.upstream[1],
        dInverse: context.upstream[2])
    ]
  }
}

/// From x, dy, mean and inverse deviation: Σ dy and Σ dy·x̂ of each channel, which are the gradients of batch norm's bias and weight.
package struct BatchNormSums: OperationRule {
  package init() {}

  package var name: String { "batchNormSums" }
  package var outputCount: Int { 2 }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    Array(repeating: TensorType([inputs[0].shape[-1]]), count: 2)
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    let (x, dy, mean, inverse) = (context.inputs[0], context.inputs[1], context.inputs[2], context.inputs[3])
    // Of Σ dy: what arrives, for each dy.
    let ofDy = context.upstream[0].map { $0.broadcast(to: dy.shape) }
    guard let upstream = context.upstream[1] else { return [nil, context.needs[1] ? ofDy : nil, nil, nil] }
    // Of Σ dy·(x − mean)·inverse.
    let slope = upstream * inverse
    let throughProduct = context.needs[1] ? (x - mean) * slope : nil
    return [
      context.needs[0] ? dy * slope : nil, throughProduct.map { part in context.upstream[0].map { part + $0 } ?? part },
      context.needs[2] ? -(slope * context.outputs[0]) : nil, context.needs[3] ? upstream * context.outputs[1] / inverse : nil,
    ]
  }
}
