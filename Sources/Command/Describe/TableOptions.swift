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

  @Option(help: ArgumentHelp("What separates columns: a character, or tab. (default: as the first lines show)", valueName: "character"))
  var delimiter: String?

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
        ("--delimiter", delimiter), ("--loss", loss),
      ].first { $0.1 != nil }
      if let given { throw Misuse("\(given.0) is for tables, and --data \(data) is none: \(DataSource.tableNames)") }
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
    settings.delimiter = try delimiter.map { (text) throws(Misuse) in try Self.delimiter(text) }
    settings.categorical = try NameList.names(categorical, of: "--categorical") ?? []
    settings.ignored = try NameList.names(ignore, of: "--ignore") ?? []
    if settings.ignored.contains(target) { throw Misuse("--ignore names '\(target)', which --target wants to be predicted") }
    if let both = settings.ignored.first(where: settings.categorical.contains) {
      throw Misuse("'\(both)' is named by --ignore and by --categorical")
    }
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

  private static func delimiter(_ text: String) throws(Misuse) -> UInt8 {
    let named = ["tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "]
    let bytes = Array((named[text.lowercased()] ?? text).utf8)
    guard bytes.count == 1, bytes[0] < 128, !"\"\r\n".utf8.contains(bytes[0]), bytes[0] != 0 else {
      throw Misuse(
        "--delimiter is '\(text)', and it has to be one ASCII character that is no quote, or tab, comma, semicolon, pipe or space")
    }
    return bytes[0]
  }
}

/// What is to be made of a table, defaults included.
struct TableSettings {
  var target: String
  var task: TableEncoding.Task?
  var missing = TableEncoding.Missing.refuse
  var categorical: [String] = []
  var ignored: [String] = []
  /// What separates columns; default by the first lines.
  var delimiter: UInt8?
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
    let table = try Table(
      path: path, target: target, categorical: Set(categorical), ignored: Set(ignored), delimiter: delimiter)
    let split = try TableSplit(
      table, target: target, validation: validation, fold: fold, test: test, seed: seed, task: task, missing: missing)
    let encoding = try TableEncoding(of: table, rows: split.training, target: target, task: task, missing: missing)
    let description = TableDescription(
      encoding: encoding, categorical: categorical, seed: seed, loss: loss, validationShare: validation, testShare: test, fold: fold,
      delimiter: delimiter, hasDecimalCommas: table.hasDecimalCommas)
    var loaded = LoadedData(
      training: try encoding.samples(of: table, rows: split.training).data,
      validation: split.validation.isEmpty ? nil : try encoding.samples(of: table, rows: split.validation).data,
      isSplit: true, test: split.test.isEmpty ? nil : try encoding.samples(of: table, rows: split.test).data,
      normalization: .unit(channels: 1), table: description)
    loaded.notes = notes(table, encoding, split)
    return loaded
  }

  /// What people should know of what the table became.
  private func notes(_ table: Table, _ encoding: TableEncoding, _ split: TableSplit) -> [String] {
    let commas = table.hasDecimalCommas ? ["numbers have decimal commas in \(table.path)"] : []
    let notes = table.remarks + commas + encoding.doubts(about: table, rows: split.training) + encoding.losses(of: table)
    return [encoding.summary(ignored: ignored)] + (notes + [encoding.rareClasses(in: table)].compactMap { $0 }).map { "note: \($0)" }
  }
}
