import GlissadeFormats
import GlissadeTensors

/// What an operation's numbers are called in the file.
struct Attributes {
  let operation: String
  let members: JSONValue

  func number(_ key: String) throws -> Float {
    guard let value = members[key]?.doubleValue else { throw OperationError("\(operation) needs a number \(key)") }
    return Float(value)
  }

  func integer(_ key: String) throws -> Int {
    guard let value = members[key]?.integerValue else { throw OperationError("\(operation) needs an integer \(key)") }
    return value
  }

  func integers(_ key: String) throws -> [Int] {
    guard let values = members[key]?.arrayValue else { throw OperationError("\(operation) needs integers \(key)") }
    return values.compactMap(\.integerValue)
  }

  func pair(_ key: String) throws -> (height: Int, width: Int) {
    let values = try integers(key)
    guard values.count == 2 else { throw OperationError("\(operation) needs two integers \(key)") }
    return (values[0], values[1])
  }

  func one(_ key: String) throws -> Int {
    let values = try integers(key)
    guard values.count == 1 else { throw OperationError("\(operation) needs one integer \(key)") }
    return values[0]
  }

  func triple(_ key: String) throws -> (depth: Int, height: Int, width: Int) {
    let values = try integers(key)
    guard values.count == 3 else { throw OperationError("\(operation) needs three integers \(key)") }
    return (values[0], values[1], values[2])
  }

  func text(_ key: String) throws -> String {
    guard let value = members[key]?.stringValue else { throw OperationError("\(operation) needs a text \(key)") }
    return value
  }

  func optionalInteger(_ key: String) -> Int? { members[key]?.integerValue }

  func flag(_ key: String) -> Bool { members[key]?.boolValue ?? false }
}

extension OperationCase.Step {
  /// Records the operation.
  func record(in graph: Graph, _ x: [Tensor]) throws -> Tensor {
    let a = Attributes(operation: operation, members: attributes)
    if let function = UnaryFunction(rawValue: operation), x.count == 1 { return x[0].applying(function) }
    if let function = BinaryFunction(rawValue: operation), x.count == 2 { return x[0].combined(with: x[1], function) }
    if let y = try moved(x, a) ?? ofPixels(x, a) { return y }
    switch (operation, x.count) {
    case ("einsum", 1...): return einsum(try a.text("equation"), x)
    case ("constant", 0): return graph.constant(try a.number("value"), shape: Shape(try a.integers("shape")))
    case ("reshape", 1): return x[0].reshaped(to: Shape(try a.integers("shape")))
    case ("transpose", 1): return x[0].transposed(try a.integers("axes"))
    case ("broadcast", 1): return x[0].broadcast(to: Shape(try a.integers("shape")))
    case ("sum", 1): return x[0].sum(axes: try a.integers("axes"), keepingAxes: a.flag("keep"))
    case ("mean", 1): return x[0].mean(axes: try a.integers("axes"), keepingAxes: a.flag("keep"))
    case ("max", 1): return x[0].max(axes: try a.integers("axes"), keepingAxes: a.flag("keep"))
    case ("min", 1): return x[0].min(axes: try a.integers("axes"), keepingAxes: a.flag("keep"))
    case ("product", 1): return x[0].product(axes: try a.integers("axes"), keepingAxes: a.flag("keep"))
    case ("variance", 1):
      return x[0].variance(axes: try a.integers("axes"), correction: try a.integer("correction"), keepingAxes: a.flag("keep"))
    case ("standardDeviation", 1):
      return x[0].standardDeviation(axes: try a.integers("axes"), correction: try a.integer("correction"), keepingAxes: a.flag("keep"))
    case ("norm", 1): return x[0].norm(order: try a.number("order"), axes: try a.integers("axes"), keepingAxes: a.flag("keep"))
    case ("logSumExp", 1): return x[0].logSumExp(axes: try a.integers("axes"), keepingAxes: a.flag("keep"))
    case ("argmax", 1): return x[0].argmax(axis: a.members["axis"]?.integerValue, keepingAxes: a.flag("keep"))
    case ("argmin", 1): return x[0].argmin(axis: a.members["axis"]?.integerValue, keepingAxes: a.flag("keep"))
    case ("clamp", 1):
      return x[0].clamped(from: a.members["lower"]?.doubleValue.map { Float($0) }, to: a.members["upper"]?.doubleValue.map { Float($0) })
    case ("ceil", 1): return x[0].ceil()
    case ("softmax", 1): return x[0].softmax()
    case ("logSoftmax", 1): return x[0].logSoftmax()
    case ("matmul", 2): return x[0].matmul(x[1])
    case ("crossEntropy", 2): return softmaxCrossEntropy(x[0], x[1], labelSmoothing: try a.number("smoothing")).loss
    case ("meanSquaredError", 2): return meanSquaredError(x[0], x[1])
    case ("meanAbsoluteError", 2): return meanAbsoluteError(x[0], x[1])
    case ("huber", 2): return huberLoss(x[0], x[1], delta: try a.number("delta"))
    default: throw OperationError("\(operation) of \(x.count) operands is nothing that the library has")
    }
  }
}
