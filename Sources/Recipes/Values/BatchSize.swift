/// Samples in a step: so many, or all that there are.
public enum BatchSize: Hashable, Sendable, RecipeValue, ExpressibleByIntegerLiteral {
  /// So many, at least 1.
  case samples(Int)
  /// The whole training data in one step.
  case all

  public init(integerLiteral value: Int) { self = .samples(value) }

  public init(recipeText text: String) throws(RecipeValueError) {
    if text == "all" {
      self = .all
    } else if let count = Int(text) {
      self = .samples(count)
    } else {
      throw .unreadable(text, kind: Self.recipeKind)
    }
  }

  /// How many these are of so many.
  public func count(of all: Int) -> Int {
    switch self {
    case .samples(let count): count
    case .all: max(all, 1)
    }
  }

  public var recipeText: String {
    switch self {
    case .samples(let count): "\(count)"
    case .all: "all"
    }
  }
  public var recipeNumber: Double? {
    switch self {
    case .samples(let count): Double(count)
    case .all: nil
    }
  }
  public static var recipeKind: String { "a whole number, or all" }
  public static var recipeBeginnings: [String]? { ["all"] }
  public static var isRecipeNumber: Bool { true }
}
