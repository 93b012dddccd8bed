import Glissade
import StepSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Every optimizer gets to the bottom of two well-known valleys.
@Suite("Optimizers on known problems")
struct ConvergenceTests {
  /// The learning rates for a quadratic of condition 10⁴, and for Rosenbrock's function.
  static let rates: [String: (quadratic: Double, rosenbrock: Double)] = [
    "sgd": (2e-4, 2e-3), "momentum": (3e-4, 1e-3), "nesterov": (1e-4, 1e-3), "adagrad": (0.5, 1), "adadelta": (1, 1),
    "rmsprop": (3e-3, 1e-2),
    "adam": (0.03, 0.1), "adamw": (0.03, 0.1), "adamax": (0.03, 0.1), "nadam": (0.03, 0.1), "radam": (0.03, 0.03), "lion": (1e-3, 3e-3),
    "lars": (3, 3), "lamb": (0.03, 0.03),
  ]

  /// 3000 steps, whose rate rises for 500 and falls along a cosine.
  private func descend(
    _ optimizer: any Optimizer, rate: Double, from start: [Float], _ slope: ([Float]) -> [Float]
  ) throws -> [Float] {
    let runner = try UpdateRunner([optimizer], [[[start.count]]], on: CPUDevice(threads: 1))
    var p = start
    try runner.start(at: p)
    for step in 1...3000 {
      let share = min(Double(step) / 500, 1) * 0.5 * (1 + cos(Double.pi * Double(step - 1) / 3000))
      try runner.step(step, slope(p), rates: [rate * share])
      p = try runner.parameters
    }
    return p
  }

  @Test("A quadratic of condition 10⁴", arguments: Optimizers.names)
  func quadratic(_ name: String) throws {
    let (optimizer, rates) = (try #require(Optimizers.named(name)?.rule), try #require(Self.rates[name]))
    let curvatures = (0..<8).map { Float(pow(10, 4 * Double($0) / 7)) }
    func height(_ p: [Float]) -> Float { zip(curvatures, p).reduce(0) { $0 + 0.5 * $1.0 * $1.1 * $1.1 } }
    let start = [Float](repeating: 1, count: 8)
    let end = try descend(optimizer, rate: rates.quadratic, from: start) { p in zip(curvatures, p).map { $0 * $1 } }
    #expect(height(end) < 2e-4 * height(start), "\(height(end)) of \(height(start))")
  }

  @Test("Rosenbrock's function", arguments: Optimizers.names)
  func rosenbrock(_ name: String) throws {
    let (optimizer, rates) = (try #require(Optimizers.named(name)?.rule), try #require(Self.rates[name]))
    let end = try descend(optimizer, rate: rates.rosenbrock, from: [-1.2, 1]) { p in
      let across = p[1] - p[0] * p[0]
      return [-2 * (1 - p[0]) - 400 * p[0] * across, 200 * across]
    }
    let across = end[1] - end[0] * end[0]
    #expect((1 - end[0]) * (1 - end[0]) + 100 * across * across < 0.1, "\(end)")
  }
}
