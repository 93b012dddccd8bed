/// What to try next.
extension RunRecord {
  /// Sentences that follow from the figures: what is the matter, since when, and the usual remedy by its option. None where nothing is.
  public var advice: [String] { Self.rules.compactMap { self[keyPath: $0.sentence] } }

  /// What of it a monitor tells while training goes on, each kind once.
  var warningsNow: [(kind: String, text: String)] {
    Self.rules.compactMap { rule in rule.isWarning ? self[keyPath: rule.sentence].map { (rule.kind, $0) } : nil }
  }

  /// All that is looked for.
  private static let rules: [(kind: String, isWarning: Bool, sentence: KeyPath<RunRecord, String?> & Sendable)] = [
    ("divergence", false, \.ofDivergence), ("exploding_gradients", true, \.ofExplodingGradients),
    ("vanishing_gradients", true, \.ofVanishingGradients), ("dead_units", true, \.ofDeadUnits), ("overshooting", true, \.ofOvershooting),
    ("idle_head", true, \.ofIdleHead), ("overfitting", true, \.ofOverfitting), ("slowness", true, \.ofSlowness),
    ("early_end", false, \.ofAnEarlyEnd), ("imbalance", false, \.ofImbalance), ("unanswered_classes", true, \.ofUnansweredClasses),
    ("no_better_than_mean", false, \.ofTheMean), ("no_better_than_guessing", false, \.ofGuessing),
    ("overconfidence", false, \.ofConfidence), ("data_wait", true, \.ofWaiting), ("reading", false, \.ofReading),
  ]

  private var ofDivergence: String? {
    divergence.map {
      "\($0). A lower --lr, --clip-norm 1 or a warm-up (--schedule 'warmup(100 steps) then constant') keep that from happening."
    }
  }

  /// The validation loss rises again while that of training falls.
  private var ofOverfitting: String? {
    guard divergence == nil, let best = lowestLoss, let last = epochs.last, last.epoch - best.epoch >= 2,
      last.validationLoss > best.validationLoss * 1.02, last.trainLoss < best.trainLoss
    else { return nil }
    return "Over-fitting from epoch \(best.epoch + 1) on: the validation loss rose from \(figure(best.validationLoss)) to "
      + "\(figure(last.validationLoss)) while the training loss fell from \(figure(best.trainLoss)) to \(figure(last.trainLoss)). More data, "
      + "--augment for pictures and --weight-decay help against it, and --early-stop ends the training in time."
  }

  private var ofSlowness: String? {
    guard divergence == nil, ofIdleHead == nil, epochs.count >= 3, let first = epochs.first, let last = epochs.last, first.trainLoss > 0,
      last.trainLoss > first.trainLoss * 0.98
    else { return nil }
    return
      "The training loss hardly fell: \(figure(first.trainLoss)) after the first epoch, \(figure(last.trainLoss)) after the last. The rate is "
      + "too low or too high for this model; try --lr a tenth and ten times of what it was."
  }

  /// Neither loss has stopped falling.
  private var ofAnEarlyEnd: String? {
    guard divergence == nil, stopReason == nil, interruption == nil, epochs.count >= 2, let best = lowestLoss, let last = epochs.last,
      best.epoch == last.epoch, epochs[epochs.count - 2].validationLoss > last.validationLoss * 1.01
    else { return nil }
    return "The validation loss was still falling at the end (\(figure(epochs[epochs.count - 2].validationLoss)) to "
      + "\(figure(last.validationLoss)) in the last epoch): more --epochs go on from here with --resume."
  }

  private var ofImbalance: String? {
    guard let scores = report?.scores.filter({ $0.support > 0 }), let few = scores.min(by: { $0.support < $1.support }),
      let many = scores.max(by: { $0.support < $1.support }), many.support >= 5 * few.support
    else { return nil }
    return
      "The classes are far from equally frequent: \(many.support) samples of '\(many.name)' and \(few.support) of '\(few.name)' in the "
      + "\(reportedOn) data. --class-weights balanced or --sampling balanced lets rare ones count."
  }

