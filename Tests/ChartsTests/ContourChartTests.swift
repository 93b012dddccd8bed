import Testing

@testable import GlissadeCharts

/// Contours of heights that are known.
struct ContourChartTests {
  private let places = (0...40).map { -2 + Double($0) / 10 }

  private func chart(_ height: (Double, Double) -> Double) -> ContourChart {
    ContourChart(
      "", x: Axis("x"), y: Axis("y"), columns: places, rows: places, values: places.flatMap { y in places.map { height($0, y) } })
  }

  @Test func aPlanesContoursAreStraight() {
    let pieces = chart { x, y in x + y / 4 }.pieces(at: 0.33)
    #expect(pieces.count >= 40)
    for end in pieces.flatMap({ [$0.0, $0.1] }) { #expect(abs(end.x + end.y / 4 - 0.33) < 1e-12) }
  }

  @Test func aBowlsContoursAreRound() {
    let pieces = chart { x, y in x * x + y * y }.pieces(at: 1.003)
    for end in pieces.flatMap({ [$0.0, $0.1] }) { #expect(abs((end.x * end.x + end.y * end.y).squareRoot() - 1.003.squareRoot()) < 2e-3) }
    // Every end is where another piece goes on.
    let ends = pieces.flatMap { [$0.0, $0.1] }
    for end in ends { #expect(ends.count { abs($0.x - end.x) + abs($0.y - end.y) < 1e-9 } == 2) }
  }

  @Test func whatIsNoNumberIsLeftOut() {
    let chart = chart { x, y in x > 0 ? .nan : x + y }
    #expect(chart.pieces(at: -1).allSatisfy { $0.0.x <= 0 && $0.1.x <= 0 } && !chart.pieces(at: -1).isEmpty)
    #expect(chart.levels.allSatisfy(\.isFinite) && self.chart { _, _ in 1 }.levels.isEmpty)
  }

  @Test func textsAreEscaped() {
    var hostile = chart { x, y in x * y }
    hostile.title = "<script>"
    hostile.paths = [LineChart.Series("a&b", [(0, 0), (1, 1), (.nan, 2)])]
    let svg = hostile.svg()
    #expect(!svg.contains("<script>") && svg.contains("a&amp;b") && !svg.contains("nan"))
  }
}
