import GlissadeCharts
import GlissadeFormats
import GlissadeRecipes
import GlissadeTraining

/// What a run's folder says of it, as pages need it.
struct RunFigures {
  let folder: RunFolder
  /// `null` for a run that goes on, or whose process was killed.
  let summary: JSONValue
  let metrics: MetricsTable
  /// `nil` for a run that was not monitored.
  let health: HealthPart?
  /// Why there is nothing to be said of layers although the run was monitored.
  let healthProblem: String?
  /// `nil` where the folder has none that makes sense.
  let recipe: Recipe?
  /// As it stands there.
  let recipeText: String

  /// - Parameter hasHealth: whether what a monitor found is read, too. Where that is damaged, there is the rest.
  /// - Throws: `FormatError` for a summary or a table of epochs that is damaged.
  init(_ folder: RunFolder, hasHealth: Bool = true) throws(FormatError) {
    self.folder = folder
    summary = FileIdentity(folder.summaryPath) == nil ? .null : try JSONValue.read(path: folder.summaryPath)
    metrics = FileIdentity(folder.metricsPath) == nil ? MetricsTable() : try MetricsTable(path: folder.metricsPath)
    do throws(FormatError) {
      health = hasHealth ? try HealthPart(path: folder.healthPath) : nil
      healthProblem = nil
    } catch {
      health = nil
      healthProblem = "\(error)"
    }
    let bytes = (try? FileBytes.read(path: folder.recipePath, limit: 1 << 20)) ?? []
    recipeText = String(decoding: bytes, as: UTF8.self)
    recipe = try? Recipe(yaml: bytes, path: folder.recipePath)
  }

  /// The folder's own name.
  var name: String { printable(folder.path.split(separator: "/").last.map(String.init) ?? folder.path) }

  func text(_ key: String) -> String? { summary[key]?.stringValue }
  func number(_ key: String) -> Double? { summary[key]?.doubleValue.flatMap { $0.isFinite ? $0 : nil } }

  /// How labels are told of which a sample may have any number; `nil` where the run is about something else.
  var labels: JSONValue? {
    guard let labels = summary["labels"], labels != .null else { return nil }
    return labels
  }

  /// Whether the run came to its end, in whatever way.
  var isFinished: Bool { summary != .null }

  /// `mlp on fashion-mnist`, as far as it is known.
  var subject: String {
    let model = text("model") ?? recipe?.model ?? "a model"
    let data = text("dataset") ?? recipe?.data ?? "unknown data"
    return "\(printable(model)) on \(printable(data))"
  }

  /// What classes or values are told by beside the loss: the middle of the names of its columns.
  var measure: String? { ["accuracy", "mean_absolute_error"].first { metrics.names.contains("train_\($0)") } }

  /// What is minimised, as recipes call it; `nil` where nobody says. Earlier versions left to the recipe what the summary has now.
  var loss: String? {
    if let loss = text("loss") { return printable(loss) }
    if let loss = recipe?.loss { return loss.recipeText }
    if recipe?.multiLabel == true { return LossChoice.usualOfMarks.recipeText }
    return measure.map { ($0 == "accuracy" ? LossChoice.usualOfClasses : .usualOfValues).recipeText }
  }

  /// Which epoch is the best one: that of the summary or, while there is none, the one with the lowest validation loss.
  var bestEpoch: Double? {
    if isFinished { return number("best_epoch") }
    return zip(metrics.epochs, metrics["validation_loss"]).filter { $0.1.isFinite }.min { $0.1 < $1.1 }?.0
  }

  /// Where a best epoch's point is in the curves.
  var bestPlace: Int? { bestEpoch.flatMap { metrics.epochs.firstIndex(of: $0) } }

