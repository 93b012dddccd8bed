import GlissadePlanning
import GlissadeTensors

/// Adagrad (Duchi, Hazan and Singer 2011), as PyTorch's `Adagrad`:
///
///     g ← g + λ·p
///     s ← s + g²                                    (s begins with the initial accumulator)
///     p ← p − γ / (1 + (t − 1)·η) · g / (√s + ε)    (η: decay of the learning rate)
public struct Adagrad: Optimizer {
  public static let name = "adagrad"

  /// γ.
  public var learningRate: Double
  /// η, the decay of the learning rate.
  public var rateDecay: Double
  /// What the sum of squares begins with.
  public var initialAccumulator: Double
  /// ε, added outside the root.
  public var epsilon: Double
  /// λ, L2.
  public var weightDecay: Double
  /// Whether it goes uphill.
  public var isMaximizing: Bool

  /// With PyTorch's defaults; `validate()` says which numbers make no sense.
  public init(
    learningRate: Double = 1e-2, rateDecay: Double = 0, initialAccumulator: Double = 0, epsilon: Double = 1e-10, weightDecay: Double = 0,
    isMaximizing: Bool = false
  ) {
    self.learningRate = learningRate
    self.rateDecay = rateDecay
    self.initialAccumulator = initialAccumulator
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.isMaximizing = isMaximizing
  }

  public static var hyperparameters: [Hyperparameter] {
    [
      learningRate,
      .number("lr_decay", \Self.rateDecay, .notNegative, "Decay of the learning rate, by the step.", words: "learning rate decay"),
      .number("initial_accumulator", \Self.initialAccumulator, .notNegative, "What the sum of squares begins with."),
      .epsilon(\Self.epsilon), .weightDecay(\Self.weightDecay), .maximize(\Self.isMaximizing),
    ]
  }

  public var stateNames: [String] { ["sum"] }
  public func initialValue(ofState name: String) -> Float { Float(initialAccumulator) }

  public func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) {
    let gradient = weightDecay == 0 ? g : g + p * weightDecay
    let decay = rateDecay
    // An infinity would let the element stand still for ever.
    let sum = minimum(state["sum"] + gradient * gradient, p.graph.constant(.greatestFiniteMagnitude))
    return (p - gradient / (sqrt(sum) + epsilon) * step.number { $0.rate / (1 + ($0.count - 1) * decay) }, ["sum": sum])
  }
}
