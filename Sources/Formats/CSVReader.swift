/// Reads comma-separated values after RFC 4180, a record at a time: fields may be quoted, and then hold commas, line breaks and doubled quotes.
///
/// Lines end in LF or CRLF, empty ones are passed over, and a byte order mark at the beginning is none of the first field. What RFC 4180 does
/// not allow is refused with its line: a quote within an unquoted field, text behind a closing quote, a quote that is never closed, a record
/// with another number of fields than the first, text that is not UTF-8.
public struct CSVReader {
  /// The most bytes that a field may have.
  public static let longestField = 1 << 20
  /// The most fields that a record may have.
  public static let mostFields = 1 << 16

  /// The line on which the record that `next` gave began, counted from 1.
  public private(set) var line = 0
  /// How many fields each record has; `nil` before the first.
  public private(set) var fieldCount: Int?

  private let path: String
  private var reader: ByteReader
  private var currentLine = 1

  /// Opens a file.
  /// - Throws: `FormatError` where it cannot be read.
  public init(path: String) throws(FormatError) {
    self.path = path
    let file = try InputFile(path: path)
    reader = ByteReader(file: file, range: 0..<file.size)
    let mark: [UInt8] = [0xef, 0xbb, 0xbf]
    if file.size >= 3, try file.bytes(at: 0, count: 3) == mark { _ = reader.skip(3) }
  }

  /// The next record; `nil` at the end of the file.
  /// - Throws: `FormatError` with the line where the file cannot be read or is not as it should be.
  public mutating func next() throws(FormatError) -> [String]? {
    while true {
      line = currentLine
      var fields: [String] = []
      while true {
        let (field, end) = try field()
        if fields.isEmpty, field == nil, end != .comma {
          // Nothing on the line, or nothing left at all.
          if end == .file { return nil }
          break
        }
        guard fields.count < Self.mostFields else { throw problem("more than \(Self.mostFields) fields") }
        fields.append(field ?? "")
        guard end != .comma else { continue }
        guard fields.count == fieldCount ?? fields.count else {
          throw problem("\(fields.count) fields where the first line has \(fieldCount ?? 0)")
        }
        fieldCount = fields.count
        return fields
      }
    }
  }

  /// What a field ends with.
  private enum End {
    case comma, line, file
  }

  /// One field; `nil` for one without a single byte, quotes included.
  private mutating func field() throws(FormatError) -> (String?, End) {
    var bytes: [UInt8] = []
    guard let first = try byte() else { return (nil, .file) }
    if first == UInt8(ascii: "\"") { return try quotedField() }
    var next: UInt8? = first
    while let byte = next {
      switch byte {
      case UInt8(ascii: ","): return (try text(bytes), .comma)
      case UInt8(ascii: "\n"): return (try text(bytes), .line)
      case UInt8(ascii: "\r"):
        let following = try self.byte()
        if following == UInt8(ascii: "\n") { return (try text(bytes), .line) }
        throw problem("a carriage return without a line feed")
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
        case UInt8(ascii: ","): return (try text(bytes) ?? "", .comma)
        case UInt8(ascii: "\n"): return (try text(bytes) ?? "", .line)
        case UInt8(ascii: "\r"):
          guard try self.byte() == UInt8(ascii: "\n") else { throw problem("a carriage return without a line feed") }
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

  private mutating func byte() throws(FormatError) -> UInt8? {
    guard let byte = try reader.next() else { return nil }
    if byte == UInt8(ascii: "\n") { currentLine += 1 }
    return byte
  }

  private func text(_ bytes: [UInt8]) throws(FormatError) -> String? {
    if bytes.isEmpty { return nil }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw problem("text that is not UTF-8") }
    return text
  }

  private func problem(_ text: String) -> FormatError {
    FormatError(path: path, reason: .malformed("line \(line): \(text)"))
  }
}
