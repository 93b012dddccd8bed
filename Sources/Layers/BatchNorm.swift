/// Batch normalisation over all axes but the last (Ioffe and Szegedy 2015): y = (x − mean) / √(variance + ε) · weight + bias.
///
/// While training, mean and variance are the batch's, and running values follow them:
/// running ← (1 − momentum)·running + momentum·batch, the variance unbiased, as in PyTorch. Otherwise, and where weight and bias are frozen,
/// they are the running values, which do not move.
/// Paths are PyTorch's: `weight`, `bias`, `running_mean`, `running_var`.
public struct BatchNorm: Layer {
  /// What normalised channels are multiplied by, [channels]; begins with 1.
  public let weight: Parameter
  /// What is added to them, [channels]; begins with 0.
  public let bias: Parameter
  /// The mean that evaluation takes, [channels]: it follows those of the batches, and no optimizer moves it.
  public let runningMean: Parameter
  /// The variance that evaluation takes, [channels], likewise.
  public let runningVariance: Parameter
  private let epsilon: Float
  private let momentum: Float

  /// - Parameters:
  ///   - channels: the extent of the last axis.
  ///   - epsilon: ε; default 1e-5.
  ///   - momentum: the weight of the new batch in the running values; default 0.1.
  public init(_ channels: Int, epsilon: Float = 1e-5, momentum: Float = 0.1) {
    weight = Parameter("weight", shape: [channels], initializer: .ones)
    bias = Parameter("bias", shape: [channels], initializer: .zeros)
    runningMean = Parameter("running_mean", shape: [channels], initializer: .zeros, role: .statistic)
    runningVariance = Parameter("running_var", shape: [channels], initializer: .ones, role: .statistic)
    self.epsilon = epsilon
    self.momentum = momentum
  }

  public func forward(_ x: Tensor) -> Tensor {
    let graph = x.graph
    if graph.isTraining {
      let result = x.batchNormalized(weight: graph[weight], bias: graph[bias], epsilon: epsilon)
      if result.y.isValid {
        graph.updateRunningStatistics(
          mean: runningMean, variance: runningVariance, batchMean: result.mean, batchVariance: result.variance, momentum: momentum,
          sampleCount: x.shape.count / x.shape[-1])
      }
      return result.y
    }
    let scale = (graph[runningVariance] + epsilon).applying(.reciprocalSquareRoot) * graph[weight]
    return (x - graph[runningMean]) * scale + graph[bias]
  }
}
