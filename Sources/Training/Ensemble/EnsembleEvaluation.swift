import GlissadeData
import GlissadeDevices
import GlissadeFormats
import GlissadeLayers
import GlissadeTensors

/// What an ensemble of classifiers reaches on a dataset, beside what its members reach.
public struct EnsembleEvaluation: Sendable {
  /// What one model, or all of them together, reaches.
  public struct Score: Hashable, Sendable {
    /// The share of right answers.
    public var accuracy: Double
    /// The mean of the trainer's loss (`TrainingOptions.loss`): of all together that of what they answer together.
    public var loss: Double
  }

  /// How much larger the whole's accuracy is than its members'.
  public struct Gain: Hashable, Sendable {
    /// Than their mean.
    public var overMean: Double
    /// Than the best one's.
    public var overBest: Double
  }

  /// In the ensemble's order.
  public var members: [Score]
  /// All of them together.
  public var whole: Score
  /// Of samples in several views: what all of them reach together on the samples as they are.
  public var unchanged: Score?
  /// Class by class, of all together.
  public var report: ClassificationReport

  /// What there is to be gained by all of them.
  public var gain: Gain {
    let accuracies = members.map(\.accuracy)
    let mean = accuracies.reduce(0, +) / Double(max(accuracies.count, 1))
    return Gain(overMean: whole.accuracy - mean, overBest: whole.accuracy - (accuracies.max() ?? .nan))
  }
}

/// What an ensemble predicts of values, beside what its members predict.
public struct EnsemblePredictions: Sendable {
  /// In the ensemble's order.
  public var members: [RegressionReport]
  /// All of them together.
  public var whole: RegressionReport
  /// Of samples in several views: what all of them predict together of the samples as they are.
  public var unchanged: RegressionReport?

  /// The same in other units.
  public func multiplied(by factor: Double) -> EnsemblePredictions {
    EnsemblePredictions(
      members: members.map { $0.multiplied(by: factor) }, whole: whole.multiplied(by: factor), unchanged: unchanged?.multiplied(by: factor))
  }

  /// The same with a factor for each value.
  public func multiplied(by factors: [Double]) -> EnsemblePredictions {
    EnsemblePredictions(
      members: members.map { $0.multiplied(by: factors) }, whole: whole.multiplied(by: factors),
      unchanged: unchanged?.multiplied(by: factors))
  }
}

extension Trainer {
  /// Evaluates an ensemble of classifiers on a dataset, and each of its members.
  ///
  /// With `views` each model answers with the mean of what it answers for `data` and for each of the views (test-time augmentation: Krizhevsky,
  /// Sutskever and Hinton 2012 average over ten crops and reflections).
  /// - Parameters:
  ///   - data: what to evaluate on, with classes.
  ///   - views: the same samples, changed, in the same order; default none.
  ///   - ensemble: the members.
  ///   - device: where; default the best that there is.
  ///   - mistakes: how many of the mistakes that the ensemble is surest of are kept.
  /// - Throws: `TrainingError.invalid` for an ensemble without members, data without classes, or a model whose outputs are no classes;
  ///   `StateError` for members of another form; `DataError`, `DeviceError`, and `MemoryError` where all answers have no room.
  public func evaluation(
    of data: any Dataset, views: [any Dataset] = [], by ensemble: Ensemble, on device: (any Device)? = nil,
    mistakes: Int = Evaluation.mistakes
  ) throws -> EnsembleEvaluation {
    guard data.targets == .classes else {
      throw TrainingError.invalid(option: "the data", value: "one without classes", requirement: "one with classes")
    }
    let device = try device ?? DeviceSelection.open(.auto).device
    // What is answered is compared by the loss as a model's outputs are, by one that gives what it is given.
    let judge = Trainer(model: Answers(), options: options)
    func score(_ outputs: [Float]) throws -> EnsembleEvaluation.Score {
      let answers = try ArrayDataset(features: outputs, sampleShape: [data.classCount], labels: data.labels, classNames: data.classNames)
      let found = try judge.evaluate(answers, state: ModelState(parameters: []), on: device)
      return EnsembleEvaluation.Score(accuracy: found.accuracy, loss: found.loss)
    }
    var members: [EnsembleEvaluation.Score] = []
    let (outputs, unchanged) = try answers(for: data, views, by: ensemble, on: device, width: data.classCount) {
      members.append(try score($0))
    }
    var report = ClassificationReport(classNames: data.classNames, mistakeLimit: mistakes)
    data.labels.withUnsafeBufferPointer { report.add(logits: outputs, labels: $0, first: 0, name: data.place(ofSample:)) }
    return EnsembleEvaluation(members: members, whole: try score(outputs), unchanged: try unchanged.map(score), report: report)
  }

