import GlissadeBenchmarks
import Testing

struct SamplesTests {
  @Test func medianOfOddAndEvenCounts() {
    #expect(Samples([3, 1, 2]).median == 2)
    #expect(Samples([4, 1, 3, 2]).median == 2.5)
    #expect(Samples([7]).median == 7)
  }

  /// NumPy's `percentile` of the same numbers, method "linear".
  @Test func percentilesAreInterpolated() {
    let samples = Samples([15, 20, 35, 40, 50])
    #expect(samples.percentile(0.4) == 29)
    #expect(samples.percentile(0.25) == 20)
    #expect(samples.p90 == 46)
    #expect(samples.percentile(0) == 15 && samples.minimum == 15)
    #expect(samples.percentile(1) == 50)
    #expect(samples.percentile(-1) == 15 && samples.percentile(2) == 50)
  }

  @Test func nothingHasNoMedian() {
    #expect(Samples([]).median.isNaN && Samples([]).minimum.isNaN && Samples([]).p90.isNaN)
  }
}
