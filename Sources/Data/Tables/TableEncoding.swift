/// How the rows of a table become samples: learnt from the rows that are trained on, and then the same for all others.
///
/// Numbers are standardised, (x − mean) / deviation, in double precision: what a column's values differ by outlasts the rounding to float32,
/// however large they are. A categorical column becomes as many features as the training rows have words in it, 1
/// for the row's own and 0 for the others; a word that they have not is 0 in all of them.
public struct TableEncoding: Equatable, Sendable {
  /// What is done about values that are not there.
  public enum Missing: String, CaseIterable, Sendable {
    /// They are an error that names line and column.
    case refuse
    /// A number is replaced by the training rows' mean, a category by none of them.
    case mean
    /// The row is left out.
    case drop
  }

  /// What a table is to be used for.
  public enum Task: String, CaseIterable, Sendable {
    /// A class is predicted.
    case classification
    /// A number is predicted.
    case regression
  }

  /// What one column becomes.
  public enum Input: Equatable, Sendable {
    /// (x − mean) / deviation.
    case number(name: String, mean: Double, deviation: Double)
    /// A feature for each word.
    case category(name: String, words: [String])

    /// The column's name.
    public var name: String {
      switch self {
      case .number(let name, _, _), .category(let name, _): name
      }
    }

    /// How many features.
    public var width: Int {
      switch self {
      case .number: 1
      case .category(_, let words): words.count
      }
    }
  }

  /// What is predicted.
  public enum Target: Equatable, Sendable {
    /// One of some classes. Numbers are sorted as numbers, words as text. Equal numbers are one class, called as the table writes it first.
    case classes(name: String, classes: [String])
    /// (x − mean) / deviation.
    case value(name: String, mean: Double, deviation: Double)

    /// The column's name.
    public var name: String {
      switch self {
      case .classes(let name, _), .value(let name, _, _): name
      }
    }
  }

  /// A number that is predicted: (x − mean) / deviation.
  public struct Value: Equatable, Sendable {
    /// The column's name.
    public var name: String
    /// The mean of the training rows, in the column's unit.
    public var mean: Double
    /// Their deviation, which one unit of what is predicted stands for.
    public var deviation: Double

    /// With mean and deviation in the column's unit.
    public init(name: String, mean: Double, deviation: Double) { (self.name, self.mean, self.deviation) = (name, mean, deviation) }
  }

  /// In the order of the table's columns.
  public var inputs: [Input]
  /// What is predicted.
  public var target: Target
  /// Where the target is a number, what else is predicted beside it: more numbers.
  public var others: [Value]
  /// What is done about values that are not there.
  public var missing: Missing

  /// One that was learnt before: see the properties.
  public init(inputs: [Input], target: Target, others: [Value] = [], missing: Missing) {
    self.inputs = inputs
    self.target = target
    self.others = others
    self.missing = missing
  }

  /// All numbers that are predicted; none where classes are.
  public var values: [Value] {
    guard case .value(let name, let mean, let deviation) = target else { return [] }
    return [Value(name: name, mean: mean, deviation: deviation)] + others
  }

  /// The columns that are predicted.
  public var targetNames: [String] { [target.name] + others.map(\.name) }

  /// Features in a sample.
  public var width: Int { inputs.reduce(0) { $0 + $1.width } }

  /// The numbers a column of numbers may have at most to be taken for classes unless one says otherwise.
  public static let mostNumericClasses = 20

  // MARK: Learning

  /// Looks at rows that are to be trained on.
  /// - Parameters:
  ///   - table: the table.
  ///   - rows: which rows are trained on.
  ///   - target: the column to be predicted.
  ///   - others: columns of numbers to be predicted beside it, as it is then; all that remain are inputs.
  ///   - areMarks: whether all of these are 0 or 1, yes or no, and are left as they are; default not.
  ///   - task: default by the target: regression for a column of numbers with fractions or more than `mostNumericClasses` values.
  ///   - missing: what to do about values that are not there.
  /// - Throws: `DataError` for a target that is not there or cannot be used for the task, and for columns without a single value.
  public init(
    of table: Table, rows: [Int], target: String, others: [String] = [], areMarks: Bool = false, task: Task? = nil,
    missing: Missing = .refuse
  ) throws(DataError) {
    func problem(_ column: String, _ text: String) -> DataError { .table(path: table.path, line: nil, column: column, problem: text) }
    let column = try table.existingColumn(target)
    guard table.columns.count > 1 + others.count else {
      if !others.isEmpty {
        throw .table(
          path: table.path, line: nil, column: nil,
          problem: "its \(table.columns.count) columns are all to be predicted, and predicting them needs others")
      }
      throw problem(target, "it is the only column, and predicting it needs others; \(Table.separators)")
    }
    self.missing = missing
    self.others = []
    if !others.isEmpty {
      let values = try ([target] + others).map { (name) throws(DataError) in try Self.value(name, of: table, rows, areMarks: areMarks) }
      self.target = .value(name: values[0].name, mean: values[0].mean, deviation: values[0].deviation)
      self.others = Array(values.dropFirst())
    } else {
      self.target = try Self.target(column, rows, task, problem)
    }
    inputs = []
    for column in table.columns where column.name != target && !others.contains(column.name) {
      switch column.content {
      case .numbers(let values):
        let (mean, deviation) = Self.moments(rows.map { values[$0] })
        guard mean.isFinite else { throw problem(column.name, Self.noValues(column.name)) }
        inputs.append(.number(name: column.name, mean: mean, deviation: deviation))
      case .categories(let values, let words):
        let present = Set(rows.map { values[$0] })
        let found = words.indices.filter { present.contains(Int32($0)) }.map { words[$0] }.sorted()
        guard !found.isEmpty else { throw problem(column.name, Self.noValues(column.name)) }
        inputs.append(.category(name: column.name, words: found))
      }
    }
    if case .classes(_, let classes) = self.target, classes.count < 2 {
      let lacking = rows.count { column.isMissing($0) }
      let others = lacking > 0 ? "; \(lacking) of \(rows.count) rows have none" : ""
      let hint = column.takesNoneAsMissing ? ", and \(Table.option("--categorical", target)) takes 'None' as one" : ""
      throw problem(
        target, "it has \(classes.count) class\(classes.count == 1 ? "" : "es"), and telling apart takes two\(others)\(hint)")
    }
  }

