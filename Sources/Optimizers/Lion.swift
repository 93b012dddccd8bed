import GlissadePlanning
import GlissadeTensors

/// Lion (Chen et al. 2023): steps of one size, in the direction of the sign; weight decay is apart from the gradient.
///
///     p ← p − γ·(sign(β₁·m + (1 − β₁)·g) + λ·p)
///     m ← β₂·m + (1 − β₂)·g
public struct Lion: Optimizer {
  public static let name = "lion"

  /// γ.
  public var learningRate: Double
  /// β₁, the share of the mean in the direction.
  public var beta1: Double
  /// β₂, the decay of the mean.
  public var beta2: Double
  /// λ, apart from the gradient.
  public var weightDecay: Double
  /// Whether it goes uphill.
  public var isMaximizing: Bool

  /// With the paper's β; `validate()` says which numbers make no sense.
  public init(learningRate: Double = 1e-4, beta1: Double = 0.9, beta2: Double = 0.99, weightDecay: Double = 0, isMaximizing: Bool = false) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.weightDecay = weightDecay
    self.isMaximizing = isMaximizing
  }

  public static var hyperparameters: [Hyperparameter] {
    [
      learningRate, .beta1(\Self.beta1), .beta2(\Self.beta2), .weightDecay(\Self.weightDecay), .maximize(\Self.isMaximizing),
    ]
  }

  public var stateNames: [String] { ["exp_avg"] }

  public func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) {
    let (m, decay) = (state["exp_avg"], weightDecay)
    let direction = m.moving(towards: g, keeping: step.momentum(beta1)).sign()
    let way = decay == 0 ? direction : direction + p * decay
    return (p - way * step.rate, ["exp_avg": m.moving(towards: g, by: 1 - beta2)])
  }
}
