import GlissadeKernels

/// RMSprop (Hinton 2012), as PyTorch's `RMSprop`:
///
///     g ← g + λ·p
///     v ← α·v + (1 − α)·g²
///     a ← √v + ε;  centered (Graves 2013)  m ← α·m + (1 − α)·g,  a ← √(v − m²) + ε
///     p ← p − γ·g / a;  with momentum μ  b ← μ·b + g / a,  p ← p − γ·b
public struct RMSprop: Optimizer {
  public static let name = "rmsprop"
  /// γ.
  public var learningRate: Double
  /// α, the smoothing of squared gradients.
  public var alpha: Double
  /// ε, added outside the root.
  public var epsilon: Double
  /// μ.
  public var momentum: Double
  /// Whether squared gradients are taken about their mean.
  public var isCentered: Bool
  /// λ, L2.
  public var weightDecay: Double

  public init(
    learningRate: Double = 1e-2, alpha: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0, isCentered: Bool = false,
    weightDecay: Double = 0
  ) {
    self.learningRate = learningRate
    self.alpha = alpha
    self.epsilon = epsilon
    self.momentum = momentum
    self.isCentered = isCentered
    self.weightDecay = weightDecay
  }

  public static var hyperparameters: [Hyperparameter] {
    [
      learningRate, .number("alpha", \Self.alpha, .belowOne, "Smoothing of squared gradients."),
      .number("epsilon", \Self.epsilon, .notNegative, "What keeps the denominator from zero."),
      .number("momentum", \Self.momentum, .notNegative, "Momentum."),
      .flag("centered", \Self.isCentered, "Squared gradients about their mean."),
      .number("weight_decay", \Self.weightDecay, .notNegative, "Weight decay: L2, but decoupled with adamw."),
    ]
  }

  public var kernel: String { "rmsprop" }
  public var stateSlots: Int { isCentered ? 3 : momentum == 0 ? 1 : 2 }
  public var stateNames: [String] { Array(["square_avg", "momentum_buffer", "grad_avg"].prefix(stateSlots)) }

  public func parameters(count: Int, group: Int) -> [UInt8] {
    bytes(
      of: RMSpropParameters(
        count: Int32(count), p: 0, g: 0, state0: 0, state1: 0, state2: 0, group: Int32(group), alpha: Float(alpha),
        share: Float(1 - alpha), epsilon: Float(epsilon), momentum: Float(momentum), momentumLoss: Float(1 - momentum),
        weightDecay: Float(weightDecay), centered: isCentered ? 1 : 0))
  }

  public func write(constants: UnsafeMutableBufferPointer<Float>, step: Int, learningRate: Double) {
    var numbers = GroupConstants()
    numbers.stepSize = Float(learningRate)
    numbers.store(in: constants)
  }
}
