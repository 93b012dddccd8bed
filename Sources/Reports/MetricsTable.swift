import GlissadeCharts
import GlissadeFormats

/// A run's `metrics.csv`, read back.
struct MetricsTable {
  /// In the file's order.
  private(set) var names: [String] = []
  private var values: [String: [Double]] = [:]
  private(set) var epochs: [Double] = []

  /// Of a run that has none yet.
  init() {}

  /// - Throws: `FormatError` with the line for a file that is damaged.
  init(path: String) throws(FormatError) {
    var reader = try CSVReader(path: path)
    func problem(_ text: String) -> FormatError { FormatError(path: path, reason: .malformed("line \(reader.line): \(text)")) }
    guard let header = try reader.next(), header.first == "epoch" else { throw problem("a table of epochs begins with 'epoch'") }
    names = Array(header.dropFirst())
    guard Set(header).count == header.count else { throw problem("two columns have the same name") }
    while let row = try reader.next() {
      for (name, field) in zip(header, row) {
        // What was not measured is left empty.
        guard let value = field.isEmpty ? Double.nan : Double(field) else { throw problem("'\(printable(field))' is no number") }
        if name == "epoch" {
          guard epochs.last.map({ $0 < value }) ?? (value > 0) else {
            let last = epochs.last.map { " after epoch \(Figure.text($0))" } ?? ""
            throw problem("epoch '\(printable(field))'\(last): epochs rise from line to line")
          }
          epochs.append(value)
        } else {
          values[name, default: []].append(value)
        }
      }
    }
  }

  /// A column; nothing where there is none.
  subscript(_ name: String) -> [Double] { values[name] ?? [] }

  /// The points of a column's curve; `nil` where nothing of it was measured.
  func points(_ name: String) -> [(x: Double, y: Double)]? {
    let column = self[name]
    return column.contains { $0.isFinite } ? Array(zip(epochs, column).map { (x: $0, y: $1) }) : nil
  }

  /// A column for people: `validation_mean_absolute_error` becomes `validation mean absolute error`.
  static func text(_ name: String) -> String {
    let words = name.split(separator: "_", omittingEmptySubsequences: false).map { signs[String($0)] ?? String($0) }
    return printable(words.joined(separator: " "), limit: 200)
  }

  /// Words of columns that people write otherwise.
  private static let signs = ["r2": "R²", "f1": "F1"]

  /// The axis on which a column is drawn: shares of a whole are never more than all of it.
  static func axis(_ name: String) -> Axis {
    let limits: ClosedRange<Double>? =
      ["accuracy", "f1"].contains { name.hasSuffix($0) } ? 0...1 : name.hasSuffix("r2") ? -Double.greatestFiniteMagnitude...1 : nil
    return Axis(text(name), limits: limits)
  }
}
