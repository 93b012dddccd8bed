import GlissadeRecipes

/// How a search goes about it: which trainings are compared, and which of them is trained next, and how far. What is next follows from the
/// results alone, so that a search that was stopped goes on as if it had not been.
package protocol SweepStrategy: Sendable {
  /// As the command calls it.
  static var name: String { get }
  /// For people, in a line.
  static var summary: String { get }
  init()

  /// The trainings that are compared.
  /// - Parameters:
  ///   - count: how many, where somebody says so.
  ///   - space: what is varied.
  ///   - recipe: all else.
  ///   - kind: what its data is.
  /// - Throws: `Misuse` for what the strategy makes nothing of, `RecipeError`.
  func points(_ count: Int?, of space: SearchSpace, in recipe: Recipe, _ kind: DataSource.Kind) throws -> [SearchSpace.Point]

  /// What is trained next: a trial, from 1, and up to which epoch; `nil` where the search is over.
  /// - Parameter epochs: of each trial's recipe.
  func next(_ results: SweepResults, epochs: [Int]) -> (trial: Int, budget: Int)?

  /// Those results that can be compared at the end.
  func finalists(_ results: SweepResults) -> [SweepResult]
}

extension SweepStrategy {
  package func next(_ results: SweepResults, epochs: [Int]) -> (trial: Int, budget: Int)? {
    for (index, budget) in epochs.enumerated() where results[index + 1, budget] == nil { return (index + 1, budget) }
    return nil
  }

  package func finalists(_ results: SweepResults) -> [SweepResult] { results.latest }
}

/// The strategies that there are.
package enum SweepStrategies {
  /// Another one is a line here.
  package static let all: [any SweepStrategy.Type] = [RandomSearch.self, GridSearch.self, SuccessiveHalving.self]

  package static var names: [String] { all.map { $0.name } }

  /// - Throws: `Misuse` for a name that there is not.
  package static func named(_ name: String) throws(Misuse) -> any SweepStrategy {
    guard let type = all.first(where: { $0.name == name }) else { throw .unknown("strategy", name, among: names) }
    return type.init()
  }

  /// How many trials there are where nobody says so.
  package static let usualTrials = 20
  /// More than anybody looks through.
  package static let mostTrials = 10_000
}

/// Every trial anywhere in the space (Bergstra and Bengio, Random search for hyper-parameter optimization, 2012).
package struct RandomSearch: SweepStrategy {
  package static let name = "random"
  package static let summary = "each trial draws its values; of few combinations each comes once, in random order"

  package init() {}

  package func points(_ count: Int?, of space: SearchSpace, in recipe: Recipe, _ kind: DataSource.Kind) throws -> [SearchSpace.Point] {
    try space.draws(count ?? SweepStrategies.usualTrials, in: recipe, kind)
  }
}

/// Every combination.
package struct GridSearch: SweepStrategy {
  package static let name = "grid"
  package static let summary = "every combination; a range says how many values it has, as in lr=1e-4..1e-2:log:5"

  package init() {}

  package func points(_ count: Int?, of space: SearchSpace, in recipe: Recipe, _ kind: DataSource.Kind) throws -> [SearchSpace.Point] {
    if let range = space.dimensions.first(where: { $0.choices == nil }) {
      throw Misuse("--vary \(range.text): a grid needs to know how many values the range has, as in \(range.text):5")
    }
    guard let all = try space.combinations(in: recipe, kind, limit: SweepStrategies.mostTrials) else {
      throw Misuse("the grid has more than \(SweepStrategies.mostTrials) combinations; --strategy random tries some of them")
    }
    if let count, count < all.count {
      throw Misuse("the grid has \(all.count) combinations, and --trials allows \(count); --strategy random tries some of them")
    }
    return all
  }
}

/// Successive halving: all trials are trained for a few epochs, and the best third of them for three times as many, until few have all of their
/// epochs (Jamieson and Talwalkar, Non-stochastic best arm identification and hyperparameter optimization, 2016; with the rungs and the reduction
/// of ASHA, Li et al., 2020, one trial at a time). A trial goes on from its checkpoint, and its schedule is that of all its epochs throughout.
package struct SuccessiveHalving: SweepStrategy {
  package static let name = "halving"
  package static let summary = "all trials for a few epochs, the best third of them for three times as many, and so on"

  /// Of how many trials one goes on, and how many times as long.
  private static let reduction = 3

  package init() {}

  package func points(_ count: Int?, of space: SearchSpace, in recipe: Recipe, _ kind: DataSource.Kind) throws -> [SearchSpace.Point] {
    if space.dimensions.contains(where: { $0.name == "epochs" }) {
      throw Misuse("--strategy halving decides itself how many epochs a trial gets, so that epochs cannot be varied")
    }
    guard recipe.epochs >= Self.reduction else {
      throw Misuse("--strategy halving needs at least \(Self.reduction) epochs, to stop after some of them, and there are \(recipe.epochs)")
    }
    let points = try space.draws(count ?? SweepStrategies.usualTrials, in: recipe, kind)
    guard points.count >= Self.reduction else {
      throw Misuse("--strategy halving needs at least \(Self.reduction) trials, to leave some of them out, and there are \(points.count)")
    }
    return points
  }

  /// The epochs after which trials are compared, the last of them all epochs.
  package static func rungs(epochs: Int, trials: Int) -> [Int] {
    var (rungs, left, divisor) = ([epochs], trials / reduction, reduction)
    while left >= 1, epochs / divisor >= 1 {
      rungs.insert((epochs + divisor - 1) / divisor, at: 0)
      (left, divisor) = (left / reduction, divisor * reduction)
    }
    return rungs
  }

  package func next(_ results: SweepResults, epochs: [Int]) -> (trial: Int, budget: Int)? {
    guard let whole = epochs.first else { return nil }
    var alive = Array(1...epochs.count)
    for budget in Self.rungs(epochs: whole, trials: epochs.count) {
      if let trial = alive.first(where: { results[$0, budget] == nil }) { return (trial, budget) }
      let ranked = results.ranked(alive.compactMap { results[$0, budget] })
      alive = ranked.prefix(max(alive.count / Self.reduction, 1)).map(\.trial).sorted()
    }
    return nil
  }

  /// What has gone farthest: after fewer epochs a trial may be ahead that falls back.
  package func finalists(_ results: SweepResults) -> [SweepResult] {
    let farthest = results.all.filter { $0.value != nil }.map(\.budget).max()
    return results.latest.filter { $0.budget == farthest }
  }
}
