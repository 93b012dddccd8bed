import GlissadeFormats

/// A table of numbers and words, read from a CSV file whose first line names the columns.
///
/// A column is numeric if all that is in it are numbers, and categorical otherwise. Nothing, `NA`, `N/A`, `NaN`, `null` and `?` are missing
/// values (in any case, blanks around them aside).
public struct Table: Sendable {
  /// What is in a column.
  public enum Content: Equatable, Sendable {
    /// NaN where missing.
    case numbers([Float])
    /// Which of `words`, in the order of their first occurrence; −1 where missing.
    case categories([Int32], words: [String])
  }

  /// A named column.
  public struct Column: Equatable, Sendable {
    public let name: String
    public let content: Content

    /// Whether nothing is there in a row.
    public func isMissing(_ row: Int) -> Bool {
      switch content {
      case .numbers(let values): values[row].isNaN
      case .categories(let values, _): values[row] < 0
      }
    }
  }

  /// What a file may be at most.
  public struct Limits: Equatable, Sendable {
    /// Values, rows times columns, four bytes each.
    public var values = 1 << 28
    /// Different words in a column: a column with more is a name or a number of its own for every row.
    public var words = 10_000

    public init() {}
  }

  /// The file.
  public let path: String
  /// In the file's order.
  public let columns: [Column]
  /// The line of the file on which each row begins, from 1.
  public let lines: [Int32]

  /// How many rows there are, the names aside.
  public var count: Int { lines.count }

  /// Reads a file, twice: to see what its columns are, and to take it in.
  /// - Parameters:
  ///   - path: the file.
  ///   - categorical: columns to be taken as categories although there are numbers in them.
  ///   - ignored: columns to be left out.
  ///   - limits: what it may be at most.
  /// - Throws: `DataError` for a file that cannot be read or is not a table, a column that is asked for and not there, and what is beyond the
  ///   limits, with line and column.
  public init(
    path: String, categorical: Set<String> = [], ignored: Set<String> = [], limits: Limits = Limits()
  ) throws(DataError) {
    self.path = path
    var (names, isNumeric, rows) = ([String](), [Bool](), 0)
    try Self.read(path) { (_, fields) throws(DataError) in
      if names.isEmpty {
        names = try Self.names(fields, path, asked: categorical.union(ignored))
        isNumeric = names.map { !categorical.contains($0) }
        return
      }
      rows += 1
      guard rows < Int(Int32.max), rows * names.count <= limits.values else {
        throw .table(path: path, line: nil, column: nil, problem: "more than \(limits.values) values, which is the limit")
      }
      for (index, field) in fields.enumerated() where isNumeric[index] {
        if !Self.isMissing(field), Self.number(field) == nil { isNumeric[index] = false }
      }
    }
    guard !names.isEmpty else { throw .empty(what: "\(path): an empty file, which is no table") }
    guard rows > 0 else { throw .empty(what: "\(path): a table without rows") }
    var (collected, lines) = ([Collected](), [Int32]())
    for (name, isNumeric) in zip(names, isNumeric) {
      collected.append(Collected(name: name, isNumeric: isNumeric, isIgnored: ignored.contains(name), rows: rows))
    }
    lines.reserveCapacity(rows)
    var isFirst = true
    try Self.read(path) { (line, fields) throws(DataError) in
      if isFirst {
        isFirst = false
        return
      }
      // A file that grew meanwhile must not make the columns longer than they were to be.
      guard lines.count < rows, fields.count == names.count else { return }
      lines.append(Int32(clamping: line))
      for (index, field) in fields.enumerated() {
        try collected[index].append(field, limit: limits.words) { (problem) in
          .table(path: path, line: line, column: names[index], problem: problem)
        }
      }
    }
    self.lines = lines
    columns = collected.filter { !$0.isIgnored }.map(\.column)
  }

  /// A column, by its name.
  public func column(_ name: String) -> Column? { columns.first { $0.name == name } }

  // MARK: Reading

