import GlissadePlanning
import GlissadeTensors

/// Adamax (Kingma and Ba 2015, section 7.1), as PyTorch's `Adamax`:
///
///     g ← g + λ·p
///     m ← β₁·m + (1 − β₁)·g
///     u ← max(β₂·u, |g| + ε)
///     p ← p − γ / (1 − β₁ᵗ) · m / u
public struct Adamax: Optimizer {
  public static let name = "adamax"

  /// γ.
  public var learningRate: Double
  /// β₁.
  public var beta1: Double
  /// β₂.
  public var beta2: Double
  /// ε, added to the gradient's size.
  public var epsilon: Double
  /// λ, L2.
  public var weightDecay: Double
  /// Whether it goes uphill.
  public var isMaximizing: Bool

  /// With PyTorch's defaults; `validate()` says which numbers make no sense.
  public init(
    learningRate: Double = 2e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0,
    isMaximizing: Bool = false
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.isMaximizing = isMaximizing
  }

  public static var hyperparameters: [Hyperparameter] {
    [
      learningRate, .beta1(\Self.beta1), .beta2(\Self.beta2), .epsilon(\Self.epsilon), .weightDecay(\Self.weightDecay),
      .maximize(\Self.isMaximizing),
    ]
  }

  public var stateNames: [String] { ["exp_avg", "exp_inf"] }

  public func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) {
    let gradient = weightDecay == 0 ? g : g + p * weightDecay
    let beta1 = beta1
    let m = state["exp_avg"].moving(towards: gradient, keeping: step.momentum(beta1))
    let u = maximum(state["exp_inf"] * beta2, abs(gradient) + epsilon)
    return (p - m / u * step.number { $0.rate / $0.correction($0.momentum ?? beta1) }, ["exp_avg": m, "exp_inf": u])
  }
}
