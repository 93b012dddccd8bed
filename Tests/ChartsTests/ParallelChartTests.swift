import GlissadeCharts
import Testing

/// Parallel coordinates.
struct ParallelChartTests {
  private func heights(_ svg: String) -> [[Double]] {
    svg.split(separator: "points=\"").dropFirst().map { part in
      part.prefix { $0 != "\"" }.split(separator: " ").compactMap { $0.split(separator: ",").last.flatMap { Double($0) } }
    }
  }

  @Test func placesFollowFromValues() {
    let chart = ParallelChart(
      "", [.init(Axis("rate", isLogarithmic: true)), .init(Axis("how"), choices: ["a", "b"]), .init(Axis("result"))],
      [
        .init("one", [0.01, 0, 0.5], weight: 0), .init("two", [1, nil, 1], weight: 1, isMarked: true),
        .init("three & more", [0.1, 1, 0.75]),
      ])
    let svg = chart.svg()
    // The marked one is drawn last.
    let (one, three, two) = (heights(svg)[0], heights(svg)[1], heights(svg)[2])
    #expect(abs(one[0] + two[0] - 2 * three[0]) < 0.2 && one[0] > two[0])
    #expect(three[1] < one[1] && two[1] > one[1])
    #expect(abs(one[2] + two[2] - 2 * three[2]) < 0.2)
    #expect(svg.contains("three &amp; more") && svg.contains(">–<") && svg.contains(">a<") && svg.contains(">0.01<"))
    #expect(svg.contains("3 lines over rate, how, result; marked: two"))
  }

  @Test func littleIsNoTrouble() {
    #expect(ParallelChart("", [], []).svg().contains("</svg>"))
    #expect(ParallelChart("t", [.init(Axis("x"))], [.init("a", []), .init("b", [.nan])]).svg().contains("</svg>"))
  }
}
