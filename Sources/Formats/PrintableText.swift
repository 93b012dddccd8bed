/// Text out of a file, fit for a message or a terminal: control characters and what reverses or breaks lines as escapes, bytes of names that
/// are no UTF-8 (see `PathBytes`) as `\xfc`, and not too long.
package func printable(_ text: String, limit: Int = 200) -> String {
  printable(text.unicodeScalars.prefix(limit)) + (text.unicodeScalars.dropFirst(limit).isEmpty ? "" : "…")
}

/// The same of a path, of which both ends stay where it is too long: the last name tells files of one folder apart.
package func printable(path: String, limit: Int = 200) -> String {
  let scalars = path.unicodeScalars
  guard scalars.count > limit else { return printable(path, limit: limit) }
  return printable(scalars.prefix(limit / 3)) + "…" + printable(scalars.suffix(limit - limit / 3))
}

private func printable(_ scalars: Substring.UnicodeScalarView) -> String {
  var result = ""
  for scalar in scalars {
    if let byte = PathBytes.byte(scalar) {
      result += "\\x" + String(byte, radix: 16)
      continue
    }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
      result += "\\u{\(String(scalar.value, radix: 16))}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
