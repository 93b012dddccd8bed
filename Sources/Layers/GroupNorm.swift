/// Group normalisation over groups of channels, the last axis, and all pixels (Wu and He 2018):
/// y = (x − mean) / √(variance + ε) · weight + bias. It does not depend on the batch, and is the same in training and evaluation.
/// PyTorch's `GroupNorm`: paths `weight` and `bias`.
public struct GroupNorm: Layer {
  /// What normalised channels are multiplied by, [channels]; begins with 1; `nil` where it is not affine.
  public let weight: Parameter?
  /// What is added to them, [channels]; begins with 0; `nil` where it is not affine.
  public let bias: Parameter?
  private let groups: Int
  private let epsilon: Float

  /// - Parameters:
  ///   - groups: how many; a divisor of the channels.
  ///   - channels: the extent of the last axis.
  ///   - epsilon: ε; default 1e-5.
  ///   - isAffine: whether there are weight and bias; default yes.
  public init(groups: Int, _ channels: Int, epsilon: Float = 1e-5, isAffine: Bool = true) {
    weight = isAffine ? Parameter("weight", shape: [channels], initializer: .ones) : nil
    bias = isAffine ? Parameter("bias", shape: [channels], initializer: .zeros) : nil
    self.groups = groups
    self.epsilon = epsilon
  }

  public func forward(_ x: Tensor) -> Tensor {
    x.groupNormalized(groups: groups, weight: weight.map { x.graph[$0] }, bias: bias.map { x.graph[$0] }, epsilon: epsilon)
  }
}

/// Instance normalisation, of each sample's and channel's pixels by themselves (Ulyanov et al. 2016):
/// y = (x − mean) / √(variance + ε) · weight + bias. PyTorch's `InstanceNorm2d` without running statistics; as there, weight and bias are
/// only there where they are asked for.
public struct InstanceNorm: Layer {
  /// What normalised channels are multiplied by, [channels]; begins with 1; `nil` where it is not affine.
  public let weight: Parameter?
  /// What is added to them, [channels]; begins with 0; `nil` where it is not affine.
  public let bias: Parameter?
  private let channels: Int
  private let epsilon: Float

  /// - Parameters:
  ///   - channels: the extent of the last axis.
  ///   - epsilon: ε; default 1e-5.
  ///   - isAffine: whether there are weight and bias; default no.
  public init(_ channels: Int, epsilon: Float = 1e-5, isAffine: Bool = false) {
    weight = isAffine ? Parameter("weight", shape: [channels], initializer: .ones) : nil
    bias = isAffine ? Parameter("bias", shape: [channels], initializer: .zeros) : nil
    self.channels = channels
    self.epsilon = epsilon
  }

  public func forward(_ x: Tensor) -> Tensor {
    x.groupNormalized(groups: channels, weight: weight.map { x.graph[$0] }, bias: bias.map { x.graph[$0] }, epsilon: epsilon)
  }
}
