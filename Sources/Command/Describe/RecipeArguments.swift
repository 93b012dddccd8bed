import ArgumentParser
import Glissade

/// What a command with every option of recipes does, and the options that are its own.
protocol RecipeUse: ParsableArguments {
  static var configuration: CommandConfiguration { get }
  /// The options of recipes that it has not, since they would do nothing in it. What a recipe's file says of them is of no concern.
  static var leavesOut: Set<String> { get }
  /// - Parameter given: what was given of recipes' options.
  func run(_ given: GivenOptions) throws
}

extension RecipeUse {
  static var leavesOut: Set<String> { [] }

  /// The options of recipes that it has of a theme.
  static func options<Section: RecipeSection>(of section: Section.Type) -> [any RecipeDeclaration] {
    Recipe.shown(with: section).filter { !leavesOut.contains($0.name) }
  }
}

/// A command with every option of recipes: what everybody needs, its own options, and all others by theme.
///
/// All of these are the command's own, and none of a group in which others are, because the parser looks through each group of a group several
/// times.
struct UsingRecipe<Use: RecipeUse>: ParsableCommand, CustomReflectable {
  static var configuration: CommandConfiguration { Use.configuration }

  private var use = Use()
  private var given = GivenOptions()

  init() {}

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: OptionKey.self)
    use = try Use(from: decoder)
    for section in Self.sections { given.all += try section.given(in: values, to: Use.self) }
  }

  /// What the parser finds the options by.
  var customMirror: Mirror {
    let groups: [Mirror.Child] = Self.sections.map { ("_" + $0.key.stringValue, $0.group(for: Use.self)) }
    return Mirror(self, children: groups.prefix(1) + Mirror(reflecting: Use()).children + groups.dropFirst(), displayStyle: .struct)
  }

  /// The themes of which it has something, in the order of help.
  private static var sections: [any RecipeSection] { ([EssentialSection()] + Recipe.sections).filter { $0.isPart(of: Use.self) } }

  func run() throws { try use.run(given) }
}

/// What was given of recipes' options on the command line.
struct GivenOptions {
  var all: [(name: String, text: String)] = []

  /// Changes a recipe by it.
  /// - Throws: `RecipeError`.
  func apply(to recipe: inout Recipe) throws(RecipeError) {
    for (name, text) in all { try recipe.set(name, to: .one(text), from: .commandLine) }
    recipe.dropWhatDoesNotFit()
  }

  /// The recipe of a file, or defaults, changed by it.
  /// - Throws: `RecipeError`, and what keeps the file from being read.
  func recipe(from file: String?) throws -> Recipe {
    var recipe = try file.map(RecipeFile.read) ?? Recipe()
    try apply(to: &recipe)
    return recipe
  }
}

extension ArgumentHelp {
  /// Of a recipe that a command begins with.
  static var recipeFile: ArgumentHelp {
    ArgumentHelp("A recipe (see 'glissade recipe'), or - for standard input; options change what it says.", valueName: "file")
  }
}

extension CompletionKind {
  /// Files that are recipes, as far as their names say.
  static var recipeFile: CompletionKind { .file(extensions: ["yaml", "yml"]) }
}

extension RecipeSection {
  fileprivate var key: OptionKey { OptionKey("\(Self.self)") }

  fileprivate func isPart<Use: RecipeUse>(of use: Use.Type) -> Bool { !Use.options(of: Self.self).isEmpty }

  /// Its options as a group of a command's.
  fileprivate func group<Use: RecipeUse>(for use: Use.Type) -> Any { OptionGroup<SectionArguments<Use, Self>>(title: Self.title) }

  /// What was given of it.
  fileprivate func given<Use: RecipeUse>(
    in values: KeyedDecodingContainer<OptionKey>, to use: Use.Type
  ) throws -> [(name: String, text: String)] {
    try values.decode(OptionGroup<SectionArguments<Use, Self>>.self, forKey: key).wrappedValue.given
  }
}
