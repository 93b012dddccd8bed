import GlissadeData
import GlissadeTraining

/// A value that is one of a few words.
public protocol RecipeWord: RecipeValue, RawRepresentable, CaseIterable where RawValue == String {}

extension RecipeWord {
  public init(recipeText text: String) throws(RecipeValueError) {
    let words = Self.allCases.map(\.rawValue)
    guard let value = Self(rawValue: text) else { throw .unknown(text, among: words) }
    self = value
  }
  public var recipeText: String { rawValue }
  public static var recipeKind: String { allCases.map(\.rawValue).joined(separator: ", ") }
  public static var recipeChoices: [String]? { allCases.map(\.rawValue) }
}

extension TrainingOptions.Sampling: RecipeWord {}
extension TableEncoding.Task: RecipeWord {}
extension TableEncoding.Missing: RecipeWord {}

/// What errors of predicted values cost.
public enum ValueLoss: String, CaseIterable, Sendable, RecipeWord {
  case mse, mae, huber

  /// As training takes it.
  public var loss: Loss {
    switch self {
    case .mse: .meanSquaredError
    case .mae: .meanAbsoluteError
    case .huber: .huber()
    }
  }
}
