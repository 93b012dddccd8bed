import GlissadeFormats

/// What a page says of labels of which a sample may have any number.
enum LabelPart {
  /// - Parameter report: as the summary has it.
  /// - Returns: what the template fills in.
  static func context(_ report: JSONValue) -> [String: Any] {
    func percent(_ value: JSONValue?) -> String { Figure.percent(value?.doubleValue) }
    return [
      "map": percent(report["mean_average_precision"]), "micro": percent(report["micro_f1"]), "macro": percent(report["macro_f1"]),
      "accuracy": percent(report["label_accuracy"]), "exact": percent(report["exact_share"]),
      "threshold": Figure.text(report["threshold"]?.doubleValue),
      "rows": (report["labels"]?.arrayValue ?? []).map { row in
        [
          "name": printable(row["label"]?.stringValue ?? ""), "accuracy": percent(row["accuracy"]), "precision": percent(row["precision"]),
          "recall": percent(row["recall"]), "f1": percent(row["f1"]), "average": percent(row["average_precision"]),
          "support": Figure.text(row["samples"]?.doubleValue),
        ]
      },
    ]
  }
}
