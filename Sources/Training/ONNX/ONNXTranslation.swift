import GlissadeFormats
import GlissadeTensors

/// Turns a recorded evaluation step into ONNX, operation by operation.
///
/// Pictures keep their channels first there. Each value's arrangement is followed, and parameters are brought into the one in which they are
/// used; where an operation makes no sense of another arrangement, its operands are transposed to ours, so that any graph can be written.
struct ONNXTranslation {
  /// The batch with which the model was recorded: a prime that divides none of its own extents, to be known again in the result's shapes.
  let batch: Int
  static let batchName = "batch"

  /// A value of the graph in the translation.
  struct Value {
    var name: String
    var arrangement: ONNXArrangement
  }

  let graph: Graph
  let parameters: [ParameterID: [Float]]
  let patterns: ONNXPatterns
  private var model: ONNXModel
  private var values: [ValueID: Value] = [:]
  private var names: Set<String> = []
  private var initializers: [String: String] = [:]

  /// - Parameters:
  ///   - graph: a step recorded with a batch of `batch`.
  ///   - batch: as `ONNXRecording` found it.
  ///   - parameters: their values.
  ///   - name: of the result.
  ///   - outputs: the values that are computed.
  init(_ graph: Graph, batch: Int, _ parameters: [ParameterID: [Float]], name: String, keeping outputs: [ValueID]) {
    self.graph = graph
    self.batch = batch
    self.parameters = parameters
    patterns = ONNXPatterns(in: graph, keeping: outputs)
    model = ONNXModel(name: name)
  }

  /// The whole model.
  /// - Parameter outputs: the values that it computes, by name.
  mutating func model(outputs: [(name: String, value: ValueID)]) throws(ONNXExportError) -> ONNXModel {
    for (name, _) in outputs { names.insert(name) }
    for index in needed(for: outputs.map(\.value)) where !patterns.absorbed.contains(index) { try translate(index) }
    for (name, output) in outputs {
      var result = try value(output)
      if case .flattened = result.arrangement { result = try ours(output) }
      let type = graph.nodes[output.node].outputs[output.output]
      let shape = type.shape.dimensions
      let extents = result.arrangement == .image ? ONNXArrangement.toImage.map { shape[$0] } : shape
      add("Identity", graph.nodes[output.node].scope, [result.name], named: name)
      model.outputs.append(
        ONNXModel.Port(
          name: name, shape: extents.enumerated().map { port($1, axis: $0) }, type: type.dtype == .int32 ? .int32 : .float32))
    }
    // Where a parameter was wanted in another form, nobody reads the first one.
    let read = Set(model.nodes.flatMap(\.inputs))
    model.initializers.removeAll { !read.contains($0.name) }
    return model
  }

  /// The nodes that values need, in order.
  private func needed(for outputs: [ValueID]) -> [Int] {
    var isNeeded = [Bool](repeating: false, count: graph.nodes.count)
    for output in outputs where output.isValid { isNeeded[output.node] = true }
    for index in isNeeded.indices.reversed() where isNeeded[index] {
      for input in graph.nodes[index].inputs { isNeeded[input.node] = true }
    }
    // The host hands in every input, whether it is used or not.
    return isNeeded.indices.filter { index in
      if case .input = graph.nodes[index].operation { return true }
      return isNeeded[index]
    }
  }

  private func port(_ extent: Int, axis: Int) -> ONNXModel.Port.Extent {
    axis == 0 && extent == batch ? .any(Self.batchName) : .fixed(extent)
  }

  // MARK: Writing

  /// Adds an operator.
  /// - Parameters:
  ///   - operation: the operator's name.
  ///   - scope: the layer that it belongs to.
  ///   - inputs: names of values.
  ///   - name: of the result; default one made of the layer's path and the operator.
  /// - Returns: the result's name.
  @discardableResult
  mutating func add(
    _ operation: String, _ scope: Int, _ inputs: [String], _ attributes: [String: ONNXModel.Attribute] = [:], named name: String? = nil
  ) -> String {
    let path = graph.path(ofScope: scope)
    let result = name ?? unique((path.isEmpty ? "" : path + ".") + operation)
    model.nodes.append(ONNXModel.Node(operation, name: result, inputs: inputs, outputs: [result], attributes: attributes))
    return result
  }

  /// Adds an operator of which only the second result is wanted.
  mutating func addSecond(
    _ operation: String, _ scope: Int, _ inputs: [String], _ attributes: [String: ONNXModel.Attribute]
  ) -> String {
    let path = graph.path(ofScope: scope)
    let first = unique((path.isEmpty ? "" : path + ".") + operation)
    let second = unique(first + "_places")
    model.nodes.append(ONNXModel.Node(operation, name: first, inputs: inputs, outputs: [first, second], attributes: attributes))
    return second
  }

  private mutating func unique(_ name: String) -> String {
    var result = name
    var number = 2
    while !names.insert(result).inserted {
      result = "\(name)_\(number)"
      number += 1
    }
    return result
  }

  /// A part of the model, written once for all that ask for it by one key.
  mutating func initializer(_ key: String, _ shape: [Int], _ elements: @autoclosure () -> ONNXModel.Initializer.Elements) -> String {
    if let known = initializers[key] { return known }
    let name = unique(key)
    initializers[key] = name
    model.initializers.append(ONNXModel.Initializer(name: name, shape: shape, elements()))
    return name
  }

