extension TableSplit {
  /// Divides a table for one of several trainings, each of which holds out another part of the rows that are not for the test (see `KFold`).
  ///
  /// A pure function of table, target, share and seed, as the other division is. The rows for the test are the same in each fold, and those of
  /// the other division.
  /// - Parameters:
  ///   - table: the table.
  ///   - target: the column to be predicted.
  ///   - fold: which part is held out.
  ///   - test: the share of all rows that is for the test, in [0, 1); default none, because all rows take their turn.
  ///   - seed: equal seeds give equal divisions.
  /// - Throws: `DataError` for a target that is not there, a share outside its range, or more folds than rows.
  public init(_ table: Table, target: String, fold: Fold, test: Double = 0, seed: UInt64) throws(DataError) {
    let whole = try TableSplit(table, target: target, validation: 0, test: test, seed: seed)
    guard let column = table.column(target) else { throw .empty(what: "\(table.path): no column '\(target)'") }
    let (strata, count) = Self.strata(of: column)
    let rows = whole.training
    let isOfClasses = count > 1
    let (training, held) = try KFold.division(
      labels: rows.map { strata[$0] }, classCount: count, fold: fold, seed: seed, keepsClasses: isOfClasses)
    self.init(training: training.map { rows[$0] }, validation: held.map { rows[$0] }, test: whole.test)
  }
}
