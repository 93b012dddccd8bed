/// Comma-separated values after RFC 4180.
public enum CSV {
  /// One line: fields joined by commas and ended by a newline; a field with a comma, quote or line break is quoted.
  public static func row(_ fields: [String]) -> String {
    fields.map(quote).joined(separator: ",") + "\n"
  }

  /// Writes a table, atomically (see `AtomicFile`): the header line, then the rows.
  /// - Throws: `FormatError` naming the path and the failed call.
  public static func write(path: String, header: [String], rows: some Sequence<[String]>) throws(FormatError) {
    try AtomicFile.write(path: path) { (writer) throws(FormatError) in
      try writer.write(row(header))
      for fields in rows { try writer.write(row(fields)) }
    }
  }

  private static func quote(_ field: String) -> String {
    let special = field.unicodeScalars.contains { $0 == "," || $0 == "\"" || $0 == "\n" || $0 == "\r" }
    guard special else { return field }
    var quoted = "\""
    for scalar in field.unicodeScalars {
      if scalar == "\"" { quoted += "\"" }
      quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
  }
}
