/// The rows of a table divided into those that are trained on, those that are checked after each epoch, and those for the test.
///
/// The division is stratified by the target's classes (see `TrainingSplit`) and a pure function of table, target, shares and seed. Which rows
/// are for the test does not depend on how many are held out for validation.
public struct TableSplit: Equatable, Sendable {
  /// The share of the rows that is kept for the test: a fifth.
  public static let testShare = 0.2

  /// Rows of the table, ascending.
  public let training: [Int]
  public let validation: [Int]
  public let test: [Int]

  init(training: [Int], validation: [Int], test: [Int]) {
    (self.training, self.validation, self.test) = (training, validation, test)
  }

  /// Divides a table.
  /// - Parameters:
  ///   - table: the table.
  ///   - target: the column to be predicted.
  ///   - validation: the share of what is not for the test that is held out, in [0, 1).
  ///   - test: the share of all rows that is for the test, in [0, 1).
  ///   - seed: equal seeds give equal divisions.
  /// - Throws: `DataError` for a target that is not there, or shares outside their range.
  public init(
    _ table: Table, target: String, validation: Double, test: Double = TableSplit.testShare, seed: UInt64
  ) throws(DataError) {
    guard let column = table.column(target) else {
      throw .table(
        path: table.path, line: nil, column: target,
        problem: "there is no such column; there are \(table.columns.map(\.name).joined(separator: ", "))")
    }
    let (strata, count) = Self.strata(of: column)
    let first = try TrainingSplit(labels: strata, classCount: count, validationFraction: test, seed: seed)
    let rest = first.training
    let second = try TrainingSplit(labels: rest.map { strata[$0] }, classCount: count, validationFraction: validation, seed: seed)
    self.test = first.validation
    training = second.training.map { rest[$0] }
    self.validation = second.validation.map { rest[$0] }
  }

  /// What rows have to be divided in proportion: classes, one of them for what is missing. Many different numbers are no classes.
  static func strata(of column: Table.Column) -> (labels: [Int32], count: Int) {
    switch column.content {
    case .categories(let values, let words): return (values.map { $0 < 0 ? Int32(words.count) : $0 }, words.count + 1)
    case .numbers(let values):
      let present = Set(values.filter { !$0.isNaN }).sorted()
      guard present.count <= TableEncoding.mostNumericClasses else { return (Array(repeating: 0, count: values.count), 1) }
      let places = Dictionary(uniqueKeysWithValues: present.enumerated().map { ($1, Int32($0)) })
      return (values.map { places[$0] ?? Int32(present.count) }, present.count + 1)
    }
  }
}
