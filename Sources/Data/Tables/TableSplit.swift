/// The rows of a table divided into those that are trained on, those that are checked after each epoch, and those for the test.
///
/// The division is stratified by the target's classes (see `TrainingSplit`) and a pure function of table, target, shares and seed. Which rows
/// are for the test does not depend on how many are held out for validation. Every class keeps a row to train on.
public struct TableSplit: Equatable, Sendable {
  /// The share of the rows that is kept for the test: a fifth.
  public static let testShare = 0.2

  /// Rows of the table, ascending.
  public let training: [Int]
  /// Rows that are checked with after each epoch, ascending.
  public let validation: [Int]
  /// Rows for the test, ascending.
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
  ///   - task: what the target is used for; default as `TableEncoding` decides. The values of a regression are no classes to be kept.
  ///   - missing: with `.drop`, a row that lacks a value is none that a class could be learnt from.
  /// - Throws: `DataError` for a target that is not there, or shares outside their range.
  public init(
    _ table: Table, target: String, validation: Double, test: Double = TableSplit.testShare, seed: UInt64,
    task: TableEncoding.Task? = nil, missing: TableEncoding.Missing = .refuse
  ) throws(DataError) {
    let column = try table.existingColumn(target)
    let (strata, count) = Self.strata(of: column)
    // The last stratum is that of rows without a class.
    let kept = Self.classes(of: column, task) == nil ? 0 : count - 1
    func divided(_ rows: [Int], _ share: Double) throws(DataError) -> (training: [Int], held: [Int]) {
      let split = try TrainingSplit(
        labels: rows.map { strata[$0] }, classCount: count, validationFraction: share, seed: seed, kept: kept)
      return Self.keepingClasses(
        of: column, in: table, task, missing, split.training.map { rows[$0] }, split.validation.map { rows[$0] })
    }
    let first = try divided(Array(0..<table.count), test)
    let second = try divided(first.training, validation)
    (training, self.validation, self.test) = (second.training, second.held, first.held)
  }

  /// Exchanges rows of classes that have none to learn from: one that was held out, for one that is dropped anyway or whose class has more.
  static func keepingClasses(
    of column: Table.Column, in table: Table, _ task: TableEncoding.Task?, _ missing: TableEncoding.Missing, _ training: [Int],
    _ held: [Int]
  ) -> (training: [Int], held: [Int]) {
    guard let classes = classes(of: column, task) else { return (training, held) }
    let isWhole = (0..<table.count).map { row in missing != .drop || !table.columns.contains { $0.isMissing(row) } }
    var (training, held) = (training, held)
    var learnt: [Int32: Int] = [:]
    for row in training where isWhole[row] { learnt[classes[row], default: 0] += 1 }
    var isChanged = false
    for place in held.indices {
      let row = held[place]
      guard isWhole[row], classes[row] >= 0, learnt[classes[row]] == nil,
        let other = training.firstIndex(where: { !isWhole[$0] || classes[$0] < 0 || learnt[classes[$0], default: 0] > 1 })
      else { continue }
      if isWhole[training[other]] { learnt[classes[training[other]], default: 0] -= 1 }
      learnt[classes[row]] = 1
      (held[place], training[other]) = (training[other], row)
      isChanged = true
    }
    return isChanged ? (training.sorted(), held.sorted()) : (training, held)
  }

  /// The class of each row, −1 for none; `nil` where the target's values are none, as `TableEncoding` takes them.
  private static func classes(of column: Table.Column, _ task: TableEncoding.Task?) -> [Int32]? {
    switch column.content {
    case .categories(let values, _): return values
    case .numbers(let values):
      guard task == .classification || (task == nil && TableEncoding.areClasses(values)) else { return nil }
      let present = Set(values.filter { !$0.isNaN })
      let places = Dictionary(uniqueKeysWithValues: present.sorted().enumerated().map { ($1, Int32(clamping: $0)) })
      return values.map { places[$0] ?? -1 }
    }
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
