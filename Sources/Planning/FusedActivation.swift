import GlissadeTensors

/// An activation that a product applies when it stores.
enum FusedActivation: Hashable {
  /// One without numbers.
  case plain(UnaryFunction)
  /// v where v > 0, otherwise slope·v.
  case leakyRelu(slope: Float)
  /// The same with slopes that are learnt: one for each column, or one for all.
  case slopes(ValueID, isShared: Bool)
  /// v where v > 0, otherwise alpha·(eᵛ − 1).
  case elu(alpha: Float)
  /// v where v > 0, otherwise alpha·(e^(v/alpha) − 1).
  case celu(alpha: Float)
  /// min(max(v, lower), upper).
  case clamp(lower: Float, upper: Float)

  /// - Returns: `nil` for a function that kernels do not apply.
  init?(_ function: UnaryFunction) {
    switch function {
    case .relu, .relu6, .sigmoid, .hyperbolicTangent, .gelu, .silu, .selu, .exactGelu, .mish, .softplus, .softsign, .hardSwish,
      .hardSigmoid:
      self = .plain(function)
    default: return nil
    }
  }

  /// - Parameters:
  ///   - function: of the sum and a number.
  ///   - number: that number.
  ///   - earlier: what is applied before it.
  /// - Returns: `nil` for a function that kernels do not apply, or not then.
  init?(_ function: BinaryFunction, _ number: Float, after earlier: FusedActivation?) {
    switch (function, earlier) {
    case (.leakyRelu, nil): self = .leakyRelu(slope: number)
    case (.elu, nil): self = .elu(alpha: number)
    case (.celu, nil): self = .celu(alpha: number)
    case (.maximum, nil) where !number.isNaN: self = .clamp(lower: number, upper: .infinity)
    case (.minimum, nil) where !number.isNaN: self = .clamp(lower: -.infinity, upper: number)
    case (.minimum, .clamp(let lower, .infinity)) where !number.isNaN: self = .clamp(lower: lower, upper: number)
    default: return nil
    }
  }
}
