/// Figures of a table of epochs in lines, as `train` says them.
extension Figure {
  /// One of its numbers: a share in per cent, where it is one of right answers.
  static func text(_ value: Double, ofColumn name: String) -> String { accuracies.contains(name) ? percent(value) : text(value) }

  private static let accuracies = Set(["train", "validation", "average_validation"].map { "\($0)_accuracy" })
}
