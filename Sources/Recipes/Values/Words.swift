import GlissadeData
import GlissadeLayers
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

extension Initialization: RecipeWord {}
extension BlockDesign.Norm: RecipeWord {}
extension BlockDesign.Pool: RecipeWord {}
extension Loss.Reduction: RecipeWord {}
extension TrainingOptions.Sampling: RecipeWord {}
extension TableEncoding.Task: RecipeWord {}
extension TableEncoding.Missing: RecipeWord {}
