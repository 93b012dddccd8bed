import GlissadeKernels
import GlissadePlanning
import GlissadeTensors

/// Stochastic gradient descent (Robbins and Monro 1951), as PyTorch's `SGD`, with momentum (Polyak 1964) or Nesterov's (Sutskever et al. 2013):
///
///     g ← g + λ·p
///     b ← g at the first step, then μ·b + (1 − dampening)·g       (with momentum μ)
///     p ← p − γ·b;  with Nesterov  p ← p − γ·(g + μ·b)
public struct SGD: Optimizer {
  public static let name = "sgd"
  /// γ.
  public var learningRate: Double
  /// μ; 0 keeps no state.
  public var momentum: Double
  /// Dampens new gradients in the momentum.
  public var dampening: Double
  /// λ, L2.
  public var weightDecay: Double
  /// Sutskever et al. 2013's form of Nesterov momentum.
  public var isNesterov: Bool
  /// Whether it goes uphill.
  public var isMaximizing: Bool

  /// Plain descent with a rate of 0.1 unless more is given; `validate()` says which numbers make no sense.
  public init(
    learningRate: Double = 0.1, momentum: Double = 0, dampening: Double = 0, weightDecay: Double = 0, isNesterov: Bool = false,
    isMaximizing: Bool = false
  ) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.dampening = dampening
    self.weightDecay = weightDecay
    self.isNesterov = isNesterov
    self.isMaximizing = isMaximizing
  }

  public static var hyperparameters: [Hyperparameter] {
    [
      learningRate, .number("momentum", \Self.momentum, .belowOne, "Momentum."),
      .number("dampening", \Self.dampening, .share, "Dampening of new gradients in the momentum."),
      .flag("nesterov", \Self.isNesterov, "Nesterov momentum."),
      .weightDecay(\Self.weightDecay), .maximize(\Self.isMaximizing),
    ]
  }

  public func validate() throws(OptimizerError) {
    try checkHyperparameters()
    guard isNesterov else { return }
    func expect(_ option: String, _ value: Double, _ isRight: Bool, _ requirement: String) throws(OptimizerError) {
      if !isRight { throw OptimizerError(optimizer: Self.name, option: option, value: value, requirement: requirement) }
    }
    try expect("momentum", momentum, momentum > 0, "above 0 for Nesterov momentum")
    try expect("dampening", dampening, dampening == 0, "0 for Nesterov momentum")
  }

  public var stateNames: [String] { momentum == 0 ? [] : ["momentum_buffer"] }

  public func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) {
    let gradient = weightDecay == 0 ? g : g + p * weightDecay
    if momentum == 0 { return (p - gradient * step.rate, state) }
    let (before, dampening, momentum) = (state["momentum_buffer"], dampening, step.momentum(momentum))
    let fresh = dampening == 0 ? gradient : gradient * step.number { $0.count == 1 ? 1 : 1 - dampening }
    let buffer = before.losing(momentum, gaining: fresh)
    return (p - (isNesterov ? gradient + buffer * momentum : buffer) * step.rate, ["momentum_buffer": buffer])
  }
}

extension SGD: KernelUpdate {
  package var kernel: String { "sgd" }

  package func parameters(count: Int, group: Int) -> [UInt8] {
    bytes(
      of: SGDParameters(
        count: Int32(count), p: 0, g: 0, state0: 0, state1: 0, state2: 0, group: Int32(group), momentum: Float(momentum),
        momentumLoss: Float(1 - momentum), share: Float(1 - dampening), weightDecay: Float(weightDecay), nesterov: isNesterov ? 1 : 0))
  }

  package func write(constants: UnsafeMutableBufferPointer<Float>, _ step: StepNumbers) {
    var numbers = GroupConstants()
    numbers.stepSize = Float(step.rate)
    numbers.first = step.count == 1 ? 1 : 0
    numbers.store(in: constants)
  }
}
