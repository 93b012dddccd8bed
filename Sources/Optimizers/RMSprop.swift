import GlissadeKernels
import GlissadePlanning
import GlissadeTensors

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
  /// Whether it goes uphill.
  public var isMaximizing: Bool

  /// With PyTorch's defaults; `validate()` says which numbers make no sense.
  public init(
    learningRate: Double = 1e-2, alpha: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0, isCentered: Bool = false,
    weightDecay: Double = 0, isMaximizing: Bool = false
  ) {
    self.learningRate = learningRate
    self.alpha = alpha
    self.epsilon = epsilon
    self.momentum = momentum
    self.isCentered = isCentered
    self.weightDecay = weightDecay
    self.isMaximizing = isMaximizing
  }

  public static var hyperparameters: [Hyperparameter] {
    [
      learningRate, .number("alpha", \Self.alpha, .belowOne, "Smoothing of squared gradients."),
      .epsilon(\Self.epsilon), .number("momentum", \Self.momentum, .belowOne, "Momentum."),
      .flag("centered", \Self.isCentered, "Squared gradients about their mean."), .weightDecay(\Self.weightDecay),
      .maximize(\Self.isMaximizing),
    ]
  }

  private var slots: Int { isCentered ? 3 : momentum == 0 ? 1 : 2 }
  public var stateNames: [String] { Array(["square_avg", "momentum_buffer", "grad_avg"].prefix(slots)) }

  public func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) {
    let gradient = weightDecay == 0 ? g : g + p * weightDecay
    let v = state["square_avg"].moving(towardsSquareOf: gradient, by: 1 - alpha)
    var after: State = ["square_avg": v]
    var spread = v
    if isCentered {
      let mean = state["grad_avg"].moving(towards: gradient, by: 1 - alpha)
      after["grad_avg"] = mean
      // Rounding can make this negative; it counts as 0 then.
      spread = maximum(v - mean * mean, p.graph.constant(0))
    }
    var way = gradient / (sqrt(spread) + epsilon)
    if momentum != 0 {
      let before = state["momentum_buffer"]
      way = before.losing(step.momentum(momentum), gaining: way)
      after["momentum_buffer"] = way
    }
    return (p - way * step.rate, after)
  }
}

extension RMSprop: KernelUpdate {
  package var kernel: String { "rmsprop" }

  package func parameters(count: Int, group: Int) -> [UInt8] {
    bytes(
      of: RMSpropParameters(
        count: Int32(count), p: 0, g: 0, state0: 0, state1: 0, state2: 0, group: Int32(group), alpha: Float(alpha),
        share: Float(1 - alpha), epsilon: Float(epsilon), momentum: Float(momentum), momentumLoss: Float(1 - momentum),
        weightDecay: Float(weightDecay), centered: isCentered ? 1 : 0))
  }

  package func write(constants: UnsafeMutableBufferPointer<Float>, _ step: StepNumbers) {
    var numbers = GroupConstants()
    numbers.stepSize = Float(step.rate)
    numbers.store(in: constants)
  }
}
