/// Integers as pickles write them.
enum PickleNumber {
  /// What begins every PyTorch stream.
  private static let magicDecimal = "119547037146038801333356"
  private static let magicBytes: [UInt8] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]

  /// From two's complement, little-endian.
  static func integer(_ bytes: [UInt8]) -> PickleValue {
    guard bytes.count <= 8 else { return .wideInteger(isMagic: bytes == magicBytes) }
    let isNegative = bytes.last.map { $0 >= 0x80 } ?? false
    let value = bytes.reversed().reduce(isNegative ? -1 : 0) { ($0 as Int) << 8 | Int($1) }
    return .integer(value)
  }

  /// From decimal digits, perhaps with an L behind them; `00` and `01` are how protocols 0 and 1 write truth values. Nil for anything else.
  static func integer(decimal text: String) -> PickleValue? {
    if text == "00" { return .boolean(false) }
    if text == "01" { return .boolean(true) }
    let digits = text.hasSuffix("L") ? text.dropLast() : text[...]
    if let value = Int(digits) { return .integer(value) }
    let magnitude = digits.hasPrefix("-") ? digits.dropFirst() : digits
    guard !magnitude.isEmpty, magnitude.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return .wideInteger(isMagic: digits == magicDecimal)
  }
}
