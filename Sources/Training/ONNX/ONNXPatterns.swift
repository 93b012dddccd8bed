import GlissadeTensors

/// Operations of a recorded step that are one operator in ONNX: a batch norm by its running statistics, and the bias behind a product.
struct ONNXPatterns {
  /// What a batch norm is made of.
  struct BatchNorm {
    var x: ValueID
    var weight: ValueID
    var bias: ValueID
    var mean: ValueID
    var variance: ValueID
    var epsilon: Float
  }

  /// By the node whose result is the batch norm's.
  private(set) var batchNorms: [Int: BatchNorm] = [:]
  /// By the node of the product: the bias, and the node that adds it.
  private(set) var biases: [Int: (bias: ValueID, addition: Int)] = [:]
  /// Nodes that are part of another's operator.
  private(set) var absorbed: Set<Int> = []

  private let graph: Graph
  private var readers: [Int: [Int]] = [:]

  /// - Parameter outputs: values that are read from outside as well.
  init(in graph: Graph, keeping outputs: [ValueID]) {
    self.graph = graph
    for output in outputs { readers[output.node] = [-1, -1] }
    for (index, node) in graph.nodes.enumerated() {
      for input in Set(node.inputs.map(\.node)) { readers[input, default: []].append(index) }
    }
    for index in graph.nodes.indices {
      if let (found, inner) = batchNorm(at: index) {
        batchNorms[index] = found
        absorbed.formUnion(inner)
      }
    }
    for (index, node) in graph.nodes.enumerated() where !absorbed.contains(index) {
      if let bias = bias(of: index, node) {
        biases[index] = bias
        absorbed.insert(bias.addition)
      }
    }
  }

  /// The node whose value an operator's result is.
  func result(of node: Int) -> Int { biases[node]?.addition ?? node }

  private func binary(_ node: Int, _ function: BinaryFunction) -> (ValueID, ValueID)? {
    guard case .binary(let rule) = graph.nodes[node].operation, rule.function == function else { return nil }
    return (graph.nodes[node].inputs[0], graph.nodes[node].inputs[1])
  }

  private func isParameter(_ value: ValueID) -> Bool {
    if case .parameter = graph.nodes[value.node].operation { return true }
    return false
  }

  private func isRead(_ node: Int, by reader: Int) -> Bool { readers[node] == [reader] }

  /// (x − mean)·((variance + ε)^−½·weight) + bias, as `BatchNorm` records it, where nothing else reads the pieces. Channels are the second
  /// axis in ONNX, so x is a picture or a matrix.
  private func batchNorm(at node: Int) -> (BatchNorm, inner: [Int])? {
    guard let (product, bias) = binary(node, .add), isParameter(bias), [2, 4].contains(graph.tensor(product).shape.rank),
      let (difference, scale) = binary(product.node, .multiply), let (x, mean) = binary(difference.node, .subtract), isParameter(mean),
      let (root, weight) = binary(scale.node, .multiply), isParameter(weight), case .unary(let rule) = graph.nodes[root.node].operation,
      rule.function == .reciprocalSquareRoot, let (variance, epsilon) = binary(graph.nodes[root.node].inputs[0].node, .add),
      isParameter(variance), case .constant(let constant) = graph.nodes[epsilon.node].operation, !isParameter(x)
    else { return nil }
    let sum = graph.nodes[root.node].inputs[0].node
    let channels = Shape([graph.tensor(x).shape[-1]])
    guard graph.tensor(x).shape == graph.tensor(product).shape,
      [weight, bias, mean, variance].allSatisfy({ graph.tensor($0).shape == channels }), isRead(product.node, by: node),
      isRead(difference.node, by: product.node), isRead(scale.node, by: product.node), isRead(root.node, by: scale.node),
      isRead(sum, by: root.node)
    else { return nil }
    return (
      BatchNorm(x: x, weight: weight, bias: bias, mean: mean, variance: variance, epsilon: constant.value),
      [product.node, difference.node, scale.node, root.node, sum]
    )
  }

  /// What alone reads a product of a value and a parameter and adds a parameter of the result's channels.
  private func bias(of index: Int, _ node: Graph.Node) -> (bias: ValueID, addition: Int)? {
    switch node.operation {
    case .convolution: break
    case .matmul: guard graph.tensor(node.inputs[0]).shape.rank == 2, graph.tensor(node.inputs[1]).shape.rank == 2 else { return nil }
    default: return nil
    }
    guard isParameter(node.inputs[1]), let only = readers[index], only.count == 1, let (first, second) = binary(only[0], .add),
      first.node == index, isParameter(second), !absorbed.contains(only[0]), batchNorms[only[0]] == nil,
      graph.tensor(second).shape == [node.outputs[0].shape[-1]]
    else { return nil }
    return (second, only[0])
  }
}
