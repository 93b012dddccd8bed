import GlissadeCharts
import Testing

/// Curves in one line.
struct SparklineTests {
  @Test(arguments: [
    ([0.0, 1, 2, 3, 4, 5, 6, 7], 8, "▁▂▃▄▅▆▇█"), ([7, 0], 8, "█▁"), ([1, 1, 1], 8, "▄▄▄"), ([1], 8, ""), ([], 8, ""), ([1, 2], 0, ""),
    ([1, .nan, 2, .infinity], 8, "▁█"), ([0, 0, 8, 8], 2, "▁█"), ([-1.5e308, 1.5e308], 4, "▁█"), ([1.5e308, 1.5e308, 0, 0], 2, "█▁"),
  ])
  func aCharacterForEach(_ values: [Double], _ width: Int, _ text: String) {
    #expect(Sparkline.text(values, width: width) == text)
  }

  @Test func theWidthIsKept() {
    for width in 1...40 {
      let text = Sparkline.text((0..<100).map(Double.init), width: width)
      #expect(text.count == width && text.last == (width == 1 ? "▄" : "█"))
    }
  }
}
