/// Functions of one number. The raw value is the scalar operation's name in the kernels, where the arithmetic is written once for every device.
public enum UnaryFunction: String, CaseIterable, Hashable, Sendable {
  /// In their order −x, |x|, x's sign (−1, 0 or 1), x², √x, 1 / √x and 1 / x.
  case negate, absolute, sign, square, squareRoot, reciprocalSquareRoot, reciprocal
  /// In their order eˣ, ln x, sin x and cos x, of radians.
  case exponential, logarithm, sine, cosine
  /// In their order max(x, 0), min(max(x, 0), 6), 1 / (1 + e⁻ˣ), tanh x, GELU by its tanh form, x / (1 + e⁻ˣ) and ln(1 + eˣ).
  case relu, relu6, sigmoid, hyperbolicTangent, gelu, silu, softplus
  /// λ·x where x > 0, otherwise λ·α·(eˣ − 1), λ = 1.0507…, α = 1.6732….
  case selu
  /// x · tanh(ln(1 + eˣ)).
  case mish
  /// x / (1 + |x|).
  case softsign
  /// min(max(x + 3, 0), 6) / 6.
  case hardSigmoid
  /// x · min(max(x + 3, 0), 6) / 6.
  case hardSwish
  /// The slope of the former: 0 up to −3, 1 from 3 on, x/3 + 1/2 between them.
  case hardSwishSlope
  /// x · Φ(x), Φ(x) = (1 + erf(x/√2)) / 2; `gelu` is its tanh form.
  case exactGelu
  /// 1 where the number is above 0, otherwise 0.
  case positive
  /// The largest whole number that is not above it.
  case roundDown
  /// The nearest whole number; of two as near, the even one.
  case roundToEven
  /// erf x = 2/√π · ∫₀ˣ e^(−t²) dt.
  case errorFunction
  /// ln(1 + x), precise near 0.
  case logarithmOnePlus
  /// eˣ − 1, precise near 0.
  case exponentialMinusOne
  /// 1 where the number is 0, otherwise 0.
  case logicalNot
  /// An int32 as the nearest float32.
  case toFloat
  /// A float32 as int32: towards 0; what is too large becomes the nearest there is, and a NaN 0.
  case toInteger

  /// What it takes.
  public var operand: DType { self == .toFloat ? .int32 : .float32 }
  /// What it gives.
  public var result: DType { self == .toInteger ? .int32 : .float32 }
}

/// Functions of two numbers.
public enum BinaryFunction: String, CaseIterable, Hashable, Sendable {
  /// In their order x + y, x − y, x · y, x / y, the larger, the smaller, and x to the power of y.
  case add, subtract, multiply, divide, maximum, minimum, power
  /// 1 where the relation holds, otherwise 0.
  case greater, greaterOrEqual, equal, notEqual
  /// 1 where both, one of both, or exactly one is not 0, otherwise 0.
  case logicalAnd, logicalOr, logicalXor
  /// (mask, x) ↦ x where the mask is not 0, otherwise 0; x may be int32.
  case keep
  /// (mask, x) ↦ x where the mask is 0, otherwise 0; x may be int32.
  case drop
  /// x where y is 0, and y where x is: the bits of either; int32 as well.
  case join
  /// Of two int32; sums and products wrap around.
  case integerAdd, integerSubtract, integerMultiply, integerMaximum, integerMinimum
  /// Of two int32: 1 where the relation holds, otherwise 0, in float32.
  case integerEqual, integerNotEqual, integerGreater, integerGreaterOrEqual
  /// (y, dy) ↦ 0 where y ≤ 0, otherwise dy, also where y is NaN; y is ReLU's result.
  case reluGradient
  /// (y, dy) ↦ 0 where y ≤ 0 or y ≥ 6, otherwise dy, also where y is NaN; y is ReLU6's result.
  case relu6Gradient
  /// (y, dy) ↦ dy · y · (1 − y); y is the sigmoid's result.
  case sigmoidGradient
  /// (y, dy) ↦ dy · (1 − y²); y is tanh's result.
  case tanhGradient
  /// (x, dy) ↦ dy · gelu′(x), of the tanh form; x is GELU's input.
  case geluGradient
  /// (x, dy) ↦ dy · silu′(x) = dy · s · (1 + x · (1 − s)), s = sigmoid(x); x is SiLU's input.
  case siluGradient
  /// (x, s) ↦ x where x > 0, otherwise s · x.
  case leakyRelu
  /// (x, s) ↦ 1 where x > 0, otherwise s: the slope of the former.
  case leakyReluSlope
  /// (x, α) ↦ x where x > 0, otherwise α·(eˣ − 1).
  case elu
  /// (y, α) ↦ y + α where y ≤ 0, otherwise 1: the slope of the former, whose result y is.
  case eluSlope
  /// (x, α) ↦ x where x > 0, otherwise α·(e^(x/α) − 1).
  case celu
  /// (x, dy) ↦ dy · mish′(x); x is Mish's input.
  case mishGradient
  /// (x, dy) ↦ dy · (Φ(x) + x·φ(x)), φ(x) = e^(−x²/2) / √(2π); x is the exact GELU's input.
  case exactGeluGradient

