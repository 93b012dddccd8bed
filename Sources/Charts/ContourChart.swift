/// Heights over a plane as contour lines, with paths on it, as an SVG picture.
public struct ContourChart: Sendable {
  public var title: String
  public var x: Axis
  public var y: Axis
  /// Where the columns of the grid are, from left to right.
  public var columns: [Double]
  /// Where its rows are, upwards.
  public var rows: [Double]
  /// The height at each place of the grid, row by row.
  public var values: [Double]
  /// What goes over it; each begins with a ring and ends with a dot.
  public var paths: [LineChart.Series]
  /// Places with a cross.
  public var marks: [(x: Double, y: Double)]

  public init(
    _ title: String, x: Axis, y: Axis, columns: [Double], rows: [Double], values: [Double], paths: [LineChart.Series] = [],
    marks: [(x: Double, y: Double)] = []
  ) {
    (self.title, self.x, self.y) = (title, x, y)
    (self.columns, self.rows, self.values) = (columns, rows, values)
    (self.paths, self.marks) = (paths, marks)
  }

  /// The heights of the lines: closer where it is low, since that is where paths end.
  var levels: [Double] {
    let heights = values.filter(\.isFinite)
    guard let low = heights.min(), let high = heights.max(), high > low else { return [] }
    var levels: [Double] = []
    var share = 0.6
    for _ in 0..<14 {
      levels.append(low + (high - low) * share)
      share *= 0.5
    }
    return levels.reversed()
  }

