import GlissadeFormats

/// What `options.json` says, which version 0.1.0 left in run folders: options under the names that they have still, the data's facts among
/// them, and the arguments that the run was started with.
struct EarlierOptions {
  let recipe: Recipe
  let facts: JSONValue

  /// What is no option but a fact of the data. `classes` was such a fact there, and the choice of classes was in the arguments alone.
  private static let ofData: Set<String> = ["input", "classes", "mean", "deviation", "table"]

  /// - Returns: `nil` for what is no such file.
  init?(_ bytes: [UInt8], path: String) {
    guard bytes.first == UInt8(ascii: "{"), let json = try? JSONValue.parse(bytes) else { return nil }
    self.init(json, path: path)
  }

  /// - Returns: `nil` for what is no such file.
  init?(_ json: JSONValue, path: String) {
    // Summaries and sweeps name the version, too.
    guard json["glissade_version"]?.stringValue != nil, json["train_loss"] == nil, json["results"] == nil, let members = json.members else {
      return nil
    }
    var recipe = Recipe()
    let origin = Recipe.Origin.file(path, line: nil, column: nil)
    for (name, text) in Self.arguments(json) { try? recipe.set(name, to: .one(text), from: origin) }
    for member in members where !Self.ofData.contains(member.key) && Recipe.declaration(member.key) != nil {
      switch member.value {
      case .null: recipe.putNone(member.key, from: origin)
      case .array(let values): try? recipe.set(member.key, to: .list(values.compactMap(Self.text)), from: origin)
      default: if let text = Self.text(member.value) { try? recipe.set(member.key, to: .one(text), from: origin) }
      }
    }
    // It noted the share that a fold is.
    if recipe.kfold != nil { recipe.remove("validation") }
    self.recipe = recipe
    let given = Set(Self.arguments(json).map(\.name))
    facts = .object(
      members.filter { Recipe.declaration($0.key) == nil || Self.ofData.contains($0.key) }
        + [JSONMember("from_data", .array(Recipe.ofData.filter { !given.contains($0) }.map { .string($0) }))])
  }

  private static func text(_ value: JSONValue) -> String? {
    switch value {
    case .string(let text): text
    case .bool(let flag): "\(flag)"
    case .integer(let number): "\(number)"
    case .number(let number): "\(number)"
    default: nil
    }
  }

  /// The options among the arguments that the run was started with.
  private static func arguments(_ json: JSONValue) -> [(name: String, text: String)] {
    var result: [(String, String)] = []
    var rest = (json["arguments"]?.arrayValue ?? []).compactMap(\.stringValue)[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("--") else { continue }
      let pieces = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = pieces.first.map { String($0.map { $0 == "-" ? "_" : $0 }) } ?? ""
      guard let declaration = Recipe.declaration(name) else { continue }
      if declaration.isFlag {
        result.append((name, "true"))
      } else if pieces.count > 1 {
        result.append((name, String(pieces[1])))
      } else if let value = rest.popFirst() {
        result.append((name, value))
      }
    }
    return result
  }
}

extension Recipe {
  /// What the `options.json` of a run of version 0.1.0 says: its recipe, and the facts of its data.
  /// - Returns: `nil` for what is no such file.
  package static func earlier(_ json: JSONValue, path: String) -> (recipe: Recipe, facts: JSONValue)? {
    EarlierOptions(json, path: path).map { ($0.recipe, $0.facts) }
  }
}
