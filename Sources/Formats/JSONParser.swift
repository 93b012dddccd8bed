/// Why a text is not JSON, and where.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The offending byte, counted from 0.
  public let offset: Int
  /// What is wrong there.
  public let message: String

  /// One readable line.
  public var description: String { "invalid JSON at byte \(offset): \(message)" }
}

extension JSONValue {
  /// Parses JSON text strictly after RFC 8259: UTF-8, nothing after the value, no comments, no trailing commas, no NaN.
  ///
  /// Stricter than the letter of the standard where leniency hides mistakes: a key may occur once per object, a number must be finite as
  /// a double, and nesting ends at 128 levels.
  /// - Throws: `JSONError` with the offset of the first fault.
  public static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
    var parser = JSONParser(bytes: bytes)
    return try parser.parse()
  }

  /// Reads a JSON file of at most `limit` bytes (64 MiB unless told otherwise).
  /// - Throws: `FormatError` when the file cannot be read, is longer, or is not JSON as `parse` understands it.
  public static func read(path: String, limit: Int = 64 << 20) throws(FormatError) -> JSONValue {
    let file = try InputFile(path: path)
    guard let count = Int(exactly: file.size), count <= limit else {
      throw FormatError(path: path, reason: .tooLong(bytes: file.size, limit: UInt64(max(0, limit))))
    }
    let bytes = try file.bytes(at: 0, count: count)
    do throws(JSONError) {
      return try parse(bytes)
    } catch {
      throw FormatError(path: path, reason: .json(error))
    }
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  private var position = 0
  private static let deepest = 128

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  mutating func parse() throws(JSONError) -> JSONValue {
    let value = try parseValue(depth: 0)
    skipSpace()
    if position < bytes.count { throw fault("something follows the value") }
    return value
  }

  private func fault(_ message: String, at offset: Int? = nil) -> JSONError {
    JSONError(offset: offset ?? position, message: message)
  }

  private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
  }

  private mutating func accept(_ character: Unicode.Scalar) -> Bool {
    guard current == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func parseValue(depth: Int) throws(JSONError) -> JSONValue {
    if depth > Self.deepest { throw fault("nested deeper than \(Self.deepest) levels") }
    skipSpace()
    guard let byte = current else { throw fault("a value is missing") }
    switch byte {
    case UInt8(ascii: "{"): return try parseObject(depth: depth)
    case UInt8(ascii: "["): return try parseArray(depth: depth)
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
    default:
      for (word, value) in [("true", .bool(true)), ("false", .bool(false)), ("null", .null)] as [(StaticString, JSONValue)] {
        let length = word.utf8CodeUnitCount
        if bytes[position...].prefix(length).elementsEqual(UnsafeBufferPointer(start: word.utf8Start, count: length)) {
          position += length
          return value
        }
      }
      throw fault("no value begins like this")
    }
  }

  private mutating func parseArray(depth: Int) throws(JSONError) -> JSONValue {
    position += 1
    var values: [JSONValue] = []
    skipSpace()
    if accept("]") { return .array(values) }
    while true {
      values.append(try parseValue(depth: depth + 1))
      skipSpace()
      if accept("]") { return .array(values) }
      guard accept(",") else { throw fault("expected , or ] in an array") }
    }
  }

  private mutating func parseObject(depth: Int) throws(JSONError) -> JSONValue {
    position += 1
    var members: [JSONMember] = []
    var keys: Set<String> = []
    skipSpace()
    if accept("}") { return .object(members) }
    while true {
      skipSpace()
      let start = position
      guard current == UInt8(ascii: "\"") else { throw fault("expected a key in quotes") }
      let key = try parseString()
      guard keys.insert(key).inserted else { throw fault("the key \"\(printable(key))\" occurs twice", at: start) }
      skipSpace()
      guard accept(":") else { throw fault("expected : after a key") }
      members.append(JSONMember(key, try parseValue(depth: depth + 1)))
      skipSpace()
      if accept("}") { return .object(members) }
      guard accept(",") else { throw fault("expected , or } in an object") }
    }
  }

  private mutating func skipDigits() throws(JSONError) {
    let start = position
    while let byte = current, byte >= 0x30 && byte <= 0x39 { position += 1 }
    if position == start { throw fault("expected a digit") }
  }

  private mutating func parseNumber() throws(JSONError) -> JSONValue {
    let start = position
    var whole = true
    let negative = accept("-")
    if !accept("0") { try skipDigits() }
    if accept(".") {
      whole = false
      try skipDigits()
    }
    if accept("e") || accept("E") {
      whole = false
      if !accept("+") { _ = accept("-") }
      try skipDigits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    // "-0" stays a double, which keeps its sign.
    if whole, let value = Int64(text), !(negative && value == 0) { return .integer(value) }
    guard let value = Double(text), value.isFinite else {
      throw fault("the number \(printable(text, limit: 40)) is out of range", at: start)
    }
    return .number(value)
  }

  private mutating func parseString() throws(JSONError) -> String {
    let start = position
    position += 1
    var units: [UInt8] = []
    while let byte = current {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: units, as: UTF8.self) else { throw fault("a string is not valid UTF-8", at: start) }
        return text
      case UInt8(ascii: "\\"): units.append(contentsOf: String(try parseEscape()).utf8)
      case 0..<0x20: throw fault("a control character in a string", at: position - 1)
      default: units.append(byte)
      }
    }
    throw fault("a string does not end", at: start)
  }

  private mutating func parseEscape() throws(JSONError) -> Unicode.Scalar {
    let start = position - 1
    guard let byte = current else { throw fault("a string does not end", at: start) }
    position += 1
    switch byte {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      var code = try parseHex()
      if (0xd800..<0xdc00).contains(code) {
        guard accept("\\"), accept("u") else { throw fault("half of a surrogate pair", at: start) }
        let low = try parseHex()
        guard (0xdc00..<0xe000).contains(low) else { throw fault("half of a surrogate pair", at: start) }
        code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw fault("half of a surrogate pair", at: start) }
      return scalar
    default: throw fault("an unknown escape", at: start)
    }
  }

  private mutating func parseHex() throws(JSONError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw fault("expected a hexadecimal digit")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
