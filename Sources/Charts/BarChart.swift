/// Bars beside each other, as SVG: a histogram, or shares of a whole.
public struct BarChart: Sendable {
  /// One bar.
  public struct Bar: Hashable, Sendable {
    /// What stands below it, or beside it where bars lie.
    public var name: String
    public var value: Double

    public init(_ name: String, _ value: Double) { (self.name, self.value) = (name, value) }
  }

  public var title: String
  /// What bars are told apart by.
  public var label: String
  /// What they measure, with its unit.
  public var values: Axis
  public var bars: [Bar]
  /// Whether they lie below each other, with room for names; default upright.
  public var isLying: Bool

  public init(_ title: String, label: String, values: Axis, isLying: Bool = false, _ bars: [Bar]) {
    (self.title, self.label, self.values, self.isLying, self.bars) = (title, label, values, isLying, bars)
    self.values.includes.append(0)
  }

  /// The chart as an SVG picture of its own, as `LineChart.svg` draws one. What is no finite number has no bar.
  public func svg(width: Int = 720, height: Int = 400, hasStyle: Bool = true) -> String {
    let marks = isLying ? max(width / 110, 2) : max(height / 60, 2)
    let scale = Scale(values, bars.lazy.map(\.value), marks: marks)
    let summary = bars.map { "\($0.name): \(ChartNumber.text($0.value))" }.joined(separator: "; ")
    var parts = SVG.opening(title.isEmpty ? values.label : title, summary, width, height, hasStyle)
    let left = isLying ? 150.0 : 76.0
    let plot = (left: left, top: title.isEmpty ? 16.0 : 40.0, right: Double(width) - 20, bottom: Double(height) - 52)
    if !title.isEmpty { parts.append(SVG.text(title, min(plot.left, 76), 24, "title")) }
    parts += isLying ? lying(plot, scale) : upright(plot, scale)
    parts += SVG.frame(plot, isLying ? values.label : label, isLying ? "" : values.label, height: Double(height))
    return (parts + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private typealias Plot = (left: Double, top: Double, right: Double, bottom: Double)

  private func upright(_ plot: Plot, _ scale: Scale) -> [String] {
    func height(_ share: Double) -> Double { plot.bottom - share * (plot.bottom - plot.top) }
    var parts: [String] = []
    for mark in scale.marks {
      guard let share = scale.place(mark) else { continue }
      parts.append(SVG.line((plot.left, height(share)), (plot.right, height(share)), "grid"))
      parts.append(SVG.text(ChartNumber.text(mark), plot.left - 8, height(share) + 4, "mark", anchor: "end"))
    }
    let step = (plot.right - plot.left) / Double(max(bars.count, 1))
    let zero = scale.place(0) ?? 0
    // As many names as there is room for.
    let longest = Double(bars.map(\.name.count).max() ?? 1) * 7 + 8
    let every = max(Int((longest / step).rounded(.up)), 1)
    for (index, bar) in bars.enumerated() {
      let at = plot.left + Double(index) * step
      if let share = scale.place(bar.value) {
        let hint = "\(bar.name): \(ChartNumber.text(bar.value))"
        parts.append(
          SVG.bar(
            (at + step * 0.05, height(max(share, zero))), step * 0.9, height(min(share, zero)) - height(max(share, zero)), "bar c0", hint))
      }
      if index % every == 0 { parts.append(SVG.text(bar.name, at + step / 2, plot.bottom + 20, "mark", anchor: "middle")) }
    }
    return parts
  }

  private func lying(_ plot: Plot, _ scale: Scale) -> [String] {
    func place(_ share: Double) -> Double { plot.left + share * (plot.right - plot.left) }
    var parts: [String] = []
    for mark in scale.marks {
      guard let share = scale.place(mark) else { continue }
      parts.append(SVG.line((place(share), plot.top), (place(share), plot.bottom), "grid"))
      parts.append(SVG.text(ChartNumber.text(mark), place(share), plot.bottom + 20, "mark", anchor: "middle"))
    }
    let step = (plot.bottom - plot.top) / Double(max(bars.count, 1))
    for (index, bar) in bars.enumerated() {
      let at = plot.top + Double(index) * step
      if let share = scale.place(bar.value), let zero = scale.place(0) {
        let (from, to) = (min(place(share), place(zero)), max(place(share), place(zero)))
        parts.append(SVG.bar((from, at + step * 0.15), to - from, step * 0.7, "bar c0", "\(bar.name): \(ChartNumber.text(bar.value))"))
      }
      let name = bar.name.count > 20 ? bar.name.prefix(19) + "…" : bar.name[...]
      parts.append(SVG.text(name, plot.left - 8, at + step / 2 + 4, "mark", anchor: "end"))
    }
    return parts
  }
}
