/// One option of training, declared once: from this come its place in recipes and on the command line, its help, its checks, whether a run
/// that goes on may have another value, and its entry in the reference.
public struct RecipeOption<Value: RecipeValue>: RecipeDeclaration {
  public let name: String
  public let aliases: [String]
  public let help: String
  public let valueName: String?
  public let noun: String
  public let needs: RecipeNeed?
  public let whenResumed: Resuming
  public let path: PathKind?
  public let placeNames: @Sendable () -> [String]
  public let essential: Int?
  public let outside: [String]
  public let defaultText: String?
  private let words: [String]?
  private let range: RecipeRange?
  private let standard: @Sendable (Recipe) -> Value

  /// - Parameters:
  ///   - name: with underscores, as in files; options have dashes.
  ///   - standard: its value where nobody gives one; it may depend on what else the recipe says.
  ///   - defaultText: that in words, where it has to be told in words.
  ///   - range: what a number may be.
  ///   - words: what a text may be.
  ///   - noun: what messages call one of these words; default the name.
  ///   - needs: who has it; default everybody.
  ///   - whenResumed: whether a run that goes on may have another value; default not.
  ///   - path: whether it names a file or folder.
  ///   - placeNames: names that it knows beside those of files and folders.
  ///   - essential: its place among what everybody needs and help shows first; default not among these.
  ///   - aliases: other names of the option on the command line.
  ///   - valueName: what stands for its value in help.
  ///   - help: one line for people.
  init(
    _ name: String, default standard: @escaping @Sendable (Recipe) -> Value, defaultText: String? = nil, range: RecipeRange? = nil,
    words: [String]? = nil, noun: String? = nil, needs: RecipeNeed? = nil, whenResumed: Resuming = .same, path: PathKind? = nil,
    placeNames: @escaping @Sendable () -> [String] = { [] }, essential: Int? = nil, aliases: [String] = [], valueName: String? = nil,
    help: String
  ) {
    self.name = name
    self.aliases = aliases
    self.standard = standard
    self.defaultText = defaultText
    self.range = range
    self.words = words
    self.noun = noun ?? String(name.map { $0 == "_" ? " " : $0 })
    self.needs = needs
    self.whenResumed = whenResumed
    self.path = path
    self.placeNames = placeNames
    self.essential = essential
    self.valueName = valueName
    self.help = help
    outside = range?.outside(Value.self) ?? []
  }

  /// With one default for all.
  init(
    _ name: String, default value: Value, defaultText: String? = nil, range: RecipeRange? = nil, words: [String]? = nil,
    noun: String? = nil, needs: RecipeNeed? = nil, whenResumed: Resuming = .same, path: PathKind? = nil,
    placeNames: @escaping @Sendable () -> [String] = { [] }, essential: Int? = nil, aliases: [String] = [], valueName: String? = nil,
    help: String
  ) {
    let isNone = value.recipeText == "none" || Value.isRecipeFlag && value.recipeText == "false"
    self.init(
      name, default: { _ in value }, defaultText: defaultText ?? (isNone ? nil : value.recipeText.withoutPoint),
      range: range,
      words: words, noun: noun, needs: needs, whenResumed: whenResumed, path: path, placeNames: placeNames,
      essential: essential, aliases: aliases, valueName: valueName, help: help)
  }

  /// Its value where nobody gives one.
  func standard(in recipe: Recipe) -> Value { standard(recipe) }

  public var kind: String { Value.recipeKind }
  public var choices: [String]? { words ?? Value.recipeChoices }
  public var beginnings: [String]? { choices ?? Value.recipeBeginnings }
  public var isWordList: Bool { Value.isRecipeWordList }
  public var rangeText: String? { range?.text }
  public var isNumber: Bool { Value.isRecipeNumber }
  public var beginsWithNumber: Bool { Value.beginsWithNumber }
  public var isFlag: Bool { Value.isRecipeFlag }
  public var isRepeated: Bool { Value.isRecipeRepeated }

