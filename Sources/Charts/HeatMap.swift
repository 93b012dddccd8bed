/// A table of counts as colours, as SVG: a confusion matrix.
public struct HeatMap: Sendable {
  public var title: String
  /// What columns and rows are.
  public var (x, y): (String, String)
  /// The names of rows and columns, which are the same.
  public var names: [String]
  /// [row][column].
  public var counts: [[Int]]

  public init(_ title: String, x: String, y: String, names: [String], counts: [[Int]]) {
    (self.title, self.x, self.y, self.names, self.counts) = (title, x, y, names, counts)
  }

  /// The map as an SVG picture of its own, as `LineChart.svg` draws one: the more of a row is in a field, the deeper its colour; right answers
  /// in one colour, the others in another. Fields without anything are left empty. Counts are written where there is room.
  public func svg(width: Int = 720, hasStyle: Bool = true) -> String {
    let longest = names.map { min($0.count, Self.longestName) }.max() ?? 0
    let margin = 40 + 7 * Double(longest)
    let side = names.isEmpty ? 0 : min((Double(width) - margin - 12) / Double(names.count), 56)
    let edge = side * Double(names.count)
    let (left, top) = (margin, title.isEmpty ? 16.0 : 40.0)
    let height = Int(top + edge + margin)
    var parts = SVG.opening(title.isEmpty ? "\(y) by \(x)" : title, summary, width, height, hasStyle)
    if !title.isEmpty { parts.append(SVG.text(title, 12, 24, "title")) }
    let hasNumbers = side >= 26
    for (row, counts) in counts.enumerated() where row < names.count {
      let support = counts.reduce(0, +)
      for (column, count) in counts.enumerated() where count > 0 && column < names.count {
        let corner = (left + Double(column) * side, top + Double(row) * side)
        let share = Double(count) / Double(max(support, 1))
        // The square root shows few mistakes among many; beyond about a half, numbers on it could not be read.
        let depth = Int((8 + 47 * share.squareRoot()).rounded())
        let hint = "\(names[row]), \(x) \(names[column]): \(count) of \(support)"
        let field = SVG.bar(corner, side - 1, side - 1, "bar \(row == column ? "c2" : "c1")", hint)
        parts.append(field.replacing("<rect ", with: "<rect fill-opacity=\"0.\(depth < 10 ? "0" : "")\(depth)\" "))
        if hasNumbers {
          parts.append(SVG.text("\(count)", corner.0 + side / 2 - 0.5, corner.1 + side / 2 + 4, "ink", anchor: "middle"))
        }
      }
    }
    // Names, as many as do not touch.
    let every = side > 0 ? max(Int((14 / side).rounded(.up)), 1) : 1
    for (index, name) in names.enumerated() where index % every == 0 {
      let short = name.count > Self.longestName ? name.prefix(Self.longestName - 1) + "…" : name[...]
      let middle = Double(index) * side + side / 2
      parts.append(SVG.text(short, left - 6, top + middle + 4, "mark", anchor: "end"))
      let at = "translate(\(SVG.number(left + middle + 4)) \(SVG.number(top + edge + 6))) rotate(-90)"
      parts.append("<text class=\"mark\" text-anchor=\"end\" transform=\"\(at)\">\(SVG.escaped(short))</text>")
    }
    parts.append(SVG.text(x, left + edge / 2, Double(height) - 8, "label", anchor: "middle"))
    parts.append(
      "<text class=\"label\" text-anchor=\"middle\" transform=\"translate(16 \(SVG.number(top + edge / 2))) rotate(-90)\">"
        + "\(SVG.escaped(y))</text>")
    return (parts + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private static let longestName = 18

  private var summary: String { "\(names.count) rows and columns; what is off the diagonal is a mistake" }
}
