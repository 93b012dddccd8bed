import GlissadeTensors

/// What a case's operand is filled with.
enum Content {
  case uniform(ClosedRange<Double>)
  /// Either sign, and not near zero, where functions have kinks.
  case eitherSign(ClosedRange<Double>)
  /// All different by at least a twentieth, in random order: no two compete for being the largest.
  case distinct
  case fixed([Float])
  /// int32 in 0..<below.
  case integers(below: Int)
}

/// An operand of a case.
struct Operand {
  var shape: Shape
  var content: Content
  /// Whether its gradient is checked. It is then a parameter, otherwise an input.
  var isDifferentiated: Bool

  init(_ shape: Shape, _ content: Content = .uniform(-1...1), isDifferentiated: Bool = true) {
    self.shape = shape
    self.content = content
    if case .integers = content { self.isDifferentiated = false } else { self.isDifferentiated = isDifferentiated }
  }

  /// Numbers that float32 can express.
  func values(_ dice: inout Dice) -> [Float] {
    switch content {
    case .uniform(let range): return (0..<shape.count).map { _ in Float(dice.uniform(range)) }
    case .eitherSign(let range): return (0..<shape.count).map { _ in Float(dice.uniform(range) * (dice.next() % 2 == 0 ? 1 : -1)) }
    case .distinct:
      let middle = Double(shape.count) / 2
      return (0..<shape.count).map { Float((Double($0) - middle) / 20) }.shuffled(using: &dice)
    case .fixed(let values): return Array(values.prefix(shape.count))
    case .integers(let below): return (0..<shape.count).map { _ in Float(dice.next() % UInt64(below)) }
    }
  }
}

/// One row of conformance: an operation as devices compute it, and as the float64 reference does.
package struct Case {
  package var name: String
  var operands: [Operand]
  /// Records the operation; all results are float32.
  var build: (_ graph: Graph, _ operands: [Tensor]) -> [Tensor]
  /// Computes the same in float64.
  var reference: (_ operands: [Numbers]) -> [Numbers]
  /// Of results, relative to each number and to the result's mean magnitude.
  var tolerance: Double
  /// The same of gradients.
  var gradientTolerance: Double
  /// Whether the gradient's gradient is that of the reference, too.
  var isDifferentiatedTwice = true

  init(
    _ name: String, _ operands: [Operand], tolerance: Double = 2e-6, gradientTolerance: Double = 2e-5,
    build: @escaping (_ graph: Graph, _ operands: [Tensor]) -> [Tensor], reference: @escaping (_ operands: [Numbers]) -> [Numbers]
  ) {
    self.name = name + " " + operands.map(\.shape.description).joined(separator: " ")
    self.operands = operands
    self.build = build
    self.reference = reference
    self.tolerance = tolerance
    self.gradientTolerance = gradientTolerance
  }

  /// A row with one result.
  init(
    _ name: String, _ operands: [Operand], tolerance: Double = 2e-6, gradientTolerance: Double = 2e-5,
    one build: @escaping (_ operands: [Tensor]) -> Tensor, reference: @escaping (_ operands: [Numbers]) -> Numbers
  ) {
    self.init(
      name, operands, tolerance: tolerance, gradientTolerance: gradientTolerance, build: { [build($1)] }, reference: { [reference($0)] })
  }
}

/// Rows that are traced, planned and run together: one plan, so that an OpenCL driver builds each family once.
package struct Table: CustomStringConvertible {
  package var name: String
  package var cases: [Case]
  package var description: String { name }
}

extension Case {
  /// Records the operands: a parameter where the gradient is checked, otherwise an input of the same name.
  /// - Parameter index: the row's number in its table.
  /// - Returns: the values, and by operand the parameter, `nil` where it is an input.
  func recordOperands(_ index: Int, in graph: Graph) -> (operands: [Tensor], parameters: [Parameter?]) {
    let parameters = operands.enumerated().map { number, operand in
      operand.isDifferentiated ? Parameter("x\(index).\(number)", shape: operand.shape) : nil
    }
    let values = operands.indices.map { number -> Tensor in
      if let parameter = parameters[number] { return graph[parameter] }
      var dtype = DType.float32
      if case .integers = operands[number].content { dtype = .int32 }
      return graph.input("x\(index).\(number)", shape: operands[number].shape, dtype: dtype)
    }
    return (values, parameters)
  }
}
