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

  /// Those whose steps a device takes, of numbers one by one.
  static let names = Optimizers.all.filter { $0.name != LBFGS.name && !($0.rule is any MatrixOptimizer) }.map(\.name)

  /// 3000 steps, whose rate rises for 500 and falls along a cosine.
  private func descend(
    _ optimizer: any Optimizer, rate: Double, from start: [Float], as shape: Shape? = nil, _ slope: ([Float]) -> [Float]
  ) throws -> [Float] {
    let runner = try UpdateRunner([optimizer], [[shape ?? [start.count]]], on: CPUDevice(threads: 1))
    var p = start
    try runner.start(at: p)
    for step in 1...3000 {
      let share = min(Double(step) / 500, 1) * 0.5 * (1 + cos(Double.pi * Double(step - 1) / 3000))
      try runner.step(step, slope(p), rates: [rate * share])
      p = try runner.parameters
    }
    return p
  }

  @Test("A quadratic of condition 10⁴", arguments: names)
  func quadratic(_ name: String) throws {
    let (optimizer, rates) = (try #require(Optimizers.named(name)?.rule), try #require(Self.rates[name]))
    let curvatures = (0..<8).map { Float(pow(10, 4 * Double($0) / 7)) }
    func height(_ p: [Float]) -> Float { zip(curvatures, p).reduce(0) { $0 + 0.5 * $1.0 * $1.1 * $1.1 } }
    let start = [Float](repeating: 1, count: 8)
    let end = try descend(optimizer, rate: rates.quadratic, from: start) { p in zip(curvatures, p).map { $0 * $1 } }
    #expect(height(end) < 2e-4 * height(start), "\(height(end)) of \(height(start))")
  }

  @Test("Rosenbrock's function", arguments: names)
  func rosenbrock(_ name: String) throws {
    let (optimizer, rates) = (try #require(Optimizers.named(name)?.rule), try #require(Self.rates[name]))
    let end = try descend(optimizer, rate: rates.rosenbrock, from: [-1.2, 1]) { p in
      let across = p[1] - p[0] * p[0]
      return [-2 * (1 - p[0]) - 400 * p[0] * across, 200 * across]
    }
    let across = end[1] - end[0] * end[0]
    #expect((1 - end[0]) * (1 - end[0]) + 100 * across * across < 0.1, "\(end)")
  }

  @Test("Muon goes down valleys of matrices: a quadratic of condition 10⁴ in its rows, and Rosenbrock's function in its columns")
  func matrices() throws {
    let start = (0..<32).map { [1, -1, 0.5, 2][$0 % 4] as Float }
    let curvatures = (0..<32).map { Float(pow(10, 4 * Double($0 / 4) / 7)) }
    func height(_ p: [Float]) -> Float { zip(curvatures, p).reduce(0) { $0 + 0.5 * $1.0 * $1.1 * $1.1 } }
    let end = try descend(Muon(), rate: 0.03, from: start, as: [8, 4]) { p in zip(curvatures, p).map { $0 * $1 } }
    #expect(height(end) < 1e-7 * height(start), "\(height(end)) of \(height(start))")

    let valley = try descend(Muon(), rate: 0.03, from: [-1.2, 0, 2, -0.5, 1, 0.5, -1, 1], as: [2, 4]) { p in
      let across = (0..<4).map { p[4 + $0] - p[$0] * p[$0] }
      return (0..<4).map { -2 * (1 - p[$0]) - 400 * p[$0] * across[$0] } + across.map { 200 * $0 }
    }
    for column in 0..<4 {
      let across = valley[4 + column] - valley[column] * valley[column]
      #expect((1 - valley[column]) * (1 - valley[column]) + 100 * across * across < 1e-6, "\(valley)")
    }
  }

  /// Minimises a function by L-BFGS, as many directions in a step as it takes.
  private func minimize(
    _ rule: LBFGS, from start: [Float], _ function: ([Float]) -> LBFGS.Evaluation
  ) -> (x: [Float], iterations: Int, evaluations: Int) {
    var (x, memory) = (start, LBFGS.Memory())
    let (iterations, evaluations) = rule.minimize(&x, &memory, rate: rule.learningRate, first: function(x), function)
    return (x, iterations, evaluations)
  }

  private func rosenbrock(_ p: [Float]) -> LBFGS.Evaluation {
    let (x, y) = (Double(p[0]), Double(p[1]))
    let across = y - x * x
    return ((1 - x) * (1 - x) + 100 * across * across, [Float(-2 * (1 - x) - 400 * x * across), Float(200 * across)])
  }

  @Test("L-BFGS is at the bottom of Rosenbrock's function, to 1e-8, after fewer than 60 directions")
  func lbfgsOnRosenbrock() {
    let rule = LBFGS(iterations: 60, changeTolerance: 0)
    for start in [[-1.2, 1], [0, 0], [3, -2], [-3, 4]] as [[Float]] {
      let end = minimize(rule, from: start, rosenbrock)
      #expect(rosenbrock(end.x).value <= 1e-8 && end.iterations < 60, "\(end)")
    }
    // Without a line search it follows the same directions blindly.
    #expect(rosenbrock(minimize(LBFGS(iterations: 60, isFixedStep: true), from: [-1.2, 1], rosenbrock).x).value > 1e-8)
  }

  @Test("L-BFGS finds a lower place in every step, however few directions a step has")
  func lbfgsByOneDirection() {
    let rule = LBFGS(learningRate: 10, iterations: 1)
    var (x, memory, value) = ([-1.2, 1] as [Float], LBFGS.Memory(), rosenbrock([-1.2, 1]).value)
    for step in 1...10 {
      rule.minimize(&x, &memory, rate: rule.learningRate, first: rosenbrock(x), rosenbrock)
      let next = rosenbrock(x).value
      #expect(next < value, "step \(step): \(next) after \(value)")
      value = next
    }
  }

  @Test("L-BFGS is at the bottom of a quadratic of condition 10⁴")
  func lbfgsOnQuadratic() {
    let curvatures = (0..<8).map { pow(10, 4 * Double($0) / 7) }
    func quadratic(_ p: [Float]) -> LBFGS.Evaluation {
      (zip(curvatures, p).reduce(0) { $0 + 0.5 * $1.0 * Double($1.1) * Double($1.1) }, zip(curvatures, p).map { Float($0 * Double($1)) })
    }
    let start = [Float](repeating: 1, count: 8)
    let end = minimize(LBFGS(iterations: 100, changeTolerance: 0), from: start, quadratic)
    #expect(quadratic(end.x).value < 1e-6 * quadratic(start).value, "\(end)")
    #expect(minimize(LBFGS(), from: [0, 0, 0, 0, 0, 0, 0, 0], quadratic).evaluations == 1)
  }
}
