import GlissadeData
import GlissadeFormats
import GlissadeRecipes
import GlissadeTraining

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What has to be known of a table to use a model that was trained on one: kept in `facts.json`.
package struct TableDescription {
  package var encoding: TableEncoding
  /// Columns of numbers that are categories.
  package var categorical: [String]
  /// Of the division into training and test rows.
  package var seed: UInt64
  /// What was chosen; `nil` for what is usual.
  package var loss: LossChoice?
  /// What was held out: shares of the rows, the first of what is not for the test.
  package var validationShare: Double
  package var testShare: Double
  /// What was held out in place of the first of them, in one of several trainings.
  package var fold: Fold?
  /// What separates fields, where that was said rather than found.
  package var delimiter: UInt8?
  /// Whether numbers have a comma for their decimals.
  package var hasDecimalCommas = false

  /// The deviation of the values to be predicted, in which a regression's errors are measured; `nil` for classes, 1 for several values, each of
  /// which has its own.
  package var deviation: Double? {
    guard case .value(_, _, let deviation) = encoding.target else { return nil }
    return encoding.others.isEmpty ? deviation : 1
  }

  /// That of each of them.
  package var deviations: [Double] { encoding.values.map(\.deviation) }

  /// Whether what is predicted are labels that a sample has or has not.
  package var areMarks: Bool { !encoding.others.isEmpty && loss?.name.isOfMarks == true }

  package var lossOfValues: Loss? { deviation == nil ? nil : (areMarks ? loss?.ofMarks : loss?.ofValues) ?? .meanSquaredError }

  /// Samples of a table: of the one that was trained on the rows for the test, or where there are none those for validation; all of any other.
  /// - Returns: the samples and what people should know of them; `nil` where nothing was held out.
  package func load(_ path: String, isOwn: Bool) throws -> (data: ArrayDataset, part: MeasuredSamples.Part, notes: [String])? {
    let table = try table(path, withTarget: true)
    var (rows, part): ([Int]?, MeasuredSamples.Part) = (nil, .test)
    if isOwn {
      let split = try TableSplit(
        table, target: encoding.target.name, validation: validationShare, fold: fold, test: testShare, seed: seed,
        task: deviation == nil ? .classification : .regression, missing: encoding.missing)
      if split.test.isEmpty { (rows, part) = (split.validation, .validation) } else { rows = split.test }
      if rows?.isEmpty == true { return nil }
    }
    let lines = encoding.losses(of: table, rows: rows).map { "\(path): \($0)" }
    return (try encoding.samples(of: table, rows: rows).data, part, lines)
  }
}

extension TableDescription {
  /// Reads a table as training read its own: what were categories there are categories here, though all of a short table's may look like
  /// numbers, and columns that the model does not use are left out, whatever is in them.
  /// - Parameter withTarget: whether the column that is predicted is to be read, too.
  package func table(_ path: String, withTarget: Bool) throws(DataError) -> Table {
    var limits = Table.Limits()
    limits.words = limits.values
    return try Table(
      path: path, kinds: encoding.kinds(categorical: categorical, withTarget: withTarget), target: encoding.target.name,
      preferring: delimiter, prefersDecimalCommas: hasDecimalCommas, limits: limits)
  }

  private static let usualLoss = LossChoice.usualOfValues.recipeText
  /// Earlier versions had no choice for classes, and wrote one of numbers.
  package static let lossOfClassesKey = "loss_of_classes"

