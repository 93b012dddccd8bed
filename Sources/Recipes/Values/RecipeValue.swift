import GlissadeFormats

/// What an option of training can hold: it is read from a text, be it of the command line or of a file, and written as one.
public protocol RecipeValue: Sendable {
  /// Reads it.
  /// - Throws: `RecipeValueError`, which says what is wrong with the text.
  init(recipeText text: String) throws(RecipeValueError)
  /// Reads a list in a file; a value that is no list refuses it.
  init(recipeList list: [String]) throws(RecipeValueError)
  /// As it can be read again.
  var recipeText: String { get }
  /// As a list in a file; `nil` for what is none.
  var recipeList: [String]? { get }
  /// What it is, for people: 'a whole number'.
  static var recipeKind: String { get }
  /// Every text that it can be; `nil` where these are not a few words.
  static var recipeChoices: [String]? { get }
  /// Words that it can be or begin with, where it may be more than a few words: what a shell offers. `nil` for none.
  static var recipeBeginnings: [String]? { get }
  /// Whether it may be several of these words, separated by commas.
  static var isRecipeWordList: Bool { get }
  /// The number that ranges are about; `nil` for what is no number.
  var recipeNumber: Double? { get }
  /// Whether it is a number.
  static var isRecipeNumber: Bool { get }
  /// Whether what begins with a minus may be meant as one, be it a wrong one: numbers, and what begins with a number.
  static var beginsWithNumber: Bool { get }
  /// Whether the command line may have it several times, one part each time.
  static var isRecipeRepeated: Bool { get }
  /// Whether it is given by its name alone on the command line.
  static var isRecipeFlag: Bool { get }
  /// Whether the word `none` can stand for no value.
  static var knowsRecipeNone: Bool { get }
}

extension RecipeValue {
  public init(recipeList list: [String]) throws(RecipeValueError) {
    throw .sentence("is a list, and it has to be \(Self.recipeKind)")
  }
  public var recipeList: [String]? { nil }
  public static var recipeChoices: [String]? { nil }
  public static var recipeBeginnings: [String]? { nil }
  public static var isRecipeWordList: Bool { false }
  public var recipeNumber: Double? { nil }
  public static var isRecipeNumber: Bool { false }
  public static var beginsWithNumber: Bool { isRecipeNumber }
  public static var isRecipeFlag: Bool { false }
  public static var isRecipeRepeated: Bool { false }
  public static var knowsRecipeNone: Bool { true }
}

/// What is wrong with a value, to be told with the name of the option in front.
public enum RecipeValueError: Error, Hashable, Sendable {
  /// A text that is not of the kind at all.
  case unreadable(String, kind: String)
  /// A sentence that the name of the option begins: 'is 0, and it has to be at least 1'.
  case sentence(String)
  /// A sentence with no need for a name before it, because it says what it is about.
  case whole(String)
  /// A word that is none of those there are.
  case unknown(String, among: [String])

  /// The whole sentence.
  /// - Parameters:
  ///   - option: as it was spelt.
  ///   - noun: what its words are called.
  package func told(of option: String, noun: String) -> String {
    switch self {
    case .unreadable(let text, let kind): "the value '\(printable(text))' is invalid for '\(option)': it has to be \(kind)"
    case .sentence(let text): text.hasPrefix(":") ? option + text : "\(option) \(text)"
    case .whole(let text): text
    case .unknown(let text, let words): Self.unknown(noun, text, among: words)
    }
  }

  /// Devices compute in float32, where too large a number is infinite, and too small a one is 0.
  /// - Parameters:
  ///   - text: the number as it was given.
  ///   - value: what float32 makes of it.
  ///   - precise: what double precision makes of it.
  /// - Throws: where float32 makes something else of it.
  static func checkFloat(_ text: String, _ value: Float, _ precise: Double) throws(RecipeValueError) {
    // What is written as no number, such as inf, is up to the range.
    guard text.contains(where: \.isNumber) else { return }
    if value.isInfinite {
      throw .sentence("is \(printable(text)), and no number may be larger than \(Float.greatestFiniteMagnitude), the largest of float32")
    }
    if value == 0, precise != 0 {
      throw .sentence("is \(printable(text)), which is 0 in float32, whose smallest number is \(Float.leastNonzeroMagnitude)")
    }
  }

