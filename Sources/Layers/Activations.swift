/// max(x, 0).
public struct ReLU: Layer {
  /// Has neither parameters nor numbers.
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { relu(x) }
}

/// min(max(x, 0), 6), the activation of networks that are to be quantised (Howard et al. 2017).
public struct ReLU6: Layer {
  /// Has neither parameters nor numbers.
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { relu6(x) }
}

/// x where it is above 0, otherwise slope·x (Maas, Hannun and Ng 2013).
public struct LeakyReLU: Layer {
  private let slope: Float

  /// - Parameter negativeSlope: default 0.01.
  public init(_ negativeSlope: Float = 0.01) { slope = negativeSlope }
  public func forward(_ x: Tensor) -> Tensor { leakyRelu(x, slope: slope) }
}

/// x where it is above 0, otherwise w·x with slopes w that are learnt (He et al. 2015). They are best left out of weight decay.
public struct PReLU: Layer {
  /// [1], or one for each channel, which is the last axis.
  public let weight: Parameter

  /// - Parameters:
  ///   - count: 1, the default, or as many as there are channels.
  ///   - slope: where they start; default 0.25.
  public init(_ count: Int = 1, slope: Float = 0.25) { weight = Parameter("weight", shape: [count], initializer: .constant(slope)) }
  public func forward(_ x: Tensor) -> Tensor { leakyRelu(x, slope: x.graph[weight]) }
}

/// x where it is above 0, otherwise α·(eˣ − 1) (Clevert, Unterthiner and Hochreiter 2015).
public struct ELU: Layer {
  private let alpha: Float

  /// - Parameter alpha: α; default 1.
  public init(_ alpha: Float = 1) { self.alpha = alpha }
  public func forward(_ x: Tensor) -> Tensor { elu(x, alpha: alpha) }
}

/// x where it is above 0, otherwise α·(e^(x/α) − 1) (Barron 2017).
public struct CELU: Layer {
  private let alpha: Float

  /// - Parameter alpha: α, above 0; default 1.
  public init(_ alpha: Float = 1) { self.alpha = alpha }
  public func forward(_ x: Tensor) -> Tensor { celu(x, alpha: alpha) }
}

/// λ·x where x is above 0, otherwise λ·α·(eˣ − 1), λ = 1.0507…, α = 1.6733… (Klambauer et al. 2017). Weights start as LeCun's.
public struct SELU: Layer {
  /// Has neither parameters nor numbers.
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { selu(x) }
}

/// 1 / (1 + e⁻ˣ).
public struct Sigmoid: Layer {
  /// Has neither parameters nor numbers.
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { sigmoid(x) }
}

/// The hyperbolic tangent.
public struct Tanh: Layer {
  /// Has neither parameters nor numbers.
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { tanh(x) }
}

/// Gaussian error linear unit (Hendrycks and Gimpel 2016): x·Φ(x).
public struct GELU: Layer {
  private let form: GELUForm

  /// - Parameter form: default the exact one, as in PyTorch.
  public init(_ form: GELUForm = .exact) { self.form = form }
  public func forward(_ x: Tensor) -> Tensor { gelu(x, form) }
}

/// x · sigmoid(x), also known as swish.
public struct SiLU: Layer {
  /// Has neither parameters nor numbers.
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { silu(x) }
}

/// x · tanh(ln(1 + eˣ)) (Misra 2019).
public struct Mish: Layer {
  /// Has neither parameters nor numbers.
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { mish(x) }
}

/// ln(1 + e^(β·x)) / β.
public struct Softplus: Layer {
  private let beta: Float

  /// - Parameter beta: β, not 0; default 1.
  public init(beta: Float = 1) { self.beta = beta }
  public func forward(_ x: Tensor) -> Tensor { softplus(x, beta: beta) }
}

/// x / (1 + |x|).
public struct Softsign: Layer {
  /// Has neither parameters nor numbers.
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { softsign(x) }
}

/// min(max(x, lower), upper).
public struct Hardtanh: Layer {
  private let lower: Float
  private let upper: Float

  /// - Parameters:
  ///   - lower: default −1.
  ///   - upper: default 1.
  public init(from lower: Float = -1, to upper: Float = 1) { (self.lower, self.upper) = (lower, upper) }
  public func forward(_ x: Tensor) -> Tensor { hardtanh(x, from: lower, to: upper) }
}

/// x · min(max(x + 3, 0), 6) / 6 (Howard et al. 2019).
public struct Hardswish: Layer {
  /// Has neither parameters nor numbers.
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { hardswish(x) }
}

/// min(max(x + 3, 0), 6) / 6 (Howard et al. 2019).
public struct Hardsigmoid: Layer {
  /// Has neither parameters nor numbers.
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { hardsigmoid(x) }
}

/// Softmax over the last axis. For training, leave it out and use `softmaxCrossEntropy` on the logits.
public struct Softmax: Layer {
  /// Has neither parameters nor numbers.
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { x.softmax() }
}

/// The logarithm of softmax over the last axis, which `negativeLogLikelihoods` takes.
public struct LogSoftmax: Layer {
  /// Has neither parameters nor numbers.
  public init() {}
  public func forward(_ x: Tensor) -> Tensor { x.logSoftmax() }
}
