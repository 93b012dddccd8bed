extension TableEncoding {
  /// Makes samples of rows.
  /// - Parameters:
  ///   - table: with the columns that the encoding knows, in any order; others are left out.
  ///   - rows: which rows; default all.
  /// - Returns: the samples, and the row of each, since rows with missing values may have been dropped.
  /// - Throws: `DataError` with file, line and column for a column that is not there or of the other kind, a value that is missing where that
  ///   is refused, a class that is unknown, and where no row is left.
  public func samples(of table: Table, rows: [Int]? = nil) throws(DataError) -> (data: ArrayDataset, rows: [Int]) {
    let columns = try targetNames.map { (name) throws(DataError) in try column(name, of: table) }
    let (features, kept) = try features(of: table, rows: rows, beside: columns)
    return (try labelled(features, columns, kept, table).placed(in: table.path, lines: kept.map { table.lines[$0] }), kept)
  }

  /// Makes rows what the model takes, of a table that need not have the column that is to be predicted.
  /// - Parameters:
  ///   - table: with the columns that the model predicts from, in any order; others are left out.
  ///   - rows: which rows; default all.
  /// - Returns: the features, `width` for each sample, and the row of each, since rows with missing values may have been dropped.
  /// - Throws: as `samples(of:rows:)` does, the column to be predicted aside.
  public func features(of table: Table, rows: [Int]? = nil) throws(DataError) -> (features: [Float], rows: [Int]) {
    try features(of: table, rows: rows, beside: [])
  }

  private func problem(_ table: Table, _ name: String, _ row: Int?, _ text: String) -> DataError {
    .table(path: table.path, line: row.map { Int(table.lines[$0]) }, column: name, problem: text)
  }

  private func column(_ name: String, of table: Table) throws(DataError) -> Table.Column {
    guard let column = table.column(name) else { throw problem(table, name, nil, "the model needs this column, and it is not there") }
    return column
  }

  private static func hint(_ column: Table.Column) -> String {
    column.takesNoneAsMissing ? "; \(Table.option("--categorical", column.name)) takes 'None' as a word" : ""
  }

  /// - Parameter targetColumns: whose values have to be there, too.
  private func features(
    of table: Table, rows: [Int]?, beside targetColumns: [Table.Column]
  ) throws(DataError) -> (features: [Float], rows: [Int]) {
    var columns: [Table.Column] = []
    for input in inputs { columns.append(try column(input.name, of: table)) }
    var kept: [Int] = []
    for row in rows ?? Array(0..<table.count) {
      let missing = columns.first { $0.isMissing(row) } ?? targetColumns.first { $0.isMissing(row) }
      guard let missing else {
        kept.append(row)
        continue
      }
      if self.missing == .drop { continue }
      // There is nothing that could take a target's place.
      if let targetColumn = targetColumns.first(where: { $0.isMissing(row) }) {
        throw problem(
          table, targetColumn.name, row,
          "the value to be predicted is missing; --missing drop leaves such rows out of a training\(Self.hint(targetColumn))")
      }
      guard self.missing == .mean else {
        let lacking = (rows ?? Array(0..<table.count)).count { row in columns.contains { $0.isMissing(row) } }
        let others = lacking > 1 ? ", and \(lacking - 1) more row\(lacking == 2 ? " lacks" : "s lack") one" : ""
        throw problem(
          table, missing.name, row,
          "a value is missing\(others); --missing drop leaves such rows out of a training, --missing mean puts the mean, or no category, "
            + "in its place, \(Table.option("--ignore", missing.name)) leaves the column out\(Self.hint(missing))")
      }
      kept.append(row)
    }
    guard !kept.isEmpty else { throw .empty(what: "\(table.path): no rows are left; each of them lacks a value") }
    guard case (let size, false) = kept.count.multipliedReportingOverflow(by: width), size < Int(Int32.max) else {
      throw .outOfMemory(what: "the samples of \(table.path)", bytes: Int.max)
    }
    try DataError.requireMemory(4 * size, for: "\(kept.count) samples of \(width) features of \(table.path)")
    var features = [Float](repeating: 0, count: size)
    var place = 0
    for (input, column) in zip(inputs, columns) {
      try fill(&features, from: place, input, column, kept, table)
      place += input.width
    }
    return (features, kept)
  }

  private func fill(
    _ features: inout [Float], from place: Int, _ input: Input, _ column: Table.Column, _ rows: [Int], _ table: Table
  ) throws(DataError) {
    let width = width
    switch (input, column.content) {
    case (.number(let name, let mean, let deviation), .numbers(let values)):
      for (sample, row) in rows.enumerated() where !values[row].isNaN {
        features[sample * width + place] = try standardised(values[row], mean, deviation, table, name, row)
      }
    case (.category(_, let words), .categories(let values, let known)):
      // From the table's numbers to the encoding's; words that training has not seen have no feature.
      let names = WordPlaces(words)
      let feature = known.map { names[$0] }
      for (sample, row) in rows.enumerated() {
        if values[row] >= 0, let index = feature[Int(values[row])] { features[sample * width + place + index] = 1 }
      }
    case (.category(_, let words), .numbers(let values)):
      // A table of a few rows may have nothing but numbers where training had words, too.
      let names = WordPlaces(words)
      for (sample, row) in rows.enumerated() where !values[row].isNaN {
        if let index = names[column.word(values[row])] { features[sample * width + place + index] = 1 }
      }
    case (.number(let name, _, _), .categories(let values, let words)):
      let row = rows.first { values[$0] >= 0 }
      let word = row.map { words[Int(values[$0])] } ?? ""
      throw problem(table, name, row, "the model was trained on numbers, and here are words such as '\(word)'")
    }
  }

  private func standardised(
    _ value: Double, _ mean: Double, _ deviation: Double, _ table: Table, _ name: String, _ row: Int
  ) throws(DataError) -> Float {
    let result = Float((value - mean) / deviation)
    guard result.isFinite else {
      throw problem(table, name, row, "\(value) is too far from the mean that was trained on, \(mean), for numbers in single precision")
    }
    return result
  }

  private func labelled(
    _ features: [Float], _ columns: [Table.Column], _ rows: [Int], _ table: Table
  ) throws(DataError) -> ArrayDataset {
    let column = columns[0]
    switch target {
    case .value:
      let targets = self.values
      var values = [Float](repeating: 0, count: rows.count * targets.count)
      for (place, (target, column)) in zip(targets, columns).enumerated() {
        guard case .numbers(let numbers) = column.content else {
          throw problem(table, target.name, rows.first, "it holds words, and the model predicts numbers")
        }
        for (sample, row) in rows.enumerated() {
          values[sample * targets.count + place] = try standardised(
            numbers[row], target.mean, target.deviation, table, target.name, row)
        }
      }
      return try ArrayDataset(
        features: features, sampleShape: [width], values: values, valueNames: targets.map(\.name), source: column.name)
    case .classes(let name, let classes):
      let names = WordPlaces(classes)
      var labels: [Int32] = []
      for row in rows {
        let word: String
        switch column.content {
        case .numbers(let values): word = column.word(values[row])
        case .categories(let values, let words): word = words[Int(values[row])]
        }
        guard let label = names[word] else {
          throw problem(table, name, row, "the class '\(word)' is not among those that were trained on: \(classes.joined(separator: ", "))")
        }
        labels.append(Int32(label))
      }
      return try ArrayDataset(features: features, sampleShape: [width], labels: labels, classNames: classes, source: column.name)
    }
  }
}

/// Finds words by their text, or else by the number that they are: another program writes 7 as `7.0`.
struct WordPlaces {
  private let places: [String: Int]
  /// Of numbers that are one word only; −1 for others.
  private let numbers: [Double: Int]

  init(_ words: [String]) {
    places = Dictionary(words.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let numbered = words.enumerated().compactMap { (place, word) in TableCell.number(word).map { ($0, place) } }
    numbers = Dictionary(numbered, uniquingKeysWith: { _, _ in -1 })
  }

  subscript(word: String) -> Int? {
    if let place = places[word] { return place }
    guard !numbers.isEmpty, let number = TableCell.number(word), number.magnitude < 9_007_199_254_740_992, let place = numbers[number],
      place >= 0
    else { return nil }
    return place
  }
}
