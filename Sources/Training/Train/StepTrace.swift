import GlissadeData
import GlissadeLayers

/// A model's step, recorded: from a batch and its targets to the loss.
struct StepTrace {
  let graph: Graph
  let output: Tensor
  let loss: Tensor
  /// What is told beside the loss, summed over the batch: right answers, say.
  let sum: Tensor?
  /// Whether that is no whole number.
  let isFractional: Bool

  /// In which form a step has what its output is compared with.
  enum Targets {
    case labels, distributions, values
  }

  /// - Parameters:
  ///   - paths: the model's parameters.
  ///   - frozen: those that nothing trains.
  ///   - input: the shape of a batch.
  ///   - isTraining: whether the step trains.
  ///   - loss: what is minimised.
  ///   - targets: what the loss compares with; distributions only where it has a form for them.
  ///   - model: what is recorded.
  init(
    _ paths: [(path: String, parameter: Parameter)], _ frozen: Set<ParameterID>, _ input: [Int], isTraining: Bool, _ loss: Loss,
    _ targets: Targets, model: (Tensor) -> Tensor
  ) {
    graph = Graph(isTraining: isTraining)
    graph.frozen = frozen
    for (path, parameter) in paths { graph.parameterPaths[parameter.id] = path }
    let x = graph.input("features", shape: Shape(input))
    switch (targets, loss.form) {
    case (.distributions, _):
      output = model(x)
      let (weights, credit) = (graph.input("weights", shape: output.shape), graph.input("credit", shape: output.shape))
      self.loss = crossEntropy(output, weights: weights)
      sum = answerCredit(output, credit: credit)
      isFractional = true
    case (_, .labels(let compute, _)):
      let labels = graph.input("labels", shape: [input[0]], dtype: .int32)
      output = model(x)
      (self.loss, sum) = compute(output, labels)
      isFractional = false
    case (_, .values(let compute)):
      output = model(x)
      (self.loss, sum) = compute(output, graph.input("values", shape: output.shape))
      isFractional = true
    }
  }
}

extension StepTrace.Targets: CustomStringConvertible {
  var description: String {
    switch self {
    case .labels: "class numbers"
    case .distributions: "distributions over classes"
    case .values: "values"
    }
  }
}

extension BatchTargets {
  /// For messages.
  var form: String {
    switch self {
    case .classes: "class numbers"
    case .distributions: "distributions over classes"
    case .values: "values"
    }
  }
}
