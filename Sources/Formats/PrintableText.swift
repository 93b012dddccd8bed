/// Text out of a file, fit for a message or a terminal: control characters and what reverses or breaks lines as escapes, bytes of names that
/// are no UTF-8 (see `PathBytes`) as `\xfc`, and not too long.
package func printable(_ text: String, limit: Int = 200) -> String {
  var result = ""
  var count = 0
  for scalar in text.unicodeScalars {
    if count == limit { return result + "…" }
    count += 1
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
