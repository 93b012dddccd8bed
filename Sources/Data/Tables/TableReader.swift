import GlissadeFormats

/// Reads the file of a `Table`.
struct TableReader {
  /// What is wanted of it.
  struct Request {
    var target: String?
    /// What columns are known to be.
    var kinds: [String: Table.Kind]
    var ignored: Set<String>
    /// Whether columns that are not in `kinds` are left out.
    var isComplete: Bool
    /// Columns that have to be there.
    var asked: Set<String>
    /// Whether `1,234` is 1.234 where nothing else tells.
    var prefersCommas: Bool
    var limits: Table.Limits
  }

  let path: String
  let delimiter: UInt8
  private(set) var columns: [Table.Column] = []
  private(set) var lines: [Int32] = []
  private(set) var hasCommas = false
  private(set) var remarks: [String] = []

  private let request: Request
  /// How many there are when the file is read for the first time.
  private var rows = 0
  /// Columns that have no name in the file, by their places.
  private var unnamed: Set<Int> = []

  init(path: String, delimiter: UInt8, request: Request) throws(DataError) {
    (self.path, self.delimiter, self.request) = (path, delimiter, request)
    let surveys = try survey()
    let readings = try decide(surveys)
    try collect(surveys, readings)
  }

  private func fault(_ line: Int?, _ column: String?, _ problem: String) -> DataError {
    .table(path: path, line: line, column: column, problem: problem)
  }

  private func read(_ body: (_ line: Int, _ fields: [String]) throws(DataError) -> Void) throws(DataError) {
    func next(_ reader: inout CSVReader) throws(DataError) -> [String]? {
      do throws(FormatError) { return try reader.next() } catch { throw .unreadable(path: path, message: "\(error.reason)") }
    }
    var reader: CSVReader
    do throws(FormatError) {
      reader = try CSVReader(path: path, delimiter: delimiter)
    } catch { throw .unreadable(path: path, message: "\(error.reason)") }
    while let fields = try next(&reader) { try body(reader.line, fields) }
  }

  // MARK: What the columns are

  private mutating func survey() throws(DataError) -> [ColumnSurvey] {
    var (surveys, rows, unnamed) = ([ColumnSurvey](), 0, Set<Int>())
    try read { (line, fields) throws(DataError) in
      if surveys.isEmpty {
        let (names, without) = try names(fields, line)
        unnamed = without
        surveys = names.map { name in
          let isIgnored = request.ignored.contains(name) || (request.isComplete && request.kinds[name] == nil)
          return ColumnSurvey(name: name, wanted: request.kinds[name], isIgnored: isIgnored, isTarget: name == request.target)
        }
        return
      }
      rows += 1
      guard rows < Int(Int32.max), rows * surveys.count <= request.limits.values else {
        throw fault(nil, nil, "more than \(request.limits.values) values, which is the limit")
      }
      for (index, field) in fields.enumerated() { surveys[index].add(field, line: line) }
    }
    guard !surveys.isEmpty else { throw .empty(what: "\(path): an empty file, which is no table") }
    guard rows > 0 else { throw .empty(what: "\(path): a table without rows") }
    (self.rows, self.unnamed) = (rows, unnamed)
    return surveys
  }

  /// The columns' names; those that have none in the file are called by their places.
  private func names(_ fields: [String], _ line: Int) throws(DataError) -> (names: [String], unnamed: Set<Int>) {
    var (seen, unnamed) = ([String: Int](), Set<Int>())
    var names = fields.map(TableCell.trimmed)
    try checkNames(names, line)
    for index in names.indices where names[index].isEmpty {
      unnamed.insert(index)
      names[index] = "column \(index + 1)"
    }
    for (index, name) in names.enumerated() {
      if let before = seen.updateValue(index, forKey: name) {
        let isComposed = Array(names[before].utf8) != Array(name.utf8) ? ", which only the composition of an accent tells apart" : ""
        throw fault(line, name, "columns \(before + 1) and \(index + 1) have this name\(isComposed)")
      }
    }
    for name in request.asked.sorted() where seen[name] == nil { throw Table.noColumn(name, path: path, among: names) }
    return (names, unnamed)
  }

