import Glissade
import TestSupport
import Testing

@testable import GlissadeBenchmarks

/// The cases measure what their names say.
struct CaseTests {
  @Test func namesAreUnique() {
    for suite in BenchmarkResult.Suite.allCases {
      let names = Benchmark.names(of: suite)
      #expect(!names.isEmpty && Set(names).count == names.count)
    }
  }

  @Test func everyCaseCanBePlannedForEveryStyle() throws {
    let profiles = Set(TestDevices.all.map(\.device.profile))
    for row in KernelCase.products + KernelCase.memoryBound {
      let traced = row.trace()
      #expect(traced.graph.firstError == nil && traced.results.allSatisfy(\.isValid) && !traced.results.isEmpty, "\(row.name)")
      #expect(traced.bytes >= 4 * traced.results.reduce(0) { $0 + $1.shape.count }, "\(row.name)")
      let layout = ParameterLayout(traced.given.map { ($0.parameter.name, $0.parameter) }, groupCount: 0) { _, _ in nil }
      var request = StepRequest(graph: traced.graph, layout: layout)
      for (index, result) in traced.results.enumerated() { request.outputs["\(index)"] = result }
      for profile in profiles { #expect(try !Planner(profile: profile).plan(request).launches.isEmpty, "\(row.name)") }
    }
  }

  private func names(_ traced: KernelCase.Traced) -> [String] { traced.graph.nodes.map(\.operation.rule.name).sorted() }

  /// A gradient is measured without the operation whose gradient it is.
  @Test func gradientsAreCutOut() {
    let x = KernelCase.Operand([4, 8, 8, 16])
    let w = KernelCase.Operand([32, 3, 3, 16])
    let body: KernelCase.Body = { [$0[0].convolved($0[1], padding: (1, 1))] }
    let dw = KernelCase.gradient("dw", [x, w], of: [1], body).trace()
    #expect(names(dw) == ["conv2dWeightGradient", "parameter", "parameter"])
    #expect(dw.results.map(\.shape) == [[32, 3, 3, 16]])
    #expect(dw.bytes == 4 * (4 * 8 * 8 * 16 + 4 * 8 * 8 * 32 + 32 * 9 * 16))
    let dx = KernelCase.gradient("dx", [x, w], of: [0], body).trace()
    #expect(names(dx) == ["conv2dInputGradient", "parameter", "parameter"])
    #expect(dx.bytes == 4 * (32 * 9 * 16 + 4 * 8 * 8 * 32 + 4 * 8 * 8 * 16))
  }

  /// The taps' numbers are given, too, and are numbers of taps.
  @Test func poolingGradientReadsTaps() throws {
    let window = Window(kernel: (2, 2), stride: (2, 2))
    let row = KernelCase.gradient("pool", [KernelCase.Operand([2, 8, 8, 16])], of: [0], taps: 4) { x in [x[0].maxPooled(window)] }
    let traced = row.trace()
    #expect(names(traced) == ["maxPoolGradient", "parameter", "parameter"])
    #expect(traced.given.map(\.content).contains(.integers(below: 4)))
    let (replay, bytes, _, _, _) = try row.replay(on: try CPUDevice(threads: 1))
    #expect(replay.plan.launches.count == 1 && bytes == 4 * (2 * 4 * 4 * 16 * 2 + 2 * 8 * 8 * 16))
  }

  @Test func forwardCountsLabels() {
    let operands = [KernelCase.Operand([8, 10]), KernelCase.Operand([8], .integers(below: 10))]
    let traced = KernelCase.forward("loss", operands) { [softmaxCrossEntropy($0[0], $0[1]).loss] }.trace()
    #expect(traced.bytes == 4 * (80 + 8 + 1))
    #expect(traced.inputs == ["operand1": .integers(below: 10)])
  }
}
