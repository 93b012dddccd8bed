import Foundation
import GlissadeCharts
import Testing

/// Bars and dots as SVG.
struct BarChartTests {
  @Test func everyNumberHasABar() {
    let chart = BarChart("t", label: "b", values: Axis("n"), [.init("a<b", 2), .init("c", .nan), .init("d", 4)])
    for svg in [chart.svg(), BarChart("t", label: "b", values: Axis("n"), isLying: true, chart.bars).svg()] {
      #expect(svg.components(separatedBy: "class=\"bar c0\"").count == 3)
      #expect(svg.contains("a&lt;b: 2") && !svg.contains("a<b") && !svg.contains("NaN\""))
    }
    // The second is twice as high as the first.
    let heights = chart.svg().split(separator: "class=\"bar c0\"").dropFirst().compactMap {
      $0.firstMatch(of: /height="([0-9.]+)"/).flatMap { Double($0.1) }
    }
    #expect(heights.count == 2 && abs(heights[1] - 2 * heights[0]) < 0.11)
    #expect(BarChart("", label: "", values: Axis("n"), []).svg().contains("</svg>"))
  }

  @Test func scatteredPointsAreNotJoined() {
    let chart = LineChart("", x: Axis("x"), y: Axis("y"), [.init("a", [(0, 1), (1, 0), (2, .nan)], isScattered: true)])
    #expect(chart.svg().components(separatedBy: "<circle").count == 3 && !chart.svg().contains("polyline"))
    #expect(chart.svg(hasStyle: false).contains("<style") == false)
  }
}
