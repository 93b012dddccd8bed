import GlissadePlanning
import GlissadeTensors

/// LARS (You, Gitman and Ginsburg 2017): momentum with a learning rate for each parameter, by how large that is and its gradient.
///
///     r = η·‖p‖ / (‖g‖ + λ·‖p‖ + ε) for each parameter;  1 where ‖p‖ or ‖g‖ is 0
///     b ← μ·b + γ·r·(g + λ·p)
///     p ← p − b
///
/// Biases and norms are better off in a group of their own, with another optimizer, as in the paper's experiments.
public struct LARS: Optimizer {
  public static let name = "lars"

  /// γ.
  public var learningRate: Double
  /// μ.
  public var momentum: Double
  /// η, the trust coefficient.
  public var trust: Double
  /// ε, added to the norms.
  public var epsilon: Double
  /// λ, L2.
  public var weightDecay: Double
  /// Whether it goes uphill.
  public var isMaximizing: Bool

  /// With the paper's trust coefficient; `validate()` says which numbers make no sense.
  public init(
    learningRate: Double = 0.1, momentum: Double = 0.9, trust: Double = 1e-3, epsilon: Double = 1e-8, weightDecay: Double = 0,
    isMaximizing: Bool = false
  ) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.trust = trust
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.isMaximizing = isMaximizing
  }

  public static var hyperparameters: [Hyperparameter] {
    [
      learningRate, .number("momentum", \Self.momentum, .belowOne, "Momentum."),
      .number("trust", \Self.trust, .positive, "Trust coefficient: a step's size, as a share of the parameter's."),
      .epsilon(\Self.epsilon), .weightDecay(\Self.weightDecay), .maximize(\Self.isMaximizing),
    ]
  }

  public var stateNames: [String] { ["momentum_buffer"] }

  public func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) {
    let (size, slope) = (step.norm(p), step.norm(g))
    let ratio = trusted(size * trust / (slope + size * weightDecay + epsilon), where: size, slope)
    let gradient = weightDecay == 0 ? g : g + p * weightDecay
    let buffer = state["momentum_buffer"] * step.momentum(momentum) + gradient * (ratio * step.rate)
    return (p - buffer, ["momentum_buffer": buffer])
  }
}
