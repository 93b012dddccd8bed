import GlissadeData
import GlissadeLayers

/// A model's step, recorded: from a batch and its targets to the loss.
struct StepTrace {
  let graph: Graph
  let outputs: Outputs
  /// The mean over the batch, which is told; `nil` for a prediction.
  private(set) var loss: Tensor?
  /// What is differentiated: the loss as it is reduced.
  private(set) var objective: Tensor?
  /// What is told beside the loss, summed over the batch: right answers, say.
  private(set) var sum: Tensor?
  /// Whether that is no whole number.
  private(set) var isFractional = false
  /// What that is.
  private(set) var measure = Loss.Measure.none
  /// How many of the graph's operations are the model's: the first ones.
  let modelNodes: Int
  /// The metrics' parts, summed over the batch, metric by metric.
  private(set) var parts: [[Tensor]] = []

  private let batch: Int
  private let compared: Loss

  /// - Parameters:
  ///   - paths: the model's parameters.
  ///   - frozen: those that nothing trains.
  ///   - form: what the step is given.
  ///   - batch: samples.
  ///   - purpose: what the step is for.
  ///   - loss: what is minimised.
  ///   - metrics: what is told beside it.
  ///   - takesScale: whether what is differentiated is scaled by a number from outside; see `TrainingSession.partScale`.
  ///   - model: what is recorded.
  init(
    _ paths: [(path: String, parameter: Parameter)], _ frozen: Set<ParameterID>, _ form: StepForm, batch: Int, _ purpose: StepPurpose,
    _ loss: Loss, _ metrics: [Metric], takesScale: Bool = false, model: (Inputs) -> Outputs
  ) {
    graph = Graph(isTraining: purpose.isTraining)
    graph.frozen = frozen
    for (path, parameter) in paths { graph.parameterPaths[parameter.id] = path }
    let graph = graph
    func given(_ field: SampleField, _ name: String? = nil) -> (name: String, tensor: Tensor) {
      let type = field.type(batch: batch)
      return (field.name, graph.input(name ?? field.name, shape: type.shape, dtype: type.dtype))
    }
    self.batch = batch
    compared = loss
    let inputs = Inputs(form.inputs.map { given($0) }, role: "input")
    outputs = model(inputs)
    modelNodes = graph.nodes.count
    if outputs.count == 0 { _ = graph.reject("the model", [], because: "it gives no output") }
    guard purpose != .prediction, purpose != .statistics, let output = outputs.tensors.first, outputs.tensors.allSatisfy(\.isValid) else {
      return
    }

    func targets(_ suffix: String = "") -> Targets {
      let fields = form.targets?.map { given($0, $0.name + suffix) }
      return Targets(
        fields ?? [(SampleField.valuesName, graph.input(SampleField.valuesName + suffix, shape: output.shape))], role: "target")
    }
    var own = Loss.Arguments(outputs: outputs, targets: Targets([], role: "target", in: graph), inputs: inputs)
    own.isMean = loss.reduction == .mean
    if form.takesTargets { own.targets = targets() }
    func numbers(_ name: String, _ shape: Shape? = nil) -> Tensor { graph.input(name, shape: shape ?? [batch]) }
    // How much the samples count together, where they have weights.
    var total: Tensor?
    // Names that no field can have.
    switch form.weighing {
    case .none:
      if let mean = loss.mean, outputs.count == 1, own.targets.count == 1 {
        let (output, target) = loss.comparison == .values ? own.values : (output, own.targets.only)
        (self.loss, sum) = mean(output, target)
        (measure, isFractional) = loss.comparison == .values ? (.meanAbsoluteError, true) : (.accuracy, false)
      } else {
        let values = checked(loss.values(own), mayBeMean: true)
        self.loss = values.isValid && values.shape.rank > 0 ? values.mean() : values
        note(measured(own))
      }
      objective = loss.reduction == .sum ? self.loss.map { $0 * Float(batch) } : self.loss
    case .samples:
      let weights = numbers(" weights")
      total = weights.sum()
      objective = (checked(loss.values(own), mayBeMean: false) * weights).sum()
      note(measured(own))
    case .mixed:
      let weights = numbers(" weights")
      var other = own
      other.targets = targets(" of the partner")
      let (others, shares) = (numbers(" weights of the partner"), numbers(" shares"))
      total = (weights + others).sum()
      objective =
        (checked(loss.values(own), mayBeMean: false) * weights + checked(loss.values(other), mayBeMean: false) * others).sum()
      note(measured(own, mixed: (other, shares)))
      parts = metrics.map { metric in
        zip(sums(metric, own, weights: shares), sums(metric, other, weights: 1 - shares)).map { $0 + $1 }
      }
    case .distributions(let areMixed):
      let weights = numbers(" weights", output.shape)
      total = weights.sum()
      objective = crossEntropy(output, weights: weights)
      sum = answerCredit(output, credit: numbers(" credit", output.shape))
      (measure, isFractional) = (.accuracy, true)
      if form.takesTargets, areMixed {
        var other = own
        other.targets = targets(" of the partner")
        let shares = numbers(" shares")
        parts = metrics.map { metric in
          zip(sums(metric, own, weights: shares), sums(metric, other, weights: 1 - shares)).map { $0 + $1 }
        }
      }
    }
    let unscaled = objective
    if takesScale {
      let scale = graph.input(" scale", shape: [])
      objective = objective.map { $0 * scale }
    }
    if let total {
      // A sum is told as the mean that it would be; of nothing that counts as 0.
      self.loss = loss.reduction == .sum ? unscaled.map { $0 / maximum(total, graph.constant(1e-30)) } : objective
    }
    if parts.isEmpty { parts = metrics.map { sums($0, own, weights: nil) } }
    if let objective, !objective.isValid, graph.firstError == nil {
      _ = graph.reject("loss '\(loss.name)'", [], because: "it gives a tensor of another graph, or none that was computed from the outputs")
    }
  }