  /// Where a level's line crosses the squares of the grid: pieces of straight lines, two ends each (marching squares).
  func pieces(at level: Double) -> [((x: Double, y: Double), (x: Double, y: Double))] {
    let width = columns.count
    guard width > 1, rows.count > 1, values.count == width * rows.count else { return [] }
    var pieces: [((x: Double, y: Double), (x: Double, y: Double))] = []
    for row in 0..<rows.count - 1 {
      for column in 0..<width - 1 {
        // Round the square from its lower left corner.
        let corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)]
        let heights = corners.map { values[$0.1 * width + $0.0] }
        guard heights.allSatisfy(\.isFinite) else { continue }
        var crossings: [(x: Double, y: Double)] = []
        for side in 0..<4 {
          let (a, b) = (heights[side], heights[(side + 1) % 4])
          guard (a < level) != (b < level) else { continue }
          let (from, to) = (corners[side], corners[(side + 1) % 4])
          let share = (level - a) / (b - a)
          crossings.append(
            (
              columns[from.0] + share * (columns[to.0] - columns[from.0]), rows[from.1] + share * (rows[to.1] - rows[from.1])
            ))
        }
        // In a saddle's square two lines cross; which corners they part makes no difference at this size.
        for pair in 0..<crossings.count / 2 { pieces.append((crossings[2 * pair], crossings[2 * pair + 1])) }
      }
    }
    return pieces
  }

  /// The chart as an SVG picture of its own: light or dark as the page or the reader is, no script, nothing from elsewhere.
  /// - Parameters:
  ///   - width: in units of the picture, which scales.
  ///   - height: likewise, without the legend.
  public func svg(width: Int = 720, height: Int = 520) -> String {
    let legend = 20 * paths.count
    let whole = height + (paths.isEmpty ? 0 : legend + 12)
    let plot = (left: 64.0, top: title.isEmpty ? 16.0 : 40.0, right: Double(width) - 20, bottom: Double(height) - 52)
    let scales = (
      x: Scale(x, columns, marks: max(width / 90, 2)), y: Scale(y, rows, marks: max(height / 60, 2))
    )
    func isInside(_ point: (x: Double, y: Double)) -> Bool {
      scales.x.lower <= point.x && point.x <= scales.x.upper && scales.y.lower <= point.y && point.y <= scales.y.upper
    }
    func place(_ point: (x: Double, y: Double)) -> (Double, Double) {
      let (across, up) = (scales.x.share(point.x), scales.y.share(point.y))
      return (plot.left + across * (plot.right - plot.left), plot.bottom - up * (plot.bottom - plot.top))
    }
    var parts = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width) \(whole)\" role=\"img\" class=\"glissade-chart\">",
      "<title>\(SVG.escaped(title.isEmpty ? "contours" : title))</title>", "<desc>\(SVG.escaped(summary))</desc>",
      "<style>\(SVG.style)\(Self.style)</style>", "<rect class=\"paper\" width=\"\(width)\" height=\"\(whole)\"/>",
      "<clipPath id=\"plot\"><rect x=\"\(SVG.number(plot.left))\" y=\"\(SVG.number(plot.top))\" "
        + "width=\"\(SVG.number(plot.right - plot.left))\" height=\"\(SVG.number(plot.bottom - plot.top))\"/></clipPath>",
    ]
    if !title.isEmpty { parts.append(SVG.text(title, plot.left, 24, "title")) }
    for level in levels {
      let lines = pieces(at: level).map { piece in
        let (a, b) = (place(piece.0), place(piece.1))
        return "M\(SVG.number(a.0)) \(SVG.number(a.1))L\(SVG.number(b.0)) \(SVG.number(b.1))"
      }
      if !lines.isEmpty { parts.append("<path class=\"contour\" d=\"\(lines.joined())\"/>") }
    }
    for mark in scales.x.marks {
      let at = place((mark, scales.y.lower)).0
      parts.append(SVG.line((at, plot.bottom), (at, plot.bottom + 5), "axis"))
      parts.append(SVG.text(ChartNumber.text(mark), at, plot.bottom + 20, "mark", anchor: "middle"))
    }
    for mark in scales.y.marks {
      let at = place((scales.x.lower, mark)).1
      parts.append(SVG.line((plot.left - 5, at), (plot.left, at), "axis"))
      parts.append(SVG.text(ChartNumber.text(mark), plot.left - 9, at + 4, "mark", anchor: "end"))
    }
    parts.append(SVG.line((plot.left, plot.bottom), (plot.right, plot.bottom), "axis"))
    parts.append(SVG.line((plot.left, plot.top), (plot.left, plot.bottom), "axis"))
    parts.append(SVG.text(x.label, (plot.left + plot.right) / 2, Double(height) - 12, "label", anchor: "middle"))
    parts.append(SVG.text(y.label, 16, (plot.top + plot.bottom) / 2, "label", anchor: "middle"))
    for mark in marks where isInside(mark) {
      let at = place(mark)
      parts.append(SVG.line((at.0 - 6, at.1), (at.0 + 6, at.1), "cross"))
      parts.append(SVG.line((at.0, at.1 - 6), (at.0, at.1 + 6), "cross"))
    }
    for (index, path) in paths.enumerated() {
      let colour = "c\(index % SVG.colours)"
      let style = "curve \(colour)\(path.isDashed || index >= SVG.colours ? " dashed" : "")"
      let points = path.points.filter { $0.x.isFinite && $0.y.isFinite }.map(place)
      let text = points.map { "\(SVG.number($0.0)),\(SVG.number($0.1))" }.joined(separator: " ")
      parts.append("<g clip-path=\"url(#plot)\"><polyline class=\"\(style)\" points=\"\(text)\"/>")
      if let first = points.first {
        parts.append("<circle class=\"ring\" cx=\"\(SVG.number(first.0))\" cy=\"\(SVG.number(first.1))\" r=\"5\"/>")
      }
      if let last = points.last { parts.append(SVG.dot(last, 4, "dot \(colour)")) }
      parts.append("</g>")
      let line = Double(height) + 20 * Double(index) + 6
      parts.append(SVG.line((plot.left, line - 4), (plot.left + 24, line - 4), style))
      parts.append(SVG.text(path.name, plot.left + 32, line, "mark"))
    }
    return (parts + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private static let style =
    ".glissade-chart .contour{fill:none;\(SVG.paint("stroke", "faint"));stroke-width:1}"
    + ".glissade-chart .cross{\(SVG.paint("stroke", "ink"));stroke-width:2}"
    + ".glissade-chart .ring{fill:none;\(SVG.paint("stroke", "ink"));stroke-width:2}"

  /// What it shows, for those who do not see it.
  private var summary: String {
    paths.map { path in
      let points = path.points.filter { $0.x.isFinite && $0.y.isFinite }
      guard let first = points.first, let last = points.last else { return "\(path.name): no path" }
      func text(_ point: (x: Double, y: Double)) -> String { "(\(ChartNumber.text(point.x)), \(ChartNumber.text(point.y)))" }
      return "\(path.name): from \(text(first)) to \(text(last)) in \(points.count - 1) steps"
    }.joined(separator: "; ")
  }
}

extension Scale {
  /// Where a value lies on an axis that is not logarithmic: from 0 to 1 within it, and beyond outside, as far as a picture's numbers go.
  fileprivate func share(_ value: Double) -> Double { min(max((value - lower) / (upper - lower), -50), 50) }
}