  private static func read(_ path: String, _ body: (_ line: Int, _ fields: [String]) throws(DataError) -> Void) throws(DataError) {
    func next(_ reader: inout CSVReader) throws(DataError) -> [String]? {
      do throws(FormatError) { return try reader.next() } catch { throw .unreadable(path: path, message: "\(error.reason)") }
    }
    var reader: CSVReader
    do throws(FormatError) { reader = try CSVReader(path: path) } catch { throw .unreadable(path: path, message: "\(error.reason)") }
    while let fields = try next(&reader) { try body(reader.line, fields) }
  }

  private static func names(_ fields: [String], _ path: String, asked: Set<String>) throws(DataError) -> [String] {
    var seen = Set<String>()
    let names = fields.map(trimmed)
    for (index, name) in names.enumerated() {
      guard !name.isEmpty else { throw .table(path: path, line: 1, column: nil, problem: "column \(index + 1) has no name") }
      guard seen.insert(name).inserted else { throw .table(path: path, line: 1, column: name, problem: "two columns have this name") }
    }
    // A first line of nothing but numbers is a row.
    if names.allSatisfy({ number($0) != nil }) {
      throw .table(path: path, line: 1, column: nil, problem: "the first line has to name the columns, and it holds numbers")
    }
    for name in asked.sorted() where !seen.contains(name) {
      throw .table(path: path, line: nil, column: name, problem: "there is no such column; there are \(names.joined(separator: ", "))")
    }
    return names
  }

  static func trimmed(_ field: String) -> String {
    let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    let bytes = field.utf8
    guard let first = bytes.firstIndex(where: { !isBlank($0) }), let last = bytes.lastIndex(where: { !isBlank($0) }) else { return "" }
    return String(field[first...last])
  }

  private static func isMissing(_ field: String) -> Bool {
    if field.isEmpty { return true }
    let text = trimmed(field)
    return text.utf8.count <= 4 && ["", "na", "n/a", "nan", "null", "?"].contains(text.lowercased())
  }

  /// A finite decimal number; `nil` for anything else, such as the hexadecimal numbers and infinities that Swift reads too.
  private static func number(_ field: String) -> Float? {
    let text = trimmed(field)
    let isDecimal = !text.isEmpty && text.utf8.allSatisfy { "+-.eE0123456789".utf8.contains($0) }
    guard isDecimal, let value = Double(text) else { return nil }
    let rounded = Float(value)
    return rounded.isFinite ? rounded : nil
  }

  /// A column while it is being read.
  private struct Collected {
    let name: String
    let isNumeric: Bool
    let isIgnored: Bool
    var numbers: [Float] = []
    var categories: [Int32] = []
    var words: [String] = []
    var known: [String: Int32] = [:]

    init(name: String, isNumeric: Bool, isIgnored: Bool, rows: Int) {
      self.name = name
      self.isNumeric = isNumeric
      self.isIgnored = isIgnored
      guard !isIgnored else { return }
      if isNumeric { numbers.reserveCapacity(rows) } else { categories.reserveCapacity(rows) }
    }

    mutating func append(_ field: String, limit: Int, _ fault: (String) -> DataError) throws(DataError) {
      if isIgnored { return }
      let isMissing = Table.isMissing(field)
      if isNumeric {
        guard isMissing || Table.number(field) != nil else { throw fault("the file changed while it was read") }
        return numbers.append(isMissing ? .nan : Table.number(field) ?? .nan)
      }
      if isMissing { return categories.append(-1) }
      let word = Table.trimmed(field)
      if let known = known[word] { return categories.append(known) }
      guard words.count < limit else {
        throw fault("more than \(limit) different words; leave the column out, or correct what is no number in it")
      }
      known[word] = Int32(words.count)
      categories.append(Int32(words.count))
      words.append(word)
    }

    var column: Column { Column(name: name, content: isNumeric ? .numbers(numbers) : .categories(categories, words: words)) }
  }
}
