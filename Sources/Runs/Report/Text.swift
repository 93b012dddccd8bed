import GlissadeFormats
import GlissadeReports

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Numbers and messages as people read them.
package enum Text {
  /// A message on one line of a sensible length, fit for a terminal whatever names are in it: a build log, say, has many lines.
  package static func line(_ message: String, limit: Int = 600) -> String {
    let parts = message.split(whereSeparator: \.isNewline).map { $0.split(separator: " ").joined(separator: " ") }
    let line = printable(parts.joined(separator: "; "), limit: .max)
    return line.count <= limit ? line : line.prefix(limit - 1) + "…"
  }

  /// A message of the argument parser in our style: one sentence that begins with a small letter.
  package static func sentence(_ message: String) -> String {
    let question = ". Did you mean"
    var line = line(message)
    if let range = line.firstRange(of: question) { line.replaceSubrange(range, with: "; did you mean") }
    return line.prefix(1).lowercased() + line.dropFirst()
  }

  /// Without the blanks at both ends.
  package static func trimmed(_ text: some StringProtocol) -> String {
    guard let first = text.firstIndex(where: { $0 != " " }), let last = text.lastIndex(where: { $0 != " " }) else { return "" }
    return String(text[first...last])
  }

  /// A number with so many digits after the point; a dash where there is none.
  package static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return "-" }
    guard abs(value) < 1e9 else { return "\(value)" }
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    let scaled = Int64((abs(value) * scale).rounded())
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(scaled)" }
    let whole = scaled / Int64(scale)
    let fraction = String(scaled % Int64(scale))
    return "\(sign)\(whole).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
  }

  /// Four digits that matter, whatever the number's size.
  package static func significant(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return fixed(value, 0) }
    var (digits, size) = (3, abs(value))
    while size >= 10, digits > 0 { (size, digits) = (size / 10, digits - 1) }
    while size < 1, digits < 12 { (size, digits) = (size * 10, digits + 1) }
    return fixed(value, digits)
  }

  /// R², which is at most 1, and far below 0 for predictions of no use.
  package static func determination(_ value: Double) -> String { abs(value) < 1e6 ? fixed(value, 4) : significant(value) }

  /// A number to the digits that a step has, at least: 1234.57 for steps of 0.004.
  package static func rounded(_ value: Double, to step: Double) -> String {
    guard value.isFinite, step.isFinite, step > 0 else { return "\(value)" }
    var (digits, size) = (0, step)
    while size < 1, digits < 15 { (size, digits) = (size * 10, digits + 1) }
    guard value.magnitude < 1e15, size >= 1, value == 0 || value.magnitude > step else { return "\(value)" }
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    let rounded = (value * scale).rounded() / scale
    return Int64(exactly: rounded).map(String.init) ?? "\(rounded)"
  }

  package static func percent(_ share: Double, _ digits: Int = 2) -> String { "\(fixed(share * 100, digits)) %" }

  /// Hours, minutes and seconds, as in `0:42` and `1:02:03`.
  package static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "-" }
    let total = Int(max(seconds, 0).rounded())
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60)
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
  }

  /// Bytes in binary units.
  package static func bytes(_ count: UInt64) -> String {
    var value = Double(count)
    for unit in ["B", "KiB", "MiB", "GiB"] {
      if value < 1024 { return unit == "B" ? "\(count) B" : "\(fixed(value, 1)) \(unit)" }
      value /= 1024
    }
    return "\(fixed(value, 1)) TiB"
  }

  /// Cuts or fills to a width in columns of a terminal.
  package static func column(_ text: String, _ width: Int, right: Bool = false) -> String {
    TerminalColumns.padded(text, to: width, atRight: right)
  }

  /// How wide the columns of a table are in those of a terminal, by its rows.
  package static func widths(of rows: [[String]]) -> [Int] {
    (rows.first ?? []).indices.map { column in rows.map { TerminalColumns.width(of: $0[column]) }.max() ?? 0 }
  }

  /// How wide a column of names is: as the widest of them, but from 9 to 24.
  package static func width(ofNames names: [String]) -> Int { min(max(names.map(TerminalColumns.width).max() ?? 0, 9), 24) }

  /// Breaks a text between words into lines of at most a width; longer words stay whole.
  package static func wrapped(_ text: String, width: Int) -> [String] {
    var lines = [""]
    for word in text.split(separator: " ") {
      let taken = TerminalColumns.width(of: lines[lines.count - 1])
      if taken > 0, taken + 1 + TerminalColumns.width(of: String(word)) > width { lines.append("") }
      lines[lines.count - 1] += (lines[lines.count - 1].isEmpty ? "" : " ") + word
    }
    return lines
  }

  /// The local date and time as in `20260131-235959`.
  package static func timestamp() -> String {
    var now = time(nil)
    var parts = tm()
    localtime_r(&now, &parts)
    var buffer = [CChar](repeating: 0, count: 32)
    let count = strftime(&buffer, buffer.count, "%Y%m%d-%H%M%S", &parts)
    return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
