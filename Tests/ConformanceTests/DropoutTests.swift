import GlissadeDevices
import GlissadeRandom
import GlissadeTensors
import StepSupport
import Testing

@testable import ConformanceCases

/// Dropout's mask is the same on every device, for the gradient as for the values, and what Philox says.
struct DropoutTests {
  private static let shape: Shape = [37, 53]
  private static let rate: Float = 0.3

  private struct Outcome: Equatable {
    var first: [Float]
    var second: [Float]
    var gradient: [Float]
  }

  /// Two dropouts of ones, each a stream of its own, and the gradient of Σ cotangent · first.
  private func run(on device: TestDevice, step: Int, seed: UInt64, _ cotangents: [Float]) throws -> Outcome {
    let graph = Graph(isTraining: true)
    let (pad, parameter) = (Parameter("pad", shape: [5]), Parameter("x", shape: Self.shape))
    let x = graph[parameter]
    let (first, second) = (x.dropout(Self.rate), x.dropout(Self.rate))
    let loss = (first * graph.input("c", shape: Self.shape)).sum()
    var request = StepRequest(graph: graph, layout: ParameterLayout([("pad", pad), ("x", parameter)], groupCount: 1) { _, _ in 0 })
    request.outputs = ["first": first, "second": second]
    request.gradients = try graph.gradients(of: loss, withRespectTo: [x]).map { (parameter.id, try #require($0)) }
    let runner = try StepRunner(request, on: device.device)
    try runner.write([Float](repeating: 1, count: Self.shape.count), to: parameter.id)
    try runner.run(["c": .floats(cotangents)], step: step, seed: seed)
    #expect(try runner.damage() == [])
    return Outcome(first: try runner.output("first"), second: try runner.output("second"), gradient: try runner.gradient(of: parameter.id))
  }

  /// What an element is multiplied by: elements go in groups of 64, of which block j % 16 draws those at j, j + 16, j + 32 and j + 48.
  private func factors(step: Int, seed: UInt64, stream: UInt32) -> [Float] {
    let key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    let threshold = UInt32((Double(Self.rate) * 4_294_967_296).rounded())
    return (0..<Self.shape.count).map { index in
      let place = index % 64
      let counter = SIMD4(UInt32(index / 64 * 16 + place % 16), UInt32(step), stream, 0)
      return Philox4x32.block(counter: counter, key: key)[place / 16] >= threshold ? 1 / (1 - Self.rate) : 0
    }
  }

  @Test func masksAreThoseOfPhiloxOnEveryDevice() throws {
    var dice = Dice("dropout")
    let cotangents = (0..<Self.shape.count).map { _ in Float(dice.uniform(-1...1)) }
    for (step, seed) in [(1, 1), (2, 1), (70_000, 0x1234_5678_9abc_def0)] as [(Int, UInt64)] {
      let (first, second) = (factors(step: step, seed: seed, stream: 0), factors(step: step, seed: seed, stream: 1))
      let right = Outcome(first: first, second: second, gradient: zip(first, cotangents).map { $0 * $1 })
      for device in TestDevices.all {
        let outcome = try run(on: device, step: step, seed: seed, cotangents)
        #expect(outcome == right, "\(device.name), step \(step)")
      }
    }
  }

  @Test func asManyAreDroppedAsAskedFor() {
    let kept = factors(step: 1, seed: 1, stream: 0)
    let dropped = Double(kept.count { $0 == 0 }) / Double(kept.count)
    let deviation = (0.3 * 0.7 / Double(kept.count)).squareRoot()
    #expect(abs(dropped - 0.3) < 4 * deviation)
    // Masks of other steps, streams and seeds have nothing to do with it: they agree as often as chance has it, 0.3² + 0.7².
    for other in [factors(step: 2, seed: 1, stream: 0), factors(step: 1, seed: 1, stream: 1), factors(step: 1, seed: 2, stream: 0)] {
      let agreeing = Double(zip(kept, other).count { $0 == $1 }) / Double(kept.count)
      #expect(abs(agreeing - 0.58) < 0.05)
    }
  }

  @Test func nothingIsDroppedOutsideTraining() {
    let graph = Graph(isTraining: false)
    let x = graph.input("x", shape: [4])
    #expect(x.dropout(0.5).id == x.id)
  }
}
