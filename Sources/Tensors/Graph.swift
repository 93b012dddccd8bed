/// The recorded operations of one step, in an order in which they can be computed.
///
/// A model is ordinary Swift code on `Tensor`; running it once on a graph's input records every operation. An operation whose inputs do not
/// fit is not recorded: it yields an invalid tensor, `firstError` keeps the reason, and compiling the graph throws it.
public final class Graph {
  /// One recorded operation.
  package struct Node: Sendable {
    /// What is computed.
    public let operation: Operation
    /// From what.
    public let inputs: [ValueID]
    /// The results' types.
    public let outputs: [TensorType]
    /// The layer in which it was recorded, for `path(ofScope:)`.
    public let scope: Int
  }

  /// Where operations are recorded: a layer in a layer.
  private struct Scope {
    var parent: Int
    var owner: Any?
    var isFrozen = false
    var describe: (_ parent: String, _ owner: Any?) -> String
  }

  /// A batch norm's running statistics and what updates them at the end of each training step.
  package struct RunningStatistics: Sendable {
    public let mean: Parameter
    public let variance: Parameter
    public let batchMean: ValueID
    public let batchVariance: ValueID
    /// The weight of the new batch in the running value (PyTorch's convention).
    public let momentum: Float
    /// Over how many values each batch statistic was taken.
    public let sampleCount: Int
  }

  /// Whether a training step is recorded.
  public let isTrainingStep: Bool
  /// True while a part of a training step is recorded that is trained: dropout drops and batch norm uses the batch's statistics. In a frozen
  /// layer it is false, so that the layer computes what it computes in evaluation and its statistics stay.
  public var isTraining: Bool { isTrainingStep && !scopes[currentScope].isFrozen }
  /// Weights that nothing trains in this step. A layer that has weights, all of them in here, is frozen, with everything inside it; a layer
  /// without weights is what the layer is that calls it.
  package var frozen: Set<ParameterID> = []
  /// The operations so far.
  package private(set) var nodes: [Node] = []
  /// Why the first invalid operation was invalid.
  public private(set) var firstError: ShapeError?
  /// The paths of the model's parameters, for messages.
  package var parameterPaths: [ParameterID: String] = [:]
  /// What batch norms recorded for the end of the step.
  package private(set) var runningStatistics: [RunningStatistics] = []
  /// How many random streams have been handed out (one for each dropout).
  private var randomStreams: UInt32 = 0

  private var parameterValues: [ParameterID: Tensor] = [:]
  /// Every parameter that was read, in order of first use.
  public private(set) var parameters: [Parameter] = []
  private var scopes: [Scope] = [Scope(parent: -1, owner: nil, describe: { _, _ in "" })]
  private var currentScope = 0

  /// - Parameter isTraining: whether a training step is to be recorded.
  public init(isTraining: Bool = true) { isTrainingStep = isTraining }

  /// An empty graph whose scopes have the same numbers and paths.
  init(copyingScopesOf other: Graph) {
    isTrainingStep = other.isTrainingStep
    scopes = other.scopes
    parameterPaths = other.parameterPaths
    parameters = other.parameters
  }

  // MARK: Values

  /// A value that the host supplies at every step.
  /// - Parameters:
  ///   - name: what the step's caller binds data to.
  ///   - shape: its extents.
  ///   - dtype: its element type.
  public func input(_ name: String, shape: Shape, dtype: DType = .float32) -> Tensor {
    record(.input(Input(name: name, type: TensorType(shape, dtype))), [])
  }

  /// A tensor of one value everywhere.
  public func constant(_ value: Float, shape: Shape = []) -> Tensor {
    record(.constant(Constant(value: value, shape: shape)), [])
  }

  /// An int32 tensor of one value everywhere.
  public func constant(integer value: Int32, shape: Shape = []) -> Tensor {
    record(.constant(Constant(integer: value, shape: shape)), [])
  }

  /// Numbers that are part of the step, in memory from its start: class weights, a fixed filter.
  /// - Parameters:
  ///   - values: the elements, in the order in which they lie: the last axis runs fastest.
  ///   - shape: its extents; default one axis.
  public func constant(_ values: [Float], shape: Shape? = nil) -> Tensor {
    record(.array(ConstantArray(bits: values.map(\.bitPattern), type: TensorType(shape ?? [values.count]))), [])
  }

  /// int32 numbers that are part of the step.
  /// - Parameters:
  ///   - values: the elements, in the order in which they lie: the last axis runs fastest.
  ///   - shape: its extents; default one axis.
  public func constant(integers values: [Int32], shape: Shape? = nil) -> Tensor {
    record(.array(ConstantArray(bits: values.map(UInt32.init(bitPattern:)), type: TensorType(shape ?? [values.count], .int32))), [])
  }

  /// The value of a parameter in this step.
  public subscript(parameter: Parameter) -> Tensor { read(parameter, as: .float32) }

  /// The value of a parameter, whose bits may be int32.
  func read(_ parameter: Parameter, as dtype: DType) -> Tensor {
    if let value = parameterValues[parameter.id] { return value }
    let value = record(.parameter(ParameterRead(id: parameter.id, shape: parameter.shape, dtype: dtype)), [])
    parameterValues[parameter.id] = value
    parameters.append(parameter)
    return value
  }

  /// The tensor of a value id of this graph.
  package func tensor(_ id: ValueID) -> Tensor {
    guard id.isValid, nodes.indices.contains(id.node), nodes[id.node].outputs.indices.contains(id.output) else { return invalid }
    return Tensor(graph: self, id: id, type: nodes[id.node].outputs[id.output])
  }

