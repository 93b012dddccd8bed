/// What the text in a cell of a table is, taken by itself.
enum TableCell: Equatable {
  /// A finite decimal number with a point, if anything, before its fraction.
  case number(Double)
  /// The same with a comma. `isAmbiguous` where the comma could as well stand between thousands, as in `1,234`.
  case commaNumber(Double, isAmbiguous: Bool)
  /// Nothing, in a spelling that is hardly a word: a blank cell, `NA`, `NaN`, `null`, `?`, ….
  case missing
  /// Nothing where numbers are, and possibly a word where words are: `none`, `missing`, `-`, ….
  case missingNumber
  /// A number that is not written as one; `what` says why it is none.
  case oddNumber(what: String)
  case date
  /// A number with letters behind it.
  case quantity
  case word

  /// - Parameter text: without blanks around it.
  init(_ text: String) { self = Self.plain(text) ?? Self.odd(text) }

  /// What can be told at a glance; `nil` for what has to be looked at more closely, which takes its time.
  static func plain(_ text: String) -> TableCell? {
    if let number = number(text) { return .number(number) }
    if isMissing(text) { return .missing }
    if let number = commaNumber(text) { return number }
    return text.utf8.count <= 16 && missingNumbers.contains(text.lowercased()) ? .missingNumber : nil
  }

  /// Why a cell is no number, for a message behind the cell's text.
  var objection: String {
    switch self {
    case .oddNumber(let what): what
    case .commaNumber(_, let isAmbiguous): isAmbiguous ? "has a comma, for decimals or between thousands" : "has a comma for its decimals"
    case .date: "is a date"
    case .quantity: "is a number with a unit"
    default: "is no number"
    }
  }

  // MARK: Numbers

  /// A finite decimal number; `nil` for anything else, such as the hexadecimal numbers and infinities that Swift reads too.
  static func number(_ text: String) -> Double? {
    guard !text.isEmpty, text.utf8.allSatisfy(isNumeric), let value = Double(text), value.isFinite else { return nil }
    return value
  }

