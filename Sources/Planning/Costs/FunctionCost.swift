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
  /// Instructions for one element, by what `Kernels/scalar.h` computes: polynomials, no library. A division counts as several.
  var cost: Double {
    switch self {
    case .unary(let function):
      switch function {
      case .exponential, .logarithm: 20
      case .sigmoid: 28
      case .silu: 32
      case .gelu: 35
      case .hyperbolicTangent: 26
      case .softplus: 36
      case .errorFunction: 36
      case .exponentialMinusOne: 32
      case .logarithmOnePlus: 30
      case .roundToEven: 6
      case .sine, .cosine: 24
      case .squareRoot, .reciprocal: 6
      case .reciprocalSquareRoot: 12
      case .selu: 36
      case .mish: 34
      case .softsign: 8
      case .exactGelu: 48
      case .hardSigmoid: 4
      case .hardSwish: 6
      case .hardSwishSlope: 3
      default: 1
      }
    case .binary(let function):
      switch function {
      case .divide: 6
      case .power: 40
      case .geluGradient, .siluGradient: 34
      case .elu, .mishGradient: 34
      case .celu: 40
      case .exactGeluGradient: 68
      case .sigmoidGradient, .tanhGradient, .leakyRelu, .eluSlope: 2
      default: 1
      }
    }
  }
}
