import GlissadeTensors

// MARK: Reference

func reference(_ function: UnaryFunction, _ x: Double) -> Double {
  switch function {
  case .negate: -x
  case .absolute: abs(x)
  case .sign: x > 0 ? 1 : x < 0 ? -1 : 0
  case .square: x * x
  case .squareRoot: x.squareRoot()
  case .reciprocalSquareRoot: 1 / x.squareRoot()
  case .reciprocal: 1 / x
  case .exponential: Real.exp(x)
  case .logarithm: Real.log(x)
  case .sine: Real.sin(x)
  case .cosine: Real.cos(x)
  case .relu: Swift.max(x, 0)
  case .relu6: Swift.min(Swift.max(x, 0), 6)
  case .sigmoid: 1 / (1 + Real.exp(-x))
  case .hyperbolicTangent: Real.tanh(x)
  case .gelu: x / 2 * (1 + Real.tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
  case .silu: x / (1 + Real.exp(-x))
  case .softplus: x > 30 ? x : Real.log1p(Real.exp(x))
  case .positive: x > 0 ? 1 : 0
  case .roundDown: x.rounded(.down)
  case .roundToEven: x.rounded(.toNearestOrEven)
  case .errorFunction: Real.erf(x)
  case .logarithmOnePlus: Real.log1p(x)
  case .exponentialMinusOne: Real.expm1(x)
  case .selu: 1.0507009873554805 * reference(.elu, x, 1.6732632423543772)
  case .mish: x * Real.tanh(reference(.softplus, x))
  case .softsign: x / (1 + abs(x))
  case .hardSigmoid: Swift.min(Swift.max(x + 3, 0), 6) / 6
  case .hardSwish: x * Swift.min(Swift.max(x + 3, 0), 6) / 6
  case .hardSwishSlope: x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5
  case .exactGelu: x / 2 * (1 + Real.erf(x * 0.5.squareRoot()))
  case .logicalNot: x == 0 ? 1 : 0
  case .toFloat: x
  case .toInteger: x.rounded(.towardZero)
  }
}

func reference(_ function: BinaryFunction, _ a: Double, _ b: Double) -> Double {
  switch function {
  case .add, .integerAdd: a + b
  case .subtract, .integerSubtract: a - b
  case .multiply, .integerMultiply: a * b
  case .divide: a / b
  case .maximum, .integerMaximum: Swift.max(a, b)
  case .minimum, .integerMinimum: Swift.min(a, b)
  case .power: Real.pow(a, b)
  case .greater, .integerGreater: a > b ? 1 : 0
  case .greaterOrEqual, .integerGreaterOrEqual: a >= b ? 1 : 0
  case .equal, .integerEqual: a == b ? 1 : 0
  case .notEqual, .integerNotEqual: a != b ? 1 : 0
  case .logicalAnd: a != 0 && b != 0 ? 1 : 0
  case .logicalOr: a != 0 || b != 0 ? 1 : 0
  case .logicalXor: (a != 0) != (b != 0) ? 1 : 0
  case .keep: a != 0 ? b : 0
  case .drop: a == 0 ? b : 0
  case .join: a != 0 ? a : b
  case .reluGradient: a <= 0 ? 0 : b
  case .relu6Gradient: a <= 0 || a >= 6 ? 0 : b
  case .sigmoidGradient: b * a * (1 - a)
  case .tanhGradient: b * (1 - a * a)
  case .geluGradient: b * geluSlope(a)
  case .siluGradient: b * (1 + a * (1 - reference(.sigmoid, a))) * reference(.sigmoid, a)
  case .leakyRelu: a > 0 ? a : a * b
  case .leakyReluSlope: a > 0 ? 1 : b
  case .elu: a > 0 ? a : b * Real.expm1(a)
  case .eluSlope: a > 0 ? 1 : a + b
  case .celu: a > 0 ? a : b * Real.expm1(a / b)
  case .mishGradient: b * mishSlope(a)
  case .exactGeluGradient: b * exactGeluSlope(a)
  }
}

/// t + x·s·(1 − t²), t = tanh(ln(1 + eˣ)), s = sigmoid(x).
private func mishSlope(_ x: Double) -> Double {
  let t = Real.tanh(reference(.softplus, x))
  return t + x * reference(.sigmoid, x) * (1 - t * t)
}

/// Φ(x) + x·φ(x).
private func exactGeluSlope(_ x: Double) -> Double {
  (1 + Real.erf(x * 0.5.squareRoot())) / 2 + x * Real.exp(-x * x / 2) / (2 * Double.pi).squareRoot()
}

/// (1 + t)/2 + x/2·(1 − t²)·u′, t = tanh u, u = √(2/π)·(x + 0.044715·x³).
private func geluSlope(_ x: Double) -> Double {
  let root = (2 / Double.pi).squareRoot()
  let t = Real.tanh(root * (x + 0.044715 * x * x * x))
  return (1 + t) / 2 + x / 2 * (1 - t * t) * root * (1 + 3 * 0.044715 * x * x)
}

/// The element of `x` that NumPy's broadcasting puts at a place of a larger shape.
func stretched(_ x: Numbers, at place: [Int]) -> Double {
  let missing = place.count - x.shape.rank
  var position = 0
  for axis in 0..<x.shape.rank { position = position * x.shape[axis] + (x.shape[axis] == 1 ? 0 : place[missing + axis]) }
  return x.values[position]
}

func reference(_ function: BinaryFunction, _ a: Numbers, _ b: Numbers) -> Numbers {
  let shape = a.shape.broadcast(with: b.shape) ?? []
  if a.shape == b.shape { return Numbers(shape, zip(a.values, b.values).map { reference(function, $0, $1) }) }
  return Numbers(
    shape,
    (0..<shape.count).map { position in
      let place = Numbers.places(position, shape)
      return reference(function, stretched(a, at: place), stretched(b, at: place))
    })
}

func map(_ x: Numbers, _ function: (Double) -> Double) -> Numbers { Numbers(x.shape, x.values.map(function)) }

// MARK: Rows

extension Table {
  static var unary: Table {
    Table(
      name: "unary functions",
      cases: UnaryFunction.allCases.flatMap { function -> [Case] in
        let (content, isSmooth): (Content, Bool) =
          switch function {
          case .negate, .square: (.uniform(-3...3), true)
          // The step of the finite differences must not reach over a kink: 0 is left out, and 6 never drawn exactly.
          case .relu6: (.eitherSign(0.05...9), true)
          case .absolute, .relu, .selu, .softsign: (.eitherSign(0.05...3), true)
          // Kinks at ±3, which are never drawn exactly.
          case .hardSigmoid, .hardSwish, .hardSwishSlope: (.uniform(-7...7), true)
          case .sign, .positive: (.eitherSign(0.05...3), false)
          case .logicalNot: (.fixed((0..<1000).map { Float($0 % 3) - 1 }), false)
          case .toFloat: (.integers(below: 1000), false)
          case .toInteger: (.uniform(-9...9), false)
          case .squareRoot, .reciprocalSquareRoot: (.uniform(0.2...4), true)
          case .reciprocal: (.eitherSign(0.3...3), true)
          case .exponential: (.uniform(-5...5), true)
          case .logarithm: (.uniform(0.1...8), true)
          case .sine, .cosine: (.uniform(-9...9), true)
          case .sigmoid, .softplus: (.uniform(-9...9), true)
          case .hyperbolicTangent, .gelu, .silu, .errorFunction, .mish, .exactGelu: (.uniform(-4...4), true)
          case .roundDown, .roundToEven: (.uniform(-5...5), false)
          case .logarithmOnePlus: (.uniform(-0.9...8), true)
          case .exponentialMinusOne: (.uniform(-5...5), true)
          }
        var dice = Dice(function.rawValue)
        let shapes: [Shape] = [[dice.extent(below: 40), dice.extent(below: 20)], [1]]
        let small: [Case] = [.errorFunction, .logarithmOnePlus, .exponentialMinusOne].contains(function) ? [near(function)] : []
        let ordinary =
          small
          + shapes.map { shape in
            Case(
              function.rawValue, [Operand(shape, content, isDifferentiated: isSmooth)],
              one: { $0[0].applying(function).cast(to: .float32) },
              reference: { operands in
                map(operands[0]) { reference(function, $0) }
              })
          }
        guard let extremes = extremes(of: function) else { return ordinary }
        // Where float32 ends: no NaN, no infinity before its time.
        let far = Operand([extremes.count], .fixed(extremes), isDifferentiated: false)
        return ordinary + [
          Case(
            "far \(function.rawValue)", [far], one: { $0[0].applying(function).cast(to: .float32) },
            reference: { operands in
              map(operands[0]) { reference(function, $0) }
            })
        ]
      })
  }

  /// Where 1 plus it has lost its digits.
  private static func near(_ function: UnaryFunction) -> Case {
    Case(
      "near \(function.rawValue)", [Operand([29], .uniform(-1e-4...1e-4))], one: { $0[0].applying(function) },
      reference: { operands in map(operands[0]) { reference(function, $0) } })
  }

  private static func extremes(of function: UnaryFunction) -> [Float]? {
    switch function {
    case .exponential: [-200, -104, -80, 0, 1e-7, 80, 88.5, 89, 200, .infinity, -.infinity]
    case .logarithm: [0, 1e-38, 1, 1.0000001, 3e38, .infinity]
    case .errorFunction: [-1e30, -5, -4, -1, 0, 0.92, 0.93, 3.9, 6, 1e30, .infinity]
    case .logarithmOnePlus: [-1, -0.9999999, -0.5, 0, 1, 1e8, 3e38, .infinity]
    case .exponentialMinusOne: [-200, -104, -0.35, 0, 0.34, 0.35, 80, 89, 200, .infinity, -.infinity]
    case .roundDown, .roundToEven: [-3e38, -2.5, -1.5, -0.5, 0, 0.5, 1.5, 2.5, 0.49999997, 4194303.5, 8388607.5, 8388609, 3e38]
    case .sigmoid, .hyperbolicTangent: [-1e6, -100, -30, 1e-6, 0, 30, 100, 1e6]
    case .softplus, .silu, .gelu, .mish, .exactGelu, .selu, .softsign, .hardSigmoid, .hardSwish: [-90, -30, 0, 30, 100, 1e6]
    case .squareRoot: [0, 1e-38, 3e38]
    case .toInteger: [-0.0, 0.99, -0.99, 2_147_483_520, -2_147_483_648]
    case .sine, .cosine: [0, 100, -1000, 12345]
    default: nil
    }
  }

  /// Where a slope is 0 or 1, and what leads to it must neither overflow nor come to nothing times infinity.
  private static let farPlaces: [Float] = [-1e30, -1e6, -119, -90, -30, 0, 30, 90, 119, 1e6, 1e30]

  static var binary: Table {
    Table(
      name: "binary functions",
      // Two that are joined have to be apart: rows of `select`.
      cases: BinaryFunction.allCases.filter { $0 != .join }.flatMap { function -> [Case] in
        let (a, b, isSmooth): (Content, Content, [Bool]) =
          switch function {
          case .add, .subtract, .multiply: (.uniform(-2...2), .uniform(-2...2), [true, true])
          case .divide: (.uniform(-2...2), .eitherSign(0.4...2), [true, true])
          case .maximum, .minimum: (.distinct, .distinct, [true, true])
          case .power: (.uniform(0.3...3), .uniform(-2...2), [true, true])
          case .greater, .greaterOrEqual, .equal, .notEqual, .logicalAnd, .logicalOr, .logicalXor:
            (.integers(below: 3), .integers(below: 3), [false, false])
          case .keep, .drop: (.integers(below: 3), .uniform(-2...2), [false, true])
          case .integerAdd, .integerSubtract, .integerMultiply: (.integers(below: 1000), .integers(below: 1000), [false, false])
          case .integerMaximum, .integerMinimum, .integerEqual, .integerNotEqual, .integerGreater, .integerGreaterOrEqual:
            (.integers(below: 3), .integers(below: 3), [false, false])
          case .join: (.uniform(-2...2), .uniform(-2...2), [true, true])
          case .reluGradient: (.eitherSign(0.05...2), .uniform(-2...2), [false, true])
          case .relu6Gradient: (.eitherSign(0.05...9), .uniform(-2...2), [false, true])
          case .sigmoidGradient: (.uniform(0.05...0.95), .uniform(-2...2), [true, true])
          case .tanhGradient: (.uniform(-0.95...0.95), .uniform(-2...2), [true, true])
          case .geluGradient, .siluGradient, .mishGradient, .exactGeluGradient: (.uniform(-4...4), .uniform(-2...2), [true, true])
          case .leakyRelu: (.eitherSign(0.05...2), .uniform(-2...2), [true, true])
          case .leakyReluSlope: (.eitherSign(0.05...2), .uniform(-2...2), [false, true])
          case .elu, .eluSlope: (.eitherSign(0.05...2), .uniform(-2...2), [true, true])
          case .celu: (.eitherSign(0.05...2), .uniform(0.4...2), [true, true])
          }
        var dice = Dice(function.rawValue)
        let shape: Shape = [dice.extent(below: 40), dice.extent(below: 20)]
        var left = Operand(shape, a, isDifferentiated: isSmooth[0])
        var right = Operand(shape, b, isDifferentiated: isSmooth[1])
        // Integers as float32, so that some pairs are equal.
        let takesIntegers = function.takesIntegers
        if !takesIntegers, case .integers = left.content { left.content = .fixed(left.values(&dice)) }
        if !takesIntegers, case .integers = right.content { right.content = .fixed(right.values(&dice)) }
        // Two sets of distinct numbers, a fortieth apart.
        let shift: Float = if case .distinct = a { 0.025 } else { 0 }
        let far = Operand([farPlaces.count], .fixed(farPlaces), isDifferentiated: false)
        let isSlope = [.geluGradient, .siluGradient, .mishGradient, .exactGeluGradient].contains(function)
        return [
          Case(
            function.rawValue, [left, right],
            one: { (shift == 0 ? $0[0] : $0[0] + shift).combined(with: $0[1], function).cast(to: .float32) },
            reference: { operands in
              reference(function, map(operands[0]) { $0 + Double(shift) }, operands[1])
            })
        ]
          + (isSlope
            ? [
              Case(
                "far \(function.rawValue)", [far, far], one: { $0[0].combined(with: $0[1] * 0 + 1, function) },
                reference: { operands in map(operands[0]) { reference(function, $0, 1) } })
            ] : [])
      })
  }

  /// Scalars, rows, columns, both at once, and patterns that rows and columns cannot express; short and long rows.
  static var broadcasting: Table {
    let entries: [(Shape, Shape)] = [
      ([], [13, 7]), ([13, 7], [1]), ([7], [13, 7]), ([13, 7], [13, 1]), ([1, 7], [13, 7]), ([13, 1], [1, 7]), ([3, 1, 5], [3, 4, 5]),
      ([5, 1, 7], [1, 3, 1]), ([4, 1, 1, 6], [4, 2, 3, 6]), ([2, 3, 4, 1], [2, 3, 4, 5]), ([1, 3, 1, 5], [2, 1, 4, 1]), ([300], [5, 300]),
      ([5, 300], [5, 1]), ([131], [4, 131]), ([1], [1]), ([17, 1], [17, 1]), ([2, 1, 3, 1, 2], [1, 2, 3, 2, 2]), ([], []),
    ]
    return Table(
      name: "broadcasting",
      cases: entries.flatMap { pair -> [Case] in
        let operands = [Operand(pair.0, .eitherSign(0.3...2)), Operand(pair.1, .eitherSign(0.4...2))]
        // In the middle of a chain, with both operands used twice.
        return [
          Case(
            "chain broadcasting", operands, one: { tanh(($0[0] + $0[1]) * 0.5) * $0[1] + ($0[0] - 1) / ($0[1] * $0[1]) },
            reference: { operands in
              let left = map(reference(.add, operands[0], operands[1])) { Real.tanh($0 * 0.5) }
              let right = reference(.divide, map(operands[0]) { $0 - 1 }, map(operands[1]) { $0 * $0 })
              return reference(.add, reference(.multiply, left, operands[1]), right)
            })
        ]
      })
  }

  /// More inputs and instructions than one chain takes.
  static var longChains: Table {
    Table(
      name: "long chains",
      cases: [
        Case(
          "forty instructions", [Operand([7, 23])], one: { operands in (0..<20).reduce(operands[0]) { x, _ in tanh(x + 0.125) } },
          reference: {
            map($0[0]) { (0..<20).reduce($0) { x, _ in Real.tanh(x + 0.125) } }
          }),
        Case(
          "twelve inputs", (0..<12).map { _ in Operand([9, 11]) }, one: { $0.dropFirst().reduce($0[0]) { $0 * 0.5 + $1 * $1 } },
          reference: {
            operands in
            operands.dropFirst().reduce(operands[0]) { sum, next in
              Numbers(sum.shape, zip(sum.values, next.values).map { $0 * 0.5 + $1 * $1 })
            }
          }),
        Case(
          "constants", [Operand([5, 7])], one: { 2 - ($0[0] * 3 + $0[0].graph.constant(0.5, shape: [7])) / 4 },
          reference: {
            map($0[0]) { 2 - ($0 * 3 + 0.5) / 4 }
          }),
      ])
  }

  /// Any order of cheap operations: values used at once, later, twice, or while another is computed, between some that are not cheap; and
  /// the chains of batch norm.
  static var mixedChains: Table {
    let cheap: [BinaryFunction] = [.add, .subtract, .multiply, .maximum, .minimum, .subtract, .multiply]
    let single: [UnaryFunction] = [.relu, .relu6, .negate, .square, .hyperbolicTangent]
    let shapes: [[Shape]] = [[[13, 37], [37], [13, 1]], [[3, 300], [300], [1]], [[1037], [1037], [1]], [[70, 16], [16], [16]]]
    let random = (0..<24).map { number -> Case in
      var dice = Dice("mixed chain \(number)")
      let shape = shapes[number % shapes.count]
      let operands = [shape[0], shape[0], shape[1], shape[2]].map { Operand($0, .eitherSign(0.1...1.5), isDifferentiated: false) }
      // Each step reads earlier values, the newest one more often than not.
      let steps = (0..<(3 + Int(dice.next() % 12))).map { step -> (binary: BinaryFunction?, unary: UnaryFunction?, a: Int, b: Int) in
        let known = UInt64(4 + step)
        func pick() -> Int { Int(dice.next() % 5 < 3 && step > 0 ? known - 1 : dice.next() % known) }
        let (a, b) = (pick(), pick())
        if dice.next() % 4 == 0 { return (nil, single[Int(dice.next() % UInt64(single.count))], a, b) }
        if dice.next() % 8 == 0 { return (dice.next() % 2 == 0 ? .reluGradient : .relu6Gradient, nil, Int(dice.next() % 2), b) }
        return (cheap[Int(dice.next() % UInt64(cheap.count))], nil, a, b)
      }
      return Case(
        "mixed chain \(number)", operands,
        one: { operands in
          var values = operands
          for step in steps {
            let a = values[step.a]
            values.append(step.unary.map { a.applying($0) } ?? a.combined(with: values[step.b], step.binary ?? .add))
          }
          return (0..<5).reduce(values[values.count - 1] + operands[0]) { $0 - values[values.count - 1 - $1 % values.count] * 0.25 }
        },
        reference: { operands in
          var values = operands
          for step in steps {
            let a = values[step.a]
            values.append(
              step.unary.map { unary in map(a) { reference(unary, $0) } } ?? reference(step.binary ?? .add, a, values[step.b]))
          }
          let last = values[values.count - 1]
          return (0..<5).reduce(reference(.add, last, operands[0])) {
            reference(.subtract, $0, map(values[values.count - 1 - $1 % values.count]) { $0 * 0.25 })
          }
        })
    }
    let columns = [Operand([50, 33], .eitherSign(0.3...2)), Operand([50, 33], .eitherSign(0.3...2))] + (0..<3).map { _ in Operand([33]) }
    let normalizations: [(String, ([Tensor]) -> Tensor, (Double, Double, Double, Double, Double) -> Double)] = [
      ("", { ($0[0] - $0[2]) * $0[3] + $0[4] }, { ($0 - $2) * $3 + $4 + 0 * $1 }),
      (", relu", { relu(($0[0] - $0[2]) * $0[3] + $0[4]) }, { Swift.max(($0 - $2) * $3 + $4, 0 * $1) }),
      (
        ", relu6", { (($0[0] - $0[2]) * $0[3] + $0[4]).applying(.relu6) },
        { Swift.min(Swift.max(($0 - $2) * $3 + $4 + 0 * $1, 0), 6) }
      ),
      (", residual", { ($0[0] - $0[2]) * $0[3] + $0[4] + $0[1] }, { ($0 - $2) * $3 + $4 + $1 }),
      (", residual, relu", { relu(($0[0] - $0[2]) * $0[3] + $0[4] + $0[1]) }, { Swift.max(($0 - $2) * $3 + $4 + $1, 0) }),
      (" gradient", { (($0[0] - $0[2]) - ($0[1] - $0[3]) * $0[4]) * $0[2] }, { (($0 - $2) - ($1 - $3) * $4) * $2 }),
    ]
    return Table(
      name: "mixed chains",
      cases: random
        + normalizations.map { name, build, formula in
          Case(
            "normalization\(name)", columns.map { Operand($0.shape, $0.content, isDifferentiated: false) }, one: build,
            reference: { operands in
              Numbers(
                operands[0].shape,
                operands[0].values.indices.map { place in
                  let column = place % 33
                  return formula(
                    operands[0].values[place], operands[1].values[place], operands[2].values[column], operands[3].values[column],
                    operands[4].values[column])
                })
            })
        })
  }
}
