import Glissade

extension TableDescription {
  /// What other programs have to know to use a model of tables, by key: what goes into its features, and what comes out.
  var metadata: [String: String] {
    var columns: [JSONValue] = []
    var feature = 0
    for input in encoding.inputs {
      var members = [JSONMember("name", .string(input.name)), JSONMember("feature", .integer(Int64(feature)))]
      switch input {
      case .number: members.append(JSONMember("kind", "number"))
      case .category(_, let words): members += [JSONMember("kind", "category"), JSONMember("words", .array(words.map { .string($0) }))]
      }
      columns.append(.object(members))
      feature += input.width
    }
    var result = [
      "columns": JSONValue.array(columns).text(), "target": JSONValue.string(encoding.target.name).text(),
      "missing": encoding.missing.rawValue,
      "input": "rows [batch, \(encoding.width)] of float64: numbers as they are in the table, and 0 or 1 for each word of a category",
    ]
    if !encoding.others.isEmpty { result["targets"] = JSONValue.array(encoding.targetNames.map { .string($0) }).text() }
    if case .classes(_, let classes) = encoding.target { result["classes"] = JSONValue.array(classes.map { .string($0) }).text() }
    return result
  }
}