  /// The same of two int32, where there is such a function.
  var ofIntegers: BinaryFunction? {
    switch self {
    case .add: .integerAdd
    case .subtract: .integerSubtract
    case .multiply: .integerMultiply
    case .maximum: .integerMaximum
    case .minimum: .integerMinimum
    case .equal: .integerEqual
    case .notEqual: .integerNotEqual
    case .greater: .integerGreater
    case .greaterOrEqual: .integerGreaterOrEqual
    default: nil
    }
  }

  /// Whether it takes two int32.
  public var takesIntegers: Bool {
    switch self {
    case .integerAdd, .integerSubtract, .integerMultiply, .integerMaximum, .integerMinimum: true
    case .integerEqual, .integerNotEqual, .integerGreater, .integerGreaterOrEqual: true
    default: false
    }
  }

  /// What it gives, of what it takes.
  fileprivate func result(_ second: DType) -> DType {
    switch self {
    case .keep, .drop, .join, .integerAdd, .integerSubtract, .integerMultiply, .integerMaximum, .integerMinimum: second
    default: .float32
    }
  }
}

/// A function applied to each element.
package struct Unary: OperationRule {
  package let function: UnaryFunction

  package var name: String { function.rawValue }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(inputs[0].dtype == function.operand, "it works on \(function.operand); `cast(to:)` makes it of \(inputs[0].dtype)")
    return [TensorType(inputs[0].shape, function.result)]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil] }
    let x = context.inputs[0]
    let y = context.outputs[0]
    switch function {
    case .negate: return [-dy]
    case .absolute: return [dy * x.applying(.sign)]
    case .sign, .positive, .roundDown, .roundToEven, .logicalNot, .toFloat, .toInteger: return [nil]
    case .square: return [dy * x * 2]
    case .squareRoot: return [dy / y * 0.5]
    case .reciprocalSquareRoot: return [dy * y * y * y * -0.5]
    case .reciprocal: return [-(dy * y * y)]
    case .exponential: return [dy * y]
    case .logarithm: return [dy / x]
    case .sine: return [dy * x.applying(.cosine)]
    case .cosine: return [-(dy * x.applying(.sine))]
    case .relu: return [y.combined(with: dy, .reluGradient)]
    case .relu6: return [y.combined(with: dy, .relu6Gradient)]
    case .sigmoid: return [y.combined(with: dy, .sigmoidGradient)]
    case .hyperbolicTangent: return [y.combined(with: dy, .tanhGradient)]
    case .softplus: return [dy * x.applying(.sigmoid)]
    case .silu: return [x.combined(with: dy, .siluGradient)]
    case .gelu: return [x.combined(with: dy, .geluGradient)]
    case .errorFunction: return [dy * (-x.applying(.square)).applying(.exponential) * 1.128_379_17]
    case .logarithmOnePlus: return [dy / (x + 1)]
    case .exponentialMinusOne: return [dy * (y + 1)]
    case .selu: return [dy * (y * (1 / Selu.scale)).combined(with: x.graph.constant(Selu.alpha), .eluSlope) * Selu.scale]
    case .mish: return [x.combined(with: dy, .mishGradient)]
    case .softsign: return [dy * (abs(x) + 1).reciprocal().square()]
    case .hardSigmoid: return [dy.zeroed(where: (y .> 0) * (y .< 1)) * (1 / 6)]
    case .hardSwish: return [dy * x.applying(.hardSwishSlope)]
    case .hardSwishSlope: return [dy.zeroed(where: (x .> -3) * (x .< 3)) * (1 / 3)]
    case .exactGelu: return [x.combined(with: dy, .exactGeluGradient)]
    }
  }
}

