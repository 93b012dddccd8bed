import Glissade

/// What has to be known of a table to use a model that was trained on one: read back from `options.json`.
struct TableDescription {
  var encoding: TableEncoding
  /// Columns of numbers that are categories.
  var categorical: [String]
  /// Of the division into training and test rows.
  var seed: UInt64
  var loss: TableSettings.ValueLoss
  /// What was held out: shares of the rows, the first of what is not for the test.
  var validationShare: Double
  var testShare: Double
  /// What was held out in place of the first of them, in one of several trainings.
  var fold: Fold?

  /// The deviation of the values to be predicted, in which a regression's errors are measured; `nil` for classes.
  var deviation: Double? {
    if case .value(_, _, let deviation) = encoding.target { return Double(deviation) }
    return nil
  }

  var lossOfValues: Loss? { deviation == nil ? nil : loss.loss }

  /// Samples of a table: of the one that was trained on the rows for the test, or where there are none those for validation; all of any other.
  func load(_ path: String, isOwn: Bool) throws -> ArrayDataset {
    let table = try table(path, withTarget: true)
    guard isOwn else { return try encoding.samples(of: table).data }
    let split =
      try fold.map { try TableSplit(table, target: encoding.target.name, fold: $0, test: testShare, seed: seed) }
      ?? TableSplit(table, target: encoding.target.name, validation: validationShare, test: testShare, seed: seed)
    let rows = split.test.isEmpty ? split.validation : split.test
    guard !rows.isEmpty else { throw Failure("nothing of \(path) was held out from the training, so there is nothing to evaluate on") }
    return try encoding.samples(of: table, rows: rows).data
  }
}

extension TableDescription {
  /// Reads a table as training read its own: what were categories there are categories here, though all of a short table's may look like
  /// numbers, and columns that the model does not use are not limited.
  /// - Parameter withTarget: whether the column that is predicted has to be there.
  func table(_ path: String, withTarget: Bool) throws(DataError) -> Table {
    var names = Set<String>()
    for case .category(let name, _) in encoding.inputs { names.insert(name) }
    if withTarget, case .classes(let name, let classes) = encoding.target {
      let areWords = classes.contains { Float($0) == nil }
      if areWords || categorical.contains(name) { names.insert(name) }
    }
    var limits = Table.Limits()
    limits.words = limits.values
    return try Table(path: path, categorical: names, limits: limits)
  }

  var json: JSONValue {
    func number(_ value: Float) -> JSONValue { .float(value) }
    func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
    let target: JSONValue =
      switch encoding.target {
      case .classes(let name, let classes): ["column": .string(name), "classes": list(classes)]
      case .value(let name, let mean, let deviation): ["column": .string(name), "mean": number(mean), "deviation": number(deviation)]
      }
    return [
      "target": target,
      "inputs": .array(
        encoding.inputs.map { input in
          switch input {
          case .number(let name, let mean, let deviation):
            ["column": .string(name), "mean": number(mean), "deviation": number(deviation)]
          case .category(let name, let words): ["column": .string(name), "words": list(words)]
          }
        }),
      "missing": .string(encoding.missing.rawValue), "categorical": list(categorical),
      "split_seed": Int64(exactly: seed).map { .integer($0) } ?? .string("\(seed)"), "loss": .string(loss.rawValue),
    ]
  }

  /// - Parameter held: the shares that were held out.
  /// - Throws: `Failure` naming the file where something is missing or of the wrong kind.
  init(_ json: JSONValue, held: (validation: Double, test: Double), path: String) throws(Failure) {
    func value<Value>(_ json: JSONValue, _ key: String, _ read: (JSONValue) -> Value?) throws(Failure) -> Value {
      guard let value = json[key].flatMap(read) else { throw Failure("\(path): '\(key)' of 'table' is missing or of the wrong kind") }
      return value
    }
    func texts(_ json: JSONValue, _ key: String) throws(Failure) -> [String] {
      try value(json, key) { $0.arrayValue?.compactMap(\.stringValue) }
    }
    func float(_ json: JSONValue, _ key: String) throws(Failure) -> Float { Float(try value(json, key, \.doubleValue)) }
    let target = try value(json, "target") { $0 }
    let name = try value(target, "column", \.stringValue)
    let encoded: TableEncoding.Target =
      target["classes"] != nil
      ? .classes(name: name, classes: try texts(target, "classes"))
      : .value(name: name, mean: try float(target, "mean"), deviation: try float(target, "deviation"))
    var inputs: [TableEncoding.Input] = []
    for input in try value(json, "inputs", \.arrayValue) {
      let column = try value(input, "column", \.stringValue)
      if input["words"] != nil {
        inputs.append(.category(name: column, words: try texts(input, "words")))
      } else {
        inputs.append(.number(name: column, mean: try float(input, "mean"), deviation: try float(input, "deviation")))
      }
    }
    let missing = try value(json, "missing") { $0.stringValue.flatMap(TableEncoding.Missing.init) }
    encoding = TableEncoding(inputs: inputs, target: encoded, missing: missing)
    categorical = try texts(json, "categorical")
    (validationShare, testShare) = held
    seed = try value(json, "split_seed") { $0.integerValue.map { UInt64(truncatingIfNeeded: $0) } ?? $0.stringValue.flatMap { UInt64($0) } }
    loss = try value(json, "loss") { $0.stringValue.flatMap(TableSettings.ValueLoss.init) }
  }
}