  // MARK: The loss

  /// A loss's values, if that is what they are.
  private func checked(_ values: Tensor, mayBeMean: Bool) -> Tensor {
    let name = "loss '\(compared.name)'"
    let values = graph.adopted(values, by: name)
    guard values.isValid else { return values }
    if values.dtype != .float32 { return graph.reject(name, [values], because: "a loss gives float32") }
    if values.shape == [batch] { return values }
    guard values.shape.rank == 0 else {
      return graph.reject(
        name, [values],
        because: "a loss gives a value for each sample, [\(batch)], or one for the whole batch, []; sum or mean over the "
          + "other axes makes the former (meanOfEachSample())")
    }
    if mayBeMean { return values }
    return graph.reject(
      name, [values],
      because: "with class weights, weights of samples or mixed samples a loss has to give a value for each sample, [\(batch)]")
  }

  // MARK: What is told beside it

  private mutating func note(_ found: (measure: Loss.Measure, sum: Tensor?)) {
    (measure, sum, isFractional) = (found.measure, found.sum, true)
  }

  /// Right answers, or errors, as far as outputs and targets are fit for either.
  private func measured(_ own: Loss.Arguments, mixed: (other: Loss.Arguments, shares: Tensor)? = nil) -> (Loss.Measure, Tensor?) {
    let targets = compared.comparison == .inputs ? own.inputs : own.targets
    guard outputs.count == 1, targets.count == 1, let output = outputs.tensors.first, let target = targets.tensors.first,
      output.isValid, target.isValid, output.dtype == .float32
    else { return (.none, nil) }
    if target.dtype == .int32, target.shape == [batch], output.shape.rank == 2, output.shape[0] == batch, output.shape[1] > 1 {
      var answers = output.answers(target)
      if let mixed { answers = answers * mixed.shares + output.answers(mixed.other.targets.tensors[0]) * (1 - mixed.shares) }
      return (.accuracy, answers.sum())
    }
    guard compared.outputsAreValues, target.dtype == .float32, target.shape.count == output.shape.count else { return (.none, nil) }
    return (.meanAbsoluteError, absoluteErrorSum(output, target.reshaped(to: output.shape)))
  }

  /// What a metric adds up, over the batch.
  private func sums(_ metric: Metric, _ arguments: Loss.Arguments, weights: Tensor?) -> [Tensor] {
    var arguments = arguments
    arguments.origins = metric.origins
    return metric.parts(arguments).map { given in
      let part = graph.adopted(given, by: "metric '\(metric.name)'")
      guard part.isValid else { return part }
      guard part.dtype == .float32, (1...2).contains(part.shape.rank), part.shape[0] == batch else {
        return graph.reject(
          "metric '\(metric.name)'", [part], because: "a metric gives float32 numbers for each sample, [\(batch)] or [\(batch), n]")
      }
      guard let weights else { return part.sum(axes: [0]) }
      return (part * (part.shape.rank == 1 ? weights : weights.reshaped(to: [batch, 1]))).sum(axes: [0])
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
    case .fields: "fields"
    }
  }
}
