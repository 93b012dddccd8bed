import GlissadePlanning
import GlissadeRandom
import GlissadeTensors
import StepSupport

/// Dropout's mask is the same on every device, for the gradient as for the values, and what Philox says.
extension Check {
  private static let shape: Shape = [37, 53]
  private static let rate: Float = 0.3

  private struct Outcome: Equatable {
    var first: [Float]
    var second: [Float]
    var gradient: [Float]
  }

  /// Two dropouts of ones, each a stream of its own, and the gradient of Σ cotangent · first.
  private static func run(
    on device: TestDevice, step: Int, seed: UInt64, _ cotangents: [Float]
  ) throws -> (outcome: Outcome, problems: [Problem]) {
    let graph = Graph(isTraining: true)
    let (pad, parameter) = (Parameter("pad", shape: [5]), Parameter("x", shape: shape))
    let x = graph[parameter]
    let (first, second) = (x.dropout(rate), x.dropout(rate))
    let loss = (first * graph.input("c", shape: shape)).sum()
    var request = StepRequest(graph: graph, layout: ParameterLayout([("pad", pad), ("x", parameter)], groupCount: 1) { _, _ in 0 })
    request.outputs = ["first": first, "second": second]
    request.gradients = graph.gradients(of: loss, withRespectTo: [x]).compactMap { gradient in gradient.map { (parameter.id, $0) } }
    let runner = try StepRunner(request, on: device.device)
    try runner.write([Float](repeating: 1, count: shape.count), to: parameter.id)
    try runner.run(["c": .floats(cotangents)], step: step, seed: seed)
    let outcome = Outcome(
      first: try runner.output("first"), second: try runner.output("second"), gradient: try runner.gradient(of: parameter.id))
    return (outcome, try runner.damage().map { Problem($0) })
  }

  /// What an element is multiplied by: elements go in groups of 64, of which block j % 16 draws those at j, j + 16, j + 32 and j + 48.
  static func dropoutFactors(step: Int, seed: UInt64, stream: UInt32) -> [Float] {
    let key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    let threshold = UInt32((Double(rate) * 4_294_967_296).rounded())
    return (0..<shape.count).map { index in
      let place = index % 64
      let counter = SIMD4(UInt32(index / 64 * 16 + place % 16), UInt32(step), stream, 0)
      return Philox4x32.block(counter: counter, key: key)[place / 16] >= threshold ? 1 / (1 - rate) : 0
    }
  }

  static var dropout: [Check] {
    ([(1, 1), (2, 1), (70_000, 0x1234_5678_9abc_def0)] as [(Int, UInt64)]).map { step, seed in
      Check("dropout, step \(step), seed \(seed)") { device in
        var dice = Dice("dropout")
        let cotangents = (0..<shape.count).map { _ in Float(dice.uniform(-1...1)) }
        let first = dropoutFactors(step: step, seed: seed, stream: 0)
        let right = Outcome(
          first: first, second: dropoutFactors(step: step, seed: seed, stream: 1), gradient: zip(first, cotangents).map { $0 * $1 })
        let got = try run(on: device, step: step, seed: seed, cotangents)
        return got.problems + (got.outcome == right ? [] : [Problem("masks are not those of Philox")])
      }
    }
  }
}
