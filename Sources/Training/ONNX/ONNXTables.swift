import GlissadeData
import GlissadeFormats

extension ONNXModel {
  /// Has the network take a table's own numbers, and give values in the table's units: what training standardised is standardised in the graph.
  ///
  /// The input becomes float64, because whole numbers and times can be too large for float32 until their mean is subtracted. A column of
  /// numbers is one feature; a column of categories has a feature for each of its words, 1 for the row's own and 0 for the others. Where
  /// training put means in the place of missing values, NaN stands for those. A predicted value comes out as float64, too.
  /// - Parameter encoding: what the columns became in training.
  /// - Throws: `ONNXExportError` unless the network has one input of as many features as the encoding has, and one output.
  public mutating func standardize(by encoding: TableEncoding) throws(ONNXExportError) {
    guard inputs.count == 1, outputs.count == 1, inputs[0].shape.last == .fixed(encoding.width), inputs[0].shape.count == 2 else {
      throw ONNXExportError(path: "", operation: "input", problem: "a table's samples are rows of \(encoding.width) features")
    }
    var (means, deviations) = ([Double](), [Double]())
    for input in encoding.inputs {
      switch input {
      case .number(_, let mean, let deviation):
        means.append(Double(mean))
        deviations.append(Double(deviation))
      case .category(_, let words):
        means += words.map { _ in 0 }
        deviations += words.map { _ in 1 }
      }
    }
    let mean = constant("input.mean", means)
    var front: [Node] = []
    var x = inputs[0].name
    func add(_ operation: String, _ inputs: [String], _ name: String, _ attributes: [String: Attribute] = [:]) -> String {
      let result = unused(name)
      front.append(Node(operation, name: result, inputs: inputs, outputs: [result], attributes: attributes))
      return result
    }
    let read = x
    if encoding.missing == .mean {
      let isMissing = add("IsNaN", [x], "input.missing")
      x = add("Where", [isMissing, mean, x], "input.complete")
    }
    x = add("Sub", [x, mean], "input.centred")
    x = add("Div", [x, constant("input.deviation", deviations)], "input.scaled")
    x = add("Cast", [x], "input.standardized", ["to": .integer(ElementType.float32.rawValue)])
    for index in nodes.indices { nodes[index].inputs = nodes[index].inputs.map { $0 == read ? x : $0 } }
    nodes = front + nodes
    inputs[0].type = .float64
    let values = encoding.values
    if values.isEmpty { return }
    extend([
      ("Cast", [], ["to": .integer(ElementType.float64.rawValue)]), ("Mul", [constant("output.deviation", values.map(\.deviation))], [:]),
      ("Add", [constant("output.mean", values.map(\.mean))], [:]),
    ])
    outputs[0].type = .float64
  }

  /// Has the network give probabilities in place of logits: softmax over its outputs.
  /// - Throws: `ONNXExportError` unless the network has one output, of a number for each class.
  public mutating func addSoftmax() throws(ONNXExportError) {
    guard outputs.count == 1, outputs[0].shape.count == 2, outputs[0].type == .float32 else {
      throw ONNXExportError(path: "", operation: "output", problem: "probabilities are of one output with a number for each class")
    }
    extend([("Softmax", [], ["axis": .integer(-1)])])
  }

  /// Has the network give a probability for each label that a sample has or has not, in place of its logit.
  /// - Throws: `ONNXExportError` unless the network has one output.
  public mutating func addSigmoid() throws(ONNXExportError) {
    guard outputs.count == 1, outputs[0].type == .float32 else {
      throw ONNXExportError(path: "", operation: "output", problem: "probabilities are of one output with a number for each label")
    }
    extend([("Sigmoid", [], [:])])
  }

  /// Puts operators behind the output, which keeps its name.
  private mutating func extend(_ operators: [(operation: String, others: [String], attributes: [String: Attribute])]) {
    let name = outputs[0].name
    var value = unused("network.output")
    for index in nodes.indices {
      nodes[index].inputs = nodes[index].inputs.map { $0 == name ? value : $0 }
      guard nodes[index].outputs.contains(name) else { continue }
      nodes[index].outputs = nodes[index].outputs.map { $0 == name ? value : $0 }
      if nodes[index].name == name { nodes[index].name = value }
    }
    for (index, each) in operators.enumerated() {
      let result = index == operators.count - 1 ? name : unused("output.\(each.operation)")
      nodes.append(Node(each.operation, name: result, inputs: [value] + each.others, outputs: [result], attributes: each.attributes))
      value = result
    }
  }

  private mutating func constant(_ name: String, _ values: [Double]) -> String {
    let name = unused(name)
    initializers.append(Initializer(name: name, shape: [values.count], .doubles(values)))
    return name
  }

  /// A name that no value has: a layer may be called like anything.
  private func unused(_ name: String) -> String {
    let known = Set(nodes.flatMap { [$0.name] + $0.outputs } + initializers.map(\.name) + inputs.map(\.name))
    var (result, number) = (name, 2)
    while known.contains(result) {
      result = "\(name)_\(number)"
      number += 1
    }
    return result
  }
}