  /// Notes that batch statistics are to be folded into running ones when the step ends.
  public func updateRunningStatistics(
    mean: Parameter, variance: Parameter, batchMean: Tensor, batchVariance: Tensor, momentum: Float, sampleCount: Int
  ) {
    runningStatistics.append(
      RunningStatistics(
        mean: mean, variance: variance, batchMean: batchMean.id, batchVariance: batchVariance.id, momentum: momentum,
        sampleCount: sampleCount))
  }

  /// A random stream of its own, numbered in the order of recording, hence the same on every device.
  func nextRandomStream() -> UInt32 {
    defer { randomStreams += 1 }
    return randomStreams
  }

  // MARK: Recording

  /// Records an operation and gives its first result.
  @discardableResult
  package func record(_ operation: Operation, _ inputs: [Tensor]) -> Tensor { recordAll(operation, inputs)[0] }

  /// Records an operation and gives all its results.
  func recordAll(_ operation: Operation, _ inputs: [Tensor]) -> [Tensor] {
    let rule = operation.rule
    guard inputs.allSatisfy(\.isValid) else {
      // What was wrong may be known in another graph alone.
      firstError = firstError ?? inputs.lazy.filter { !$0.isValid }.compactMap(\.graph.firstError).first
      return Array(repeating: invalid, count: rule.outputCount)
    }
    let types = inputs.map(\.type)
    do throws(ShapeError) {
      if inputs.contains(where: { $0.graph !== self }) {
        throw ShapeError(problem: "its tensors belong to different graphs; a step is traced in one graph")
      }
      let outputs = try rule.outputTypes(types)
      for output in outputs where !output.shape.isUsable {
        throw ShapeError(problem: "the result would be \(output.shape), and every extent has to be positive and the size below 2^31")
      }
      nodes.append(Node(operation: operation, inputs: inputs.map(\.id), outputs: outputs, scope: currentScope))
      return outputs.indices.map { Tensor(graph: self, id: ValueID(node: nodes.count - 1, output: $0), type: outputs[$0]) }
    } catch {
      fail(error, operation: rule.name, inputs: types)
      return Array(repeating: invalid, count: rule.outputCount)
    }
  }

  /// Reports a mistake found while tracing, from a layer that checks more than its operations do.
  /// - Returns: an invalid tensor.
  public func reject(_ operation: String, _ inputs: [Tensor], because problem: String) -> Tensor {
    if inputs.allSatisfy(\.isValid) { fail(ShapeError(problem: problem), operation: operation, inputs: inputs.map(\.type)) }
    return invalid
  }

  /// Takes what somebody's own function gave for a tensor of this graph.
  ///
  /// It may be one of another graph, or an invalid one of another, where what was wrong was noted there and nobody here knows of it.
  /// - Parameters:
  ///   - tensor: what was given.
  ///   - operation: by what, for the message.
  /// - Returns: the tensor, or an invalid one of this graph with `firstError` set.
  package func adopted(_ tensor: Tensor, by operation: String) -> Tensor {
    if tensor.graph === self { return tensor }
    if !tensor.isValid, let error = tensor.graph.firstError {
      firstError = firstError ?? error
      return invalid
    }
    return reject(operation, [], because: "it gives a tensor of another graph than the step's, or one that was computed from nothing of it")
  }

  private func fail(_ error: ShapeError, operation: String, inputs: [TensorType]) {
    guard firstError == nil else { return }
    firstError = ShapeError(path: path(ofScope: currentScope), operation: operation, inputs: inputs, problem: error.problem)
  }

  private var invalid: Tensor { Tensor(graph: self, id: .invalid, type: TensorType([])) }

  // MARK: Scopes

  /// Records what `body` does under a scope of its own, so that messages and plans can name the layer.
  /// - Parameters:
  ///   - owner: the layer, for the scopes inside.
  ///   - isFrozen: whether it is recorded as in evaluation; inside a frozen scope everything is.
  ///   - describe: gives the scope's path from its parent's path and owner; called only when a path is asked for.
  ///   - body: what to record.
  public func scoped<Result>(
    owner: Any? = nil, isFrozen: Bool = false, _ describe: @escaping (_ parent: String, _ owner: Any?) -> String, _ body: () -> Result
  ) -> Result {
    scopes.append(
      Scope(parent: currentScope, owner: owner, isFrozen: isFrozen || scopes[currentScope].isFrozen, describe: describe))
    let outer = currentScope
    currentScope = scopes.count - 1
    defer { currentScope = outer }
    return body()
  }

  /// The path of the layer in which a node was recorded.
  package func path(ofScope scope: Int) -> String {
    guard scope > 0 else { return "" }
    let parent = scopes[scope].parent
    return scopes[scope].describe(path(ofScope: parent), scopes[parent].owner)
  }

  /// How many scopes there are; the first is the graph's own.
  package var scopeCount: Int { scopes.count }

  /// What a scope was opened for, and in which other one: −1 for the graph's own.
  package func scope(_ number: Int) -> (owner: Any?, parent: Int) { (scopes[number].owner, scopes[number].parent) }

  /// Records what `body` does in the scope of an existing node: gradients belong to the layer of what they differentiate.
  func inScope<Result>(of node: Int, _ body: () -> Result) -> Result { inScope(nodes[node].scope, body) }

  func inScope<Result>(_ scope: Int, _ body: () -> Result) -> Result {
    let outer = currentScope
    currentScope = scope
    defer { currentScope = outer }
    return body()
  }
}
