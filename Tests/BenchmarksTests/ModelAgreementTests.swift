import Testing

@testable import GlissadeBenchmarks

struct ModelAgreementTests {
  @Test func aQuarterIsTheLimitAndOnlyMemoryCounts() {
    func result(_ name: String, _ seconds: Double, model: Double?, suite: BenchmarkResult.Suite = .kernels) -> BenchmarkResult {
      var result = BenchmarkResult(suite: suite, name: name, samples: Samples([seconds, 9 * seconds]))
      (result.modelSeconds, result.modelBound) = (model, model == nil ? nil : .memory)
      return result
    }
    var product = result("product", 5, model: 1)
    product.modelBound = .arithmetic
    let agreement = ModelAgreement([
      result("good", 1.2, model: 1), result("slow", 1.5, model: 1), result("too fast", 0.5, model: 1), result("unknown", 1, model: nil),
      result("step", 3, model: 1, suite: .train), product,
    ])
    #expect(agreement.count == 3 && agreement.within == 1)
    #expect(agreement.others.map(\.name) == ["too fast", "slow"] && agreement.others.map(\.ratio) == [0.5, 1.5])
  }
}
