extension LineChart {
  /// Several charts below each other, in one SVG picture: what has no axis in common, of one thing.
  /// - Parameters:
  ///   - charts: from the top; one alone is what `svg()` makes of it.
  ///   - width: in units of the picture, which scales.
  ///   - height: of each.
  public static func svg(_ charts: [LineChart], width: Int = 720, height: Int = 400) -> String {
    if charts.count == 1 { return charts[0].svg(width: width, height: height) }
    let titles = charts.map { $0.title.isEmpty ? $0.y.label : $0.title }.joined(separator: "; ")
    var parts = SVG.opening(titles, charts.map(\.summary).joined(separator: "; "), width, height * charts.count, true)
    for (index, chart) in charts.enumerated() {
      let picture = chart.svg(width: width, height: height, hasStyle: false)
      parts.append("<svg y=\"\(index * height)\" width=\"\(width)\" height=\"\(height)\" " + picture.dropFirst("<svg ".count))
    }
    return (parts + ["</svg>"]).joined(separator: "\n") + "\n"
  }
}
