import GlissadeTensors

extension ElementwiseChain {
  /// Instructions for each element.
  var instructionsPerElement: Double { instructions.reduce(0) { $0 + $1.function.cost } }
}

extension UpdateChain {
  /// Instructions for each element.
  var instructionsPerElement: Double {
    instructions.dropFirst(uniformCount + segmentCount).reduce(0) { sum, instruction in
      switch instruction.function {
      case .unary(let function): sum + ElementwiseChain.Instruction.Function.unary(function).cost
      case .binary(let function): sum + ElementwiseChain.Instruction.Function.binary(function).cost
      case .multiplyAdd, .multiplySubtract, .subtractProduct: sum + 1
      }
    }
  }
}

extension ElementwiseChain.Instruction.Function {
  /// Instructions for one vector, or on a GPU for one element: what clang makes of `Kernels/scalar.h` for AVX-512, without loads and stores.
  /// (Elsewhere an exponential takes seven more; for AVX2, where a choice takes two more, all is up to a third more.) Polynomials, no library.
  var cost: Double {
    switch self {
    case .unary(let function):
      switch function {
      case .exponential: 18
      case .logarithm: 33
      case .logarithmOnePlus: 41 + Self.division
      case .sigmoid: 21 + Self.division
      case .silu: 22 + Self.division
      case .gelu: 24 + Self.division
      case .mish: 26 + Self.division
      case .hyperbolicTangent: 33 + Self.division
      case .softplus: 65 + Self.division
      case .exponentialMinusOne: 32
      case .selu: 36
      case .errorFunction: 43
      case .exactGelu: 54
      case .sine, .cosine: 93
      case .squareRoot, .reciprocal: Self.division
      case .reciprocalSquareRoot: 2 * Self.division
      case .softsign: 2 + Self.division
      case .hardSwish, .toInteger: 7
      case .hardSwishSlope: 6
      case .roundToEven, .hardSigmoid: 5
      case .sign: 4
      case .relu6: 3
      case .positive, .logicalNot: 2
      default: 1
      }
    case .binary(let function):
      switch function {
      case .divide: Self.division
      case .power: 116
      case .geluGradient: 36 + Self.division
      case .siluGradient: 30 + Self.division
      case .mishGradient: 35 + Self.division
      case .exactGeluGradient: 77
      case .elu: 35
      case .celu: 35 + Self.division
      case .maximum, .minimum, .relu6Gradient, .logicalOr, .logicalXor: 4
      case .sigmoidGradient, .tanhGradient, .leakyRelu, .eluSlope, .logicalAnd: 3
      case .leakyReluSlope, .greater, .greaterOrEqual, .equal, .notEqual, .integerEqual, .integerNotEqual, .integerGreater,
        .integerGreaterOrEqual:
        2
      default: 1
      }
    }
  }

  /// A division or a root takes a unit of its own some ten clocks, most of which hide behind other instructions.
  private static let division = 6.0
}
