/// max(x, 0).
public struct ReLU: Layer {
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { relu(x) }
}

/// min(max(x, 0), 6), the activation of networks that are to be quantised (Howard et al. 2017).
public struct ReLU6: Layer {
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { relu6(x) }
}

/// 1 / (1 + e⁻ˣ).
public struct Sigmoid: Layer {
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { sigmoid(x) }
}

/// The hyperbolic tangent.
public struct Tanh: Layer {
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { tanh(x) }
}

/// Gaussian error linear unit, tanh form.
public struct GELU: Layer {
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { gelu(x) }
}

/// x · sigmoid(x), also known as swish.
public struct SiLU: Layer {
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { silu(x) }
}

/// Softmax over the last axis. For training, leave it out and use `softmaxCrossEntropy` on the logits.
public struct Softmax: Layer {
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { x.softmax() }
}
