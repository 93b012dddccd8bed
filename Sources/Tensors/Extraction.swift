/// Part of a graph, as a graph of its own.
package struct Extraction {
  /// Computes `results` and nothing else.
  package let graph: Graph
  /// The values that were wanted.
  package let results: [Tensor]
  /// Where the part was cut: which values of the whole graph are parameters now.
  package let given: [(source: Tensor, parameter: Parameter)]
}

extension Graph {
  /// Cuts out what some values need. Where it is cut there are parameters, also for int32 values, whose bits they hold; inputs and constants
  /// stay what they are.
  /// - Parameters:
  ///   - results: the values wanted.
  ///   - isGiven: whether a value is taken as given instead of being computed. Parameters always are.
  package func extracted(_ results: [Tensor], cutAt isGiven: (ValueID) -> Bool) -> Extraction {
    var isNeeded = [Bool](repeating: false, count: nodes.count)
    var isCut = Set<ValueID>()
    for result in results where result.isValid { isNeeded[result.id.node] = true }
    for index in nodes.indices.reversed() where isNeeded[index] {
      for input in nodes[index].inputs {
        if mustStay(input) || !(isGiven(input) || isParameter(input)) { isNeeded[input.node] = true } else { isCut.insert(input) }
      }
    }
    let copy = Graph(isTraining: isTrainingStep)
    var values: [ValueID: Tensor] = [:]
    var given: [(source: Tensor, parameter: Parameter)] = []
    for (index, node) in nodes.enumerated() {
      for output in node.outputs.indices where isCut.contains(ValueID(node: index, output: output)) {
        let source = tensor(ValueID(node: index, output: output))
        let parameter = Parameter("given\(given.count)", shape: source.shape)
        given.append((source, parameter))
        values[source.id] = copy.read(parameter, as: source.dtype)
      }
      guard isNeeded[index] else { continue }
      let results = copy.recordAll(node.operation, node.inputs.map { values[$0] ?? copy.tensor(.invalid) })
      for (output, result) in results.enumerated() where values[ValueID(node: index, output: output)] == nil {
        values[ValueID(node: index, output: output)] = result
      }
    }
    return Extraction(graph: copy, results: results.map { values[$0.id] ?? copy.tensor(.invalid) }, given: given)
  }

  private func mustStay(_ value: ValueID) -> Bool {
    switch nodes[value.node].operation {
    case .input, .constant, .array: true
    default: false
    }
  }

  private func isParameter(_ value: ValueID) -> Bool {
    if case .parameter = nodes[value.node].operation { true } else { false }
  }
}
