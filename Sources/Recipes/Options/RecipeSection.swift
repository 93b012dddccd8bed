/// Options of one theme.
public protocol RecipeSection: Sendable {
  /// The theme with all its options.
  init()
  /// What help and reference call it; empty for what comes first.
  static var title: String { get }
  /// In the order in which they are listed.
  var declarations: [any RecipeDeclaration] { get }
}

extension RecipeSection {
  public var declarations: [any RecipeDeclaration] { Mirror(reflecting: self).children.compactMap { $0.value as? any RecipeDeclaration } }
}

extension Recipe {
  /// All options of training, by theme.
  public static let sections: [any RecipeSection] = [
    TrainingSection(), BlockSection(), DeviceSection(), PretrainedSection(), FoldSection(), EnsembleSection(), StoppingSection(),
    SavingSection(),
    OptimizerSection(), GroupSection(), RegularizationSection(), BalanceSection(), TableSection(), PictureSection(),
  ]

  /// All options of training.
  public static let declarations: [any RecipeDeclaration] = sections.flatMap(\.declarations)

  private static let byName = Dictionary(declarations.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

  /// The option of a name; `nil` where there is none.
  public static func declaration(_ name: String) -> (any RecipeDeclaration)? { byName[name] }

  private static let bySection = Dictionary(uniqueKeysWithValues: sections.map { (ObjectIdentifier(type(of: $0)), $0.declarations) })

  /// The options of a theme.
  public static func declarations<Section: RecipeSection>(of section: Section.Type) -> [any RecipeDeclaration] {
    bySection[ObjectIdentifier(section)] ?? Section().declarations
  }
}
