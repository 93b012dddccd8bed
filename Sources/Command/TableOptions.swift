import ArgumentParser
import Glissade

/// What is to be made of a table.
struct TableOptions: ParsableArguments {
  @Option(help: "The column of a table (--data TABLE.csv) that is to be predicted; all others are what it is predicted from.")
  var target: String?

  @Option(help: "classification or regression. (default: regression for a column of numbers that look like no classes)")
  var task: String?

  @Option(help: "What to do about values that are not there: refuse, mean (or no category) or drop (the row).")
  var missing: String?

  @Option(help: ArgumentHelp("Columns of numbers that are categories, separated by commas (\\, is one in a name).", valueName: "columns"))
  var categorical: String?

  @Option(help: ArgumentHelp("Columns to leave out, separated by commas.", valueName: "columns"))
  var ignore: String?

  @Option(help: "Regression: mse, mae or huber. (default: mse)")
  var loss: String?

  @Option(
    help: ArgumentHelp(
      "mlp: features of the hidden layers, separated by commas. (default: 512,256; less for small tables)", valueName: "sizes"))
  var hidden: String?

  /// What was asked for, where data is a table.
  /// - Parameters:
  ///   - test: the share of the rows that is for the test, where it is given.
  ///   - isFolded: whether all rows take their turn in being held out, so that none is for the test otherwise.
  /// - Throws: `Misuse`.
  func settings(data: String, model: String, test: Double?, isFolded: Bool = false) throws(Misuse) -> TableSettings? {
    guard DataSource(name: data).isTable else {
      let given = [
        ("--target", target), ("--task", task), ("--missing", missing), ("--categorical", categorical), ("--ignore", ignore),
        ("--loss", loss),
      ].first { $0.1 != nil }
      if let given { throw Misuse("\(given.0) is for tables, and --data \(data) is none: a table's name ends in .csv") }
      return nil
    }
    guard let target, !target.isEmpty else { throw Misuse("--data \(data) is a table: --target has to name the column to be predicted") }
    if model != "mlp" { throw Misuse("--model \(model) is for pictures; mlp is the model for tables") }
    func choice<Value: RawRepresentable & CaseIterable>(_ name: String, _ text: String) throws(Misuse) -> Value
    where Value.RawValue == String {
      guard let value = Value(rawValue: text) else { throw Misuse.unknown(name, text, among: Value.allCases.map(\.rawValue)) }
      return value
    }
    var settings = TableSettings(target: target)
    if let task { settings.task = try choice("task", task) }
    if let missing { settings.missing = try choice("value for --missing", missing) }
    if let loss { settings.loss = try choice("loss", loss) }
    if let test { try Misuse.check("--test", test, test >= 0 && test < 1, "at least 0 and below 1") }
    settings.test = test ?? (isFolded ? 0 : settings.test)
    settings.categorical = try NameList.names(categorical, of: "--categorical") ?? []
    settings.ignored = try NameList.names(ignore, of: "--ignore") ?? []
    return settings
  }

  /// The hidden layers, where they are given.
  /// - Throws: `Misuse`.
  func hiddenSizes(model: String) throws(Misuse) -> [Int]? {
    guard let hidden else { return nil }
    if model != "mlp" { throw Misuse("--hidden is no option of \(model); mlp has it") }
    var sizes: [Int] = []
    for part in Self.list(hidden) {
      guard let size = Int(part), (1...1 << 16).contains(size) else {
        throw Misuse("--hidden is '\(hidden)', and it has to be numbers from 1 to \(1 << 16), separated by commas")
      }
      sizes.append(size)
    }
    return sizes
  }

  private static func list(_ text: String?) -> [String] {
    (text ?? "").split(separator: ",").map(Text.trimmed).filter { !$0.isEmpty }
  }
}

/// What is to be made of a table, defaults included.
struct TableSettings {
  var target: String
  var task: TableEncoding.Task?
  var missing = TableEncoding.Missing.refuse
  var categorical: [String] = []
  var ignored: [String] = []
  var loss = ValueLoss.mse
  /// The share of the rows that is for the test.
  var test = TableSplit.testShare

  enum ValueLoss: String, CaseIterable {
    case mse, mae, huber

    var loss: Loss {
      switch self {
      case .mse: .meanSquaredError
      case .mae: .meanAbsoluteError
      case .huber: .huber()
      }
    }
  }

  /// The table's parts, with what its columns become as the training rows have it.
  func load(_ path: String, validation: Double, seed: UInt64, fold: Fold? = nil) throws -> LoadedData {
    let table = try Table(path: path, categorical: Set(categorical), ignored: Set(ignored))
    let split =
      try fold.map { try TableSplit(table, target: target, fold: $0, test: test, seed: seed) }
      ?? TableSplit(table, target: target, validation: validation, test: test, seed: seed)
    let encoding = try TableEncoding(of: table, rows: split.training, target: target, task: task, missing: missing)
    return LoadedData(
      training: try encoding.samples(of: table, rows: split.training).data,
      validation: split.validation.isEmpty ? nil : try encoding.samples(of: table, rows: split.validation).data,
      isSplit: true, test: split.test.isEmpty ? nil : try encoding.samples(of: table, rows: split.test).data,
      normalization: .unit(channels: 1),
      table: TableDescription(
        encoding: encoding, categorical: categorical, seed: seed, loss: loss, validationShare: validation, testShare: test,
        fold: fold))
  }
}
