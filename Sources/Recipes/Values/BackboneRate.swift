/// The learning rate of a backbone: a number, or a share of the head's.
public enum BackboneRate: Hashable, Sendable, RecipeValue {
  /// This rate.
  case absolute(Double)
  /// So many times the head's.
  case factor(Double)

  public init(recipeText text: String) throws(RecipeValueError) {
    let number = text.hasSuffix("x") ? String(text.dropLast()) : text
    guard let value = Double(number), value > 0, value.isFinite else {
      throw .sentence("is '\(text)', and it has to be \(Self.recipeKind)")
    }
    try RecipeValueError.checkFloat(number, Float(value), value)
    self = text.hasSuffix("x") ? .factor(value) : .absolute(value)
  }

  /// The rate, where the head has another.
  public func value(of rate: Double) -> Double {
    switch self {
    case .absolute(let value): value
    case .factor(let factor): factor * rate
    }
  }

  public var recipeText: String {
    switch self {
    case .absolute(let value): "\(value)"
    case .factor(let factor): "\(factor)x"
    }
  }
  public static var beginsWithNumber: Bool { true }
  public static var recipeKind: String { "a learning rate as 1e-4, or a multiple of the head's as 0.1x" }
}