  public func read(_ text: RecipeText) throws(RecipeValueError) -> any RecipeValue {
    let value: Value
    switch text {
    case .one(let text):
      value = try Value(recipeText: text)
      if let words, !words.contains(text) { throw .unknown(text, among: words) }
      if path != nil, text.isEmpty { throw .sentence("is empty, and it has to name \(path == .file ? "a file" : "a file or folder")") }
    case .list(let list): value = try Value(recipeList: list)
    }
    try check(value)
    return value
  }

  public func check(_ value: any RecipeValue) throws(RecipeValueError) {
    guard let range, let number = value.recipeNumber, !range.contains(number) else { return }
    throw .sentence("is \(value.recipeText.withoutPoint), and it has to be \(range.text)")
  }

  public var none: (any RecipeValue)? { (Value.self as? any OptionalRecipeValue.Type)?.nothing }

  public func value(in recipe: Recipe) -> any RecipeValue { recipe[self] }
  public func standardValue(in recipe: Recipe) -> any RecipeValue { standard(recipe) }
}

/// What has to be known of an option whatever its value is.
public protocol RecipeDeclaration: Sendable {
  /// With underscores, as in files.
  var name: String { get }
  /// Other names on the command line, with underscores.
  var aliases: [String] { get }
  /// One line for people, without the default.
  var help: String { get }
  /// What stands for its value in help.
  var valueName: String? { get }
  /// What messages call one of its words.
  var noun: String { get }
  /// Who has it; `nil` for everybody.
  var needs: RecipeNeed? { get }
  /// Whether a run that goes on may have another value.
  var whenResumed: Resuming { get }
  /// Whether it names a file or folder.
  var path: PathKind? { get }
  /// Names that it knows beside those of files and folders, as a shell offers them.
  var placeNames: @Sendable () -> [String] { get }
  /// Its place among what everybody needs and help shows first; `nil` for all others.
  var essential: Int? { get }
  /// The default in words.
  var defaultText: String? { get }
  /// What a value is.
  var kind: String { get }
  /// Every word that it can be, where these are few.
  var choices: [String]? { get }
  /// Words that it can be or begin with, as a shell offers them; `nil` where there are none.
  var beginnings: [String]? { get }
  /// Whether it may be several of these words, separated by commas.
  var isWordList: Bool { get }
  /// What a number may be, in words.
  var rangeText: String? { get }
  /// Values just outside that range.
  var outside: [String] { get }
  /// Whether it is a number.
  var isNumber: Bool { get }
  /// Whether its value may begin with a minus.
  var beginsWithNumber: Bool { get }
  /// Whether it is given by its name alone.
  var isFlag: Bool { get }
  /// Whether the command line may have it several times, one part each time.
  var isRepeated: Bool { get }
  /// The value that is none; `nil` where there always is one.
  var none: (any RecipeValue)? { get }
  /// Reads a value.
  func read(_ text: RecipeText) throws(RecipeValueError) -> any RecipeValue
  /// Compares a value with the range.
  func check(_ value: any RecipeValue) throws(RecipeValueError)
  /// What is in force.
  func value(in recipe: Recipe) -> any RecipeValue
  /// What would be in force if nobody had given it.
  func standardValue(in recipe: Recipe) -> any RecipeValue
}

extension RecipeDeclaration {
  /// The name on the command line, without dashes before it.
  public var optionName: String { Self.optionName(name) }
  package static func optionName(_ name: String) -> String { String(name.map { $0 == "_" ? "-" : $0 }) }

  /// Help with the default behind it.
  public var fullHelp: String { help + (defaultText.map { " (default: \($0))" } ?? "") }
}

/// A value as it was given: one text, or a list in a file.
public enum RecipeText: Hashable, Sendable {
  /// One text, as an argument is, or a line of a file.
  case one(String)
  /// A list in a file, part by part.
  case list([String])
}

/// Whether a run that goes on may have another value of an option.
public enum Resuming: Sendable {
  /// It has to be the same, since it decides what is computed.
  case same
  /// It may differ: it changes how far the run goes, where it runs or what is written.
  case free
  /// It names a place, and what lies there has to be the same.
  case place
}

/// What a path leads to.
public enum PathKind: Sendable {
  /// To a file.
  case file
  /// To either.
  case fileOrFolder
}

extension String {
  /// A number that is whole, without the point and the zero behind it.
  var withoutPoint: String { hasSuffix(".0") ? String(dropLast(2)) : self }
}
