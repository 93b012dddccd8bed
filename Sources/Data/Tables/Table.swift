import GlissadeFormats

/// A table of numbers and words, read from a file of separated values whose first line names the columns.
///
/// A column is numeric if all that is in it are decimal numbers, and categorical otherwise; what is in between is refused with the cell (see
/// `init(path:target:categorical:ignored:delimiter:limits:)`). Missing values are blank cells and, in any case and blanks around them aside,
/// `NA`, `N/A`, `#N/A`, `<NA>`, `NaN`, `NaT`, `null`, `\N` and `?`, and `None` as Python writes it; among numbers also `none`, `nil`,
/// `missing`, `unknown`, `-`, `--`, `.` and the like, which are words among words.
public struct Table: Sendable {
  /// What is in a column.
  public enum Content: Equatable, Sendable {
    /// NaN where missing.
    case numbers([Double])
    /// Which of `words`, in the order of their first occurrence; −1 where missing.
    case categories([Int32], words: [String])
  }

  /// What a column is to be read as.
  public enum Kind: Equatable, Sendable {
    /// Numbers; a cell that is none is an error.
    case numbers
    /// Words, as a column without numbers has them.
    case words
    /// Words, whatever they look like, because somebody said so: `None` is one of them.
    case categories
  }

  /// A named column.
  public struct Column: Equatable, Sendable {
    /// As the file's first line has it.
    public let name: String
    /// What its rows hold.
    public let content: Content
    /// How numbers are written, where that is kept: as each is written first.
    var spellings: [Double: String] = [:]
    /// Whether a `None` is among what is missing, which is a word where the column is declared to be one of categories.
    var takesNoneAsMissing = false

    /// Whether nothing is there in a row.
    public func isMissing(_ row: Int) -> Bool {
      switch content {
      case .numbers(let values): values[row].isNaN
      case .categories(let values, _): values[row] < 0
      }
    }

    /// A number of the column as a word: as the file writes it where that is kept, otherwise whole numbers without a point.
    func word(_ value: Double) -> String { spellings[value] ?? Int64(exactly: value).map(String.init) ?? "\(value)" }
  }

  /// What a file may be at most.
  public struct Limits: Equatable, Sendable {
    /// Values, rows times columns, eight bytes each.
    public var values = 1 << 28
    /// Different words in a column: a column with more is a name or a number of its own for every row.
    public var words = 10_000

    /// The usual ones: 2²⁸ values, 10,000 words in a column.
    public init() {}
  }

  /// The file.
  public let path: String
  /// In the file's order.
  public let columns: [Column]
  /// The line of the file on which each row begins, from 1.
  public let lines: [Int32]
  /// What separates the file's fields.
  public let delimiter: UInt8
  /// Whether its numbers have a comma for their decimals.
  public let hasDecimalCommas: Bool
  /// What was left out or named although nobody asked for it, a sentence each.
  public let remarks: [String]

  /// How many rows there are, the names aside.
  public var count: Int { lines.count }

  /// Reads a file, twice: to see what its columns are, and to take it in.
  ///
  /// A column that has numbers and other values is refused where more than half of what is there are numbers, in whatever form (infinite,
  /// with a currency, percent or thousands sign, …), or there are more than `TableEncoding.mostNumericClasses` different ones; with fewer,
  /// all of them are words. A column of dates is refused, and so is one of words where most rows have one of their own. Decimal commas are
  /// read where something else separates the fields. The first column may lack a name, as pandas writes its index: it is left out where it
  /// numbers the rows; other columns without a name are called `column 3`, or left out if they are empty.
  /// - Parameters:
  ///   - path: the file.
  ///   - target: the column that is to be predicted, where that is known: of its numbers it is kept how they are written.
  ///   - categorical: columns to be taken as categories whatever is in them.
  ///   - ignored: columns to be left out.
  ///   - delimiter: what separates fields; default by the first lines (see `CSVReader.delimiter(path:preferring:)`).
  ///   - limits: what it may be at most.
  /// - Throws: `DataError` for a file that cannot be read or is not a table, a column that is asked for and not there, and what is beyond the
  ///   limits, with line and column.
  public init(
    path: String, target: String? = nil, categorical: Set<String> = [], ignored: Set<String> = [], delimiter: UInt8? = nil,
    limits: Limits = Limits()
  ) throws(DataError) {
    let delimiter = if let delimiter { delimiter } else { try Self.delimiter(path, preferring: nil) }
    let wanted = Dictionary(uniqueKeysWithValues: categorical.map { ($0, Kind.categories) })
    let request = TableReader.Request(
      target: target, kinds: wanted, ignored: ignored, isComplete: false,
      asked: categorical.union(ignored).union(target.map { [$0] } ?? []), prefersCommas: false, limits: limits)
    try self.init(TableReader(path: path, delimiter: delimiter, request: request))
  }

  /// Reads some columns of a file, each as what it is known to be. Columns that are not in the file are left out.
  /// - Parameters:
  ///   - path: the file.
  ///   - kinds: the columns.
  ///   - target: the column of which it is kept how numbers are written.
  ///   - delimiter: what separates fields, if all first lines have the same number of them by it; otherwise it is found by those.
  ///   - prefersDecimalCommas: whether `1,234` is 1.234 where the file's other numbers do not tell.
  ///   - limits: what it may be at most.
  /// - Throws: `DataError` as above, and for the first cell that is no number in a column of numbers.
  public init(
    path: String, kinds: [String: Kind], target: String? = nil, preferring delimiter: UInt8? = nil, prefersDecimalCommas: Bool = false,
    limits: Limits = Limits()
  ) throws(DataError) {
    let delimiter = try Self.delimiter(path, preferring: delimiter)
    let request = TableReader.Request(
      target: target, kinds: kinds, ignored: [], isComplete: true, asked: [], prefersCommas: prefersDecimalCommas, limits: limits)
    try self.init(TableReader(path: path, delimiter: delimiter, request: request))
  }

  private init(_ reader: TableReader) {
    (path, columns, lines, delimiter) = (reader.path, reader.columns, reader.lines, reader.delimiter)
    (hasDecimalCommas, remarks) = (reader.hasCommas, reader.remarks)
  }

  private static func delimiter(_ path: String, preferring preferred: UInt8?) throws(DataError) -> UInt8 {
    do throws(FormatError) {
      return try CSVReader.delimiter(path: path, preferring: preferred)
    } catch { throw .unreadable(path: path, message: "\(error.reason)") }
  }

  /// A column, by its name.
  public func column(_ name: String) -> Column? { columns.first { $0.name == name } }

  /// A column that has to be there.
  /// - Throws: `DataError` naming those that are.
  package func existingColumn(_ name: String) throws(DataError) -> Column {
    guard let column = column(name) else { throw Self.noColumn(name, path: path, among: columns.map(\.name)) }
    return column
  }

  static func noColumn(_ name: String, path: String, among names: [String]) -> DataError {
    let near = Nearest.to(name, among: names).map { "; did you mean '\($0)'?" } ?? ""
    let listed = names.prefix(20).map { printable($0, limit: 40) }.joined(separator: ", ") + (names.count > 20 ? ", …" : "")
    let separators = names.count == 1 ? "; \(separators)" : ""
    return .table(
      path: path, line: nil, column: name,
      problem: "there is no such column; there are \(listed)\(near)\(separators)")
  }

  static let separators = "columns are separated by commas, semicolons, tabs, vertical bars, or what --delimiter says"

  /// An option of the command with a column's name, as a shell takes it.
  static func option(_ option: String, _ name: String) -> String { "\(option) \(NameText.list([name]))" }
}
