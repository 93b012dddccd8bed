extension JSONValue {
  /// The value as JSON text: on one line without spaces, or indented by two spaces a level with a final newline.
  ///
  /// Doubles are written with the fewest digits that read back as the same double. Non-finite ones, for which JSON has no notation, are
  /// written as the strings "NaN", "Infinity" and "-Infinity", which `doubleValue` understands.
  public func text(pretty: Bool = false) -> String {
    var output = ""
    append(to: &output, level: pretty ? 0 : nil)
    if pretty { output.append("\n") }
    return output
  }

  /// Writes the value to a file, atomically (see `AtomicFile`), indented unless told otherwise.
  /// - Throws: `FormatError` naming the path and the failed call.
  public func write(path: String, pretty: Bool = true) throws(FormatError) {
    try AtomicFile.write(path: path, text: text(pretty: pretty))
  }

  /// `level` is the current depth of indentation, or nil for compact text.
  private func append(to output: inout String, level: Int?) {
    switch self {
    case .null: output += "null"
    case .bool(let value): output += value ? "true" : "false"
    case .integer(let value): output += String(value)
    case .number(let value): Self.append(number: value, to: &output)
    case .string(let value): Self.append(string: value, to: &output)
    case .array(let values):
      Self.append(open: "[", close: "]", count: values.count, to: &output, level: level) { index, output, inner in
        values[index].append(to: &output, level: inner)
      }
    case .object(let members):
      Self.append(open: "{", close: "}", count: members.count, to: &output, level: level) { index, output, inner in
        Self.append(string: members[index].key, to: &output)
        output += inner == nil ? ":" : ": "
        members[index].value.append(to: &output, level: inner)
      }
    }
  }

  private static func append(
    open: String, close: String, count: Int, to output: inout String, level: Int?, item: (Int, inout String, Int?) -> Void
  ) {
    output += open
    let inner = level.map { $0 + 1 }
    for index in 0..<count {
      if index > 0 { output += "," }
      if let inner { output += "\n" + String(repeating: "  ", count: inner) }
      item(index, &output, inner)
    }
    if let level, count > 0 { output += "\n" + String(repeating: "  ", count: level) }
    output += close
  }

  private static func append(number: Double, to output: inout String) {
    if number.isFinite {
      output += number.description
    } else {
      output += number.isNaN ? "\"NaN\"" : number > 0 ? "\"Infinity\"" : "\"-Infinity\""
    }
  }

  private static func append(string: String, to output: inout String) {
    output += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": output += "\\\""
      case "\\": output += "\\\\"
      case "\n": output += "\\n"
      case "\r": output += "\\r"
      case "\t": output += "\\t"
      case "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: output.unicodeScalars.append(scalar)
      }
    }
    output += "\""
  }
}
