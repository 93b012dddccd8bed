/// How wide text is on a terminal.
package enum TerminalColumns {
  /// Columns that a text takes: East Asian wide characters and emoji take two, marks that join others none.
  package static func width(of text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + width(of: $1) } }

  /// As much of a text as fits; where it does not fit, it ends in an ellipsis, or in a full stop where only ASCII is known.
  package static func clipped(_ text: String, to columns: Int, isUnicode: Bool = true) -> String {
    guard columns > 0 else { return "" }
    guard width(of: text) > columns else { return text }
    var (result, taken) = (String.UnicodeScalarView(), 0)
    for scalar in text.unicodeScalars {
      let width = width(of: scalar)
      if taken + width > columns - 1 { break }
      taken += width
      result.append(scalar)
    }
    return String(result) + (isUnicode ? "…" : ".")
  }

  /// A text with blanks behind it, as wide as it is to be.
  /// - Parameter atRight: whether they stand before it.
  package static func padded(_ text: String, to columns: Int, atRight: Bool = false, isUnicode: Bool = true) -> String {
    let text = clipped(text, to: columns, isUnicode: isUnicode)
    let space = String(repeating: " ", count: max(columns - width(of: text), 0))
    return atRight ? space + text : text + space
  }

  /// Texts side by side on as few lines as have room for them, two blanks between two.
  package static func flowed(_ texts: [String], to columns: Int, isUnicode: Bool = true) -> [String] {
    var lines: [String] = []
    for text in texts where !text.isEmpty {
      if let last = lines.last, width(of: last) + 2 + width(of: text) <= columns {
        lines[lines.count - 1] = last + "  " + text
      } else {
        lines.append(clipped(text, to: columns, isUnicode: isUnicode))
      }
    }
    return lines
  }

  private static func width(of scalar: Unicode.Scalar) -> Int {
    if scalar.value < 0x300 { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return 0
    default: break
    }
    if scalar.properties.isEmojiPresentation { return 2 }
    return wide.contains { $0.contains(scalar.value) } ? 2 : 1
  }

  /// Blocks of Unicode's property East Asian Width whose characters are wide or full.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0x9fff, 0xa000...0xa4cf, 0xa960...0xa97c, 0xac00...0xd7a3,
    0xf900...0xfaff, 0xfe30...0xfe6f, 0xff01...0xff60, 0xffe0...0xffe6, 0x1b000...0x1b2ff, 0x1f200...0x1f2ff, 0x1f900...0x1f9ff,
    0x20000...0x3fffd,
  ]
}
