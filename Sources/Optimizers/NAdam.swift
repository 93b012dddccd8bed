import GlissadePlanning
import GlissadeTensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// NAdam (Dozat 2016), as PyTorch's `NAdam`: Adam with Nesterov's momentum, whose weights are scheduled by ψ:
///
///     g ← g + λ·p;  decoupled  p ← p − γ·λ·p
///     μₜ = β₁·(1 − ½·0.96^(t·ψ));  Mₜ = μ₁·μ₂·…·μₜ
///     m ← β₁·m + (1 − β₁)·g
///     v ← β₂·v + (1 − β₂)·g²
///     p ← p − γ·((1 − μₜ) / (1 − Mₜ) · g + μₜ₊₁ / (1 − Mₜ₊₁) · m) / (√v / √(1 − β₂ᵗ) + ε)
public struct NAdam: Optimizer {
  public static let name = "nadam"

  /// γ.
  public var learningRate: Double
  /// β₁.
  public var beta1: Double
  /// β₂.
  public var beta2: Double
  /// ε, added outside the root.
  public var epsilon: Double
  /// ψ, how fast the momentum grows to β₁.
  public var momentumDecay: Double
  /// λ.
  public var weightDecay: Double
  /// Whether weight decay is apart from the gradient.
  public var isDecoupled: Bool
  /// Whether it goes uphill.
  public var isMaximizing: Bool

  /// With PyTorch's defaults; `validate()` says which numbers make no sense.
  public init(
    learningRate: Double = 2e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, momentumDecay: Double = 4e-3,
    weightDecay: Double = 0, isDecoupled: Bool = false, isMaximizing: Bool = false
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.momentumDecay = momentumDecay
    self.weightDecay = weightDecay
    self.isDecoupled = isDecoupled
    self.isMaximizing = isMaximizing
  }

  public static var hyperparameters: [Hyperparameter] {
    [
      learningRate, .beta1(\Self.beta1), .beta2(\Self.beta2), .epsilon(\Self.epsilon),
      .number("momentum_decay", \Self.momentumDecay, .notNegative, "How fast the momentum grows to beta1."),
      .weightDecay(\Self.weightDecay), .decoupled(\Self.isDecoupled), .maximize(\Self.isMaximizing),
    ]
  }

  public var stateNames: [String] { ["exp_avg", "exp_avg_sq"] }

  public func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) {
    let (beta1, beta2, psi, decay) = (beta1, beta2, momentumDecay, weightDecay)
    let gradient = decay == 0 || isDecoupled ? g : g + p * decay
    let m = state["exp_avg"].moving(towards: gradient, by: 1 - beta1)
    let v = state["exp_avg_sq"].moving(towardsSquareOf: gradient, by: 1 - beta2)
    let shareOfGradient = step.number { $0.rate * Self.shares($0.count, beta1, psi).gradient }
    let shareOfMean = step.number { $0.rate * Self.shares($0.count, beta1, psi).mean }
    let size = sqrt(v) * step.number { 1 / $0.correction(beta2).squareRoot() } + epsilon
    let way = (gradient * shareOfGradient + m * shareOfMean) / size
    let start = decay != 0 && isDecoupled ? p - p * step.number { $0.rate * decay } : p
    return (start - way, ["exp_avg": m, "exp_avg_sq": v])
  }

  /// (1 − μₜ) / (1 − Mₜ) and μₜ₊₁ / (1 − Mₜ₊₁). The product is no longer felt once it is below a double's last bit.
  private static func shares(_ count: Double, _ beta1: Double, _ psi: Double) -> (gradient: Double, mean: Double) {
    let ratio = pow(0.96, psi)
    var (product, power, current) = (1.0, 1.0, 0.0)
    var step = 0.0
    while step < count, product > 1e-18 {
      step += 1
      power *= ratio
      current = beta1 * (1 - 0.5 * power)
      product *= current
    }
    // Where the loop ended early, the product is none any more.
    current = beta1 * (1 - 0.5 * pow(0.96, count * psi))
    let next = beta1 * (1 - 0.5 * pow(0.96, (count + 1) * psi))
    return ((1 - current) / (1 - product), next / (1 - product * next))
  }
}
