/// Reads comma-separated values after RFC 4180, a record at a time: fields may be quoted, and then hold commas, line breaks and doubled quotes.
/// Something else than a comma may separate them (see `delimiter(path:preferring:)`).
///
/// Lines end in LF or CRLF, empty ones are passed over, and a byte order mark at the beginning is none of the first field. What RFC 4180 does
/// not allow is refused with its line: a quote within an unquoted field, text behind a closing quote, a quote that is never closed, a record
/// with another number of fields than the first, text that is not UTF-8. So are files that are no text at all, such as spreadsheets.
public struct CSVReader {
  /// The most bytes that a field may have.
  public static let longestField = 1 << 20
  /// The most fields that a record may have.
  public static let mostFields = 1 << 16

  /// The line on which the record that `next` gave began, counted from 1.
  public private(set) var line = 0
  /// How many fields each record has; `nil` before the first.
  public private(set) var fieldCount: Int?

  /// What separates fields.
  public let delimiter: UInt8

  private let path: String
  private var reader: ByteReader
  private var currentLine = 1
  /// What the file itself says separates its fields.
  private var declared: UInt8?
  /// Of the record that is being read, from 1.
  private var fieldNumber = 1

  /// Opens a file.
  /// - Parameter delimiter: what separates fields, an ASCII character that is no quote and ends no line; default a comma.
  /// - Throws: `FormatError` where it cannot be read, or its first bytes are those of another kind of file.
  public init(path: String, delimiter: UInt8 = UInt8(ascii: ",")) throws(FormatError) {
    self.path = path
    self.delimiter = delimiter
    let file = try InputFile(path: path)
    reader = ByteReader(file: file, range: 0..<file.size)
    let first = try file.bytes(at: 0, count: Int(min(file.size, 4)))
    if let kind = Self.foreign.first(where: { first.starts(with: $0.bytes) }) {
      throw FormatError(path: path, reason: .malformed(kind.what))
    }
    let mark = first.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    _ = reader.skip(UInt64(mark))
    // A first line such as "sep=;", by which Excel is told.
    let start = try file.bytes(at: UInt64(mark), count: Int(min(file.size - UInt64(mark), 7)))
    guard start.starts(with: Array("sep=".utf8)), start.count > 5, start[4] < 128, start[4] != UInt8(ascii: "\"") else { return }
    let ending = start[5] == UInt8(ascii: "\r") ? 7 : 6
    guard start.count >= ending, start[ending - 1] == UInt8(ascii: "\n") else { return }
    declared = start[4]
    _ = reader.skip(UInt64(ending))
    currentLine = 2
  }

  /// What begins otherwise than a table does, and what to do about it.
  private static let foreign: [(bytes: [UInt8], what: String)] = [
    ([0xff, 0xfe], "UTF-16 text, and tables are UTF-8: iconv -f UTF-16 -t UTF-8 converts it, and so does saving it as 'CSV UTF-8'"),
    ([0xfe, 0xff], "UTF-16 text, and tables are UTF-8: iconv -f UTF-16 -t UTF-8 converts it, and so does saving it as 'CSV UTF-8'"),
    ([0x50, 0x4b, 0x03, 0x04], "a ZIP archive, as spreadsheets (.xlsx, .ods) are: save it as CSV"),
    ([0xd0, 0xcf, 0x11, 0xe0], "a spreadsheet in Excel's old format (.xls): save it as CSV"),
    ([0x1f, 0x8b], "compressed by gzip: gunzip it"), ([0x50, 0x41, 0x52, 0x31], "a Parquet file: save it as CSV"),
  ]

  /// What separates fields here, found in the first records: the comma, semicolon, tab or vertical bar by which they all have the same
  /// number of fields, and the most; of equals the one named first. Quoted fields may hold any of them.
  /// - Parameter preferred: what is taken, whatever else fits, if all first records have the same number of fields by it.
  /// - Returns: a comma, where nothing separates anything.
  /// - Throws: `FormatError` where the file cannot be read.
  public static func delimiter(path: String, preferring preferred: UInt8? = nil) throws(FormatError) -> UInt8 {
    var (best, bestRank) = (UInt8(ascii: ","), (0, 1))
    let usual = ([",", ";", "\t", "|"] as [Unicode.Scalar]).map { UInt8(ascii: $0) }
    for candidate in (preferred.map { [$0] } ?? []) + usual {
      var reader = try CSVReader(path: path, delimiter: candidate)
      var isEven = 1
      do throws(FormatError) {
        for _ in 0..<20 {
          guard try reader.next() != nil else { break }
        }
      } catch { isEven = 0 }
      if let declared = reader.declared { return declared }
      let fields = reader.fieldCount ?? 0
      guard fields > 1, (isEven, fields) > bestRank else { continue }
      (best, bestRank) = (candidate, (isEven, fields))
      if candidate == preferred, isEven == 1 { break }
    }
    return best
  }