  /// One of several numbers to be predicted.
  private static func value(_ name: String, of table: Table, _ rows: [Int], areMarks: Bool) throws(DataError) -> Value {
    func problem(_ text: String) -> DataError { .table(path: table.path, line: nil, column: name, problem: text) }
    let column = try table.existingColumn(name)
    guard case .numbers(let all) = column.content else { throw problem("it holds words, and several columns are predicted as numbers") }
    let values = rows.map { all[$0] }
    let present = Set(values.filter { !$0.isNaN })
    guard !present.isEmpty else { throw problem("it has no values") }
    if areMarks {
      if let other = present.first(where: { $0 != 0 && $0 != 1 }) {
        throw problem("it holds \(other), and a label that a sample has or has not is 1 or 0")
      }
      return Value(name: name, mean: 0, deviation: 1)
    }
    guard present.count > 1 else { throw problem("it is the same in all rows that are trained on, so nothing is to be learnt") }
    let (mean, deviation) = moments(values)
    return Value(name: name, mean: mean, deviation: deviation)
  }

  /// What one column alone becomes that is predicted.
  private static func target(
    _ column: Table.Column, _ rows: [Int], _ task: Task?, _ problem: (String, String) -> DataError
  ) throws(DataError) -> Target {
    let target = column.name
    switch column.content {
    case .categories(let values, let words):
      guard task != .regression else {
        throw problem(target, "it holds words such as '\(words.first ?? "")', and regression needs numbers")
      }
      let present = Set(rows.map { values[$0] })
      return .classes(name: target, classes: words.indices.filter { present.contains(Int32($0)) }.map { words[$0] }.sorted())
    case .numbers(let values):
      let present = Set(rows.map { values[$0] }.filter { !$0.isNaN })
      guard !present.isEmpty else { throw problem(target, "it has no values") }
      if task == .classification || (task == nil && areClasses(values)) {
        guard present.count <= 10_000 else { throw problem(target, "\(present.count) different numbers, which are no classes") }
        return .classes(name: target, classes: present.sorted().map(column.word))
      }
      guard present.count > 1 else { throw problem(target, "it is the same in all rows that are trained on, so nothing is to be learnt") }
      let (mean, deviation) = moments(rows.map { values[$0] })
      return .value(name: target, mean: mean, deviation: deviation)
    }
  }

  /// Whether a column of numbers is taken for classes unless one says otherwise.
  static func areClasses(_ values: [Double]) -> Bool {
    var different = Set<Double>()
    for value in values where !value.isNaN {
      different.insert(value)
      if value != value.rounded() || different.count > mostNumericClasses { return false }
    }
    return true
  }

  private static func noValues(_ name: String) -> String {
    "it has no values in the rows that are trained on; \(Table.option("--ignore", name)) leaves it out"
  }

  /// Mean and (population) standard deviation of what is there; deviation 1 for a constant, NaN for nothing.
  ///
  /// In double precision, from the first value, so that large numbers keep the digits by which they differ, and in units of the largest where
  /// squares would leave the range.
  private static func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
    let present = values.filter { !$0.isNaN }
    guard let first = present.first else { return (.nan, 1) }
    let largest = present.reduce(0) { max($0, $1.magnitude) }
    let unit = largest > 0 && !(1e-100...1e100).contains(largest) ? largest : 1
    let (count, origin) = (Double(present.count), first / unit)
    let mean = origin + present.reduce(0) { $0 + ($1 / unit - origin) } / count
    let variance = present.reduce(0) { $0 + ($1 / unit - mean) * ($1 / unit - mean) } / count
    let deviation = variance.squareRoot() * unit
    return (mean * unit, deviation > 0 && deviation.isFinite ? deviation : 1)
  }
}
