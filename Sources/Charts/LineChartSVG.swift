extension LineChart {
  /// The chart as an SVG picture of its own: light or dark as the page or the reader is, no script, nothing from elsewhere.
  /// - Parameters:
  ///   - width: in units of the picture, which scales.
  ///   - height: likewise; a legend of more than one line adds to it.
  ///   - hasStyle: whether it brings its style; not for a page that has `ChartStyle.css` already.
  public func svg(width: Int = 720, height: Int = 400, hasStyle: Bool = true) -> String {
    let scales = scales(marks: (max(width / 90, 2), max(height / 60, 2)))
    let widest = scales.y.marks.map { ChartNumber.text($0).count }.max() ?? 0
    let (left, right) = (max(76, 44 + 7 * Double(widest)), Double(width) - 20)
    // Above the curves, so that it hides nothing of them.
    let legend = series.count > 1 ? legend(width: right - left - 12) : []
    let lines = Set(legend.map(\.line)).count
    let whole = height + 18 * max(lines - 1, 0)
    let beginning = title.isEmpty ? 16.0 : 40.0
    let plot = (left: left, top: beginning + 18 * Double(lines), right: right, bottom: Double(whole) - 52)
    func place(_ x: Double, _ y: Double) -> (Double, Double) {
      (plot.left + x * (plot.right - plot.left), plot.bottom - y * (plot.bottom - plot.top))
    }
    var parts = SVG.opening(title.isEmpty ? "\(y.label) by \(x.label)" : title, summary, width, whole, hasStyle)
    if !title.isEmpty { parts.append(SVG.text(title, plot.left, 24, "title")) }
    for mark in scales.y.marks {
      guard let share = scales.y.place(mark) else { continue }
      let at = place(0, share).1
      parts.append(SVG.line((plot.left, at), (plot.right, at), "grid"))
      parts.append(SVG.text(ChartNumber.text(mark), plot.left - 8, at + 4, "mark", anchor: "end"))
    }
    for mark in scales.x.marks {
      guard let share = scales.x.place(mark) else { continue }
      let at = place(share, 0).0
      parts.append(SVG.line((at, plot.bottom), (at, plot.bottom + 5), "axis"))
      parts.append(SVG.text(ChartNumber.text(mark), at, plot.bottom + 20, "mark", anchor: "middle"))
    }
    parts += SVG.frame(plot, x.label, y.label, height: Double(whole))
    for (order, each) in series.enumerated() {
      let index = max(each.colour ?? order, 0)
      let style = "curve c\(index % SVG.colours)\(each.isDashed || index >= SVG.colours ? " dashed" : "")"
      for piece in pieces(each, scales) {
        let points = SVG.thinned(piece, to: 2 * width).map { place($0.x, $0.y) }
        if points.count == 1 {
          parts.append(SVG.dot(points[0], 2.5, "dot c\(index % SVG.colours)\(each.isScattered ? " faint" : "")"))
        } else {
          let text = points.map { "\(SVG.number($0.0)),\(SVG.number($0.1))" }.joined(separator: " ")
          parts.append("<polyline class=\"\(style)\" points=\"\(text)\"/>")
        }
      }
      if let mark = each.mark, each.points.indices.contains(mark), let x = scales.x.place(each.points[mark].x),
        let y = scales.y.place(each.points[mark].y)
      {
        parts.append(SVG.dot(place(x, y), 4, "dot c\(index % SVG.colours)"))
      }
    }
    for (index, entry) in legend.enumerated() {
      let (at, top) = (plot.left + 12 + entry.at, beginning + 18 * Double(entry.line) - 6)
      let colour = max(series[index].colour ?? index, 0)
      let style = "curve c\(colour % SVG.colours)\(series[index].isDashed || colour >= SVG.colours ? " dashed" : "")"
      parts.append(SVG.line((at, top + 10), (at + 18, top + 10), style))
      parts.append(SVG.text(entry.name, at + 24, top + 14, "mark"))
    }
    return (parts + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  /// What the legend calls each curve, and where: in lines of this width, what has no room any more in one of its own.
  private func legend(width: Double) -> [(name: String, at: Double, line: Int)] {
    var (at, line) = (0.0, 0)
    return series.enumerated().map { index, each in
      var name = each.name
      if SVG.width(name) > width - 24 {
        while !name.isEmpty, SVG.width(name + "…") > width - 24 { name.removeLast() }
        name += "…"
      }
      let room = 24 + SVG.width(name)
      if at + room > width, index > 0 { (at, line) = (0, line + 1) }
      defer { at += room + 18 }
      return (name, at, line)
    }
  }

  /// What it shows, for those who do not see it.
  var summary: String {
    if series.contains(where: \.isScattered) { return "\(y.label) against \(x.label)" }
    return series.map { each in
      guard let first = each.points.first(where: { $0.y.isFinite }), let last = each.points.last(where: { $0.y.isFinite }) else {
        return "\(each.name): no values"
      }
      return "\(each.name): from \(ChartNumber.text(first.y)) at \(ChartNumber.text(first.x)) "
        + "to \(ChartNumber.text(last.y)) at \(ChartNumber.text(last.x))"
    }.joined(separator: "; ")
  }
}

/// What charts look like, for pages that hold several.
package enum ChartStyle {
  package static var css: String { SVG.style }
}

/// Words of SVG that charts share, and their one style.
enum SVG {
  /// Colours that a curve may have before dashes tell them apart; from Okabe and Ito's palette, which colour-blind readers can tell apart.
  static let colours = 6
  /// How much there is of a dot's colour where others may lie below it.
  static let faintness = 0.7

  /// The names of what has a colour, with its value in light and in dark.
  private static let palette: [(name: String, light: String, dark: String)] = [
    ("paper", "#fff", "#18181b"), ("ink", "#1c1c1e", "#f4f4f5"), ("faint", "#e2e2e6", "#3a3a40"), ("mark", "#55555c", "#b4b4bc"),
    ("c0", "#0060a0", "#6cb8f0"), ("c1", "#b34700", "#ff9e57"), ("c2", "#007a5a", "#3fcf9f"), ("c3", "#a0447c", "#e392c2"),
    ("c4", "#7a5c00", "#e6c34d"), ("c5", "#3f3f46", "#d4d4d8"),
  ]

  /// A property in a colour. Programs that know no variables, as many that show pictures, take the light one.
  static func paint(_ property: String, _ name: String) -> String {
    let light = palette.first { $0.name == name }?.light ?? "#000"
    return "\(property):\(light);\(property):var(--\(name))"
  }

  static let style: String = {
    func variables(_ value: KeyPath<(name: String, light: String, dark: String), String>) -> String {
      palette.map { "--\($0.name):\($0[keyPath: value])" }.joined(separator: ";")
    }
    let all = ".glissade-chart"
    return "\(all){font:13px system-ui,sans-serif;\(variables(\.light))}"
      + "@media(prefers-color-scheme:dark){\(all){\(variables(\.dark))}}"
      + "\(all) .paper{\(paint("fill", "paper"))}\(all) text{\(paint("fill", "ink"))}\(all) .title{font-size:15px;font-weight:600}"
      + "\(all) .mark{\(paint("fill", "mark"));font-size:12px}\(all) .grid{\(paint("stroke", "faint"))}"
      + "\(all) .axis{\(paint("stroke", "mark"))}\(all) .curve{fill:none;stroke-width:2;stroke-linejoin:round}"
      + "\(all) .halo{paint-order:stroke;stroke-width:4px;\(paint("stroke", "paper"))}\(all) .ink{font-size:12px}\(all) .dashed{stroke-dasharray:6 4}\(all) .faint{opacity:\(faintness)}"
      + (0..<colours).map {
        "\(all) .curve.c\($0){\(paint("stroke", "c\($0)"))}\(all) .dot.c\($0),\(all) .bar.c\($0){\(paint("fill", "c\($0)"))}"
      }.joined()
  }()

  /// A chart's beginning: what it is called, what it shows, and its paper.
  static func opening(_ title: String, _ summary: String, _ width: Int, _ height: Int, _ hasStyle: Bool) -> [String] {
    [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width) \(height)\" role=\"img\" class=\"glissade-chart\">",
      "<title>\(escaped(title))</title>", "<desc>\(escaped(summary))</desc>", hasStyle ? "<style>\(style)</style>" : "",
      "<rect class=\"paper\" width=\"\(width)\" height=\"\(height)\"/>",
    ]
  }

  /// The lower axis' line, and what both axes are.
  static func frame(
    _ plot: (left: Double, top: Double, right: Double, bottom: Double), _ x: String, _ y: String, height: Double
  ) -> [String] {
    let middle = (plot.top + plot.bottom) / 2
    return [
      line((plot.left, plot.bottom), (plot.right, plot.bottom), "axis"),
      text(x, (plot.left + plot.right) / 2, height - 12, "label", anchor: "middle"),
      "<text class=\"label\" text-anchor=\"middle\" transform=\"translate(16 \(number(middle))) rotate(-90)\">\(escaped(y))</text>",
    ]
  }

  static func bar(_ corner: (Double, Double), _ width: Double, _ height: Double, _ style: String, _ hint: String) -> String {
    "<rect class=\"\(style)\" x=\"\(number(corner.0))\" y=\"\(number(corner.1))\" width=\"\(number(max(width, 0)))\" "
      + "height=\"\(number(max(height, 0)))\"><title>\(escaped(hint))</title></rect>"
  }

  /// What a text of a legend or a mark takes at most, about: nobody knows the font.
  static func width(_ text: String) -> Double {
    text.reduce(0) { $0 + ($1.unicodeScalars.allSatisfy { $0.value < 0x1100 } ? 7 : 13) }
  }

  static func escaped(_ text: some StringProtocol) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      // XML has no other control characters, not even escaped.
      case _ where scalar.value < 32 || scalar.value == 127: result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A tenth of a unit is finer than anybody sees.
  static func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }

  static func line(_ a: (Double, Double), _ b: (Double, Double), _ style: String) -> String {
    "<line class=\"\(style)\" x1=\"\(number(a.0))\" y1=\"\(number(a.1))\" x2=\"\(number(b.0))\" y2=\"\(number(b.1))\"/>"
  }

  static func text(_ text: some StringProtocol, _ x: Double, _ y: Double, _ style: String, anchor: String = "start") -> String {
    "<text class=\"\(style)\" x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">\(escaped(text))</text>"
  }

  static func dot(_ place: (Double, Double), _ radius: Double, _ style: String) -> String {
    "<circle class=\"\(style)\" cx=\"\(number(place.0))\" cy=\"\(number(place.1))\" r=\"\(radius)\"/>"
  }

  /// At most so many points that look the same: of each part of the way its lowest and its highest.
  static func thinned(_ points: [(x: Double, y: Double)], to count: Int) -> [(x: Double, y: Double)] {
    guard points.count > count, count >= 4 else { return points }
    let parts = count / 2
    return (0..<parts).flatMap { part -> [(x: Double, y: Double)] in
      let range = points.count * part / parts..<points.count * (part + 1) / parts
      guard let low = range.min(by: { points[$0].y < points[$1].y }), let high = range.max(by: { points[$0].y < points[$1].y }) else {
        return []
      }
      return low == high ? [points[low]] : [points[min(low, high)], points[max(low, high)]]
    }
  }
}
