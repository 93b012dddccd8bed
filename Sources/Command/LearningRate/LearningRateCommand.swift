import ArgumentParser
import Glissade
import GlissadeCharts
import GlissadeFormats

/// `glissade lr-find`.
typealias LearningRateCommand = UsingRecipe<RateFinding>

/// What a range test has of its own.
struct RateFinding: RecipeUse {
  static let configuration = CommandConfiguration(
    commandName: "lr-find", abstract: "Find a learning rate: train a few steps with growing rates, and see where the loss falls.",
    discussion: """
      A learning-rate range test (Smith, 2017) of what 'glissade train' would train with the same recipe and options: a step with each of --steps \
      rates from --from to --to, until the loss is four times its lowest. Prints the curve and a rate to train with. Nothing is saved of the \
      model, and schedules play no part, nor does what a recipe says of epochs, averages and checkpoints.
      """)

  @OptionGroup(title: EssentialSection.title) var test: RateTestOptions

  @Flag(help: "Print the suggestion and the curve as JSON.")
  var json = false

  /// What says when a training ends, what it leaves, and what becomes of its rate and its weights as it goes on.
  static let leavesOut = Set(
    Recipe.declarations(of: StoppingSection.self).map(\.name) + Recipe.declarations(of: SavingSection.self).map(\.name)
      + [TrainingSection().epochs.name, TrainingSection().schedule.name, PretrainedSection().unfreezeAt.name]
      + [EnsembleSection().snapshots.name, RegularizationSection().ema.name, RegularizationSection().swa.name])

  func run(_ given: GivenOptions) throws {
    let (out, from, to, steps) = (test.out, test.from, test.to, test.steps)
    if let out { try DrawnFile.picture.check(out, "--out") }
    var options = RateRange.Options()
    (options.lowest, options.highest, options.steps) = (from, to, steps)
    guard from > 0, to > from, to.isFinite else {
      throw Misuse("--from is \(from) and --to is \(to), and they have to be above 0, the first below the second")
    }
    guard (10...100_000).contains(steps) else { throw Misuse("--steps is \(steps), and it has to be from 10 to 100000") }
    let training = try prepared(given)
    let selection = try training.openDevice(Terminal.note)
    var bar = !json && Terminal.isLive(2) ? ProgressBar(file: 2) : nil
    var done = 0
    let found = try training.rateRange(on: selection, options: options) { point in
      done += 1
      bar?.draw("rate \(ChartNumber.text(point.rate, digits: 2))", done: done, total: steps, rest: "loss \(Text.fixed(point.smoothed, 4))")
    }
    bar?.clear()
    let suggestion = found.suggestion
    let chart = Self.chart(found, "\(printable(training.recipe.model)) on \(printable(training.recipe.data)), \(training.recipe.optimizer)")
    if let out { try DrawnFile.write(chart.svg(), to: out) }
    if json {
      try Terminal.print(Self.json(found).text(pretty: true))
    } else {
      var lines = [selection.line, Terminal.text(of: chart)]
      if let end = found.end { lines.append("ended after \(found.points.count) of \(steps) steps: \(end)") }
      if let suggestion { lines.append("suggested: --lr \(ChartNumber.text(suggestion.rate, digits: 2)): \(suggestion.reason)") }
      try Terminal.print(lines.joined(separator: "\n") + "\n")
    }
    if suggestion == nil { throw Failure("no rate can be suggested: \(found.objection)") }
  }

  /// What would be trained.
  private func prepared(_ given: GivenOptions) throws -> RecipeTraining {
    let recipe = try given.recipe(from: test.recipe)
    try recipe.check()
    if let series = TrainingSeries(recipe) {
      throw Misuse("--\(series.kind.countOption) makes several trainings of one; --\(series.kind.numberOption) says which of them is meant")
    }
    let report = FetchReport(line: json ? nil : { Terminal.write($0 + "\n", to: 1) }, isQuiet: json)
    return try RecipeTraining(try TrainingRequest(recipe, resuming: nil, file: test.recipe, fetch: report.file), note: Terminal.note)
  }

  /// The smoothed loss over the rate, with the suggestion marked.
  private static func chart(_ found: RateRange, _ title: String) -> LineChart {
    LineChart(
      title, x: Axis("learning rate", isLogarithmic: true), y: Axis("loss, smoothed"),
      [LineChart.Series("loss", found.points.map { ($0.rate, $0.smoothed) }, mark: found.suggestion?.place)])
  }

  private static func json(_ found: RateRange) -> JSONValue {
    let suggestion: JSONValue? = found.suggestion.map {
      [
        "lr": .number($0.rate), "reason": .string($0.reason), "steepest": .number($0.steepest), "lowest": .number($0.lowest),
      ]
    }
    return [
      "suggestion": suggestion ?? .null, "end": found.end.map { .string($0) } ?? .null,
      "points": .array(
        found.points.map { ["lr": .number($0.rate), "loss": .number($0.loss), "smoothed_loss": .number($0.smoothed)] }),
    ]
  }
}
