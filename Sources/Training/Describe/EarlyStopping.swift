/// Ends a training when what is measured after each epoch has stopped getting better: after `patience` epochs in a row none of which was better
/// than the best one before by more than `minimumDelta` (Prechelt, Early Stopping – but when?, 1998; Keras' `EarlyStopping`).
///
/// The best epoch, whose parameters are kept (`Trainer.Result.best`, `best.safetensors`) and measured with, is then the best by the same measure.
/// What it has come to follows from the epochs that are over, which checkpoints hold, so that a training that goes on stops where it would have.
///
/// ```swift
/// options.earlyStopping = EarlyStopping(patience: 5)
/// ```
public struct EarlyStopping: Hashable, Sendable, CustomStringConvertible {
  /// What is looked at, under its name in `metrics.csv`.
  public enum Measure: String, CaseIterable, Sendable {
    /// The loss on the validation data.
    case validationLoss = "validation_loss"
    /// The share of right answers on the validation data.
    case validationAccuracy = "validation_accuracy"
    /// Of predicted values.
    case validationError = "validation_mean_absolute_error"
    /// R² of predicted values.
    case validationDetermination = "validation_r2"
    /// The mean loss of the epoch's steps, for trainings without validation data.
    case trainingLoss = "train_loss"

    /// Whether more is better.
    public var growsBetter: Bool { self == .validationAccuracy || self == .validationDetermination }

    /// Whether it is measured with validation data.
    public var needsValidation: Bool { self != .trainingLoss }

    /// Which trainings have it, by what they tell beside the loss; all where `nil`.
    package var told: Loss.Measure? {
      switch self {
      case .validationLoss, .trainingLoss: nil
      case .validationAccuracy: .accuracy
      case .validationError, .validationDetermination: .meanAbsoluteError
      }
    }

    /// For people.
    public var words: String { rawValue.replacing("_", with: " ") }

    package func value(of row: EpochRecord) -> Double {
      switch self {
      case .validationLoss: row.validationLoss
      case .validationAccuracy, .validationError: row.validationAccuracy
      case .validationDetermination: row.validationDetermination
      case .trainingLoss: row.trainLoss
      }
    }

    /// Whether a value is better than another.
    package func isBetter(_ value: Double, than other: Double, by delta: Double = 0) -> Bool {
      growsBetter ? value > other + delta : value < other - delta
    }
  }

  /// Epochs in a row without getting better that end the training, at least 1.
  public var patience: Int
  /// What is looked at.
  public var measure: Measure
  /// How much better a value has to be than the best one to count, at least 0, in the measure's own units.
  public var minimumDelta: Double

  /// - Parameters:
  ///   - patience: epochs without getting better that end the training; default 5.
  ///   - measure: what is looked at; default the validation loss.
  ///   - minimumDelta: how much better is better; default 0: anything.
  public init(patience: Int = 5, measure: Measure = .validationLoss, minimumDelta: Double = 0) {
    (self.patience, self.measure, self.minimumDelta) = (patience, measure, minimumDelta)
  }

  /// Checks its numbers.
  /// - Throws: `TrainingError.invalid` for a patience below 1, or a delta that is negative or no number.
  public func validate() throws(TrainingError) {
    if patience < 1 { throw .invalid(option: "the patience of early stopping", value: "\(patience)", requirement: "at least 1 epoch") }
    guard minimumDelta >= 0, minimumDelta.isFinite else {
      throw .invalid(option: "min_delta of early stopping", value: "\(minimumDelta)", requirement: "at least 0")
    }
  }

  /// Whether a training ends after some epochs.
  /// - Parameter epochs: all that are over.
  /// - Returns: why, in words; `nil` where it goes on.
  public func verdict(on epochs: [EpochRecord]) -> String? {
    var best: (value: Double, epoch: Int)?
    var waited = 0
    for row in epochs {
      let value = measure.value(of: row)
      // What is no number is no better than anything.
      if !value.isNaN, best.map({ measure.isBetter(value, than: $0.value, by: minimumDelta) }) ?? true {
        (best, waited) = ((value, row.epoch), 0)
      } else {
        waited += 1
      }
      if waited >= patience { break }
    }
    guard waited >= patience else { return nil }
    let since = best.map { "than in epoch \($0.epoch)" } ?? "than nothing"
    return "the \(measure.words) was no better \(since) for \(patience) epoch\(patience == 1 ? "" : "s")"
  }

  /// `patience=5,metric=validation_loss,min_delta=0.0`.
  public var description: String { "patience=\(patience),metric=\(measure.rawValue),min_delta=\(minimumDelta)" }
}

extension TrainingOptions {
  /// - Throws: `TrainingError` for what ends a training and cannot be measured in it.
  func checkStopping(measure told: Loss.Measure, hasValidation: Bool) throws(TrainingError) {
    if let limit = timeLimit, limit <= .zero {
      throw .invalid(option: "the time limit", value: "\(limit)", requirement: "above 0 seconds")
    }
    guard let stopping = earlyStopping else { return }
    try stopping.validate()
    let wanted = stopping.measure
    if wanted.needsValidation, !hasValidation {
      throw .invalid(
        option: "the metric of early stopping", value: wanted.rawValue,
        requirement: "\(EarlyStopping.Measure.trainingLoss.rawValue), since there is no validation data")
    }
    guard let needed = wanted.told, needed != told else { return }
    let known = EarlyStopping.Measure.allCases.filter { $0.told == nil || $0.told == told }.map(\.rawValue)
    throw .invalid(
      option: "the metric of early stopping", value: wanted.rawValue,
      requirement: "one of \(known.joined(separator: ", ")), which this training has")
  }
}
