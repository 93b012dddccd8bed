import GlissadeFormats
import GlissadeRandom

/// What a search chooses from: options of training and what each may be.
///
/// An option that only some trainings have is varied in those alone: `momentum=0.5..0.99` beside `optimizer=sgd,adam` says nothing of trainings by
/// Adam. Where none of the trainings has it, it is refused.
public struct SearchSpace: Sendable {
  /// In the order in which they were named.
  public let dimensions: [SearchDimension]

  /// Reads what is varied, an option each.
  /// - Throws: `SearchSpaceError`.
  public init(_ texts: [String]) throws(SearchSpaceError) {
    var dimensions: [SearchDimension] = []
    for text in texts {
      let one = try SearchDimension(text)
      if dimensions.contains(where: { $0.name == one.name }) { throw SearchSpaceError("--vary names \(one.name) twice") }
      dimensions.append(one)
    }
    guard !dimensions.isEmpty else {
      throw SearchSpaceError("--vary names nothing: it takes options and what they may be, as in lr=1e-4..1e-2:log optimizer=sgd,adam")
    }
    self.dimensions = dimensions
  }

  /// A training of a search: its recipe, and what it has of each dimension; `nil` where it has no such option.
  public struct Point: Sendable {
    /// All that decides it.
    public var recipe: Recipe
    /// Of each dimension, in their order.
    public var values: [String?]
  }

  /// Sees whether each of the options is one that some of the trainings have.
  /// - Parameter recipe: of all.
  /// - Throws: `SearchSpaceError`.
  public func check(in recipe: Recipe) throws(SearchSpaceError) {
    for dimension in dimensions {
      guard let need = Recipe.declaration(dimension.name)?.needs else { continue }
      var candidates = [recipe]
      if let deciding = dimensions.first(where: { $0.name == need.deciding })?.choices {
        candidates = deciding.map { value in
          var recipe = recipe
          try? recipe.set(need.deciding, to: .one(value), from: .commandLine)
          return recipe
        }
      }
      // What is varied may decide itself who it is for, as layers do.
      if let first = dimension.choices?.first {
        var own = recipe
        try? own.set(dimension.name, to: .one(first), from: .commandLine)
        candidates.append(own)
      }
      if candidates.contains(where: { need.isMet(by: $0, on: $0.dataSource.kind) }) { continue }
      // Where it is varied, too, what is given counts.
      if dimensions.contains(where: { $0.name == need.deciding && $0.choices == nil }) { continue }
      throw SearchSpaceError("--vary \(printable(dimension.text)): \(dimension.name) \(need.objection(candidates[0], .file))")
    }
  }

  /// The training at a point.
  /// - Parameters:
  ///   - values: of each dimension.
  ///   - base: all else. What depends there on an option that is varied falls away where it does not fit, as a momentum does with Adam.
  ///   - kind: what the data of `base` is.
  /// - Throws: `RecipeError` for a value that its option cannot have.
  public func point(_ values: [String], in base: Recipe, _ kind: DataSource.Kind) throws(RecipeError) -> Point {
    var recipe = base
    for (dimension, value) in zip(dimensions, values) { try recipe.set(dimension.name, to: .one(value), from: .commandLine) }
    var decided = Set(dimensions.map(\.name))
    let kind = decided.contains("data") ? recipe.dataSource.kind : kind
    // What is left out may have been what others depend on.
    var hasChanged = true
    while hasChanged {
      hasChanged = false
      for option in Recipe.declarations {
        guard let need = option.needs, recipe.origin(of: option.name) != nil, decided.contains(need.deciding),
          !need.isMet(by: recipe, on: kind)
        else { continue }
        recipe.remove(option.name)
        decided.insert(option.name)
        hasChanged = true
      }
    }
    return Point(recipe: recipe, values: zip(dimensions, values).map { recipe.origin(of: $0.name) == nil ? nil : $1 })
  }

  /// Every combination of what the dimensions may be, the last one changing first. Trainings that would be the same are one.
  /// - Parameter limit: the most that make sense.
  /// - Returns: `nil` where a dimension is a range, or there are more.
  /// - Throws: `RecipeError`.
  public func combinations(in base: Recipe, _ kind: DataSource.Kind, limit: Int) throws(RecipeError) -> [Point]? {
    var lists: [[String]] = []
    var count = 1
    for dimension in dimensions {
      guard let choices = dimension.choices else { return nil }
      count *= choices.count
      guard count <= limit else { return nil }
      lists.append(choices)
    }
    var (points, seen) = ([Point](), Set<[String?]>())
    for index in 0..<count {
      var (rest, values) = (index, [String]())
      for list in lists.reversed() {
        values.insert(list[rest % list.count], at: 0)
        rest /= list.count
      }
      let point = try point(values, in: base, kind)
      if seen.insert(point.values).inserted { points.append(point) }
    }
    return points
  }

  /// The first trainings of a random search. Each follows from the seed and its number alone; where there are only so many combinations, they
  /// come in random order, none of them twice.
  /// - Parameters:
  ///   - count: how many.
  ///   - base: all else; its seed is the search's.
  /// - Throws: `RecipeError`.
  public func draws(_ count: Int, in base: Recipe, _ kind: DataSource.Kind) throws(RecipeError) -> [Point] {
    if let all = try combinations(in: base, kind, limit: Self.mostCombinations) {
      var random = Philox4x32(seed: base.seed, stream: Philox4x32.stream(named: "sweep"))
      return random.permutation(count: all.count).prefix(count).map { all[$0] }
    }
    var points: [Point] = []
    for number in 1...max(count, 1) {
      points.append(try point(dimensions.map { $0.draw(trial: number, seed: base.seed) }, in: base, kind))
    }
    return points
  }

  private static let mostCombinations = 10_000
}
