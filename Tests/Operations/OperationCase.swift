import GlissadeFormats
import GlissadeTensors

/// One computation: inputs, then steps, each of which makes one more value from values before it.
struct OperationCase {
  struct Input {
    /// Its numbers, in the file of tensors.
    var tensor: String
    /// Whether gradients with respect to it are wanted.
    var isDifferentiated: Bool
  }

  /// One operation.
  struct Step {
    var operation: String
    /// The places of its operands among all values so far.
    var operands: [Int]
    var attributes: JSONValue
  }

  var name: String
  var inputs: [Input]
  var steps: [Step]
  /// What the result is multiplied by before it is summed to the loss, in the file of tensors; absent where there is no gradient.
  var cotangent: String?

  /// `{"inputs": [["t0", true]], "steps": [["add", [0, 0], {}]], "cotangent": "t1"}`
  init(_ text: JSONValue, name: String) throws {
    self.name = name
    inputs = try (text["inputs"]?.arrayValue ?? []).map { input in
      guard let parts = input.arrayValue, parts.count == 2, let tensor = parts[0].stringValue, let isDifferentiated = parts[1].boolValue
      else {
        throw OperationError("case \(name): an input has to be a tensor's name and whether it is differentiated")
      }
      return Input(tensor: tensor, isDifferentiated: isDifferentiated)
    }
    steps = try (text["steps"]?.arrayValue ?? []).map { step in
      guard let parts = step.arrayValue, parts.count == 3, let operation = parts[0].stringValue, let operands = parts[1].arrayValue else {
        throw OperationError("case \(name): a step has to be an operation, its operands and its attributes")
      }
      return Step(operation: operation, operands: operands.compactMap(\.integerValue), attributes: parts[2])
    }
    cotangent = text["cotangent"]?.stringValue
  }

  /// Records the steps.
  /// - Returns: the last one's result.
  func record(in graph: Graph, _ inputs: [Tensor]) throws -> Tensor {
    var values = inputs
    for step in steps {
      guard step.operands.allSatisfy(values.indices.contains) else {
        throw OperationError("case \(name): \(step.operation) lacks operands")
      }
      values.append(try step.record(in: graph, step.operands.map { values[$0] }))
    }
    guard let last = values.last else { throw OperationError("case \(name) is empty") }
    return last
  }
}