/// Of SELU (Klambauer et al. 2017).
private enum Selu {
  static let scale: Float = 1.050_700_99
  static let alpha: Float = 1.673_263_24
}

/// A function applied to each pair of elements, after NumPy's broadcasting.
package struct Binary: OperationRule {
  package let function: BinaryFunction

  package var name: String { function.rawValue }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expectTypes(inputs[0].dtype, inputs[1].dtype)
    guard let shape = inputs[0].shape.broadcast(with: inputs[1].shape) else {
      throw ShapeError(problem: "the shapes do not broadcast: aligned from the last axis, extents have to be equal or 1")
    }
    return [TensorType(shape, function.result(inputs[1].dtype))]
  }

  private func expectTypes(_ first: DType, _ second: DType) throws(ShapeError) {
    switch function {
    case .keep, .drop: try expect(first == .float32, "a mask is of float32: what a comparison gives, or `cast(to: .float32)`")
    case .join: try expect(first == second, "both have to be of one type; `cast(to:)` changes it")
    case _ where function.takesIntegers: try expect(first == .int32 && second == .int32, "it works on int32")
    default:
      try expect(first == second, "both have to be of one type; `cast(to:)` changes it")
      try expect(first == .float32, "it works on float32; `cast(to: .float32)` makes it of int32")
    }
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil, nil] }
    let a = context.inputs[0]
    let b = context.inputs[1]
    // Only what is needed is recorded.
    func first(_ make: () -> Tensor) -> Tensor? { context.needs[0] ? make().summed(to: a.shape) : nil }
    func second(_ make: () -> Tensor) -> Tensor? { context.needs[1] ? make().summed(to: b.shape) : nil }
    switch function {
    case .add: return [first { dy }, second { dy }]
    case .subtract: return [first { dy }, second { -dy }]
    case .multiply: return [first { dy * b }, second { dy * a }]
    case .divide: return [first { dy / b }, second { -(dy * context.outputs[0] / b) }]
    case .maximum: return [first { share(of: dy, unless: b, exceeds: a) }, second { share(of: dy, unless: a, exceeds: b) }]
    case .minimum: return [first { share(of: dy, unless: a, exceeds: b) }, second { share(of: dy, unless: b, exceeds: a) }]
    case .power:
      return [
        first {
          // A power of 0 is 1 everywhere, at 0 as well, where the formula has 0 times infinity.
          if let exponent = b.constantValue {
            // Powers of 0 are 1 everywhere.
            if exponent == 0 { return dy.zeroed(where: b.applying(.absolute)) }
            return dy * b * a.combined(with: a.graph.constant(exponent - 1, shape: b.shape), .power)
          }
          return (dy * b * a.combined(with: b - 1, .power)).zeroed(where: b.applying(.absolute))
        },
        second {
          // 0 stays 0, or by PyTorch's convention 1, whatever exponent from 0 on it has.
          let isBelow = 1 - b.combined(with: b.graph.constant(0), .greaterOrEqual)
          return (dy * context.outputs[0] * a.applying(.logarithm)).zeroed(where: a.applying(.absolute).combined(with: isBelow, .maximum))
        },
      ]
    case .greater, .greaterOrEqual, .equal, .notEqual, .logicalAnd, .logicalOr, .logicalXor: return [nil, nil]
    case .integerAdd, .integerSubtract, .integerMultiply, .integerMaximum, .integerMinimum, .integerEqual, .integerNotEqual,
      .integerGreater, .integerGreaterOrEqual:
      return [nil, nil]
    case .keep, .drop: return [nil, b.dtype == .float32 ? second { a.combined(with: dy, function) } : nil]
    case .join:
      guard dy.dtype == .float32 else { return [nil, nil] }
      return [first { b.combined(with: dy, .drop) }, second { a.combined(with: dy, .drop) }]
    case .reluGradient, .relu6Gradient: return [nil, second { a.combined(with: dy, function) }]
    case .sigmoidGradient: return [first { dy * b * (1 - a * 2) }, second { a.combined(with: dy, .sigmoidGradient) }]
    case .tanhGradient: return [first { dy * b * a * -2 }, second { a.combined(with: dy, .tanhGradient) }]
    case .geluGradient: return [first { dy * b * geluCurvature(a) }, second { a.combined(with: dy, .geluGradient) }]
    case .siluGradient:
      return [
        first {
          let s = a.applying(.sigmoid)
          return dy * b * s * (1 - s) * (a * (1 - s * 2) + 2)
        }, second { a.combined(with: dy, .siluGradient) },
      ]
    case .leakyRelu:
      // What comes out has the sign of what goes in where the slope is known to be above 0, and so the latter need not be kept.
      let sign = b.constantValue.map { $0 > 0 } == true ? context.outputs[0] : a
      return [
        first { dy * sign.combined(with: b, .leakyReluSlope) },
        second { (dy * a).zeroed(where: 1 - a.applying(.positive)) },
      ]
    case .elu:
      return [
        first {
          if let alpha = b.constantValue, alpha >= 0 { return dy * context.outputs[0].combined(with: b, .eluSlope) }
          let above = a.applying(.positive)
          return dy * (above + (1 - above) * b * minimum(a, a.graph.constant(0)).exp())
        }, second { dy * minimum(a, a.graph.constant(0)).expm1() },
      ]
    case .eluSlope:
      let isBelow = 1 - a.applying(.positive)
      return [first { dy.zeroed(where: isBelow) }, second { dy.zeroed(where: isBelow) }]
    case .celu:
      return [
        first {
          let one = a.graph.constant(1)
          if let alpha = b.constantValue, alpha > 0 { return dy * (context.outputs[0] * (1 / alpha)).combined(with: one, .eluSlope) }
          let above = a.applying(.positive)
          return dy * (above + (1 - above) * (a / b).exp().zeroed(where: 1 - above))
        },
        second {
          let isBelow = 1 - a.applying(.positive)
          let scaled = (a / b).zeroed(where: isBelow)
          return dy * (scaled.expm1() - scaled * scaled.exp())
        },
      ]
    case .mishGradient:
      return [
        first {
          // s·u·(2 + x·(1 − s − 2·t·s)), s = sigmoid(x), t = tanh(softplus(x)), u = 1 − t².
          let (s, t) = (a.applying(.sigmoid), a.applying(.softplus).applying(.hyperbolicTangent))
          return dy * b * s * (1 - t * t) * (a * (1 - s - t * s * 2) + 2)
        }, second { a.combined(with: dy, .mishGradient) },
      ]
    case .exactGeluGradient:
      return [
        first {
          let square = a.square()
          return dy * b * (2 - square) * (square * -0.5).exp() * 0.398_942_28
        }, second { a.combined(with: dy, .exactGeluGradient) },
      ]
    case .leakyReluSlope: return [nil, second { dy.zeroed(where: 1 - a.applying(.positive)) }]
    }
  }

  /// The second derivative of x/2·(1 + t), t = tanh u, u = √(2/π)·(x + 0.044715·x³): (1 − t²)·(u′ + x/2·(u″ − 2·t·u′²)).
  private func geluCurvature(_ x: Tensor) -> Tensor {
    let root: Float = 0.797_884_56
    let square = x * x
    let t = ((x + x * square * 0.044715) * root).applying(.hyperbolicTangent)
    let slope = (1 + square * 0.134145) * root
    return (1 - t * t) * (slope + x * 0.5 * (x * (0.26829 * root) - t * slope * slope * 2))
  }

  /// dy, of which a tie leaves one half and a larger number nothing, not even of an infinity. PyTorch's convention: next to a NaN nothing is
  /// larger, and both get all.
  private func share(of dy: Tensor, unless larger: Tensor, exceeds smaller: Tensor) -> Tensor {
    let lost = (larger.combined(with: smaller, .greater) + larger.combined(with: smaller, .greaterOrEqual)) * 0.5
    let share = 1 - lost
    return (dy * share).zeroed(where: share)
  }
}

