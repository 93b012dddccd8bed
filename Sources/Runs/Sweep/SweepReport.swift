import GlissadeFormats
import GlissadeRecipes
import GlissadeReports
import GlissadeTraining

/// What a search leaves and says: its table, its page, the recipe of the best, and lines for people.
extension Sweep {
  /// Rows are by trial, and hold nothing that differs from machine to machine or from one try to the next: the same search, the same bytes.
  func writeFiles() throws {
    let names = plan.space.dimensions.map(\.name)
    let header = ["trial", "run", "status"] + names + ["epochs_done", plan.metric.rawValue, "best_epoch"]
    try CSV.write(path: folder.sweepTablePath, header: header, rows: results.latest.map(row))
    if let best, runFolder(best.trial).holdsRun {
      let heading = [
        "The recipe of the best of \(results.latest.count) trials, \(Self.name(ofTrial: best.trial)), by \(plan.metric.words) "
          + "(\(best.value.map { "\($0)" } ?? "")): everything in force, defaults included. 'glissade train --recipe FILE' trains it again."
      ]
      let recipe = try RunDocument(of: runFolder(best.trial)).recipe
      try AtomicFile.write(path: folder.bestRecipePath, text: recipe.text(heading: heading))
    }
    try SweepPage(figures).write(to: folder.sweepPagePath)
  }

  private func row(_ result: SweepResult) -> [String] {
    var row = ["\(result.trial)", Self.name(ofTrial: result.trial), status(of: result).rawValue]
    row += plan.trials[result.trial - 1].values.map { $0 ?? "" }
    row.append("\(result.epochs)")
    row.append(result.value.map { "\($0)" } ?? "")
    row.append(result.bestEpoch.map(String.init) ?? "")
    return row
  }

  /// Paused is what was to be trained on only if it was among the best.
  func status(of result: SweepResult) -> SweepOutcome.Status {
    if result.failure != nil { return .failed }
    return result.budget < plan.trials[result.trial - 1].recipe.epochs ? .paused : .done
  }

  private var figures: SweepFigures {
    let recipe = plan.recipe
    let first = plan.trials.first?.recipe ?? recipe
    let varied = Set(plan.space.dimensions.map(\.name))
    let model = varied.contains("model") ? "several models" : first.model
    var figures = SweepFigures(
      subject: "\(printable(model)) on \(printable(varied.contains("data") ? "several data" : first.data))",
      strategy: "\(type(of: plan.strategy).name): \(type(of: plan.strategy).summary)", planned: plan.trials.count,
      metric: plan.metric.rawValue, growsBetter: plan.metric.growsBetter, isShare: plan.metric == .validationAccuracy)
    figures.dimensions = plan.space.dimensions.map { dimension in
      let numbers = (dimension.choices ?? []).map { Double($0) ?? .nan }
      return SweepFigures.Dimension(
        name: dimension.name, choices: numbers.isEmpty || numbers.contains(where: \.isNaN) ? dimension.choices : nil,
        isLogarithmic: dimension.isLogarithmic)
    }
    figures.trials = results.latest.map { result in
      SweepFigures.Trial(
        number: result.trial, run: Self.name(ofTrial: result.trial), values: plan.trials[result.trial - 1].values, result: result.value,
        status: status(of: result).rawValue, epochs: result.epochs, bestEpoch: result.bestEpoch, failure: result.failure)
    }
    figures.best = best?.trial
    figures.test = tested.map { $0.trial == best?.trial ? Self.text(ofTest: $0.values) : nil } ?? nil
    figures.seconds = seconds
    return figures
  }

  /// What the test data says, for people.
  package static func text(ofTest values: [JSONMember]) -> String? {
    let found = JSONValue.object(values)
    if let values = found["test_values"]?.members, !values.isEmpty {
      return values.map { member in
        "test \(printable(member.key)): mean absolute error \(Text.significant(member.value["mean_absolute_error"]?.doubleValue ?? .nan)), "
          + "R² \(Text.determination(member.value["r2"]?.doubleValue ?? .nan))"
      }.joined(separator: "; ")
    }
    let parts = [
      found["test_accuracy"]?.doubleValue.map { "test accuracy \(Text.percent($0))" },
      found["test_loss"]?.doubleValue.map { "test loss \(Text.fixed($0, 4))" },
    ].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  // MARK: Lines

  private func text(_ value: Double?) -> String {
    guard let value else { return "-" }
    return switch plan.metric {
    case .validationAccuracy: Text.percent(value)
    case .validationError: Text.significant(value)
    case .validationDetermination: Text.determination(value)
    case .validationLoss, .trainingLoss: abs(value) < 1e4 ? Text.fixed(value, 4) : Text.significant(value)
    }
  }

  /// What a trial came to, in a line.
  package func line(of result: SweepResult) -> String {
    if let failure = result.failure { return "trial \(result.trial): failed: \(failure)" }
    let epoch = result.bestEpoch.map { " in epoch \($0) of \(result.epochs)" } ?? ""
    return "trial \(result.trial): \(plan.metric.words) \(text(result.value))\(epoch)"
  }

  /// The trials, those that came farthest and then the best first; nothing where none came to anything.
  package func table(limit: Int = 40) -> [String] {
    let names = plan.space.dimensions.map { printable($0.name) }
    let finalists = plan.strategy.finalists(results)
    let front = results.ranked(finalists)
    let rest = results.latest.filter { result in !front.contains { $0.trial == result.trial } }
    let others = results.ranked(rest).sorted { $0.budget > $1.budget } + rest.filter { $0.value == nil }
    let all = front + others
    guard !all.isEmpty else { return [] }
    var rows = [["TRIAL"] + names + ["EPOCHS", plan.metric.words.uppercased(), "BEST EPOCH", ""]]
    rows += all.prefix(limit).map { result in
      let status = status(of: result)
      var row = ["\(result.trial)"]
      row += plan.trials[result.trial - 1].values.map { printable($0 ?? "-", limit: 40) }
      row += ["\(result.epochs)", text(result.value), result.bestEpoch.map(String.init) ?? "-", status == .done ? "" : status.rawValue]
      return row
    }
    let widths = Text.widths(of: rows)
    var lines = rows.map { row in
      var line = zip(row, widths).map { Text.column($0, $1) }.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
    if all.count > limit { lines.append("… and \(all.count - limit) more in \(folder.sweepTablePath)") }
    return lines
  }

  /// What came of it, and where it is.
  package func conclusion(_ ending: Ending) -> [String] {
    var lines: [String] = []
    if ending == .time {
      let left = "the time is over; --resume \(folder.path) with a larger --max-time goes on"
      lines.append("\(results.latest.count) of \(plan.trials.count) trials came to something: \(left)")
    }
    if let best {
      let test = tested.flatMap { $0.trial == best.trial ? Self.text(ofTest: $0.values) : nil }
      lines.append(
        "best: trial \(best.trial) (\(plan.text(of: best.trial))), \(plan.metric.words) \(text(best.value))\(test.map { ", \($0)" } ?? "")")
    }
    return lines + ["saved in \(folder.path)"]
  }
}