  static func unknown(_ what: String, _ name: String, among known: [String]) -> String {
    let list = known.count > 30 ? "docs/options.md lists them" : known.joined(separator: ", ")
    if let nearest = OtherNames.meant(by: name, among: known) ?? Nearest.to(name, among: known) {
      return "unknown \(what) '\(printable(name))'; did you mean '\(nearest)'?" + (known.count > 30 ? "" : " (\(list))")
    }
    return "unknown \(what) '\(printable(name))'; " + (known.count > 30 ? list : "there are \(list)")
  }
}

extension Int: RecipeValue {
  public init(recipeText text: String) throws(RecipeValueError) {
    guard let value = Int(text) else { throw .unreadable(text, kind: Self.recipeKind) }
    self = value
  }
  public var recipeText: String { "\(self)" }
  public var recipeNumber: Double? { Double(self) }
  public static var recipeKind: String { "a whole number" }
  public static var isRecipeNumber: Bool { true }
}

extension UInt64: RecipeValue {
  public init(recipeText text: String) throws(RecipeValueError) {
    guard let value = UInt64(text) else { throw .unreadable(text, kind: Self.recipeKind) }
    self = value
  }
  public var recipeText: String { "\(self)" }
  public var recipeNumber: Double? { Double(self) }
  public static var recipeKind: String { "a whole number of at least 0" }
  public static var isRecipeNumber: Bool { true }
}

extension Double: RecipeValue {
  public init(recipeText text: String) throws(RecipeValueError) {
    guard let value = Double(text) else { throw .unreadable(text, kind: Self.recipeKind) }
    try RecipeValueError.checkFloat(text, Float(value), value)
    self = value
  }
  public var recipeText: String { "\(self)" }
  public var recipeNumber: Double? { self }
  public static var recipeKind: String { "a number" }
  public static var isRecipeNumber: Bool { true }
}

extension Float: RecipeValue {
  public init(recipeText text: String) throws(RecipeValueError) {
    guard let value = Float(text), let precise = Double(text) else { throw .unreadable(text, kind: Self.recipeKind) }
    try RecipeValueError.checkFloat(text, value, precise)
    self = value
  }
  public var recipeText: String { "\(self)" }
  public var recipeNumber: Double? { Double(self) }
  public static var recipeKind: String { "a number" }
  public static var isRecipeNumber: Bool { true }
}

extension Bool: RecipeValue {
  public init(recipeText text: String) throws(RecipeValueError) {
    guard let value = Bool(text) else { throw .unreadable(text, kind: Self.recipeKind) }
    self = value
  }
  public var recipeText: String { "\(self)" }
  public static var recipeKind: String { "true or false" }
  public static var isRecipeFlag: Bool { true }
}

extension String: RecipeValue {
  public init(recipeText text: String) throws(RecipeValueError) { self = text }
  public var recipeText: String { self }
  public static var recipeKind: String { "text" }
  public static var knowsRecipeNone: Bool { false }
}

extension Optional: RecipeValue where Wrapped: RecipeValue {
  public init(recipeText text: String) throws(RecipeValueError) {
    self = Wrapped.knowsRecipeNone && text == "none" ? nil : try Wrapped(recipeText: text)
  }
  public init(recipeList list: [String]) throws(RecipeValueError) { self = try Wrapped(recipeList: list) }
  public var recipeText: String { self?.recipeText ?? "none" }
  public var recipeList: [String]? { self?.recipeList }
  public static var recipeKind: String { Wrapped.recipeKind }
  public static var recipeChoices: [String]? { Wrapped.recipeChoices }
  public static var recipeBeginnings: [String]? { Wrapped.recipeBeginnings }
  public static var isRecipeWordList: Bool { Wrapped.isRecipeWordList }
  public var recipeNumber: Double? { self?.recipeNumber }
  public static var isRecipeNumber: Bool { Wrapped.isRecipeNumber }
  public static var beginsWithNumber: Bool { Wrapped.beginsWithNumber }
  public static var isRecipeFlag: Bool { Wrapped.isRecipeFlag }
  public static var isRecipeRepeated: Bool { Wrapped.isRecipeRepeated }
  public static var knowsRecipeNone: Bool { Wrapped.knowsRecipeNone }
}

extension RecipeValue {
  /// Whether it is an optional that has nothing.
  var isNone: Bool { (self as? any OptionalRecipeValue)?.hasNothing ?? false }
}

/// An optional, whatever of.
protocol OptionalRecipeValue {
  var hasNothing: Bool { get }
  static var nothing: any RecipeValue { get }
}

extension Optional: OptionalRecipeValue where Wrapped: RecipeValue {
  var hasNothing: Bool {
    if case .none = self { true } else { false }
  }
  static var nothing: any RecipeValue { Self.none }
}
