/// Parallel coordinates, as SVG: an axis beside the other for each quantity, and a line for each thing that has them all (Inselberg, 1985).
public struct ParallelChart: Sendable {
  /// One quantity.
  public struct Dimension: Hashable, Sendable {
    /// What it is; whether equal distances are equal ratios, where it is a number.
    public var axis: Axis
    /// What it may be, from the bottom up, where it is no number.
    public var choices: [String]?

    public init(_ axis: Axis, choices: [String]? = nil) { (self.axis, self.choices) = (axis, choices) }
  }

  /// One thing.
  public struct Line: Sendable {
    /// What it is called, for who points at it.
    public var name: String
    /// What it has of each dimension: a number, or the place of a choice; `nil` where it has none of that.
    public var values: [Double?]
    /// From 0, hardly to be seen, to 1.
    public var weight: Double
    /// Whether it stands out among the others.
    public var isMarked: Bool

    public init(_ name: String, _ values: [Double?], weight: Double = 0.5, isMarked: Bool = false) {
      (self.name, self.values, self.weight, self.isMarked) = (name, values, weight, isMarked)
    }
  }

  public var title: String
  public var dimensions: [Dimension]
  public var lines: [Line]

  public init(_ title: String, _ dimensions: [Dimension], _ lines: [Line]) {
    (self.title, self.dimensions, self.lines) = (title, dimensions, lines)
  }

  /// The chart as an SVG picture of its own, as `LineChart.svg` draws one. Lines that are marked lie above the others. What a thing has not is at
  /// the foot of the axis, at a dash.
  public func svg(width: Int = 960, height: Int = 400, hasStyle: Bool = true) -> String {
    var parts = SVG.opening(title.isEmpty ? "parallel coordinates" : title, summary, width, height, hasStyle)
    if !title.isEmpty { parts.append(SVG.text(title, 12, 24, "title")) }
    let (top, foot) = (title.isEmpty ? 40.0 : 64.0, Double(height) - 28)
    let lacks = dimensions.indices.map { place in lines.contains { place >= $0.values.count || $0.values[place] == nil } }
    let bottoms = lacks.map { foot - ($0 ? 28 : 0) }
    let (left, right) = (100.0, Double(width) - 90)
    let step = dimensions.count > 1 ? (right - left) / Double(dimensions.count - 1) : 0
    let scales = dimensions.indices.map { place in
      Scale(dimensions[place].axis, lines.lazy.compactMap { place < $0.values.count ? $0.values[place] : nil }, marks: max(height / 70, 2))
    }
    func level(_ place: Int, _ value: Double?) -> Double {
      guard let value else { return foot }
      let share = dimensions[place].choices.map { (value + 0.5) / Double(max($0.count, 1)) } ?? scales[place].place(value) ?? 0
      return bottoms[place] - share * (bottoms[place] - top)
    }
    for line in lines.filter({ !$0.isMarked }) + lines.filter(\.isMarked) {
      let points = dimensions.indices.map { place in
        let value = place < line.values.count ? line.values[place] : nil
        return "\(SVG.number(left + Double(place) * step)),\(SVG.number(level(place, value)))"
      }
      let opacity = line.isMarked ? 100 : Int((15 + 65 * min(max(line.weight, 0), 1)).rounded())
      parts.append(
        "<polyline class=\"curve \(line.isMarked ? "c1" : "c0")\" stroke-opacity=\"\(opacity == 100 ? "1" : "0.\(opacity)")\" "
          + "points=\"\(points.joined(separator: " "))\"><title>\(SVG.escaped(line.name))</title></polyline>")
    }
    for (place, dimension) in dimensions.enumerated() {
      let x = left + Double(place) * step
      parts.append(SVG.line((x, top), (x, bottoms[place]), "axis"))
      // Names of neighbours would touch.
      let most = max(Int(step / 7), 12)
      let name = dimension.axis.label.count > most ? dimension.axis.label.prefix(most - 1) + "…" : dimension.axis.label[...]
      parts.append(SVG.text(name, x, top - 12, "label", anchor: "middle"))
      let marks: [(text: String, y: Double)] =
        dimension.choices?.enumerated().map { (Self.short($1), level(place, Double($0))) }
        ?? scales[place].marks.map { (ChartNumber.text($0), level(place, $0)) }
      for mark in marks + (lacks[place] ? [("–", foot)] : []) {
        parts.append(SVG.line((x - 4, mark.y), (x + 4, mark.y), "axis"))
        parts.append(SVG.text(mark.text, x - 8, mark.y + 4, "mark halo", anchor: "end"))
      }
    }
    return (parts + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  private static func short(_ name: String) -> String { name.count > 14 ? name.prefix(13) + "…" : name }

  private var summary: String {
    let names = dimensions.map(\.axis.label).joined(separator: ", ")
    let marked = lines.filter(\.isMarked).map(\.name).joined(separator: "; ")
    return "\(lines.count) lines over \(names)" + (marked.isEmpty ? "" : "; marked: \(marked)")
  }
}
