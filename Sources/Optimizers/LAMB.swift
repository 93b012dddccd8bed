import GlissadePlanning
import GlissadeTensors

/// LAMB (You et al. 2020): AdamW's direction with a learning rate for each parameter, by how large that is.
///
///     m ← β₁·m + (1 − β₁)·g
///     v ← β₂·v + (1 − β₂)·g²
///     u = m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε) + λ·p
///     p ← p − γ·r·u,  r = ‖p‖ / ‖u‖ for each parameter;  1 where ‖p‖ or ‖u‖ is 0
public struct LAMB: Optimizer {
  public static let name = "lamb"

  /// γ.
  public var learningRate: Double
  /// β₁.
  public var beta1: Double
  /// β₂.
  public var beta2: Double
  /// ε, added outside the root.
  public var epsilon: Double
  /// λ, apart from the gradient.
  public var weightDecay: Double
  /// Whether it goes uphill.
  public var isMaximizing: Bool

  /// With the paper's β and ε, and a decay of 0.01; `validate()` says which numbers make no sense.
  public init(
    learningRate: Double = 2e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-6, weightDecay: Double = 0.01,
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

  public var stateNames: [String] { ["exp_avg", "exp_avg_sq"] }

  public func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) {
    let (beta1, beta2) = (beta1, beta2)
    let m = state["exp_avg"].moving(towards: g, keeping: step.momentum(beta1))
    let v = state["exp_avg_sq"].moving(towardsSquareOf: g, by: 1 - beta2)
    let size = sqrt(v) * step.number { 1 / $0.correction(beta2).squareRoot() } + epsilon
    let adaptive = m * step.number { 1 / $0.correction($0.momentum ?? beta1) } / size
    let direction = weightDecay == 0 ? adaptive : adaptive + p * weightDecay
    let (large, long) = (step.norm(p), step.norm(direction))
    let ratio = trusted(large / long, where: large, long)
    return (p - direction * (ratio * step.rate), ["exp_avg": m, "exp_avg_sq": v])
  }
}
