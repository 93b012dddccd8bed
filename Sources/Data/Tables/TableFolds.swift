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
  ///   - task: what the target is used for; default as `TableEncoding` decides.
  ///   - missing: with `.drop`, a row that lacks a value is none that a class could be learnt from.
  /// - Throws: `DataError` for a target that is not there, a share outside its range, or more folds than rows.
  public init(
    _ table: Table, target: String, fold: Fold, test: Double = 0, seed: UInt64, task: TableEncoding.Task? = nil,
    missing: TableEncoding.Missing = .refuse
  ) throws(DataError) {
    let whole = try TableSplit(table, target: target, validation: 0, test: test, seed: seed, task: task, missing: missing)
    let column = try table.existingColumn(target)
    let (strata, count) = Self.strata(of: column)
    let rows = whole.training
    let isOfClasses = count > 1
    let (training, held) = try KFold.division(
      labels: rows.map { strata[$0] }, classCount: count, fold: fold, seed: seed, keepsClasses: isOfClasses)
    let divided = Self.keepingClasses(of: column, in: table, task, missing, training.map { rows[$0] }, held.map { rows[$0] })
    self.init(training: divided.training, validation: divided.held, test: whole.test)
  }

  /// Divides a table by shares, or for one of several trainings where `fold` is given.
  /// - Throws: `DataError` as the others do.
  public init(
    _ table: Table, target: String, validation: Double, fold: Fold?, test: Double, seed: UInt64, task: TableEncoding.Task?,
    missing: TableEncoding.Missing
  ) throws(DataError) {
    if let fold {
      try self.init(table, target: target, fold: fold, test: test, seed: seed, task: task, missing: missing)
    } else {
      try self.init(table, target: target, validation: validation, test: test, seed: seed, task: task, missing: missing)
    }
  }
}