  /// What came of the run, in a line.
  var result: String {
    if let labels {
      return
        "\(printable(summary["predictions"]?["on"]?.stringValue ?? "test", limit: 40)) mean average precision \(Figure.percent(labels["mean_average_precision"]?.doubleValue)), F1 "
        + "\(Figure.percent(labels["micro_f1"]?.doubleValue)), accuracy of labels \(Figure.percent(labels["label_accuracy"]?.doubleValue))"
    }
    if let values = summary["test_values"]?.members ?? nil, !values.isEmpty {
      return values.map { member in
        let (absolute, root) = (member.value["mean_absolute_error"]?.doubleValue, member.value["root_mean_squared_error"]?.doubleValue)
        return "test \(printable(member.key)): mean absolute error \(Figure.text(absolute)), root mean squared error \(Figure.text(root)), "
          + "R² \(Figure.text(member.value["r2"]?.doubleValue))"
      }.joined(separator: "; ")
    }
    let epoch = number("tested_epoch").map { " with the model of epoch \(Figure.text($0))" } ?? ""
    if let accuracy = number("test_accuracy") {
      return "test accuracy \(Figure.percent(accuracy)), test loss \(Figure.text(number("test_loss")))\(epoch)"
    }
    if let loss = number("test_loss") { return "test loss \(Figure.text(loss))\(epoch)" }
    guard let place = bestPlace ?? metrics.epochs.indices.last else { return "no epoch is over" }
    let number = Figure.text(metrics.epochs[place])
    func value(_ name: String) -> Double? { metrics[name].indices.contains(place) ? metrics[name][place] : nil }
    for part in ["validation", "train"] {
      guard let loss = value("\(part)_loss"), loss.isFinite else { continue }
      let told = measure.flatMap { name in value("\(part)_\(name)").map { (name, $0) } }.map { name, value in
        "\(MetricsTable.text("\(part)_\(name)")) \(name == "accuracy" ? Figure.percent(value) : Figure.text(value)), "
      }
      return "\(told ?? "")\(part) loss \(Figure.text(loss)) after epoch \(number)"
    }
    return "no finite loss after epoch \(number)"
  }

  /// That epochs are missing in the table, which somebody may have cut; `nil` where all of them are there.
  private var missing: String? {
    guard let epochs = number("epochs"), epochs >= 1, epochs.rounded() == epochs else { return nil }
    let last = metrics.epochs.last ?? 0
    guard metrics.epochs.count < Int(exactly: min(epochs, 1e9)) ?? 0 || last < epochs else { return nil }
    return "metrics.csv has \(metrics.epochs.count) of the \(Figure.text(epochs)) epochs that were trained: the curves are not whole."
  }

  /// What people should know before they read on: each a sentence.
  var warnings: [String] {
    var unread = healthProblem.map { ["What the monitor found is left out: \(printable($0, limit: 600))."] } ?? []
    if let missing { unread.append(missing) }
    if !isFinished {
      return ["This run has no summary: it goes on, or its process was killed. What follows is what its files say so far."] + unread
    }
    let named = [
      ("failure", "The training failed"), ("interruption", "It was stopped"), ("stop_reason", "It ended early"),
      ("fallback", "It moved to another device"), ("divergence", "It diverged"),
    ]
    return named.compactMap { key, text in summary[key]?.stringValue.map { "\(text): \(printable($0, limit: 600))." } } + unread
  }
}

/// Numbers as pages write them.
enum Figure {
  static func text(_ value: Double?) -> String { value.map { $0.isFinite ? ChartNumber.text($0) : "–" } ?? "–" }

  static func percent(_ share: Double?) -> String {
    guard let share, share.isFinite else { return "–" }
    let tenths = (share * 10_000).rounded() / 100
    return "\(ChartNumber.text(tenths)) %"
  }

  static func seconds(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "–" }
    let whole = Int(min(max(value, 0), 1e9).rounded())
    if value < 100 { return "\(ChartNumber.text(value, digits: 3)) s" }
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    return hours > 0 ? "\(hours) h \(minutes) min" : "\(minutes) min \(rest) s"
  }

  static func bytes(_ value: Double?) -> String {
    guard var value, value.isFinite else { return "–" }
    for unit in ["B", "KiB", "MiB", "GiB"] {
      if value < 1024 { return "\(ChartNumber.text(value, digits: 3)) \(unit)" }
      value /= 1024
    }
    return "\(ChartNumber.text(value, digits: 3)) TiB"
  }
}
