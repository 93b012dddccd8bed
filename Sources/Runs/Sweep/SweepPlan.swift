import GlissadeFormats
import GlissadeRecipes
import GlissadeTraining

/// What a search is: the recipe that its trials have in common, what is varied, how, and what they are compared by.
package struct SweepPlan {
  /// Of all trials; its seed is that of the search, too.
  package var recipe: Recipe
  package let space: SearchSpace
  package let strategy: any SweepStrategy
  package let metric: EarlyStopping.Measure
  /// In the order of their numbers, from 1.
  package private(set) var trials: [SearchSpace.Point]
  /// How many were asked for, if anybody did.
  private var count: Int?

  /// Checks all of it, before any data is read.
  /// - Parameters:
  ///   - recipe: of all trials.
  ///   - vary: what is varied, as the command takes it.
  ///   - strategy: its name.
  ///   - metric: its name.
  ///   - count: how many trials; default the strategy's.
  /// - Throws: `SearchSpaceError`, `Misuse`, `RecipeError`; `DataError` for a folder that is not there.
  package init(_ recipe: Recipe, vary: [String], strategy: String, metric: String, trials count: Int?) throws {
    space = try SearchSpace(vary)
    self.strategy = try SweepStrategies.named(strategy)
    let words = EarlyStopping.Measure.allCases.map(\.rawValue)
    guard let known = MetricName.word(metric, among: words).flatMap(EarlyStopping.Measure.init(rawValue:)) else {
      throw Misuse.unknown("metric", metric, among: words)
    }
    self.metric = known
    self.recipe = recipe
    self.count = count
    trials = []
    try Self.check(count)
    if let given = ["max_time"].first(where: { recipe.isGiven($0) || space.dimensions.map(\.name).contains($0) }) {
      throw Misuse(
        "\(given) of a recipe ends a trial by the clock, so that trials could not be compared; --max-time is for the whole sweep")
    }
    try space.check(in: recipe)
    trials = try points()
  }

  /// The same with more trials.
  /// - Throws: `Misuse` where the strategy has decided how many there are.
  package mutating func extend(to count: Int) throws {
    try Self.check(count)
    guard strategy is RandomSearch else {
      throw Misuse("--trials cannot be given with --resume: strategy \(type(of: strategy).name) has decided what its trials are")
    }
    guard count >= trials.count else { throw Misuse("--trials is \(count), and the sweep has \(trials.count) already") }
    self.count = count
    trials = try points()
  }

  private static func check(_ count: Int?) throws(Misuse) {
    guard let count, !(1...SweepStrategies.mostTrials).contains(count) else { return }
    throw Misuse("--trials is \(count), and it has to be from 1 to \(SweepStrategies.mostTrials)")
  }

  /// The trials' recipes, each checked as a whole.
  private func points() throws -> [SearchSpace.Point] {
    let points = try strategy.points(count, of: space, in: recipe, recipe.dataSource.kind)
    for (index, point) in points.enumerated() {
      if let series = TrainingSeries(point.recipe) {
        throw Misuse("\(series.kind.countOption) makes several trainings of one, and each trial of a sweep is a single training")
      }
      do { try point.recipe.check() } catch let error as RecipeError {
        if case .file = error.origin { throw error }
        throw Misuse("trial \(index + 1) (\(text(of: index + 1, in: points))) makes no sense: \(error)")
      }
    }
    return points
  }

  /// What a trial has of what is varied, for people.
  package func text(of trial: Int) -> String { text(of: trial, in: trials) }

  private func text(of trial: Int, in points: [SearchSpace.Point]) -> String {
    zip(space.dimensions, points[trial - 1].values).compactMap { dimension, value in value.map { "\(dimension.name)=\(printable($0))" } }
      .joined(separator: " ")
  }

  // MARK: As a file

  private static let version = 1

  var members: [JSONMember] {
    [
      JSONMember("sweep", .integer(Int64(Self.version))), JSONMember("recipe", .string(recipe.text())),
      JSONMember("vary", .array(space.dimensions.map { .string($0.text) })),
      JSONMember("strategy", .string(type(of: strategy).name)), JSONMember("metric", .string(metric.rawValue)),
      JSONMember("trials", count.map { .integer(Int64($0)) } ?? .null),
    ]
  }

  /// Reads what `members` wrote.
  /// - Parameter begun: the recipe of a trial that was begun, which says where data and weights lie now.
  /// - Throws: `Failure` for what is no such file.
  init(_ json: JSONValue, path: String, begun: Recipe?) throws {
    guard let version = json["sweep"]?.integerValue, let text = json["recipe"]?.stringValue,
      let vary = json["vary"]?.arrayValue?.compactMap(\.stringValue), let strategy = json["strategy"]?.stringValue,
      let metric = json["metric"]?.stringValue
    else { throw Failure("\(path): this is not what a sweep has written") }
    guard version <= Self.version else {
      throw Failure("\(path): a sweep of version \(version), and this version of glissade knows \(Self.version); a newer one reads it")
    }
    var recipe = try Recipe(yaml: Array(text.utf8), path: path)
    let varied = try SearchSpace(vary).dimensions.map(\.name)
    for name in Recipe.places where recipe.isGiven(name) && !varied.contains(name) { if let begun { recipe.take(name, from: begun) } }
    try self.init(recipe, vary: vary, strategy: strategy, metric: metric, trials: json["trials"]?.integerValue)
  }
}
