import ArgumentParser
import Glissade

/// What a search is: where it is, what its trials have in common, what they differ in, and when it ends.
struct SearchOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The folder of the sweep. (default: runs/<date>-<time>-sweep)", valueName: "folder"), completion: .directory)
  var out: String?

  @Option(help: .recipeFile, completion: .recipeFile)
  var recipe: String?

  @Option(
    help: ArgumentHelp(
      "Go on with the sweep in this folder where it stopped, with the options that it began with; --max-time may be another, and random "
        + "searches may have more --trials.", valueName: "sweep"), completion: .sweep)
  var resume: String?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "What is varied: options, each with numbers from one to another (lr=1e-4..1e-2:log, dropout=0..0.5, lr=1e-4..1e-2:log:5 for five of "
        + "these) or with values to choose from (optimizer=sgd,adam; with commas in them: hidden=64|128,64). What only some trials have is "
        + "varied in these.", valueName: "option=values"), completion: .variation)
  var vary: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How many trials. (default: \(SweepStrategies.usualTrials); every combination of a grid; of few combinations no more than there are)",
      valueName: "n"))
  var trials: Int?

  @Option(
    help: ArgumentHelp(
      stringLiteral: SweepStrategies.all.map { "\($0.name): \($0.summary)" }.joined(separator: ". ")
        + ". (default: \(SweepStrategies.names[0]))"),
    completion: .list(SweepStrategies.names))
  var strategy: String?

  @Option(
    help: ArgumentHelp(
      "What trials are compared by: \(EarlyStopping.Measure.allCases.map(\.rawValue).joined(separator: ", ")). (default: \(Self.usualMetric))"
    ),
    completion: .list(EarlyStopping.Measure.allCases.map(\.rawValue)))
  var metric: String?

  @Option(
    help: ArgumentHelp(
      "End after the epoch in which this time is over, counted over the whole sweep, as 20m or 1h30m. --resume with more goes on.",
      valueName: "time"))
  var maxTime: String?

  static let usualMetric = EarlyStopping.Measure.validationLoss.rawValue
}
