import GlissadeKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What Adam and AdamW share: hyper-parameters, state and kernel. They differ in what weight decay does.
public protocol AdamFamily: Optimizer {
  /// β₁.
  var beta1: Double { get set }
  /// β₂.
  var beta2: Double { get set }
  /// ε, added outside the root.
  var epsilon: Double { get set }
  /// λ.
  var weightDecay: Double { get set }
  /// Whether the largest second moment so far is used (AMSGrad).
  var isAMSGrad: Bool { get set }
  /// Whether weight decay is apart from the gradient.
  static var decaysApart: Bool { get }
}

extension AdamFamily {
  public static var hyperparameters: [Hyperparameter] {
    [
      learningRate, .number("beta1", \Self.beta1, .belowOne, "Decay of the mean gradient."),
      .number("beta2", \Self.beta2, .belowOne, "Decay of the mean squared gradient."),
      .number("epsilon", \Self.epsilon, .notNegative, "What keeps the denominator from zero."),
      .number("weight_decay", \Self.weightDecay, .notNegative, "Weight decay: L2, but decoupled with adamw."),
      .flag("amsgrad", \Self.isAMSGrad, "The largest second moment so far (AMSGrad)."),
    ]
  }

  public var kernel: String { "adam" }
  public var stateSlots: Int { stateNames.count }
  public var stateNames: [String] { isAMSGrad ? ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"] : ["exp_avg", "exp_avg_sq"] }

  public func parameters(count: Int, group: Int) -> [UInt8] {
    bytes(
      of: AdamParameters(
        count: Int32(count), p: 0, g: 0, state0: 0, state1: 0, state2: 0, group: Int32(group), beta1: Float(beta1), beta2: Float(beta2),
        share1: Float(1 - beta1), share2: Float(1 - beta2), epsilon: Float(epsilon), weightDecay: Float(weightDecay),
        amsgrad: isAMSGrad ? 1 : 0, decoupled: Self.decaysApart ? 1 : 0))
  }

  public func write(constants: UnsafeMutableBufferPointer<Float>, step: Int, learningRate: Double) {
    var numbers = GroupConstants()
    numbers.stepSize = Float(learningRate / (1 - pow(beta1, Double(step))))
    numbers.correction = Float(1 / (1 - pow(beta2, Double(step))).squareRoot())
    numbers.decay = Float(learningRate * weightDecay)
    numbers.store(in: constants)
  }
}

/// Adam (Kingma and Ba 2015), as PyTorch's `Adam`; weight decay is L2, ε outside the root:
///
///     g ← g + λ·p
///     m ← β₁·m + (1 − β₁)·g
///     v ← β₂·v + (1 − β₂)·g²;  AMSGrad (Reddi et al. 2018) goes on with the largest v so far
///     p ← p − γ / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε)
public struct Adam: AdamFamily {
  public static let name = "adam"
  public static let decaysApart = false
  /// γ.
  public var learningRate: Double
  /// β₁.
  public var beta1: Double
  /// β₂.
  public var beta2: Double
  /// ε.
  public var epsilon: Double
  /// λ, L2.
  public var weightDecay: Double
  /// Whether the largest second moment so far is used.
  public var isAMSGrad: Bool

  public init(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
    isAMSGrad: Bool = false
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.isAMSGrad = isAMSGrad
  }
}

/// AdamW (Loshchilov and Hutter 2019), as PyTorch's `AdamW`: Adam with weight decay apart from the gradient, p ← p − γ·λ·p.
public struct AdamW: AdamFamily {
  public static let name = "adamw"
  public static let decaysApart = true
  /// γ.
  public var learningRate: Double
  /// β₁.
  public var beta1: Double
  /// β₂.
  public var beta2: Double
  /// ε.
  public var epsilon: Double
  /// λ; default 0.01 as PyTorch's.
  public var weightDecay: Double
  /// Whether the largest second moment so far is used.
  public var isAMSGrad: Bool

  public init(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01,
    isAMSGrad: Bool = false
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.isAMSGrad = isAMSGrad
  }
}
