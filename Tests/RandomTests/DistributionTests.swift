import GlissadeRandom
import Testing

@Suite struct DistributionTests {
  private func moments(_ values: [Float]) -> (mean: Double, variance: Double, fourth: Double) {
    let count = Double(values.count)
    let mean = values.reduce(0) { $0 + Double($1) } / count
    var (second, fourth) = (0.0, 0.0)
    for value in values {
      let square = (Double(value) - mean) * (Double(value) - mean)
      second += square
      fourth += square * square
    }
    return (mean, second / count, fourth / count)
  }

  @Test func uniformEndpoints() {
    #expect(Philox4x32.uniform(from: 0) == 0)
    #expect(Philox4x32.uniform(from: .max) == Float(1).nextDown)
  }

  @Test func uniformFillsTheInterval() {
    var values = [Float](repeating: 0, count: 100_000)
    var generator = Philox4x32(seed: 1)
    generator.fillUniform(&values, low: -2, high: 3)
    #expect(values.allSatisfy { $0 >= -2 && $0 < 3 })
    let (mean, variance, _) = moments(values)
    #expect(abs(mean - 0.5) < 0.02)
    #expect(abs(variance - 25.0 / 12) < 0.03)
    #expect(generator.position == 100_000)
  }

  /// Rounding low + (high − low)·u to float32 reaches `high` here unless it is held below.
  @Test func uniformNeverReachesTheUpperBound() {
    var values = [Float](repeating: 0, count: 1000)
    var generator = Philox4x32(seed: 1)
    generator.fillUniform(&values, low: 1, high: Float(1).nextUp)
    #expect(values.allSatisfy { $0 == 1 })
    generator.fillUniform(&values, low: 4, high: 4)
    #expect(values.allSatisfy { $0 == 4 })
  }

  @Test func normalHasTheRightMoments() {
    var values = [Float](repeating: 0, count: 200_001)
    var generator = Philox4x32(seed: 3, stream: Philox4x32.stream(named: "test"))
    generator.fillNormal(&values, mean: 5, deviation: 2)
    let (mean, variance, fourth) = moments(values)
    #expect(abs(mean - 5) < 0.02)
    #expect(abs(variance - 4) < 0.05)
    #expect(abs(fourth / (variance * variance) - 3) < 0.08)
    #expect(generator.position == 200_002)
  }

  @Test func halvesOfAPairAreUncorrelated() {
    var generator = Philox4x32(seed: 3)
    var sum = 0.0
    for _ in 0..<50_000 {
      let (first, second) = generator.nextNormalPair()
      sum += first * second
    }
    #expect(abs(sum / 50_000) < 0.02)
  }

  @Test func fillsAreReproducibleAndLeaveNeighboursAlone() {
    func draw() -> [Float] {
      var values = [Float](repeating: -1, count: 10)
      var generator = Philox4x32(seed: 11)
      values.withUnsafeMutableBufferPointer { generator.fillNormal(.init(rebasing: $0[1..<8])) }
      return values
    }
    let first = draw()
    #expect(first == draw())
    #expect(first[0] == -1 && first[8] == -1 && first[9] == -1 && first[7] != -1)
  }
}
