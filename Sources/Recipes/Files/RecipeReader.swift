import GlissadeFormats
internal import Yams

/// Reads a recipe from YAML.
struct RecipeReader {
  /// For messages.
  let path: String
  /// What there is to say against it.
  private(set) var problems: [RecipeError] = []
  private(set) var recipe = Recipe()

  /// The key of the version, and the newest that is understood.
  static let versionKey = "glissade"
  static let version = 1
  /// A recipe is a page or two.
  static let largestFile = 1 << 20
  private static let largestNumberOfNodes = 10_000

  init(_ bytes: [UInt8], path: String) {
    self.path = path
    do throws(RecipeError) { try read(bytes) } catch { problems.append(error) }
  }

  private mutating func read(_ bytes: [UInt8]) throws(RecipeError) {
    let text = try text(bytes)
    var nodes = 0
    let root: Node
    do {
      let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
      guard let first = try parser.nextRoot() else { throw failure("is empty, and a recipe begins with 'glissade: \(Self.version)'") }
      if let second = try parser.nextRoot() {
        throw failure("holds a second document, and a recipe is one", at: second.mark)
      }
      root = first
    } catch let error as RecipeError {
      throw error
    } catch {
      throw syntax(error, in: text)
    }
    guard let mapping = root.mapping else {
      throw failure("\(Self.kind(root)) and no recipe, which has lines such as 'epochs: 5'", at: root.mark)
    }
    try checkVersion(mapping)
    var lines: [String: Int] = [:]
    for (key, value) in mapping {
      guard let name = key.scalar?.string else {
        problems.append(failure("has \(Self.kind(key)) for a key, and a key is a word", at: key.mark))
        continue
      }
      if name == Self.versionKey { continue }
      // Spelt alike, YAML's own reader finds them.
      if let line = lines[Self.underscored(name)] {
        problems.append(failure("'\(printable(name))' is given here, and before in line \(line)", at: key.mark))
        continue
      }
      lines[Self.underscored(name)] = key.mark?.line ?? 0
      do throws(RecipeError) { try set(Self.underscored(name), to: value, at: key.mark, &nodes) } catch { problems.append(error) }
    }
  }

  /// Options have dashes and files underscores; either is meant.
  static func underscored(_ name: String) -> String { String(name.map { $0 == "-" ? "_" : $0 }) }

  private mutating func set(_ name: String, to value: Node, at mark: Mark?, _ nodes: inout Int) throws(RecipeError) {
    guard Recipe.declaration(name) != nil else { return try recipe.set(name, to: .one(""), from: origin(mark)) }
    // What an alias stands for has the place of that.
    let place = (value.mark?.line ?? 0) < (mark?.line ?? 0) ? mark : value.mark
    switch value {
    case .scalar(let scalar):
      // No value: the default.
      if scalar.style == .plain, ["", "~", "null", "Null", "NULL"].contains(scalar.string) {
        return recipe.putNone(name, from: origin(place))
      }
      try recipe.set(name, to: .one(scalar.string), from: origin(place))
    case .sequence(let sequence):
      var list: [String] = []
      for element in sequence {
        nodes += 1
        guard nodes <= Self.largestNumberOfNodes else { throw failure("holds more than \(Self.largestNumberOfNodes) values", at: place) }
        guard let text = element.scalar?.string else {
          throw RecipeError(
            name: name, origin: origin(element.mark ?? place),
            problem: .value(
              .sentence(
                "has \(Self.kind(element)) in its list, and a list is of words or numbers\(element.mapping == nil ? "" : Self.quotes)"),
              noun: name))
        }
        list.append(text)
      }
      try recipe.set(name, to: .list(list), from: origin(place))
    case .mapping:
      let kind = Recipe.declaration(name)?.kind ?? "text"
      throw RecipeError(
        name: name, origin: origin(place), problem: .value(.sentence("is a mapping of keys, and it has to be \(kind)"), noun: name))
    case .alias:
      throw RecipeError(
        name: name, origin: origin(place), problem: .value(.sentence("is an alias that stands for nothing"), noun: name))
    }
  }

  private func checkVersion(_ mapping: Node.Mapping) throws(RecipeError) {
    guard let (key, value) = mapping.first(where: { $0.key.scalar?.string == Self.versionKey }) else {
      throw failure("does not say which version of recipes it is: it has to begin with 'glissade: \(Self.version)'")
    }
    guard let number = value.scalar.flatMap({ Int($0.string) }), number > 0 else {
      throw failure("'\(Self.versionKey)' has to be the version of recipes, \(Self.version)", at: value.mark ?? key.mark)
    }
    if number > Self.version {
      throw failure(
        "it is a recipe of version \(number), and this version of glissade knows \(Self.version); a newer one reads it",
        at: value.mark ?? key.mark)
    }
  }

