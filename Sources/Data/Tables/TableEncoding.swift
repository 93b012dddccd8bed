/// How the rows of a table become samples: learnt from the rows that are trained on, and then the same for all others.
///
/// Numbers are standardised, (x − mean) / deviation. A categorical column becomes as many features as the training rows have words in it, 1
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
    case classification
    case regression
  }

  /// What one column becomes.
  public enum Input: Equatable, Sendable {
    /// (x − mean) / deviation.
    case number(name: String, mean: Float, deviation: Float)
    /// A feature for each word.
    case category(name: String, words: [String])

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
    /// One of some classes. Numbers are sorted as numbers, words as text.
    case classes(name: String, classes: [String])
    /// (x − mean) / deviation.
    case value(name: String, mean: Float, deviation: Float)

    public var name: String {
      switch self {
      case .classes(let name, _), .value(let name, _, _): name
      }
    }
  }

  /// In the order of the table's columns.
  public var inputs: [Input]
  public var target: Target
  public var missing: Missing

  public init(inputs: [Input], target: Target, missing: Missing) {
    self.inputs = inputs
    self.target = target
    self.missing = missing
  }

  /// Features in a sample.
  public var width: Int { inputs.reduce(0) { $0 + $1.width } }

  /// The numbers a column of numbers may have at most to be taken for classes unless one says otherwise.
  public static let mostNumericClasses = 20

  // MARK: Learning

  /// Looks at rows that are to be trained on.
  /// - Parameters:
  ///   - table: the table.
  ///   - rows: which rows are trained on.
  ///   - target: the column to be predicted; all others are inputs.
  ///   - task: default by the target: regression for a column of numbers with fractions or more than `mostNumericClasses` values.
  ///   - missing: what to do about values that are not there.
  /// - Throws: `DataError` for a target that is not there or cannot be used for the task, and for columns without a single value.
  public init(
    of table: Table, rows: [Int], target: String, task: Task? = nil, missing: Missing = .refuse
  ) throws(DataError) {
    func problem(_ column: String, _ text: String) -> DataError { .table(path: table.path, line: nil, column: column, problem: text) }
    guard let column = table.column(target) else {
      throw problem(target, "there is no such column; there are \(table.columns.map(\.name).joined(separator: ", "))")
    }
    guard table.columns.count > 1 else { throw problem(target, "it is the only column, and predicting it needs others") }
    self.missing = missing
    switch column.content {
    case .categories(let values, let words):
      guard task != .regression else { throw problem(target, "it holds words such as '\(words[0])', and regression needs numbers") }
      let present = Set(rows.map { values[$0] })
      self.target = .classes(name: target, classes: words.indices.filter { present.contains(Int32($0)) }.map { words[$0] }.sorted())
    case .numbers(let values):
      let present = Set(rows.map { values[$0] }.filter { !$0.isNaN })
      guard !present.isEmpty else { throw problem(target, "it has no values") }
      let areClasses = present.count <= Self.mostNumericClasses && present.allSatisfy { $0 == $0.rounded() }
      if task == .classification || (task == nil && areClasses) {
        guard present.count <= 10_000 else { throw problem(target, "\(present.count) different numbers, which are no classes") }
        self.target = .classes(name: target, classes: present.sorted().map(Self.word))
      } else {
        let (mean, deviation) = Self.moments(rows.map { values[$0] })
        self.target = .value(name: target, mean: mean, deviation: deviation)
      }
    }
    inputs = []
    for column in table.columns where column.name != target {
      switch column.content {
      case .numbers(let values):
        let (mean, deviation) = Self.moments(rows.map { values[$0] })
        guard mean.isFinite else { throw problem(column.name, "it has no values in the rows that are trained on; leave it out") }
        inputs.append(.number(name: column.name, mean: mean, deviation: deviation))
      case .categories(let values, let words):
        let present = Set(rows.map { values[$0] })
        let found = words.indices.filter { present.contains(Int32($0)) }.map { words[$0] }.sorted()
        guard !found.isEmpty else { throw problem(column.name, "it has no values in the rows that are trained on; leave it out") }
        inputs.append(.category(name: column.name, words: found))
      }
    }
    if case .classes(_, let classes) = self.target, classes.count < 2 {
      throw problem(target, "it has \(classes.count) class\(classes.count == 1 ? "" : "es"), and telling apart takes two")
    }
  }

  /// Mean and (population) standard deviation of what is there, in double precision; deviation 1 for a constant, NaN for nothing.
  private static func moments(_ values: [Float]) -> (mean: Float, deviation: Float) {
    let present = values.filter { !$0.isNaN }.map(Double.init)
    let mean = present.reduce(0, +) / Double(present.count)
    let variance = present.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(present.count)
    let deviation = Float(variance.squareRoot())
    return (Float(mean), deviation > 0 && deviation.isFinite ? deviation : 1)
  }

  /// A number as the name of a class: whole ones without a point.
  static func word(_ value: Float) -> String { Int64(exactly: value).map(String.init) ?? "\(value)" }
}