  /// Compares what an ensemble predicts, and each of its members, with the values of a dataset.
  /// - Parameters:
  ///   - data: samples with values.
  ///   - views: the same samples, changed, whose answers are averaged with those of `data`; default none.
  ///   - ensemble: the members.
  ///   - device: where; default the best that there is.
  /// - Throws: as `evaluation(of:views:by:on:mistakes:)`, and `TrainingError.invalid` for data with classes.
  public func predictions(
    for data: any Dataset, views: [any Dataset] = [], by ensemble: Ensemble, on device: (any Device)? = nil
  ) throws -> EnsemblePredictions {
    guard case .values(let names) = data.targets else {
      throw TrainingError.invalid(option: "the data", value: "one with classes", requirement: "one with values to be predicted")
    }
    var values = [Float](repeating: 0, count: data.count * names.count)
    try values.withUnsafeMutableBufferPointer { try data.gatherValues(Array(0..<data.count)[...], into: $0) }
    var members: [RegressionReport] = []
    func report(_ outputs: [Float]) -> RegressionReport { options.loss.report(outputs, values: values, names: names) }
    let (outputs, unchanged) = try answers(for: data, views, by: ensemble, on: device, width: names.count) { members.append(report($0)) }
    return EnsemblePredictions(members: members, whole: report(outputs), unchanged: unchanged.map(report))
  }

  /// What all members answer together.
  /// - Parameters:
  ///   - width: numbers for each sample.
  ///   - member: is given the outputs of each of them.
  /// - Returns: the answers, and where there are views those for the samples as they are.
  private func answers(
    for data: any Dataset, _ views: [any Dataset], by ensemble: Ensemble, on device: (any Device)?, width: Int,
    _ member: ([Float]) throws -> Void
  ) throws -> (together: [Float], unchanged: [Float]?) {
    guard !ensemble.states.isEmpty, data.count > 0 else {
      throw TrainingError.invalid(
        option: ensemble.states.isEmpty ? "an ensemble" : "the data", value: "empty",
        requirement: ensemble.states.isEmpty ? "one of at least one model" : "at least one sample")
    }
    if let other = views.first(where: { $0.count != data.count || $0.sampleShape != data.sampleShape }) {
      throw TrainingError.invalid(
        option: "a view", value: "one of \(other.count) samples of \(Shape(other.sampleShape))",
        requirement: "one of the \(data.count) samples of \(Shape(data.sampleShape)) that are evaluated")
    }
    // What one member answers, their sums, and what comes of these; with views once more for each member and for what is unchanged.
    try AvailableMemory.require(data.count * width * (views.isEmpty ? 20 : 60), for: "the answers of an ensemble")
    let device = try device ?? DeviceSelection.open(.auto).device
    let session = try evaluationSession(for: data, batchSize: min(options.evaluationBatch, data.count), on: device, forOutputs: true)
    var (mean, unchanged) = (AnswerMean(ensemble.answer), AnswerMean(ensemble.answer))
    for state in ensemble.states {
      try session.restore(state)
      var own = AnswerMean(ensemble.answer)
      for (place, view) in ([data] + views).enumerated() {
        let outputs = try outputs(for: view, by: session).values.first?.floats ?? []
        guard outputs.count == data.count * width else {
          throw TrainingError.invalid(
            option: "the model", value: "one with \(outputs.count / max(data.count, 1)) outputs", requirement: "one with \(width)")
        }
        own.add(outputs, samples: data.count)
        if place == 0, !views.isEmpty { unchanged.add(outputs, samples: data.count) }
      }
      let outputs = own.outputs
      try member(outputs)
      mean.add(outputs, samples: data.count)
    }
    return (mean.outputs, views.isEmpty ? nil : unchanged.outputs)
  }
}

/// A model whose answers are what it is given.
private struct Answers: Layer {
  func forward(_ x: Tensor) -> Tensor { x }
}