  private var ofUnansweredClasses: String? {
    // While training goes on: of the validation data, once the first epochs are over.
    guard let report = report ?? (epochs.count >= 3 ? monitored.validation : nil), report.count > 0 else { return nil }
    let missing = report.scores.enumerated().filter { index, score in
      score.support > 0 && report.confusion.allSatisfy { $0[index] == 0 }
    }
    guard let first = missing.first else { return nil }
    let names = missing.count == 1 ? "'\(first.element.name)' was" : "\(missing.count) classes, '\(first.element.name)' among them, were"
    return "\(names) never predicted: look at what lies in there, and at --class-weights balanced."
  }

  private var ofConfidence: String? {
    guard let calibration = report?.calibration, calibration.expectedError > 0.1, calibration.isOverconfident else { return nil }
    return
      "The model is surer than it is right (expected calibration error \(figure(calibration.expectedError))): --label-smoothing 0.1 makes "
      + "its probabilities more honest."
  }

  /// Values are predicted no better than by their mean.
  private var ofTheMean: String? {
    // Labels that samples have or have not are told by other figures.
    guard divergence == nil, let predictions, predictions.labels == nil else { return nil }
    let missed = predictions.rows.filter { $0.determination <= 0 }
    guard let first = missed.first else { return nil }
    let others = missed.count > 1 ? ", and \(missed.count - 1) other value\(missed.count == 2 ? " is" : "s are") no better" : ""
    return
      "No better than the mean: on the \(reportedOn) data R² of '\(first.name)' is \(figure(first.determination)), where always answering the "
      + "mean has 0\(others). Try --lr a tenth and ten times of what it was and more --epochs; if nothing helps, what is given may say nothing of "
      + "what is asked."
  }

  /// Classes are told no better than by always answering the largest.
  private var ofGuessing: String? {
    guard divergence == nil, let report, let largest = report.scores.max(by: { $0.support < $1.support }), largest.support < report.count,
      report.correct <= largest.support
    else { return nil }
    func percent(_ part: Int) -> String { "\(figure(100 * Double(part) / Double(report.count))) %" }
    return
      "No better than guessing: \(percent(report.correct)) of the answers to the \(reportedOn) data are right, and always answering "
      + "'\(largest.name)' has \(percent(largest.support)). Try --lr a tenth and ten times of what it was and more --epochs; if nothing helps, "
      + "what is given may say nothing of the classes."
  }

  /// Waits that somebody notices.
  private var ofWaiting: String? {
    guard dataWaitShare > 0.3, dataWaitSeconds > 2 else { return nil }
    return
      "The device waited for data \(Int((dataWaitShare * 100).rounded())) % of the training's time: smaller pictures (--size), fewer "
      + "augmentations or a faster disk make training faster, a faster device does not."
  }

  /// Most of the run was over before the first step.
  private var ofReading: String? {
    guard !epochs.isEmpty, preparationSeconds > 0.5 * wholeSeconds, preparationSeconds > 5 else { return nil }
    return
      "Reading the data before training took \(Int((100 * preparationSeconds / wholeSeconds).rounded())) % of the time, "
      + "\(figure(preparationSeconds)) of \(figure(wholeSeconds)) s. It is read once, however many --epochs there are; smaller files are read "
      + "faster, and so are pictures that are stored in about the size that the model sees."
  }

  /// The epoch with the lowest validation loss, whatever the best one goes by.
  private var lowestLoss: EpochRecord? {
    epochs.filter { $0.validationLoss.isFinite }.min { $0.validationLoss < $1.validationLoss }
  }

  /// Three digits that matter.
  func figure(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    var (scale, size) = (1.0, value.magnitude)
    while size >= 1000 { (scale, size) = (scale / 10, size / 10) }
    while size < 100 { (scale, size) = (scale * 10, size * 10) }
    let rounded = (value * scale).rounded() / scale
    return Int64(exactly: rounded).map(String.init) ?? "\(rounded)"
  }
}
