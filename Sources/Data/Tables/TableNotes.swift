import GlissadeFormats

// What people should know of what became of their table, in lines.
extension TableEncoding {
  /// What each column became, in one line.
  /// - Parameter ignored: columns that were left out because somebody asked for it.
  public func summary(ignored: [String] = []) -> String {
    let numbers = inputs.compactMap { input in if case .number(let name, _, _) = input { name } else { nil } }
    let words = inputs.compactMap { input in if case .category(let name, let words) = input { "\(name) \(words.count)" } else { nil } }
    var parts: [String] = []
    if !numbers.isEmpty { parts.append("\(numbers.count) of numbers (\(Self.list(numbers)))") }
    if !words.isEmpty { parts.append("\(words.count) of categories (\(Self.list(words)))") }
    switch target {
    case .classes(let name, let classes):
      parts.append("predicted is \(printable(name)), \(classes.count) classes (\(Self.list(classes)))")
    case .value(let name, let mean, let deviation):
      if others.isEmpty {
        parts.append("predicted is \(printable(name)), a number (mean \(Self.short(mean)), deviation \(Self.short(deviation)))")
      } else {
        parts.append("predicted are \(others.count + 1) numbers (\(Self.list(targetNames)))")
      }
    }
    if !ignored.isEmpty { parts.append("left out: \(Self.list(ignored))") }
    return "columns: " + parts.joined(separator: "; ")
  }

  /// In single precision's few digits where it has the number, otherwise whole.
  private static func short(_ value: Double) -> String {
    let rounded = Float(value)
    return rounded.isNormal ? "\(rounded)" : "\(value)"
  }

  /// Columns that look as if they had better be left out, a sentence each: ids, and what is the same in all rows.
  /// - Parameters:
  ///   - table: the table.
  ///   - rows: those that are trained on.
  public func doubts(about table: Table, rows: [Int]) -> [String] {
    var (ids, constants, dates, crowds) = ([String](), [String](), [String](), [String]())
    for input in inputs {
      guard let column = table.column(input.name) else { continue }
      switch column.content {
      case .numbers(let values):
        if Self.looksLikeIdentifier(input.name, values) { ids.append(input.name) }
        if let first = rows.first, rows.count > 1, rows.allSatisfy({ values[$0] == values[first] }) { constants.append(input.name) }
        if Self.areDates(values) { dates.append(input.name) }
        if case .number(_, let mean, let deviation) = input, let row = Self.crowding(values, rows, mean, deviation) {
          crowds.append(
            "column '\(printable(input.name))' has \(values[row]) in line \(table.lines[row]), beside which its other values are the "
              + "same to single precision; correct it, or \(Table.option("--ignore", input.name)) leaves the column out")
        }
      case .categories(let values, _):
        if let first = rows.first, rows.count > 1, rows.allSatisfy({ values[$0] == values[first] }) { constants.append(input.name) }
      }
    }
    return [
      Self.doubt(ids, "has a whole number of its own in every row, as an id or a count has, which says nothing of other rows"),
      Self.doubt(constants, "is the same in all rows that are trained on"),
      Self.doubt(dates, "looks like dates written as 20240131, which are numbers whose steps mean nothing"),
    ].compactMap { $0 } + crowds
  }

  /// What is left out or filled in when rows become samples, a sentence each with a count and an example.
  /// - Parameters:
  ///   - table: the table.
  ///   - rows: which rows; default all.
  ///   - withTarget: whether the column that is predicted has to be there.
  public func losses(of table: Table, rows: [Int]? = nil, withTarget: Bool = true) -> [String] {
    let rows = rows ?? Array(0..<table.count)
    var columns = inputs.compactMap { table.column($0.name) }
    if withTarget { columns += targetNames.compactMap { table.column($0) } }
    var (dropped, filled, first) = (0, 0, (row: 0, name: String?.none))
    for row in missing == .refuse ? [] : rows {
      let lacking = columns.filter { $0.isMissing(row) }
      guard let name = lacking.first?.name else { continue }
      if first.name == nil { first = (row, name) }
      dropped += 1
      filled += lacking.count
    }
    var lines: [String] = []
    if let name = first.name {
      let example = "the first in line \(table.lines[first.row]) (column '\(printable(name))')"
      lines.append(
        missing == .drop
          ? "\(dropped) of \(Self.count(rows.count, "row")) \(dropped == 1 ? "lacks" : "lack") a value and \(dropped == 1 ? "is" : "are") left out, \(example)"
          : "\(Self.count(filled, "missing value")) \(filled == 1 ? "is" : "are") filled with the mean, or no category, \(example)")
    }
    if let line = unknownWords(in: table, rows: rows) { lines.append(line) }
    return lines
  }

  /// Words that the training rows have not, and that are therefore none of the model's categories.
  private func unknownWords(in table: Table, rows: [Int]) -> String? {
    var (count, first) = (0, (row: Int.max, text: ""))
    for input in inputs {
      guard case .category(let name, let words) = input, let column = table.column(name) else { continue }
      let places = WordPlaces(words)
      func add(_ row: Int, _ word: String) {
        count += 1
        if row < first.row { first = (row, "'\(printable(word))' in line \(table.lines[row]) (column '\(printable(name))')") }
      }
      switch column.content {
      case .categories(let values, let words):
        let isKnown = words.map { places[$0] != nil }
        for row in rows where values[row] >= 0 && !isKnown[Int(values[row])] { add(row, words[Int(values[row])]) }
      case .numbers(let values):
        for row in rows where !values[row].isNaN && places[column.word(values[row])] == nil { add(row, column.word(values[row])) }
      }
    }
    guard count > 0 else { return nil }
    return
      "\(Self.count(count, "word")) that the training rows have not \(count == 1 ? "counts" : "count") as no category, the first \(first.text)"
  }