  /// The next record; `nil` at the end of the file.
  /// - Throws: `FormatError` with the line where the file cannot be read or is not as it should be.
  public mutating func next() throws(FormatError) -> [String]? {
    while true {
      line = currentLine
      var fields: [String] = []
      while true {
        fieldNumber = fields.count + 1
        let (field, end) = try field()
        if fields.isEmpty, field == nil, end != .delimiter {
          // Nothing on the line, or nothing left at all.
          if end == .file { return nil }
          break
        }
        guard fields.count < Self.mostFields else { throw problem("more than \(Self.mostFields) fields") }
        fields.append(field ?? "")
        guard end != .delimiter else { continue }
        guard fields.count == fieldCount ?? fields.count else {
          let count = "\(fields.count) field\(fields.count == 1 ? "" : "s")"
          let hint = fields.count > fieldCount ?? 0 ? "; a field that holds what separates fields has to be in quotes" : ""
          throw problem("\(count) where the first line has \(fieldCount ?? 0)\(hint)")
        }
        fieldCount = fields.count
        return fields
      }
    }
  }

  /// What a field ends with.
  private enum End {
    case delimiter, line, file
  }

  /// One field; `nil` for one without a single byte, quotes included.
  private mutating func field() throws(FormatError) -> (String?, End) {
    var bytes: [UInt8] = []
    guard let first = try byte() else { return (nil, .file) }
    if first == UInt8(ascii: "\"") { return try quotedField() }
    var next: UInt8? = first
    while let byte = next {
      switch byte {
      case delimiter: return (try text(bytes), .delimiter)
      case UInt8(ascii: "\n"): return (try text(bytes), .line)
      case UInt8(ascii: "\r"):
        let following = try self.byte()
        if following == UInt8(ascii: "\n") { return (try text(bytes), .line) }
        throw problem(Self.loneReturn)
      case UInt8(ascii: "\""): throw problem("a quote within a field that does not begin with one")
      default:
        guard bytes.count < Self.longestField else { throw problem("a field of more than \(Self.longestField) bytes") }
        bytes.append(byte)
      }
      next = try self.byte()
    }
    return (try text(bytes), .file)
  }

  /// What follows an opening quote.
  private mutating func quotedField() throws(FormatError) -> (String?, End) {
    var bytes: [UInt8] = []
    while let byte = try byte() {
      if byte == UInt8(ascii: "\"") {
        switch try self.byte() {
        case UInt8(ascii: "\""): bytes.append(byte)
        case delimiter: return (try text(bytes) ?? "", .delimiter)
        case UInt8(ascii: "\n"): return (try text(bytes) ?? "", .line)
        case UInt8(ascii: "\r"):
          guard try self.byte() == UInt8(ascii: "\n") else { throw problem(Self.loneReturn) }
          return (try text(bytes) ?? "", .line)
        case nil: return (try text(bytes) ?? "", .file)
        default: throw problem("text behind a closing quote")
        }
      } else {
        bytes.append(byte)
      }
      guard bytes.count <= Self.longestField else { throw problem("a field of more than \(Self.longestField) bytes") }
    }
    throw problem("a quote that is never closed")
  }

  private static let loneReturn =
    "a carriage return without a line feed; where all lines end so, as on old Macintoshes, tr '\\r' '\\n' mends it"

  private mutating func byte() throws(FormatError) -> UInt8? {
    guard let byte = try reader.next() else { return nil }
    if byte == UInt8(ascii: "\n") { currentLine += 1 }
    return byte
  }

  private func text(_ bytes: [UInt8]) throws(FormatError) -> String? {
    if bytes.isEmpty { return nil }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw problem(
        "field \(fieldNumber): text that is not UTF-8; iconv -f WINDOWS-1252 -t UTF-8 converts what is in Western Europe's code")
    }
    guard !text.utf8.contains(0) else { throw problem("field \(fieldNumber): a zero byte, which text in UTF-8 has not") }
    return text
  }

  private func problem(_ text: String) -> FormatError {
    FormatError(path: path, reason: .malformed("line \(line): \(text)"))
  }
}
