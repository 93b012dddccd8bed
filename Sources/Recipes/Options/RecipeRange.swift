import GlissadeOptimizers

/// What a number may be.
struct RecipeRange: Sendable {
  private let lower: Double?
  private let includesLower: Bool
  private let upper: Double?
  private let includesUpper: Bool
  private let requirement: String?

  /// Between two numbers, both of them allowed.
  static func from(_ lower: Int, to upper: Int) -> RecipeRange {
    RecipeRange(lower: Double(lower), includesLower: true, upper: Double(upper), includesUpper: true)
  }
  static func atLeast(_ lower: Int) -> RecipeRange { RecipeRange(lower: Double(lower), includesLower: true) }
  static let anything = RecipeRange()
  static let share = RecipeRange(lower: 0, includesLower: true, upper: 1, includesUpper: false)
  static let aboveZero = RecipeRange(lower: 0, includesLower: false)
  static let aboveZeroToOne = RecipeRange(
    lower: 0, includesLower: false, upper: 1, includesUpper: true, requirement: "above 0 and at most 1")

  /// That of an optimizer's number.
  init(_ range: Hyperparameter.Range) {
    switch range {
    case .positive: self.init(lower: 0, includesLower: false, requirement: range.requirement)
    case .notNegative: self.init(lower: 0, includesLower: true)
    case .belowOne: self.init(lower: 0, includesLower: true, upper: 1, includesUpper: false)
    case .share: self.init(lower: 0, includesLower: true, upper: 1, includesUpper: true, requirement: range.requirement)
    case .count: self.init(lower: 1, includesLower: true, upper: 1000, includesUpper: true, requirement: range.requirement)
    }
  }

  private init(
    lower: Double? = nil, includesLower: Bool = true, upper: Double? = nil, includesUpper: Bool = true, requirement: String? = nil
  ) {
    self.lower = lower
    self.includesLower = includesLower
    self.upper = upper
    self.includesUpper = includesUpper
    self.requirement = requirement
  }

  func contains(_ value: Double) -> Bool {
    guard value.isFinite else { return false }
    if let lower, !(includesLower ? value >= lower : value > lower) { return false }
    if let upper, !(includesUpper ? value <= upper : value < upper) { return false }
    return true
  }

  /// In words.
  var text: String {
    if let requirement { return requirement }
    func whole(_ value: Double) -> String { Int(exactly: value).map(String.init) ?? "\(value)" }
    switch (lower, upper) {
    case (let lower?, let upper?):
      return includesUpper ? "from \(whole(lower)) to \(whole(upper))" : "at least \(whole(lower)) and below \(whole(upper))"
    case (let lower?, nil): return includesLower ? "at least \(whole(lower))" : "a number above \(whole(lower))"
    case (nil, let upper?): return "at most \(whole(upper))"
    case (nil, nil): return "a number"
    }
  }

  /// The values just outside, as texts of a kind of number.
  func outside<Value: RecipeValue>(_ type: Value.Type) -> [String] {
    let isWhole = (try? Value(recipeText: "0.5")) == nil
    var values: [String] = []
    if let lower {
      // Just below, as float32 can still tell.
      let below = lower - 1e-30 == lower ? lower.nextDown : lower - 1e-30
      values.append(isWhole ? "\(Int(lower) - 1)" : "\(includesLower ? below : lower)")
    }
    if let upper {
      let value = includesUpper ? (isWhole ? upper + 1 : upper.nextUp) : upper
      values.append(isWhole ? "\(Int(value))" : "\(value)")
    }
    return values
  }
}