  private static func isNumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "e"),
      UInt8(ascii: "E"):
      true
    default: false
    }
  }

  /// Whether a number's point may stand between thousands, as in `1.234`.
  static func isGroupedByPoints(_ text: String) -> Bool {
    let parts = text.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }.split(
      separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count == 2 && (1...3).contains(parts[0].count) && parts[0].first != UInt8(ascii: "0") && parts[1].count == 3
      && parts[1].allSatisfy { $0 < UInt8(ascii: "A") }
  }

  /// With a comma and digits behind it, and nothing else that a number has not.
  private static func commaNumber(_ text: String) -> TableCell? {
    let comma = UInt8(ascii: ",")
    let bytes = Array(text.utf8)
    guard bytes.count <= 64, let place = bytes.firstIndex(of: comma), place + 1 < bytes.count,
      bytes.allSatisfy({ $0 == comma || ($0 != UInt8(ascii: ".") && isNumeric($0)) }), bytes[(place + 1)...].allSatisfy({ $0 != comma })
    else { return nil }
    let pointed = String(decoding: bytes.map { $0 == comma ? UInt8(ascii: ".") : $0 }, as: UTF8.self)
    guard let value = number(pointed) else { return nil }
    let signs = bytes[0] == UInt8(ascii: "-") || bytes[0] == UInt8(ascii: "+") ? 1 : 0
    let areDigits = bytes.dropFirst(signs).allSatisfy { $0 == comma || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    let isGroup = areDigits && (1...3).contains(place - signs) && bytes[signs] != UInt8(ascii: "0") && bytes.count - place == 4
    return .commaNumber(value, isAmbiguous: isGroup)
  }

  static func trimmed(_ field: String) -> String {
    let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    let bytes = field.utf8
    guard let first = bytes.first, let last = bytes.last, isBlank(first) || isBlank(last) else { return field }
    guard let begin = bytes.firstIndex(where: { !isBlank($0) }), let end = bytes.lastIndex(where: { !isBlank($0) }) else { return "" }
    return String(field[begin...end])
  }

  // MARK: Missing values

  /// In any case, as pandas and R write them.
  private static let missingSpellings: Set<String> = [
    "na", "n/a", "#n/a", "#na", "#n/a n/a", "<na>", "nan", "-nan", "+nan", "nan()", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan", "null",
    "(null)",
    "nat", "\\n", "?",
  ]

  /// Beside those, in any case, where there are numbers otherwise.
  private static let missingNumbers: Set<String> = [
    "none", "nil", "missing", "n.a.", "n.a", "not available", "unknown", "undefined", "empty", "-", "--", "---", "–", "—", ".", "..", "...",
    "…",
    "*", "_", "/", "??", "???",
  ]

  static func isMissing(_ text: String) -> Bool {
    if text.isEmpty { return true }
    // `None`, as Python writes it, but not the `none` that people choose.
    return text.utf8.count <= 8 && (text == "None" || missingSpellings.contains(text.lowercased()))
  }

  /// Whether a cell is empty in a column that was declared to be one of categories: `None` is a category there.
  static func isMissingCategory(_ text: String) -> Bool { text != "None" && isMissing(text) }

  // MARK: What is no number

  static func odd(_ text: String) -> TableCell {
    let lower = text.lowercased()
    let unsigned = lower.first == "-" || lower.first == "+" ? String(lower.dropFirst()) : lower
    if ["inf", "infinity", "1.#inf", "1.#infinity", "∞"].contains(unsigned) { return .oddNumber(what: "is infinite") }
    if lower.hasPrefix("#"), lower.hasSuffix("!") || lower == "#name?" { return .oddNumber(what: "is a spreadsheet's error") }
    let isDigit = { (scalar: Unicode.Scalar) in ("0"..."9").contains(scalar) }
    guard text.unicodeScalars.count <= 64, text.unicodeScalars.contains(where: isDigit) else { return .word }
    if text.utf8.allSatisfy(isNumeric), let value = Double(text), !value.isFinite {
      return .oddNumber(what: "is beyond the range of numbers in double precision")
    }
    if unsigned.wholeMatch(of: /0x[0-9a-f]+/) != nil { return .oddNumber(what: "is a hexadecimal number") }
    let groups = /[0-9]{1,3}([,.'’ \u{a0}\u{202f}][0-9]{3})+([.,][0-9]+)?/
    if unsigned.wholeMatch(of: groups) != nil { return .oddNumber(what: "has marks between its thousands") }
    let amount = /[0-9][0-9.,' \u{a0}\u{202f}]*/
    if unsigned.wholeMatch(of: /([0-9][0-9.,' ]*|[.,][0-9]+)\s?%/) != nil { return .oddNumber(what: "has a percent sign") }
    let bare = unsigned.filter { !"$€£¥₹₽₩¢+-() ".contains($0) }
    if bare.count < unsigned.count, unsigned.contains(where: { "$€£¥₹₽₩¢".contains($0) }), bare.wholeMatch(of: amount) != nil {
      return .oddNumber(what: "has a currency sign")
    }
    if text.hasPrefix("−"), number(String(text.dropFirst())) != nil {
      return .oddNumber(what: "has a minus sign that is no hyphen (U+2212)")
    }
    if unsigned.wholeMatch(of: /\([0-9][0-9.,]*\)/) != nil { return .oddNumber(what: "is a number in brackets") }
    if isDate(lower) { return .date }
    if unsigned.wholeMatch(of: /[0-9]*\.?[0-9]+\s?[a-zµ°²³\/"']+/) != nil { return .quantity }
    return .word
  }

  /// Years, months and days in the usual orders, by figures or English names, with or without a time; or a time alone.
  private static func isDate(_ text: String) -> Bool {
    let time = /([t ]\s?[0-9]{1,2}(:[0-9]{2}){0,2}([.,][0-9]+)?\s?([ap]\.?m\.?)?\s?(z|utc|gmt|[-+][0-9]{2}:?[0-9]{2})?)?/
    let yearFirst = /[12][0-9]{3}(-[01]?[0-9](-[0-3]?[0-9])?|\/[01]?[0-9](\/[0-3]?[0-9])?|\.[01][0-9]\.[0-3][0-9])/
    let yearLast = /[0-3]?[0-9]([-\/.])[01]?[0-9]\1([12][0-9]{3}|[0-9]{2})|[01]?[0-9]([-\/])[0-3]?[0-9]\3([12][0-9]{3}|[0-9]{2})/
    let names = /(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?/
    let day = /(mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s/
    func rest(_ text: Substring) -> Bool { text.isEmpty || text.wholeMatch(of: time) != nil }
    var text = text[...]
    if let match = text.prefixMatch(of: day) { text = text[match.range.upperBound...] }
    if let match = text.prefixMatch(of: yearFirst) { return rest(text[match.range.upperBound...]) }
    if let match = text.prefixMatch(of: yearLast) { return rest(text[match.range.upperBound...]) }
    if text.wholeMatch(of: /[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?\s?([ap]\.?m\.?)?/) != nil { return true }
    guard let name = text.firstMatch(of: names) else { return false }
    // 5 Jan 2024, Jan 5, 2024, 05-Jan-24, Jan 2024.
    let (before, after) = (text[..<name.range.lowerBound], text[name.range.upperBound...])
    if before.isEmpty {
      guard let match = after.prefixMatch(of: /[-\s]([0-3]?[0-9](st|nd|rd|th)?,?\s)?[12][0-9]{3}/) else { return false }
      return rest(after[match.range.upperBound...])
    }
    guard before.wholeMatch(of: /[0-3]?[0-9](st|nd|rd|th)?[-.\s]\s?/) != nil,
      let match = after.prefixMatch(of: /[-\s]([12][0-9]{3}|[0-9]{2})/)
    else { return false }
    return rest(after[match.range.upperBound...])
  }
}
