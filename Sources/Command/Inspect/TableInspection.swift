import Glissade
import GlissadeFormats

/// What there is to say of a run on a table beside its tensors: what it predicts from what, and how that went.
struct TableInspection {
  let table: TableDescription
  /// The run's summary, where it came to its end.
  private let summary: JSONValue?

  /// Columns that are listed for people.
  private static let shown = 30
  /// What the summary says of a regression, or of a classification.
  private static let measures = [
    "epochs", "train_loss", "validation_loss", "validation_accuracy", "validation_r2", "best_epoch", "best_validation_loss",
    "best_validation_accuracy", "best_validation_r2", "test_loss", "test_accuracy", "test_values",
  ]

  init(_ table: TableDescription, in folder: RunFolder) {
    self.table = table
    summary = try? JSONValue.read(path: folder.summaryPath)
  }

  var lines: [String] {
    let inputs = table.encoding.inputs
    let columns = inputs.prefix(Self.shown).map(\.line) + (inputs.count > Self.shown ? ["  and \(inputs.count - Self.shown) more"] : [])
    let title = "predicts \(target) from \(inputs.count) column\(inputs.count == 1 ? "" : "s"), \(table.encoding.width) features:"
    let result = results.isEmpty ? [] : [results.joined(separator: "  ")]
    return [title] + columns + result
  }

  private var target: String {
    if !table.encoding.others.isEmpty {
      let names = table.encoding.targetNames.map { "'\(printable($0))'" }.joined(separator: ", ")
      return "\(table.areMarks ? "the labels" : "the values") \(names)"
    }
    return switch table.encoding.target {
    case .classes(let name, let classes): "the class '\(printable(name))', one of \(classes.count)"
    case .value(let name, let mean, let deviation):
      "the value '\(printable(name))' (mean \(Text.significant(Double(mean))), deviation \(Text.significant(Double(deviation))))"
    }
  }

  private var results: [String] {
    guard let summary else { return [] }
    func number(_ key: String) -> Double? { summary[key]?.doubleValue }
    var result: [String] = []
    if let epochs = summary["epochs"]?.integerValue { result.append("\(epochs) epoch\(epochs == 1 ? "" : "s")") }
    if let loss = number("train_loss") { result.append("loss \(Text.fixed(loss, 4))") }
    if let loss = number("validation_loss") { result.append("validation loss \(Text.fixed(loss, 4))") }
    if let accuracy = number("validation_accuracy") { result.append("accuracy \(Text.percent(accuracy))") }
    if let determination = number("validation_r2") { result.append("R² \(Text.determination(determination))") }
    if let epoch = summary["best_epoch"]?.integerValue { result.append("best in epoch \(epoch)") }
    if let accuracy = number("test_accuracy") { result.append("test accuracy \(Text.percent(accuracy))") }
    for value in summary["test_values"]?.members ?? [] {
      guard let error = value.value["mean_absolute_error"]?.doubleValue else { continue }
      let determination = value.value["r2"]?.doubleValue.map { ", R² \(Text.determination($0))" } ?? ""
      result.append("test \(printable(value.key)): mean absolute error \(Text.significant(error))\(determination)")
    }
    return result
  }

  /// Members for `inspect --json`.
  var json: [JSONMember] {
    let metrics = Self.measures.compactMap { key in summary?[key].flatMap { $0 == .null ? nil : JSONMember(key, $0) } }
    return [
      JSONMember("target", .string(table.encoding.target.name))
    ] + (table.encoding.others.isEmpty ? [] : [JSONMember("targets", .array(table.encoding.targetNames.map { .string($0) }))]) + [
      JSONMember(
        "columns",
        .array(
          table.encoding.inputs.map { input in
            switch input {
            case .number(let name, let mean, let deviation):
              ["name": .string(name), "kind": "number", "mean": .number(Double(mean)), "deviation": .number(Double(deviation))]
            case .category(let name, let words):
              ["name": .string(name), "kind": "category", "words": .array(words.map { .string($0) })]
            }
          })), JSONMember("metrics", summary == nil ? .null : .object(metrics)),
    ]
  }
}

extension TableEncoding.Input {
  /// For people.
  fileprivate var line: String {
    switch self {
    case .number(let name, let mean, let deviation):
      return "  \(printable(name)): numbers, mean \(Text.significant(Double(mean))), deviation \(Text.significant(Double(deviation)))"
    case .category(let name, let words):
      let shown = words.prefix(5).map { printable($0) }.joined(separator: ", ") + (words.count > 5 ? ", …" : "")
      return "  \(printable(name)): \(words.count) categor\(words.count == 1 ? "y" : "ies") (\(shown))"
    }
  }
}