  /// Classes with a single row in the table, which is trained on: nothing is known of how well they are recognised.
  public func rareClasses(in table: Table) -> String? {
    guard case .classes(let name, let classes) = target, let column = table.column(name) else { return nil }
    let places = WordPlaces(classes)
    var counts = [Int](repeating: 0, count: classes.count)
    for row in 0..<table.count where !column.isMissing(row) {
      let word: String =
        switch column.content {
        case .numbers(let values): column.word(values[row])
        case .categories(let values, let words): words[Int(values[row])]
        }
      if let place = places[word] { counts[place] += 1 }
    }
    let rare = classes.indices.filter { counts[$0] == 1 }.map { classes[$0] }
    guard !rare.isEmpty else { return nil }
    return "\(rare.count == 1 ? "one class has" : "\(rare.count) classes have") a single row, which is trained on and tested by nothing: "
      + Self.list(rare)
  }

  // MARK: Words

  private static func count(_ number: Int, _ what: String) -> String { "\(number) \(what)\(number == 1 ? "" : "s")" }

  private static func list(_ names: [String]) -> String {
    names.prefix(8).map { printable($0, limit: 40) }.joined(separator: ", ") + (names.count > 8 ? ", …" : "")
  }

  private static func doubt(_ names: [String], _ what: String) -> String? {
    guard let first = names.first else { return nil }
    let listed = names.count == 1 ? "column '\(printable(first))' \(what)" : "each of the columns \(list(names)) \(what)"
    return "\(listed); \(Table.option("--ignore", first)) leaves \(names.count == 1 ? "it" : "the first") out"
  }

  /// Years, months and days in eight digits, of more than one month.
  private static func areDates(_ values: [Double]) -> Bool {
    var months = Set<Int>()
    for value in values where !value.isNaN {
      guard (1900_01_01...2099_12_31).contains(value), let number = Int(exactly: value) else { return false }
      guard (1...12).contains(number / 100 % 100), (1...31).contains(number % 100) else { return false }
      if months.count < 2 { months.insert(number / 100) }
    }
    return months.count > 1
  }

  /// The row of a value so far from the others that these are no longer told apart in float32.
  private static func crowding(_ values: [Double], _ rows: [Int], _ mean: Double, _ deviation: Double) -> Int? {
    // Some of them say what all are like.
    let step = max(rows.count / 2000, 1)
    let looked = stride(from: 0, to: rows.count, by: step).map { values[rows[$0]] }.filter { !$0.isNaN }
    let different = Set(looked)
    guard Set(different.map { Float(($0 - mean) / deviation) }).count * 2 < different.count else { return nil }
    return rows.filter { !values[$0].isNaN }.max { (values[$0] - mean).magnitude < (values[$1] - mean).magnitude }
  }

  /// Whole numbers that are all different, and either rise or fall from row to row or are called as ids are.
  private static func looksLikeIdentifier(_ name: String, _ values: [Double]) -> Bool {
    guard values.count >= 3, values.allSatisfy({ $0 == $0.rounded() }) else { return false }
    let pairs = zip(values, values.dropFirst())
    let isOrdered = pairs.allSatisfy { $0 < $1 } || pairs.allSatisfy { $0 > $1 }
    if isOrdered, values.count >= 20 { return true }
    let lower = name.lowercased()
    let isCalledSo =
      ["id", "idx", "index", "no", "nr", "number", "key", "uid", "pk", "rowid", "row", "unnamed: 0"].contains(lower)
      || ["_id", " id", "-id", ".id", "_no", "_nr", "_key", "_idx", "_index"].contains { lower.hasSuffix($0) }
      || ["Id", "ID"].contains { name.hasSuffix($0) } || lower.hasPrefix("id_")
    return isCalledSo && Set(values).count == values.count
  }
}

extension TableEncoding {
  /// What columns of a table are to be read as for the model, whatever they look like there: a few rows of categories may all be numbers.
  /// - Parameters:
  ///   - categorical: columns that were declared to be categories when the model was trained.
  ///   - withTarget: whether the column that is predicted is to be read, too.
  public func kinds(categorical: [String] = [], withTarget: Bool = true) -> [String: Table.Kind] {
    var kinds: [String: Table.Kind] = [:]
    for input in inputs {
      switch input {
      case .number(let name, _, _): kinds[name] = .numbers
      case .category(let name, _): kinds[name] = categorical.contains(name) ? .categories : .words
      }
    }
    guard withTarget else { return kinds }
    switch target {
    case .value: for name in targetNames { kinds[name] = .numbers }
    case .classes(let name, let classes):
      let numbers = Set(classes.compactMap(TableCell.number))
      kinds[name] = categorical.contains(name) ? .categories : numbers.count == classes.count ? .numbers : .words
    }
    return kinds
  }
}
