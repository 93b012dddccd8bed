import GlissadeData

extension TrainingOptions {
  /// In which form a dataset's batches are trained on.
  /// - Throws: `TrainingError` where the loss is for another kind of targets, or where class weights, balanced sampling or mixing meet values
  ///   rather than classes; `DataError` for class weights that do not fit the classes.
  func encoding(for training: any Dataset) throws -> TargetEncoding {
    switch training.targets {
    case .classes:
      guard loss.isOfClasses else {
        throw TrainingError.invalid(
          option: "the loss for data with classes", value: loss.name, requirement: "one of classes, as cross-entropy is")
      }
      guard trainsOnDistributions else { return .labels }
      guard let smoothing = loss.smoothing else {
        throw TrainingError.invalid(
          option: "the loss for class weights or mixed samples", value: loss.name, requirement: "cross-entropy, which has a form for them")
      }
      let count = training.classCount
      let targets = try ClassTargets(
        classCount: count, classWeights: classWeights?.values(labels: training.labels, classCount: count), labelSmoothing: smoothing)
      return .distributions(targets, mixing: mixing)
    case .values(let names):
      guard !loss.isOfClasses else {
        throw TrainingError.invalid(
          option: "the loss for data with values", value: loss.name,
          requirement: "one of values: mean squared error, mean absolute error, Huber's")
      }
      if trainsOnDistributions || sampling == .balanced {
        throw TrainingError.invalid(
          option: "the data for class weights, balanced sampling or mixed samples", value: "one with values",
          requirement: "one with classes")
      }
      return .values(names.count)
    }
  }
}
