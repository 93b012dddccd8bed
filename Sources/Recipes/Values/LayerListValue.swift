import GlissadeModels

extension LayerList: RecipeValue {
  public init(recipeText text: String) throws(RecipeValueError) {
    do throws(LayerListError) { self = try LayerList(text) } catch { throw .sentence("'\(text)': \(error.problem)") }
  }
  public init(recipeList list: [String]) throws(RecipeValueError) { try self.init(recipeText: list.joined(separator: ", ")) }
  public var recipeText: String { description }
  public var recipeList: [String]? { texts }
  public static var recipeKind: String { "a list of layers" }
  public static var recipeBeginnings: [String]? { LayerKinds.names }
  public static var isRecipeWordList: Bool { true }
}

extension Recipe {
  /// What a training's model can be: one of the models with names, or one of layers.
  public static let modelNames = ModelZoo.names + [LayerList.modelName]
}