extension Tensor {
  /// 0 where `size`, which is never negative, is 0, whatever is here. (What a NaN decides stays.)
  func zeroed(where size: Tensor) -> Tensor { size.combined(with: self, .reluGradient) }
}

/// min(max(x, lower), upper). Its gradient is PyTorch's (2.15): dy where lower < x < upper, otherwise 0, at the bounds and for a NaN
/// as well.
///
/// The planner takes it apart into maximum and minimum, so that it fuses with its neighbours.
package struct Clamp: OperationRule {
  /// The lower bound, −∞ for none.
  package let lower: Float
  /// The upper bound, ∞ for none.
  package let upper: Float

  package var name: String { "clamp" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expectFloats([inputs[0]])
    try expect(!lower.isNaN && !upper.isNaN, "the bounds are \(lower) and \(upper), and have to be numbers")
    return [inputs[0]]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    // What comes out lies between the bounds where what goes in does, and so the latter need not be kept.
    let x = context.outputs[0]
    func bound(_ value: Float) -> Tensor { x.graph.constant(value) }
    let isAbove = lower == -.infinity ? nil : x.combined(with: bound(lower), .greater)
    let isBelow = upper == .infinity ? nil : bound(upper).combined(with: x, .greater)
    let isInside = isAbove.map { above in isBelow.map { above * $0 } ?? above } ?? isBelow
    return [context.upstream[0].map { dy in isInside.map { dy.zeroed(where: $0) } ?? dy }]
  }

  /// What it is made of.
  func takenApart(_ x: Tensor) -> Tensor {
    let above = lower == -.infinity ? x : x.combined(with: x.graph.constant(lower), .maximum)
    return upper == .infinity ? above : above.combined(with: x.graph.constant(upper), .minimum)
  }
}

/// Zeroes each element with probability `rate` and scales the others by 1 / (1 − rate).
///
/// The mask comes from Philox4x32-10 (key: the run's seed; counter: element block, step, stream), so it is the same on every device and is
/// recomputed, not stored, for the gradient: the gradient is the same operation on dy.
package struct Dropout: OperationRule {
  /// The probability with which an element is dropped, in [0, 1).
  package let rate: Float
  /// Which of the graph's random streams.
  package let stream: UInt32

  package var name: String { "dropout" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expectFloats([inputs[0]])
    try expect(rate >= 0 && rate < 1, "the rate is \(rate), and it has to be at least 0 and below 1")
    return [inputs[0]]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    [context.upstream[0].map { $0.graph.record(.dropout(self), [$0]) }]
  }
}
