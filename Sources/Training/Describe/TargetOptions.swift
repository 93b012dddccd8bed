import GlissadeData

extension TrainingOptions {
  /// How training batches say how much their samples count.
  func weighing(for training: any Dataset) -> StepWeighing {
    guard classWeights != nil || mixing != nil || training.sampleWeights != nil else { return .none }
    if loss.smoothing != nil, training.targets == .classes { return .distributions(areMixed: mixing != nil) }
    return mixing == nil ? .samples : .mixed
  }

  /// In which form a dataset's batches are trained on.
  /// - Throws: `TrainingError` where the loss is for another kind of targets, where class weights or balanced sampling meet data without
  ///   classes, or where samples are to be mixed that cannot be; `DataError` for class weights that do not fit the classes.
  func encoding(for training: any Dataset) throws -> TargetEncoding {
    switch (loss.comparison, training.targets) {
    case (.values, .classes):
      throw TrainingError.invalid(
        option: "the loss for data with classes", value: loss.name, requirement: "one of classes, as cross-entropy is")
    case (.classes, .values):
      throw TrainingError.invalid(
        option: "the loss for data with values", value: loss.name,
        requirement: "one of values: mean squared error, mean absolute error, Huber's")
    default: break
    }
    if training.targets != .classes, classWeights != nil || sampling == .balanced {
      throw TrainingError.invalid(
        option: "the data for class weights or balanced sampling", value: "one with \(training.plainEncoding)",
        requirement: training.targets.haveNames && classWeights != nil
          ? "one with classes; where targets have names, a loss has weights of its own, as Loss.crossEntropy.weighing(classes: [1, 5])"
          : "one with classes")
    }
    if mixing != nil, training.inputs.count != 1 || training.inputs[0].element != .float32 {
      throw TrainingError.invalid(
        option: "the samples to be mixed", value: training.inputs.map { "\($0)" }.joined(separator: ", "),
        requirement: "one tensor of float32 each")
    }
    let (count, isMean) = (training.classCount, loss.reduction == .mean)
    let weights = classWeights?.values(labels: training.labels, classCount: count)
    switch weighing(for: training) {
    case .none: return training.plainEncoding
    case .samples, .mixed:
      return .weighted(try SampleWeighting(classWeights: weights, classCount: count, isMean: isMean), mixing: mixing)
    case .distributions:
      let targets = try ClassTargets(
        classCount: count, classWeights: weights, labelSmoothing: loss.smoothing ?? 0, isMean: isMean)
      return .distributions(targets, mixing: mixing)
    }
  }
}

extension TargetKind {
  fileprivate var haveNames: Bool { if case .tensors = self { true } else { false } }
}

extension Loss {
  /// Whether outputs are compared with class numbers.
  func hasClasses(_ data: any Dataset) -> Bool { comparison == .classes || comparison == .anything && data.targets == .classes }

  /// Whether a step reads what the data are labelled with.
  func takesTargets(_ metrics: [Metric], _ weighing: StepWeighing) -> Bool {
    if case .distributions = weighing { return !metrics.isEmpty }
    return comparison != .inputs || !metrics.isEmpty
  }
}
