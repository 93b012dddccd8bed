import GlissadeFormats

/// A recipe that makes no sense: which option, where it was given, and what would be right.
public struct RecipeError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The option's name, with underscores; empty for what is about a whole file.
  public let name: String
  /// Where it was given.
  public let origin: Recipe.Origin
  let problem: Problem

  enum Problem: Hashable, Sendable {
    case value(RecipeValueError, noun: String)
    /// There is no such option.
    case unknownName(among: [String])
    /// What a file is rather than a recipe.
    case file(String)
  }

  /// Whether arguments are at fault rather than a file.
  public var isOfArguments: Bool { if case .file = origin { false } else { true } }

  public var description: String { place + text }

  /// Where in a file it is.
  private var place: String {
    guard case .file(let path, let line, let column) = origin else { return "" }
    return ([printable(path)] + [line, column].compactMap { $0.map(String.init) }).joined(separator: ":") + ": "
  }

  /// As it was spelt there.
  private var option: String {
    if case .commandLine = origin { return RecipeSpelling.commandLine.name(name) }
    return name
  }

  private var text: String {
    switch problem {
    case .file(let text): text
    case .unknownName(let names): RecipeValueError.unknown("option", name, among: names)
    case .value(let error, let noun): error.told(of: option, noun: noun)
    }
  }
}
