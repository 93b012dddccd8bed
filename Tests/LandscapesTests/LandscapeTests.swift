import GlissadeCharts
import GlissadeLandscapes
import GlissadeOptimizers
import Testing

/// Known functions, and the paths of optimizers over them.
struct LandscapeTests {
  @Test(arguments: Landscape.all.map(\.name)) func theMinimaAreLowestPlaces(name: String) throws {
    let landscape = try #require(Landscape.named(name))
    let walker = try LandscapeWalker(landscape)
    for minimum in landscape.minima {
      let round = [(0.02, 0.0), (-0.02, 0), (0, 0.02), (0, -0.02)].map { LandscapePoint(minimum.x + $0.0, minimum.y + $0.1) }
      let heights = try walker.heights([minimum] + round)
      #expect(abs(heights[0] - landscape.lowest) < 1e-5, "\(minimum): \(heights[0])")
      for height in heights.dropFirst() { #expect(height > landscape.lowest + 1e-6, "\(minimum): \(heights)") }
    }
    #expect(landscape.x.contains(landscape.start.x) && landscape.y.contains(landscape.start.y))
  }

  /// On a quadratic each coordinate of plain descent is a geometric series.
  @Test func plainDescentIsWhatItIsByHand() throws {
    let descent = try LandscapeWalker(.ravine, steps: 40).descend(SGD(), named: "sgd", learningRate: 0.005)
    #expect(descent.points.count == 41 && descent.heights.count == 41)
    var (x, y) = (-4.0, 0.6)
    for point in descent.points {
      #expect(abs(point.x - x) < 1e-5 && abs(point.y - y) < 1e-5)
      (x, y) = (x * (1 - 0.005), y * (1 - 0.5))
    }
    #expect(abs(descent.heights[0] - (8 + 50 * 0.36)) < 1e-4)
  }

  @Test func theRateIsTheBestOfThoseThatAreTried() throws {
    let walker = try LandscapeWalker(.ravine, steps: 30)
    let best = try walker.descend(SGD(momentum: 0.9), named: "momentum")
    let ends = try LandscapeWalker.rates.map { rate -> Double in
      let tried = try walker.descend(SGD(momentum: 0.9), named: "momentum", learningRate: rate)
      return tried.points.count == 31 ? try #require(tried.heights.last) : .infinity
    }
    #expect(best.heights.last == ends.min())
    #expect(LandscapeWalker.rates.contains(0.002) && LandscapeWalker.rates.contains(1e-5))
  }

  @Test func whatFliesAwayEndsThere() throws {
    let descent = try LandscapeWalker(.rosenbrock, steps: 50).descend(SGD(), named: "sgd", learningRate: 0.1)
    #expect(descent.points.count < 51 && descent.points.allSatisfy { abs($0.x) < 1e6 })
    #expect(descent.firstStep(within: 1e-4, of: .rosenbrock) == nil)
  }

  @Test(arguments: Optimizers.all.filter { !($0.rule is any MatrixOptimizer) }.map(\.name)) func everyOptimizerGetsDown(name: String) throws
  {
    let rule = try #require(Optimizers.named(name)?.rule)
    let descent = try LandscapeWalker(.saddle, steps: 100).descend(rule, named: name)
    #expect(descent.lowest < 0.05, "\(descent.lowest) at rate \(descent.learningRate)")
    #expect(descent.optimizer == name && descent.points.first == Landscape.saddle.start)
  }

  @Test func theMapHoldsContoursAndPaths() throws {
    let walker = try LandscapeWalker(.himmelblau, start: LandscapePoint(-1, 0), steps: 20)
    let descents = try [walker.descend(Adam(), named: "adam", learningRate: 0.1), walker.descend(SGD(), named: "sgd")]
    let svg = try walker.map(of: descents).svg()
    #expect(svg.components("class=\"contour\"") > 8 && svg.components("<polyline") == 2 && svg.components("class=\"cross\"") == 8)
    #expect(svg.contains("adam, rate 0.1") && svg.components("href=\"http") == 0)
    #expect(walker.curves(of: descents).series.map(\.points.count) == [21, 21])
  }
}

extension String {
  fileprivate func components(_ part: String) -> Int { ranges(of: part).count }
}
