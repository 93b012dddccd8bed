import GlissadeCharts
import GlissadeFormats

/// What the monitor found, layer by layer: a run's `health.csv`, read back.
struct HealthPart {
  /// A layer in an epoch.
  private struct Row {
    var epoch: Double
    var layer: String
    var activation: String
    var values: [String: Double]
  }

  private var rows: [Row] = []
  private var layers: [String] = []

  /// Curves that can be told apart.
  private static let shownLayers = 6
  /// Which figures become curves.
  static let curves = ["gradient_norm", "update_ratio"]
  /// The table's columns.
  private static let columns = [
    ("gradient norm", "gradient_norm"), ("update ratio", "update_ratio"), ("mean", "activation_mean"),
    ("deviation", "activation_deviation"),
    ("dead units", "dead_units"), ("saturated", "saturated"),
  ]

  /// - Returns: `nil` for a run that was not monitored.
  /// - Throws: `FormatError` with the line for a file that is damaged.
  init?(path: String) throws(FormatError) {
    guard FileIdentity(path) != nil else { return nil }
    var reader = try CSVReader(path: path)
    func problem(_ text: String) -> FormatError { FormatError(path: path, reason: .malformed("line \(reader.line): \(text)")) }
    guard let header = try reader.next(), header.starts(with: ["epoch", "step", "layer", "activation"]) else {
      throw problem("a table of layers begins with 'epoch', 'step', 'layer' and 'activation'")
    }
    while let fields = try reader.next() {
      guard fields.count == header.count, let epoch = Double(fields[0]) else { throw problem("'\(printable(fields[0]))' is no epoch") }
      var row = Row(epoch: epoch, layer: fields[2], activation: fields[3], values: [:])
      for (name, field) in zip(header, fields).dropFirst(4) where !field.isEmpty {
        guard let value = Double(field) else { throw problem("'\(printable(field))' is no number") }
        row.values[name] = value
      }
      if !layers.contains(row.layer) { layers.append(row.layer) }
      rows.append(row)
    }
    if rows.isEmpty { return nil }
  }

  /// Those that are drawn: all, or from the first to the last some at equal distances.
  private var shown: [String] {
    let trained = layers.filter { layer in rows.contains { $0.layer == layer && $0.values["gradient_norm"] != nil } }
    guard trained.count > Self.shownLayers else { return trained }
    return (0..<Self.shownLayers).map { trained[$0 * (trained.count - 1) / (Self.shownLayers - 1)] }
  }

  /// For the page.
  var context: [String: Any] {
    let shown = shown
    let charts = Self.curves.map { name in
      let title = MetricsTable.text(name)
      let series = shown.map { layer in
        LineChart.Series(
          printable(layer), rows.filter { $0.layer == layer }.map { (x: $0.epoch, y: $0.values[name] ?? .nan) })
      }
      return LineChart("\(title) by layer", x: .epoch, y: Axis(title, isLogarithmic: true), series).inline()
    }
    let last = rows.last?.epoch ?? 0
    let table = rows.filter { $0.epoch == last }.map { row -> [String: Any] in
      [
        "layer": printable(row.layer), "activation": printable(row.activation),
        "figures": Self.columns.map { title, name in
          name == "dead_units" || name == "saturated" ? Figure.percent(row.values[name]) : Figure.text(row.values[name])
        },
      ]
    }
    var context: [String: Any] = [
      "charts": charts, "rows": table, "columns": Self.columns.map(\.0), "epoch": Figure.text(last),
    ]
    if shown.count < layers.count { context["note"] = "The curves are of \(shown.count) of \(layers.count) layers; health.csv has all." }
    return context
  }
}
