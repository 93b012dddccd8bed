import GlissadeFormats

extension ClassificationReport {
  /// A matrix of more classes than this says nothing to people, and much to disks.
  private static let largestMatrix = 200

  /// The report under stable keys, for summaries. The confusion matrix has a row for each class, and a column for what it was taken for; it
  /// is `null` beyond 200 classes.
  public var json: JSONValue {
    func share(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
    return [
      "classes": .array(
        scores.map {
          [
            "name": .string($0.name), "precision": share($0.precision), "recall": share($0.recall), "f1": share($0.f1),
            "support": .integer(Int64($0.support)),
          ]
        }),
      "macro_f1": share(macroF1),
      "confusion_matrix": classNames.count > Self.largestMatrix
        ? .null : .array(confusion.map { .array($0.map { .integer(Int64($0)) }) }),
      "mistakes": .array(
        mistakes.map {
          [
            "sample": .integer(Int64($0.sample)), "name": $0.name.map { .string($0) } ?? .null, "class": .string(classNames[$0.label]),
            "taken_for": .string(classNames[$0.prediction]), "confidence": .number($0.confidence),
          ]
        }),
    ]
  }
}
