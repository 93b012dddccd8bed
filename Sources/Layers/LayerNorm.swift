/// Layer normalisation over the last axis or axes (Ba et al. 2016): y = (x − mean) / √(variance + ε) · weight + bias, with mean and variance of
/// each sample's own. PyTorch's `LayerNorm`: paths `weight` and `bias`.
public struct LayerNorm: Layer {
  /// What normalised values are multiplied by, of the last axes' shape; begins with 1; `nil` where it is not affine.
  public let weight: Parameter?
  /// What is added to them, of the same shape; begins with 0; `nil` where it is not affine.
  public let bias: Parameter?
  private let axes: Int
  private let epsilon: Float

  /// - Parameters:
  ///   - shape: of the last axes, the extents that are normalised together: of one axis in most networks.
  ///   - epsilon: ε; default 1e-5.
  ///   - isAffine: whether there are weight and bias; default yes.
  public init(_ shape: Shape, epsilon: Float = 1e-5, isAffine: Bool = true) {
    weight = isAffine ? Parameter("weight", shape: shape, initializer: .ones) : nil
    bias = isAffine ? Parameter("bias", shape: shape, initializer: .zeros) : nil
    axes = shape.rank
    self.epsilon = epsilon
  }

  /// Over the last axis.
  public init(_ features: Int, epsilon: Float = 1e-5, isAffine: Bool = true) {
    self.init([features], epsilon: epsilon, isAffine: isAffine)
  }

  public func forward(_ x: Tensor) -> Tensor {
    x.layerNormalized(axes: axes, weight: weight.map { x.graph[$0] }, bias: bias.map { x.graph[$0] }, epsilon: epsilon)
  }
}

/// Root-mean-square normalisation over the last axis (Zhang and Sennrich 2019): y = x / √(mean(x²) + ε) · weight. PyTorch's `RMSNorm`.
public struct RMSNorm: Layer {
  /// What normalised values are multiplied by, [features]; begins with 1.
  public let weight: Parameter
  private let epsilon: Float

  /// - Parameters:
  ///   - features: the extent of the last axis.
  ///   - epsilon: ε; default 2⁻²³, as PyTorch's for float32.
  public init(_ features: Int, epsilon: Float = .ulpOfOne) {
    weight = Parameter("weight", shape: [features], initializer: .ones)
    self.epsilon = epsilon
  }

  public func forward(_ x: Tensor) -> Tensor { x.rmsNormalized(weight: x.graph[weight], epsilon: epsilon) }
}
