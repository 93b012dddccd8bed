import Glissade

/// What a run's recipe says, with the facts of its data, as one object; of the classes, what the data has.
func runOptions(_ path: String) throws -> JSONValue {
  let recipe = try Recipe(contentsOf: path + "/recipe.yaml")
  let facts = try JSONValue.read(path: path + "/facts.json").members ?? []
  let given = Recipe.declarations.filter { option in
    recipe.origin(of: option.name) != nil && !facts.contains { $0.key == option.name }
  }
  return .object(given.map { JSONMember($0.name, json($0.value(in: recipe))) } + facts)
}

private func json(_ value: any RecipeValue) -> JSONValue {
  func json(_ text: String) -> JSONValue { (try? JSONValue.parse(Array(text.utf8))) ?? .string(text) }
  if let list = value.recipeList { return .array(list.map(json)) }
  if value.recipeText == "none" { return .null }
  return value.recipeNumber != nil || value is Bool ? json(value.recipeText) : .string(value.recipeText)
}

/// Makes a run's folder what version 0.1.0 left: `options.json` in place of recipe and facts, and no checkpoint, whose options were of that
/// form, too.
/// - Parameters:
///   - arguments: the command and its arguments.
///   - lacking: the keys that it did not write.
func makeEarlier(_ run: String, arguments: [String], lacking: Set<String> = []) throws {
  let members = try (runOptions(run).members ?? []).filter { !lacking.contains($0.key) && $0.key != "from_data" }
  try JSONValue.object(
    members + [
      JSONMember("command", .string(arguments.first ?? "")),
      JSONMember("arguments", .array(arguments.dropFirst().map { .string($0) })),
    ]
  ).write(path: run + "/options.json")
  for name in ["recipe.yaml", "facts.json"] { remove("\(run)/\(name)") }
  for name in folderContents(run) where name.hasPrefix("checkpoint-") { remove("\(run)/\(name)") }
}