  package var json: JSONValue {
    func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
    let target: JSONValue =
      switch encoding.target {
      case .classes(let name, let classes): ["column": .string(name), "classes": list(classes)]
      case .value(let name, let mean, let deviation): ["column": .string(name), "mean": .number(mean), "deviation": .number(deviation)]
      }
    let json: JSONValue = [
      "target": target,
      "inputs": .array(
        encoding.inputs.map { input in
          switch input {
          case .number(let name, let mean, let deviation):
            ["column": .string(name), "mean": .number(mean), "deviation": .number(deviation)]
          case .category(let name, let words): ["column": .string(name), "words": list(words)]
          }
        }),
      "missing": .string(encoding.missing.rawValue), "categorical": list(categorical),
      "split_seed": Int64(exactly: seed).map { .integer($0) } ?? .string("\(seed)"),
      "loss": .string((deviation == nil ? nil : loss)?.recipeText ?? Self.usualLoss),
    ]
    // Only where they are not as usual, so that other runs read as they always have.
    var members = json.members ?? []
    if let delimiter { members.append(JSONMember("delimiter", .string(String(UnicodeScalar(delimiter))))) }
    if !encoding.others.isEmpty {
      let others: [JSONValue] = encoding.others.map {
        ["column": .string($0.name), "mean": .number($0.mean), "deviation": .number($0.deviation)]
      }
      members.append(JSONMember("others", .array(others)))
    }
    if deviation == nil { members.append(JSONMember(Self.lossOfClassesKey, loss.map { .string($0.recipeText) } ?? .null)) }
    if hasDecimalCommas { members.append(JSONMember("decimal_commas", .bool(true))) }
    return .object(members)
  }

  /// - Parameter held: the shares that were held out.
  /// - Throws: `Failure` naming the file where something is missing or of the wrong kind.
  package init(_ json: JSONValue, held: (validation: Double, test: Double), path: String) throws(Failure) {
    func value<Value>(_ json: JSONValue, _ key: String, _ read: (JSONValue) -> Value?) throws(Failure) -> Value {
      guard let value = json[key].flatMap(read) else { throw Failure("\(path): '\(key)' of 'table' is missing or of the wrong kind") }
      return value
    }
    func texts(_ json: JSONValue, _ key: String) throws(Failure) -> [String] {
      try value(json, key) { $0.arrayValue?.compactMap(\.stringValue) }
    }
    let target = try value(json, "target") { $0 }
    let name = try value(target, "column", \.stringValue)
    let encoded: TableEncoding.Target =
      target["classes"] != nil
      ? .classes(name: name, classes: try texts(target, "classes"))
      : .value(name: name, mean: try value(target, "mean", \.doubleValue), deviation: try value(target, "deviation", \.doubleValue))
    var inputs: [TableEncoding.Input] = []
    for input in try value(json, "inputs", \.arrayValue) {
      let column = try value(input, "column", \.stringValue)
      if input["words"] != nil {
        inputs.append(.category(name: column, words: try texts(input, "words")))
      } else {
        inputs.append(
          .number(name: column, mean: try value(input, "mean", \.doubleValue), deviation: try value(input, "deviation", \.doubleValue)))
      }
    }
    let missing = try value(json, "missing") { $0.stringValue.flatMap(TableEncoding.Missing.init) }
    var others: [TableEncoding.Value] = []
    for other in json["others"]?.arrayValue ?? [] {
      others.append(
        TableEncoding.Value(
          name: try value(other, "column", \.stringValue), mean: try value(other, "mean", \.doubleValue),
          deviation: try value(other, "deviation", \.doubleValue)))
    }
    encoding = TableEncoding(inputs: inputs, target: encoded, others: others, missing: missing)
    categorical = try texts(json, "categorical")
    (validationShare, testShare) = held
    seed = try value(json, "split_seed") { $0.integerValue.map { UInt64(truncatingIfNeeded: $0) } ?? $0.stringValue.flatMap { UInt64($0) } }
    let text = deviation == nil ? json[Self.lossOfClassesKey]?.stringValue : try value(json, "loss", \.stringValue)
    do throws(RecipeValueError) { loss = try text.map { (text) throws(RecipeValueError) in try LossChoice(recipeText: text) } } catch {
      throw Failure("\(path): 'loss' of 'table' is '\(text ?? "")', which this version does not know")
    }
    delimiter = json["delimiter"]?.stringValue?.utf8.first
    hasDecimalCommas = json["decimal_commas"]?.boolValue ?? false
  }
}
