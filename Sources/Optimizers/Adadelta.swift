import GlissadePlanning
import GlissadeTensors

/// Adadelta (Zeiler 2012), as PyTorch's `Adadelta`, with one root in place of two:
///
///     g ← g + λ·p
///     v ← ρ·v + (1 − ρ)·g²
///     d ← √((a + ε) / (v + ε)) · g
///     a ← ρ·a + (1 − ρ)·d²
///     p ← p − γ·d
public struct Adadelta: Optimizer {
  public static let name = "adadelta"

  /// γ.
  public var learningRate: Double
  /// ρ, the smoothing of squares.
  public var rho: Double
  /// ε, added below the roots.
  public var epsilon: Double
  /// λ, L2.
  public var weightDecay: Double
  /// Whether it goes uphill.
  public var isMaximizing: Bool

  /// With PyTorch's defaults; `validate()` says which numbers make no sense.
  public init(learningRate: Double = 1, rho: Double = 0.9, epsilon: Double = 1e-6, weightDecay: Double = 0, isMaximizing: Bool = false) {
    self.learningRate = learningRate
    self.rho = rho
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.isMaximizing = isMaximizing
  }

  public static var hyperparameters: [Hyperparameter] {
    [
      learningRate, .number("rho", \Self.rho, .belowOne, "Smoothing of squared gradients and squared steps."), .epsilon(\Self.epsilon),
      .weightDecay(\Self.weightDecay), .maximize(\Self.isMaximizing),
    ]
  }

  public var stateNames: [String] { ["square_avg", "acc_delta"] }

  public func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) {
    let gradient = weightDecay == 0 ? g : g + p * weightDecay
    let v = state["square_avg"].moving(towardsSquareOf: gradient, by: 1 - rho)
    let a = state["acc_delta"]
    let way = sqrt((a + epsilon) / (v + epsilon)) * gradient
    return (p - way * step.rate, ["square_avg": v, "acc_delta": a.moving(towardsSquareOf: way, by: 1 - rho)])
  }
}
