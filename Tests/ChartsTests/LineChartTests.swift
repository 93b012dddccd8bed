import Foundation
import Testing

@testable import GlissadeCharts

/// Curves as text and as SVG.
struct LineChartTests {
  private let chart = LineChart(
    "falling", x: Axis("epoch"), y: Axis("loss"),
    [
      LineChart.Series("train", (0...10).map { (Double($0), Double(10 - $0)) }),
      LineChart.Series("validation", [(0, 10), (10, 5)], isDashed: true, mark: 1),
    ])

  @Test func textHasAxesCurvesAndLegend() {
    let lines = chart.text(columns: 40, rows: 6, isUnicode: false).split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.first == "falling")
    #expect(lines.allSatisfy { $0.count <= 40 })
    // The curves begin at the top left and the first ends at the bottom right.
    #expect(lines[1].hasPrefix(" 10+*") && lines[6].hasPrefix("  0+") && lines[6].hasSuffix("*"))
    #expect(lines.contains { $0.contains("x: epoch, y: loss") })
    #expect(lines.contains { $0.contains("validation: ends at 5") })
    #expect(chart.text(columns: 40, rows: 6).unicodeScalars.contains { (0x2801...0x28ff).contains($0.value) })
  }

  @Test func whatCannotBeDrawnBreaksTheCurve() {
    let broken = LineChart(
      "", x: Axis("x"), y: Axis("y", isLogarithmic: true), [.init("a", [(0, 1), (1, .nan), (2, 10), (3, 0), (4, 100)])])
    let svg = broken.svg()
    #expect(svg.components(separatedBy: "<circle").count == 4)
    #expect(!svg.contains("nan") && !svg.contains("inf"))
    let empty = LineChart("", x: Axis("x"), y: Axis("y"), [.init("a", [])])
    #expect(empty.svg().contains("a: no values"))
    #expect(!empty.text().isEmpty)
    #expect(LineChart("", x: Axis("x"), y: Axis("y"), [.init("a", [(3, 7), (4, 7)])]).svg().contains("polyline"))
  }

  @Test func marksAreWhereThereCanBeValues() {
    func marks(_ axis: Axis, _ values: [Double], _ count: Int = 5) -> [Double] { Scale(axis, values, marks: count).marks }
    #expect(marks(.epoch, [1, 2]) == [1, 2] && marks(.epoch, [1, 2, 3]) == [1, 2, 3] && marks(.epoch, [1, 20]) == [0, 5, 10, 15, 20])
    #expect(marks(.epoch, [1]) == [0, 1, 2])
    let share = Axis("accuracy", limits: 0...1)
    #expect(marks(share, [0.8, 0.8]).max() == 1 && marks(share, [0.8, 0.8]).allSatisfy { (0...1).contains($0) })
    #expect(marks(share, [0.4, 0.97]).max() == 1 && marks(share, [1, 1]).max() == 1 && marks(share, [0, 0]).min() == 0)
    #expect(Scale(share, [0.8, 0.8], marks: 5).place(1) == 1)
    // What cannot be is drawn where it is.
    #expect(Scale(share, [0.5, 1.5], marks: 5).upper >= 1.5 && Scale(Axis("a"), [0.8], marks: 5).upper > 1)
  }

  @Test func namesAreText() {
    let hostile = LineChart("<script>&\u{1b}\"", x: Axis("a<b"), y: Axis("y"), [.init("</svg>", [(0, 1), (1, 2)]), .init("b", [(0, 1)])])
    let svg = hostile.svg()
    #expect(svg.contains("&lt;script&gt;&amp; &quot;") && svg.contains("a&lt;b") && svg.contains("&lt;/svg&gt;"))
    #expect(!svg.contains("<script") && !svg.unicodeScalars.contains("\u{1b}"))
    // Nothing is loaded from elsewhere.
    #expect(!svg.replacing("http://www.w3.org/2000/svg", with: "").contains("http"))
  }

  /// Names lie above the curves, beside or below one another.
  @Test func legendsHideNothing() throws {
    let names = (1...7).map { "runs/with-a-rather-long-name-\($0)" } + ["a", "b", String(repeating: "very ", count: 40), "ロジスティック回帰"]
    let svg = LineChart("t", x: Axis("x"), y: Axis("y"), names.map { .init($0, [(0, 1), (1, 3)]) }).svg(width: 480, height: 320)
    struct Place {
      var x: Double
      var y: Double
      var text: String
    }
    func attribute(_ name: String, _ part: Substring) -> Double {
      part.firstRange(of: " \(name)=\"").flatMap { Double(part[$0.upperBound...].prefix { $0 != "\"" }) } ?? .nan
    }
    let places = svg.split(separator: "\n").filter { $0.hasPrefix("<text class=\"mark\"") && $0.contains("\"start\"") }.map { line in
      Place(x: attribute("x", line), y: attribute("y", line), text: String(line.split(separator: ">")[1].dropLast(6)))
    }
    #expect(places.count == names.count && places.map(\.text).filter { names.contains($0) }.count == names.count - 1)
    for (one, other) in zip(places, places.dropFirst()) {
      #expect(other.y >= one.y + 18 || other.x >= one.x + SVG.width(one.text) + 24, "\(one) \(other)")
      #expect(one.x + SVG.width(one.text) <= 460)
    }
    let curves = svg.split(separator: "points=\"").dropFirst().flatMap { $0.prefix { $0 != "\"" }.split(separator: " ") }
    let highest = try #require(curves.compactMap { Double($0.split(separator: ",")[1]) }.min())
    #expect(try #require(places.map(\.y).max()) < highest)
    // Lines of names make the picture higher, and leave the curves their room.
    let height = try #require(svg.split(separator: "viewBox=\"0 0 480 ")[1].split(separator: "\"").first.flatMap { Double($0) })
    #expect(height > 320 && height - highest > 200)
  }

  @Test func longCurvesAreThinnedAndKeepTheirPeaks() {
    let points = (0..<100_000).map { (x: Double($0), y: $0 == 54_321 ? 9.0 : 1.0) }
    let svg = LineChart("", x: Axis("x"), y: Axis("y"), [.init("a", points)]).svg(width: 700, height: 300)
    #expect(svg.utf8.count < 40_000)
    let heights = svg.split(separator: "points=\"")[1].prefix { $0 != "\"" }.split(separator: " ").compactMap {
      Double($0.split(separator: ",")[1])
    }
    let (highest, usual) = (heights.min() ?? 0, heights.max() ?? 0)
    #expect(usual - highest > 150)
  }
}
