import GlissadeKernels
import GlissadePlanning
import GlissadeTensors

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
  /// Whether it goes uphill.
  var isMaximizing: Bool { get set }
  /// Whether weight decay is apart from the gradient.
  static var decaysApart: Bool { get }
}

extension AdamFamily {
  /// The rate, both β, ε, weight decay, AMSGrad and the direction.
  public static var hyperparameters: [Hyperparameter] {
    [
      learningRate, .beta1(\Self.beta1), .beta2(\Self.beta2), .epsilon(\Self.epsilon), .weightDecay(\Self.weightDecay),
      .flag("amsgrad", \Self.isAMSGrad, "The largest second moment so far (AMSGrad)."), .maximize(\Self.isMaximizing),
    ]
  }

  /// PyTorch's names of the first and the second moment, and with AMSGrad of the largest second one.
  public var stateNames: [String] { isAMSGrad ? ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"] : ["exp_avg", "exp_avg_sq"] }

  public func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) {
    let (beta1, beta2, decay) = (beta1, beta2, weightDecay)
    let gradient = decay == 0 || Self.decaysApart ? g : g + p * decay
    let m = state["exp_avg"].moving(towards: gradient, keeping: step.momentum(beta1))
    let v = state["exp_avg_sq"].moving(towardsSquareOf: gradient, by: 1 - beta2)
    var after: State = ["exp_avg": m, "exp_avg_sq": v]
    var largest = v
    if isAMSGrad {
      largest = maximum(state["max_exp_avg_sq"], v)
      after["max_exp_avg_sq"] = largest
    }
    let direction = m / (sqrt(largest) * step.number { 1 / $0.correction(beta2).squareRoot() } + epsilon)
    let size = step.number { $0.rate / $0.correction($0.momentum ?? beta1) }
    // Step and decay are added up first, so that p is rounded once.
    let way = decay != 0 && Self.decaysApart ? p * step.number { $0.rate * decay } + direction * size : direction * size
    return (p - way, after)
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
  /// Whether it goes uphill.
  public var isMaximizing: Bool

  /// With PyTorch's defaults; `validate()` says which numbers make no sense.
  public init(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
    isAMSGrad: Bool = false, isMaximizing: Bool = false
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.isAMSGrad = isAMSGrad
    self.isMaximizing = isMaximizing
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
  /// Whether it goes uphill.
  public var isMaximizing: Bool

  /// With PyTorch's defaults, of which the decay of 0.01 is one; `validate()` says which numbers make no sense.
  public init(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01,
    isAMSGrad: Bool = false, isMaximizing: Bool = false
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.isAMSGrad = isAMSGrad
    self.isMaximizing = isMaximizing
  }
}

extension AdamFamily {
  package var kernel: String { "adam" }

  package func parameters(count: Int, group: Int) -> [UInt8] {
    bytes(
      of: AdamParameters(
        count: Int32(count), p: 0, g: 0, state0: 0, state1: 0, state2: 0, group: Int32(group), beta1: Float(beta1), beta2: Float(beta2),
        share1: Float(1 - beta1), share2: Float(1 - beta2), epsilon: Float(epsilon), weightDecay: Float(weightDecay),
        amsgrad: isAMSGrad ? 1 : 0, decoupled: Self.decaysApart ? 1 : 0))
  }

  package func write(constants: UnsafeMutableBufferPointer<Float>, _ step: StepNumbers) {
    var numbers = GroupConstants()
    numbers.stepSize = Float(step.rate / step.correction(beta1))
    numbers.correction = Float(1 / step.correction(beta2).squareRoot())
    numbers.decay = Float(step.rate * weightDecay)
    numbers.store(in: constants)
  }
}

extension Adam: KernelUpdate {}
extension AdamW: KernelUpdate {}