  /// - Throws: for what is no UTF-8 text of a sensible size.
  private func text(_ bytes: [UInt8]) throws(RecipeError) -> String {
    guard bytes.count <= Self.largestFile else {
      throw failure("has \(bytes.count) bytes, and a recipe has at most \(Self.largestFile)")
    }
    let utf16: [[UInt8]] = [[0xff, 0xfe], [0xfe, 0xff]]
    if utf16.contains(where: { bytes.starts(with: $0) }) { throw failure("is UTF-16, and a recipe is UTF-8", line: 1, column: 1) }
    let body = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes.dropFirst(3) : bytes[...]
    guard let text = String(validating: body, as: UTF8.self) else { throw failure("is not UTF-8, as a recipe has to be") }
    if let place = text.unicodeScalars.firstIndex(of: "\0") {
      let (line, column) = Self.position(of: place, in: text)
      throw failure("has a zero byte in it, which no text has", line: line, column: column)
    }
    // An alias repeats what may itself hold aliases, so that a few lines can stand for thousands of millions of values.
    let aliases = RecipeAliases(text)
    if let place = aliases.excess { throw failure("has more than \(RecipeAliases.most) aliases", line: place.line, column: place.column) }
    if let place = aliases.depth { throw failure("is nested too deeply", line: place.line, column: place.column) }
    return text
  }

  private static func position(of index: String.Index, in text: String) -> (line: Int, column: Int) {
    let before = text.unicodeScalars[..<index]
    let line = before.reduce(1) { $1 == "\n" ? $0 + 1 : $0 }
    let column = before.reversed().prefix { $0 != "\n" }.count + 1
    return (line, column)
  }

  private static let quotes = "; a text with a colon and a blank in it goes into quotes"

  private static func kind(_ node: Node) -> String {
    switch node {
    case .scalar: "a single value"
    case .mapping: "a mapping of keys"
    case .sequence: "a list"
    case .alias: "an alias"
    }
  }

  private func origin(_ mark: Mark?) -> Recipe.Origin { .file(path, line: mark?.line, column: mark?.column) }

  private func failure(_ text: String, at mark: Mark? = nil, line: Int? = nil, column: Int? = nil) -> RecipeError {
    RecipeError(name: "", origin: .file(path, line: mark?.line ?? line, column: mark?.column ?? column), problem: .file(text))
  }

  /// What helps against a mistake that is easily made with values of ours.
  private static func hint(_ problem: String) -> String {
    if problem.contains("mapping values are not allowed") { return quotes }
    if problem.contains("did not find expected alphabetic") { return "; a text that begins with * goes into quotes" }
    return ""
  }

  /// What the parser says, in our words where it is a usual mistake.
  private func syntax(_ error: any Error, in text: String) -> RecipeError {
    guard let error = error as? YamlError else { return failure("\(error)") }
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _), .composer(_, let problem, let mark, _):
      let line = text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(mark.line - 1).first ?? ""
      if line.prefix(mark.column).contains("\t") { return failure("there is a tab, and YAML is indented by blanks", at: mark) }
      return failure("this is no YAML: \(problem)\(Self.hint(problem))", at: mark)
    case .duplicatedKeysInMapping(let keys, let context):
      return failure("'\(printable(keys.first ?? "a key"))' is given here, and again further down", at: context.mark)
    case .reader(let problem, let offset, _, _):
      let place = offset.map { text.utf8.index(text.startIndex, offsetBy: min($0, text.utf8.count)) }
      let position = place.map { Self.position(of: $0, in: text) }
      return failure("this is no YAML: \(problem)", line: position?.line, column: position?.column)
    default: return failure("this is no YAML: \(error)")
    }
  }
}

/// Counts what could make a small file large, before anything is built from it. It may count what stands in quotes or comments, too.
private struct RecipeAliases {
  static let most = 20
  static let deepest = 20
  /// Where there is one alias too many.
  private(set) var excess: (line: Int, column: Int)?
  /// Where brackets are nested too deeply.
  private(set) var depth: (line: Int, column: Int)?

  init(_ text: String) {
    var (line, column, count, open) = (1, 0, 0, 0)
    var isStart = true
    var isComment = false
    for character in text.unicodeScalars {
      column += 1
      if character == "\n" {
        (line, column, isStart, isComment) = (line + 1, 0, true, false)
        continue
      }
      if character == "#", isStart { isComment = true }
      if isComment { continue }
      switch character {
      case "*" where isStart:
        count += 1
        if count > Self.most, excess == nil { excess = (line, column) }
      case "[", "{":
        open += 1
        if open > Self.deepest, depth == nil { depth = (line, column) }
      case "]", "}": open = max(open - 1, 0)
      default: break
      }
      isStart = [" ", ",", "[", "{", ":", "-", "\t"].contains(character)
    }
  }
}
