/// What everybody needs, whatever themes it belongs to: what help shows first, in one order everywhere.
public struct EssentialSection: RecipeSection {
  public static let title = "Essentials"

  /// By the places that they declare.
  public let declarations: [any RecipeDeclaration]

  public init() {
    declarations = Recipe.declarations.filter { $0.essential != nil }.sorted { ($0.essential ?? 0) < ($1.essential ?? 0) }
  }
}

extension Recipe {
  /// The options that help shows together with this theme: of all but `EssentialSection` what is not among the essentials.
  public static func shown<Section: RecipeSection>(with section: Section.Type) -> [any RecipeDeclaration] {
    section == EssentialSection.self ? essentials : declarations(of: section).filter { $0.essential == nil }
  }

  /// What everybody needs, in the order in which help shows it.
  public static let essentials: [any RecipeDeclaration] = EssentialSection().declarations
}