  /// A first line with numbers in it is a row, unless they are what people number columns by: 0, 1, 2, …, or years.
  private func checkNames(_ names: [String], _ line: Int) throws(DataError) {
    let numbers = names.compactMap { name in TableCell.number(name).map { (name: name, value: $0) } }
    guard let first = numbers.first else { return }
    let isCounted = numbers.enumerated().allSatisfy { (place, number) in
      number.value == first.value + Double(place) && Int(exactly: number.value).map(String.init) == number.name
    }
    let rise = zip(numbers, numbers.dropFirst()).allSatisfy { $0.value < $1.value }
    let areYears = numbers.count > 1 && rise && numbers.allSatisfy { $0.value == $0.value.rounded() && (1000..<3000).contains($0.value) }
    let isOnlyNumber = names.count > numbers.count && names.count { !$0.isEmpty } == numbers.count
    let isMeant =
      numbers.count == names.count
      ? isCounted && first.value == 0
      : areYears || isCounted && (0...1).contains(first.value) && (numbers.count > 2 || isOnlyNumber)
    guard !isMeant else { return }
    throw fault(line, nil, "the first line has to name the columns, and it holds numbers such as '\(first.name)'")
  }

  private mutating func decide(_ surveys: [ColumnSurvey]) throws(DataError) -> [ColumnSurvey.Reading] {
    if delimiter != UInt8(ascii: ",") {
      let (areClear, arePointed) = (surveys.contains { $0.clearCommas > 0 }, surveys.contains { $0.isPointed })
      hasCommas = areClear || (request.prefersCommas && !arePointed)
    }
    var (readings, faults) = ([ColumnSurvey.Reading](), [(line: Int, name: String, problem: String)]())
    for survey in surveys {
      let (reading, found) = survey.reading(fileHasCommas: hasCommas)
      if let found { faults.append((found.find.line, survey.name, found.problem)) }
      readings.append(reading ?? .ignored)
    }
    if let first = faults.min(by: { $0.line < $1.line }) {
      let others = faults.map(\.name).filter { $0 != first.name }
      let more = others.isEmpty ? "" : "; so it is with \(others.prefix(8).map { printable($0, limit: 40) }.joined(separator: ", "))"
      throw fault(first.line, first.name, first.problem + more + (others.count > 8 ? ", …" : ""))
    }
    return readings
  }

  // MARK: What is in them

  private mutating func collect(_ surveys: [ColumnSurvey], _ readings: [ColumnSurvey.Reading]) throws(DataError) {
    var collected: [CollectedColumn] = []
    for (survey, reading) in zip(surveys, readings) {
      collected.append(CollectedColumn(reading, keepsSpellings: survey.name == request.target, limits: request.limits))
    }
    // Arrays that grow are twice as large at times.
    let kept = readings.count { $0 != .ignored }
    try DataError.requireMemory(rows * (4 + 2 * 8 * kept), for: "a table of \(rows) rows and \(kept) columns")
    var (isFirst, lines) = (true, [Int32]())
    lines.reserveCapacity(rows)
    try read { (line, fields) throws(DataError) in
      if isFirst {
        isFirst = false
        return
      }
      // A file that grew meanwhile must not make the columns longer than they were to be.
      guard lines.count < rows, fields.count == surveys.count else { return }
      lines.append(Int32(clamping: line))
      for (index, field) in fields.enumerated() {
        if let problem = collected[index].append(field) {
          throw fault(line, surveys[index].name, problem == .changed ? "the file changed while it was read" : tooManyWords(surveys[index]))
        }
      }
    }
    self.lines = lines
    for (index, (survey, column)) in zip(surveys, collected).enumerated() {
      guard let content = column.content else { continue }
      if unnamed.contains(index), !request.isComplete, survey.name != request.target, isLeftOut(index, survey, content) { continue }
      if !request.isComplete { try check(survey, content) }
      columns.append(Table.Column(name: survey.name, content: content, spellings: column.spellings, takesNoneAsMissing: column.hasNone))
    }
  }

  private func tooManyWords(_ survey: ColumnSurvey) -> String {
    "more than \(request.limits.words) different words; \(Table.option("--ignore", survey.name)) leaves the column out"
  }

