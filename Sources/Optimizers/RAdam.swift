import GlissadePlanning
import GlissadeTensors

/// RAdam (Liu et al. 2020), as PyTorch's `RAdam`: Adam that waits with its denominator until that is known well enough:
///
///     g ← g + λ·p;  decoupled  p ← p − γ·λ·p
///     m ← β₁·m + (1 − β₁)·g
///     v ← β₂·v + (1 − β₂)·g²
///     ρ∞ = 2 / (1 − β₂) − 1;  ρ = ρ∞ − 2·t·β₂ᵗ / (1 − β₂ᵗ)
///     ρ > 5:  r = √((ρ − 4)·(ρ − 2)·ρ∞ / ((ρ∞ − 4)·(ρ∞ − 2)·ρ)),  p ← p − γ / (1 − β₁ᵗ) · r·√(1 − β₂ᵗ) · m / (√v + ε)
///     else:   p ← p − γ / (1 − β₁ᵗ) · m
public struct RAdam: Optimizer {
  public static let name = "radam"

  /// γ.
  public var learningRate: Double
  /// β₁.
  public var beta1: Double
  /// β₂.
  public var beta2: Double
  /// ε, added outside the root.
  public var epsilon: Double
  /// λ.
  public var weightDecay: Double
  /// Whether weight decay is apart from the gradient.
  public var isDecoupled: Bool
  /// Whether it goes uphill.
  public var isMaximizing: Bool

  /// With PyTorch's defaults; `validate()` says which numbers make no sense.
  public init(
    learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
    isDecoupled: Bool = false, isMaximizing: Bool = false
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.isDecoupled = isDecoupled
    self.isMaximizing = isMaximizing
  }

  public static var hyperparameters: [Hyperparameter] {
    [
      learningRate, .beta1(\Self.beta1), .beta2(\Self.beta2), .epsilon(\Self.epsilon), .weightDecay(\Self.weightDecay),
      .decoupled(\Self.isDecoupled), .maximize(\Self.isMaximizing),
    ]
  }

  public var stateNames: [String] { ["exp_avg", "exp_avg_sq"] }

  public func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) {
    let (beta1, beta2, decay) = (beta1, beta2, weightDecay)
    let gradient = decay == 0 || isDecoupled ? g : g + p * decay
    let m = state["exp_avg"].moving(towards: gradient, keeping: step.momentum(beta1))
    let v = state["exp_avg_sq"].moving(towardsSquareOf: gradient, by: 1 - beta2)
    // One of the two is 0.
    let scaled = step.number { $0.rate / $0.correction($0.momentum ?? beta1) * (Self.rectification($0, beta2) ?? 0) }
    let plain = step.number { Self.rectification($0, beta2) == nil ? $0.rate / $0.correction($0.momentum ?? beta1) : 0 }
    let start = decay != 0 && isDecoupled ? p - p * step.number { $0.rate * decay } : p
    return (start - m * (scaled / (sqrt(v) + epsilon) + plain), ["exp_avg": m, "exp_avg_sq": v])
  }

  /// r·√(1 − β₂ᵗ); `nil` as long as the variance is not known well enough.
  private static func rectification(_ step: StepNumbers, _ beta2: Double) -> Double? {
    let correction = step.correction(beta2)
    let longest = 2 / (1 - beta2) - 1
    let length = longest - 2 * step.count * (1 - correction) / correction
    guard length > 5 else { return nil }
    return ((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length) * correction).squareRoot()
  }
}