  mutating func integers(_ values: [Int]) -> String {
    initializer(
      "integers." + values.map(String.init).joined(separator: "."), [values.count], .integers(values.map { Int64($0) }))
  }

  mutating func scalar(_ value: Float) -> String { initializer("constant.\(value)", [], .floats([value])) }

  // MARK: Values

  mutating func set(_ node: Int, _ name: String, _ arrangement: ONNXArrangement) {
    values[ValueID(node: patterns.result(of: node))] = Value(name: name, arrangement: arrangement)
  }

  /// One of several results.
  mutating func set(_ id: ValueID, _ name: String, _ arrangement: ONNXArrangement) {
    values[id] = Value(name: name, arrangement: arrangement)
  }

  mutating func declareInput(_ node: Int, _ rule: Input) {
    let type = graph.nodes[node].outputs[0]
    let shape = type.shape.dimensions
    let isImage = shape.count == 4
    let extents = isImage ? ONNXArrangement.toImage.map { shape[$0] } : shape
    let name = unique(rule.inputName)
    model.inputs.append(
      ONNXModel.Port(name: name, shape: extents.enumerated().map { port($1, axis: $0) }, type: type.dtype == .int32 ? .int32 : .float32))
    set(node, name, isImage ? .image : .same)
  }

  /// A parameter, if a value is one.
  func parameter(_ value: ValueID) -> (id: ParameterID, path: String, shape: [Int], values: [Float])? {
    guard case .parameter(let read) = graph.nodes[value.node].operation, let values = parameters[read.id] else { return nil }
    return (read.id, graph.parameterPaths[read.id] ?? "parameter", graph.tensor(value).shape.dimensions, values)
  }

  /// A float32 constant, if a value is one.
  func constant(_ value: ValueID) -> Float? {
    if case .constant(let rule) = graph.nodes[value.node].operation, rule.integer == nil { return rule.value }
    return nil
  }

  /// A value as it is; parameters and constants in our arrangement.
  mutating func value(_ id: ValueID) throws(ONNXExportError) -> Value {
    if let known = values[id] { return known }
    let shape = graph.tensor(id).shape.dimensions
    if let parameter = parameter(id) {
      return Value(name: initializer(parameter.path, shape, .floats(parameter.values)), arrangement: .same)
    }
    if let constant = constant(id) {
      if shape.contains(batch) {
        let name = add("Expand", graph.nodes[id.node].scope, [scalar(constant), try extents(shape, id.node)])
        return Value(name: name, arrangement: .same)
      }
      if shape.isEmpty { return Value(name: scalar(constant), arrangement: .same) }
      let key = "constant.\(constant)." + shape.map(String.init).joined(separator: ".")
      return Value(
        name: initializer(key, shape, .floats(Array(repeating: constant, count: Shape(shape).count))), arrangement: .same)
    }
    if let (bits, text) = fixed(id) {
      guard !shape.contains(batch) else { throw refusal(id.node, "a constant of the batch's size") }
      let isInteger = graph.tensor(id).dtype == .int32
      let key = "\(text)." + shape.map(String.init).joined(separator: ".")
      let name = initializer(
        key, shape, isInteger ? .shortIntegers(bits.map(Int32.init(bitPattern:))) : .floats(bits.map(Float.init(bitPattern:))))
      return Value(name: name, arrangement: .same)
    }
    throw refusal(id.node, "it has no counterpart")
  }

  /// The bits of a value that is an array of constants or an int32 constant, and a text for it alone.
  private func fixed(_ id: ValueID) -> (bits: [UInt32], text: String)? {
    switch graph.nodes[id.node].operation {
    case .array(let rule): return (rule.bits, "array\(id.node)")
    case .constant(let rule):
      guard let integer = rule.integer else { return nil }
      return (Array(repeating: UInt32(bitPattern: integer), count: graph.tensor(id).shape.count), "integer.\(integer)")
    default: return nil
    }
  }

  /// A value in our arrangement.
  mutating func ours(_ id: ValueID) throws(ONNXExportError) -> Value {
    let found = try value(id)
    let scope = graph.nodes[id.node].scope
    switch found.arrangement {
    case .same: return found
    case .image:
      let name = add("Transpose", scope, [found.name], ["perm": .integers(ONNXArrangement.fromImage)])
      return Value(name: name, arrangement: .same)
    case .flattened(let height, let width, let channels):
      let image = add("Reshape", scope, [found.name, integers([0, channels, height, width])])
      let last = add("Transpose", scope, [image], ["perm": .integers(ONNXArrangement.fromImage)])
      return Value(name: add("Reshape", scope, [last, integers([0, height * width * channels])]), arrangement: .same)
    }
  }

  func refusal(_ node: Int, _ problem: String) -> ONNXExportError {
    let recorded = graph.nodes[node]
    return ONNXExportError(path: graph.path(ofScope: recorded.scope), operation: recorded.operation.rule.name, problem: problem)
  }

  /// A value as it was already translated under another name.
  mutating func alias(_ node: Int, of value: Value) { set(node, value.name, value.arrangement) }
}