  /// Says what becomes of a column that has no name.
  private mutating func isLeftOut(_ index: Int, _ survey: ColumnSurvey, _ content: Table.Content) -> Bool {
    if survey.isEmpty {
      remarks.append("column \(index + 1) has neither a name nor values, and is left out")
      return true
    }
    if index == 0, case .numbers(let values) = content, values.allSatisfy({ $0 >= 0 && $0 == $0.rounded() }),
      Set(values).count == values.count
    {
      remarks.append(
        "the first column has no name and numbers the rows, as pandas writes its index (index=False does not), and is left out")
      return true
    }
    remarks.append("column \(index + 1) has no name and is called '\(survey.name)'; \(Table.option("--ignore", survey.name)) leaves it out")
    return false
  }

  /// Refuses words that say who a row is rather than what.
  private func check(_ survey: ColumnSurvey, _ content: Table.Content) throws(DataError) {
    guard survey.wanted == nil, case .categories(let values, let words) = content, words.count > TableEncoding.mostNumericClasses else {
      return
    }
    let present = values.count { $0 >= 0 }
    let quantities = survey.quantities * 2 > words.count
    guard words.count * 2 > present || (quantities && survey.collision == nil) else { return }
    let row = values.firstIndex { $0 >= 0 }
    let line = survey.collision?.line ?? row.map { Int(lines[$0]) }
    let example = survey.collision?.text ?? printable(words[0], limit: 50)
    let what =
      survey.collision != nil
      ? "'\(example)' and others are whole numbers beyond 2^53, of which double precision makes others"
      : quantities
        ? "'\(example)' and others are numbers with a unit: write the numbers alone"
        : "\(words.count) different words in \(present) rows, such as '\(example)', say who a row is and nothing of other rows"
    let ignoring = survey.isTarget ? "" : "; \(Table.option("--ignore", survey.name)) leaves the column out"
    throw fault(
      line, survey.name, "\(what)\(ignoring); \(Table.option("--categorical", survey.name)) takes them as categories all the same")
  }
}

/// A column while it is being read.
private struct CollectedColumn {
  enum Problem {
    case changed, tooManyWords
  }

  private let reading: ColumnSurvey.Reading
  private let limits: Table.Limits
  private let keepsSpellings: Bool
  private var numbers: [Double] = []
  private var categories: [Int32] = []
  private var words: [String] = []
  private var known: [String: Int32] = [:]
  private(set) var spellings: [Double: String] = [:]
  /// Whether there is a `None` that would be a word if the column were declared.
  private(set) var hasNone = false

  init(_ reading: ColumnSurvey.Reading, keepsSpellings: Bool, limits: Table.Limits) {
    (self.reading, self.limits, self.keepsSpellings) = (reading, limits, keepsSpellings)
  }

  mutating func append(_ field: String) -> Problem? {
    switch reading {
    case .ignored: return nil
    case .numbers(let hasCommas):
      let text = TableCell.trimmed(field)
      switch TableCell.plain(text) {
      case .number(let value)?:
        if keepsSpellings, spellings.count <= limits.words, spellings[value] == nil { spellings[value] = text }
        numbers.append(value)
      case .commaNumber(let value, _)? where hasCommas:
        if keepsSpellings, spellings.count <= limits.words, spellings[value] == nil { spellings[value] = text }
        numbers.append(value)
      case .missing?, .missingNumber?: numbers.append(.nan)
      default: return .changed
      }
    case .words(let isDeclared):
      let word = TableCell.trimmed(field)
      if isDeclared ? TableCell.isMissingCategory(word) : TableCell.isMissing(word) {
        categories.append(-1)
        if word == "None" { hasNone = true }
      } else if let known = known[word] {
        categories.append(known)
      } else {
        guard words.count < limits.words else { return .tooManyWords }
        known[word] = Int32(words.count)
        categories.append(Int32(words.count))
        words.append(word)
      }
    }
    return nil
  }

  var content: Table.Content? {
    switch reading {
    case .ignored: nil
    case .numbers: .numbers(numbers)
    case .words: .categories(categories, words: words)
    }
  }
}
