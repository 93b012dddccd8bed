/// Text as protocol 0 writes it, on a line.
enum PickleText {
  /// Python's raw-unicode-escape: Latin-1 with `\uXXXX` and `\UXXXXXXXX`. Nil where an escape names no character.
  static func unicode(_ line: [UInt8]) -> String? {
    var result = ""
    var index = 0
    while index < line.count {
      if line[index] == UInt8(ascii: "\\"), index + 1 < line.count, let length = escapeLength(line[index + 1]) {
        let end = index + 2 + length
        guard end <= line.count, let code = hexadecimal(line[index + 2..<end]) else { return nil }
        // Python 2 wrote characters beyond 16 bits as pairs; no tensor has such a name.
        guard let scalar = Unicode.Scalar(code) else { return nil }
        result.unicodeScalars.append(scalar)
        index = end
      } else {
        result.unicodeScalars.append(Unicode.Scalar(line[index]))
        index += 1
      }
    }
    return result
  }

  /// A literal of Python's in single or double quotes, with its escapes. Nil where it is none, or is not UTF-8.
  static func quoted(_ line: [UInt8]) -> String? {
    guard line.count >= 2, let quote = line.first, line.last == quote, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      return nil
    }
    var bytes: [UInt8] = []
    let end = line.count - 1
    var index = 1
    while index < end {
      guard line[index] == UInt8(ascii: "\\") else {
        bytes.append(line[index])
        index += 1
        continue
      }
      guard index + 1 < end else { return nil }
      let escape = line[index + 1]
      index += 2
      switch escape {
      case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): bytes.append(escape)
      case UInt8(ascii: "n"): bytes.append(0x0a)
      case UInt8(ascii: "r"): bytes.append(0x0d)
      case UInt8(ascii: "t"): bytes.append(0x09)
      case UInt8(ascii: "x"):
        guard index + 2 <= end, let code = hexadecimal(line[index..<index + 2]) else { return nil }
        bytes.append(UInt8(truncatingIfNeeded: code))
        index += 2
      default: return nil
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func escapeLength(_ byte: UInt8) -> Int? {
    byte == UInt8(ascii: "u") ? 4 : byte == UInt8(ascii: "U") ? 8 : nil
  }

  private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt32? {
    var value: UInt32 = 0
    for digit in digits {
      guard let number = Character(Unicode.Scalar(digit)).hexDigitValue else { return nil }
      value = value << 4 | UInt32(number)
    }
    return value
  }
}
