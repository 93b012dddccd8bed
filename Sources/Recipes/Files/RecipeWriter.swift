import GlissadeFormats

/// Writes a recipe as YAML, with a comment for each option.
struct RecipeWriter {
  private(set) var lines: [String]
  private static let width = 100

  init(_ recipe: Recipe, heading: [String]) {
    lines = heading.flatMap { Self.comment($0) }
    if !lines.isEmpty { lines.append("") }
    lines.append("\(RecipeReader.versionKey): \(RecipeReader.version)")
    for section in Recipe.sections {
      let given = section.declarations.filter { recipe.given[$0.name] != nil }
      guard !given.isEmpty else { continue }
      let title = type(of: section).title
      if !title.isEmpty { lines += ["", "# --- \(title) ---"] }
      for declaration in given {
        guard let value = recipe.given[declaration.name]?.value else { continue }
        lines += [""] + Self.comment(declaration.fullHelp) + ["\(declaration.name): \(Self.text(value))"]
      }
    }
  }

  var text: String { lines.joined(separator: "\n") + "\n" }

  private static func text(_ value: any RecipeValue) -> String {
    if value.isNone { return "null" }
    if let list = value.recipeList { return "[\(list.map { scalar($0, inList: true) }.joined(separator: ", "))]" }
    return scalar(value.recipeText)
  }

  /// A text that reads back as it is: plain where nothing in it means anything to YAML.
  static func scalar(_ text: String, inList: Bool = false) -> String {
    let marks: Set<Unicode.Scalar> = ["_", "-", ".", "/", "+", "(", ")", "*", "'", "=", "~"]
    func isPlain(_ character: Unicode.Scalar) -> Bool {
      character.isASCII && (character.properties.isAlphabetic || character.properties.numericType != nil || marks.contains(character))
        || character == " " || !inList && character == ","
    }
    let scalars = text.unicodeScalars
    let words: Set = ["null", "Null", "NULL", "~", "", "true", "false", "yes", "no", "on", "off"]
    if let first = scalars.first, let last = scalars.last, !words.contains(text) || text == "true" || text == "false",
      first.properties.isAlphabetic || first.properties.numericType != nil || first == "/" || first == ".", last != " ",
      scalars.allSatisfy(isPlain)
    {
      return text
    }
    return quoted(text)
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for character in text.unicodeScalars {
      switch character {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      default:
        let value = character.value
        let isShown =
          value >= 0x20 && value < 0x7f || value >= 0xa0 && value != 0x2028 && value != 0x2029 && value != 0xfeff && value < 0xfffe
        if isShown || value >= 0x10000 {
          result.unicodeScalars.append(character)
        } else {
          let digits = String(value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      }
    }
    return result + "\""
  }

  /// A text broken between words into lines that are comments.
  private static func comment(_ text: String) -> [String] {
    var lines = [""]
    for word in text.split(separator: " ") {
      if !lines[lines.count - 1].isEmpty, lines[lines.count - 1].count + 1 + word.count > width - 2 { lines.append("") }
      lines[lines.count - 1] += (lines[lines.count - 1].isEmpty ? "" : " ") + word
    }
    return lines.map { "# \($0)" }
  }
}

extension Recipe {
  /// A file with what is given, each with a comment that says what it is.
  /// - Parameter heading: comments at the beginning, a paragraph each.
  public func text(heading: [String] = []) -> String { RecipeWriter(self, heading: heading).text }

  /// Reads a file, which may also be the `options.json` that runs of version 0.1.0 left.
  /// - Throws: `FormatError` for one that cannot be read, `RecipeError` for the first thing in it that makes no sense.
  public init(contentsOf path: String) throws {
    let bytes = try FileBytes.read(path: path, limit: RecipeReader.largestFile)
    try self.init(yaml: bytes, path: path)
  }

  /// Reads the bytes of a file.
  /// - Parameter path: for messages.
  /// - Throws: `RecipeError` for the first thing in it that makes no sense.
  public init(yaml bytes: [UInt8], path: String) throws(RecipeError) {
    let (recipe, problems) = Self.read(bytes, path: path)
    if let problem = problems.first { throw problem }
    self = recipe
  }

  /// Reads the bytes of a file as far as they make sense, with all that makes none.
  /// - Parameter path: for messages.
  public static func read(_ bytes: [UInt8], path: String) -> (recipe: Recipe, problems: [RecipeError]) {
    if let earlier = EarlierOptions(bytes, path: path) { return (earlier.recipe, []) }
    let reader = RecipeReader(bytes, path: path)
    return (reader.recipe, reader.problems)
  }
}
