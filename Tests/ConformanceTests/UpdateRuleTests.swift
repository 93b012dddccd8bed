import GlissadeKernels
import GlissadeOptimizers
import StepSupport
import TestSupport
import Testing

@testable import ConformanceCases
@testable import GlissadeDevices
@testable import GlissadePlanning
@testable import GlissadeTensors

/// A rule that a test makes of a closure.
private struct Rule: UpdateRule {
  static let name = "tested"
  var stateNames: [String] = []
  var initial: Float = 0
  let body: @Sendable (Tensor, Tensor, UpdateState, UpdateStep) -> (Tensor, UpdateState)

  init(
    _ stateNames: [String] = [], initial: Float = 0,
    _ body: @escaping @Sendable (Tensor, Tensor, UpdateState, UpdateStep) -> (Tensor, UpdateState)
  ) {
    self.stateNames = stateNames
    self.initial = initial
    self.body = body
  }

  func initialValue(ofState name: String) -> Float { initial }
  func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) { body(p, g, state, step) }
}

/// Recorded update rules, on every device: what they compute, what they are planned as, and what is refused.
struct UpdateRuleTests {
  /// More than a tile, a chunk, and no multiple of anything, beside parameters that are smaller than a vector.
  static let shapes: [Shape] = [[7, 3], [20_011], [1], [130, 5]]
  static let count = shapes.reduce(0) { $0 + $1.count }

  private func numbers(_ name: String, _ range: ClosedRange<Double> = -1...1) -> [Float] {
    var dice = Dice(name)
    return (0..<Self.count).map { _ in Float(dice.uniform(range)) }
  }

  /// The parts of a list that belong to each parameter.
  private func parts<Number>(_ values: [Number]) -> [ArraySlice<Number>] {
    var first = 0
    return Self.shapes.map { shape in
      defer { first += shape.count }
      return values[first..<(first + shape.count)]
    }
  }

  @Test func everyFunctionIsThatOfChains() throws {
    let (p, g) = (numbers("functions p", 0.25...1.75), numbers("functions g"))
    typealias Function = @Sendable (_ p: Tensor, _ g: Tensor) -> Tensor
    var known: [(name: String, function: Function)] = []
    // Whole numbers have no place in an update.
    for function in UnaryFunction.allCases where function.operand == .float32 && function.result == .float32 {
      known.append(("\(function)", { p, _ in p.applying(function) }))
    }
    for function in BinaryFunction.allCases where !function.takesIntegers {
      known.append(("\(function)", { p, g in p.combined(with: g, function) }))
    }
    known.append(("a * b + c", { p, g in p * g + p }))
    known.append(("c + a * b", { p, g in g + p * g }))
    known.append(("a * b - c", { p, g in p * g - p }))
    known.append(("c - a * b", { p, g in p - p * g }))
    known.append(("a * a - b * b", { p, g in p * p - g.applying(.square) }))
    known.append(("towards a constant", { p, _ in p.moving(towards: p.graph.constant(0.25), by: 0.1) }))
    known.append(("a product of constants", { p, _ in p - p.graph.constant(0.5) * p.graph.constant(0.25) }))
    // Values that wait for another, in every place that an instruction has for them.
    typealias Two = @Sendable (_ a: Tensor, _ b: Tensor, _ p: Tensor) -> Tensor
    let joined: [(String, Two)] = [
      ("a * b + p", { $0 * $1 + $2 }), ("a * b - p", { $0 * $1 - $2 }), ("p - a * b", { $2 - $0 * $1 }),
      ("a * p + b", { $0 * $2 + $1 }), ("p * a - b", { $2 * $0 - $1 }), ("b - a * p", { $1 - $0 * $2 }),
      ("b * p + a", { $1 * $2 + $0 }), ("p * b - a", { $2 * $1 - $0 }), ("a - b * p", { $0 - $1 * $2 }),
      ("a - b", { a, b, _ in a - b }), ("b - a", { a, b, _ in b - a }), ("a / (|b| + 1)", { a, b, _ in a / (abs(b) + Float(1)) }),
      ("|b| / (a² + 1)", { a, b, _ in abs(b) / (a * a + Float(1)) }), ("√|b| * sign a", { a, b, _ in a.sign() * sqrt(abs(b)) }),
    ]
    for (name, function) in joined { known.append((name, { p, g in function(p + g, p - g * Float(0.5), p) })) }
    known.append(("constants", { p, g in (p * Float(3) - Float(0.5)) / (g + Float(2)) }))
    let rules = known
    for device in TestDevices.all where !device.isSlowToPrepare || device.name == TestDevices.all.last?.name {
      let graph = Graph()
      let (x, y) = (graph.input("p", shape: [Self.count]), graph.input("g", shape: [Self.count]))
      var request = StepRequest(graph: graph, layout: ParameterLayout([], groupCount: 0) { _, _ in nil })
      for rule in rules { request.outputs[rule.name] = rule.function(x, y) }
      let chains = try StepRunner(request, on: device.device)
      try chains.run(["p": .floats(p), "g": .floats(g)])
      // Four at a time, because drivers take long to begin a program.
      for first in stride(from: 0, to: rules.count, by: 4) {
        let some = rules[first..<min(first + 4, rules.count)]
        let rule = Rule(some.map(\.name)) { p, g, _, _ in
          (p, UpdateState(Dictionary(some.map { ($0.name, $0.function(p, g)) }, uniquingKeysWith: { first, _ in first })))
        }
        let runner = try UpdateRunner([rule], [Self.shapes], on: device.device)
        try runner.start(at: p)
        try runner.step(1, g, rates: [1])
        for (slot, one) in some.enumerated() {
          let (right, found) = (try chains.output(one.name), try runner.state(slot, ofGroup: 0))
          let isRight = zip(right, found).allSatisfy { $0 == $1 || abs($0 - $1) <= 1e-6 * max(1, abs($0)) || ($0.isNaN && $1.isNaN) }
          #expect(isRight && right.count == found.count, "\(one.name) on \(device)")
        }
      }
    }
  }

  /// What a rule with norms comes to, in double precision.
  private func reference(_ p: [Float], _ g: [Float], _ s: [Float], rate: Double, clip: Double) -> (p: [Double], s: [Double]) {
    func norm(_ values: [Double]) -> Double {
      var sum = 0.0
      for value in values { sum += value * value }
      return sum.squareRoot()
    }
    var newP: [Double] = []
    var newS: [Double] = []
    for (index, part) in parts(p).enumerated() {
      let isGood: [Bool] = parts(g)[index].map { $0.isFinite }
      let before: [Double] = part.map { Double($0) }
      let slope: [Double] = parts(g)[index].map { $0.isFinite ? Double($0) * clip : 0 }
      let sum: [Double] = parts(s)[index].map { Double($0) }
      var direction = [Double](repeating: 0, count: before.count)
      for k in before.indices where isGood[k] { direction[k] = 0.5 * slope[k] + 0.25 * sum[k] }
      let ratio = norm(before) / (norm(direction) + norm(slope) + norm(sum))
      for k in before.indices {
        newP.append(before[k] - rate * ratio * direction[k])
        newS.append(isGood[k] ? sum[k] + slope[k] : sum[k])
      }
    }
    return (newP, newS)
  }

  private static let normed = Rule(["sum"], initial: 0.5) { p, g, state, step in
    let s = state["sum"]
    let direction = g * 0.5 + s * 0.25
    let ratio = step.norm(p) / (step.norm(direction) + step.norm(g) + step.norm(s))
    return (p - direction * (ratio * step.rate), ["sum": s + g])
  }

  @Test func normsAreThoseOfEachParameterWithoutBadGradients() throws {
    let p = numbers("norms p")
    for device in TestDevices.all {
      for isBad in [false, true] {
        let runner = try UpdateRunner([Self.normed], [Self.shapes], on: device.device)
        try runner.start(at: p)
        try runner.scale(by: 0.75)
        var right = (p: p.map(Double.init), s: [Double](repeating: 0.5, count: Self.count))
        for step in 1...3 {
          var g = numbers("norms g \(step)")
          if isBad, step == 2 { (g[3], g[21], g[5000], g[Self.count - 1]) = (.nan, .infinity, -.infinity, .nan) }
          let before = (try runner.parameters, try runner.state(0, ofGroup: 0))
          right = reference(before.0, g, before.1, rate: 0.1, clip: 0.75)
          try runner.step(step, g, rates: [0.1])
          for (found, right) in [(try runner.parameters, right.p), (try runner.state(0, ofGroup: 0), right.s)] {
            let worst = zip(found, right).map { abs(Double($0) - $1) }.max() ?? .infinity
            #expect(worst <= 2e-6, "off by \(worst) in step \(step) on \(device)")
          }
          #expect(try runner.hasBadGradient == (isBad && step > 1))
        }
      }
    }
  }

  /// Squares of such numbers are too large for float32.
  @Test func normsOfLargeNumbersAreRight() throws {
    let p = numbers("large p").map { $0 * 1e25 }
    for device in TestDevices.all {
      for isBad in [false, true] {
        let runner = try UpdateRunner([Self.normed], [Self.shapes], on: device.device)
        try runner.start(at: p)
        try runner.scale(by: 0.75)
        // One parameter has small numbers beside a large one, and one has small numbers alone.
        var g = numbers("large g").map { $0 * 1e22 }
        for index in 21..<20_032 { g[index] *= 1e-22 }
        g[9000] = 3e23
        for index in 20_033..<Self.count { g[index] *= 1e-22 }
        if isBad { (g[3], g[5000], g[Self.count - 1]) = (.nan, -.infinity, .infinity) }
        let right = reference(p, g, [Float](repeating: 0.5, count: Self.count), rate: 0.01, clip: 0.75)
        try runner.step(1, g, rates: [0.01])
        for (found, right) in [(try runner.parameters, right.p), (try runner.state(0, ofGroup: 0), right.s)] {
          for (found, right) in zip(parts(found), parts(right)) {
            let worst = zip(found, right).map { abs(Double($0) - $1) }.max() ?? .infinity
            let largest = right.map { abs($0) }.max() ?? 0
            #expect(worst <= 2e-6 * largest, "off by \(worst / largest) of the largest on \(device)")
          }
        }
      }
    }
  }

  @Test func trustRatiosOfLargeParametersAreRight() throws {
    let p = numbers("trust p").map { $0 * 1e25 }
    let g = numbers("trust g")
    func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let lars = LARS(momentum: 0.9, trust: 0.01, weightDecay: 0.1)
    let lamb = LAMB(weightDecay: 0.05)
    for device in TestDevices.all {
      let runner = try UpdateRunner([lars, lamb], [Self.shapes, Self.shapes], on: device.device)
      try runner.start(at: p + p)
      try runner.step(1, g + g, rates: [0.5, 0.25])
      let (moved, buffers) = (try runner.parameters, try runner.state(0, ofGroup: 0))
      var first = 0
      for (p, g) in zip(parts(p), parts(g)) {
        let (p, g) = (p.map(Double.init), g.map(Double.init))
        let trust = lars.trust * norm(p) / (norm(g) + lars.weightDecay * norm(p) + lars.epsilon)
        let adaptive = g.map { $0 / (abs($0) + lamb.epsilon) }
        let direction = zip(adaptive, p).map { $0 + lamb.weightDecay * $1 }
        let ratio = norm(p) / norm(direction)
        for index in p.indices {
          let buffer = 0.5 * trust * (g[index] + lars.weightDecay * p[index])
          #expect(abs(Double(buffers[first + index]) - buffer) <= 1e-5 * abs(buffer), "LARS on \(device)")
          let right = p[index] - 0.25 * ratio * direction[index]
          #expect(abs(Double(moved[Self.count + first + index]) - right) <= 1e-5 * abs(p[index]), "LAMB on \(device)")
        }
        first += p.count
      }
    }
  }

  @Test func piecesHaveTheBitsOfTheWhole() throws {
    let p = numbers("pieces p")
    for device in TestDevices.all {
      let limits = BufferLimits(largestAllocation: 4 * 20_480)
      let whole = try UpdateRunner([Self.normed], [Self.shapes], on: device.device)
      let cut = try UpdateRunner([Self.normed], [Self.shapes], limits: limits, on: device.device)
      #expect(cut.layout.groupPieces[0].count > 1)
      for runner in [whole, cut] {
        try runner.start(at: p)
        for step in 1...3 { try runner.step(step, numbers("pieces g \(step)"), rates: [0.1]) }
      }
      #expect(try whole.parameters == cut.parameters, "\(device)")
      #expect(try whole.state(0, ofGroup: 0) == cut.state(0, ofGroup: 0))
    }
  }

  /// What comes of matrices: Σ over each row, times the matrix, and twice what vectors have.
  private static let ofMatrices = Rule(["sum"]) { p, g, state, step in
    let s = state["sum"] * 0.5 + g
    let turned = step.matrices(s + p) { x in x.matmul(x, transposeOther: true).matmul(x) * (Float(1) / Float(x.shape[2])) }
    return (p - turned * step.rate, ["sum": s])
  }

  /// In double precision.
  private func turned(_ x: ArraySlice<Double>, _ shape: Shape) -> [Double] {
    let x = Array(x)
    guard let (rows, columns) = shape.matrix else { return x }
    var gram = [Double](repeating: 0, count: rows * rows)
    for i in 0..<rows { for j in 0..<rows { for k in 0..<columns { gram[i * rows + j] += x[i * columns + k] * x[j * columns + k] } } }
    var result = [Double](repeating: 0, count: x.count)
    for i in 0..<rows {
      for j in 0..<columns { for k in 0..<rows { result[i * columns + j] += gram[i * rows + k] * x[k * columns + j] / Double(columns) } }
    }
    return result
  }

  @Test func matricesOfOneShapeAreTakenTogether() throws {
    // Three of one shape, between others, and one of four axes that is a matrix of the same shape.
    let shapes: [Shape] = [[7, 18], [5], [13, 3], [7, 18], [1], [7, 3, 3, 2], [2, 1], [70, 90]]
    let count = shapes.reduce(0) { $0 + $1.count }
    func numbers(_ name: String) -> [Float] {
      var dice = Dice(name)
      return (0..<count).map { _ in Float(dice.uniform(-1...1)) }
    }
    for device in TestDevices.all {
      let runner = try UpdateRunner([Self.ofMatrices], [shapes], on: device.device)
      let kernels = runner.plan.launches.map(\.kernelName)
      #expect(kernels.filter { $0 == "gather_matrices" }.count == 4 && kernels.filter { $0 == "scatter_matrices" }.count == 4)
      #expect(runner.plan.launches.allSatisfy { $0.note.operation.hasPrefix("tested ") })
      try runner.start(at: numbers("matrices p"))
      try runner.scale(by: 0.5)
      for step in 1...3 {
        var g = numbers("matrices g \(step)")
        // What has no good gradient stays, and counts nothing for its matrix.
        if step == 2 { (g[130], g[160]) = (.nan, .infinity) }
        let (p, s) = (try runner.parameters.map(Double.init), try runner.state(0, ofGroup: 0).map(Double.init))
        try runner.step(step, g, rates: [0.1])
        let newS = g.indices.map { g[$0].isFinite ? 0.5 * s[$0] + 0.5 * Double(g[$0]) : s[$0] }
        let values = g.indices.map { g[$0].isFinite ? newS[$0] + p[$0] : 0 }
        var (first, right) = (0, [Double]())
        for shape in shapes {
          right += turned(values[first..<(first + shape.count)], shape)
          first += shape.count
        }
        right = right.indices.map { g[$0].isFinite ? p[$0] - 0.1 * right[$0] : p[$0] }
        for (found, right) in [(try runner.parameters, right), (try runner.state(0, ofGroup: 0), newS)] {
          let worst = zip(found, right).map { abs(Double($0) - $1) / max(1, abs($1)) }.max() ?? .infinity
          #expect(worst <= 4e-6, "off by \(worst) in step \(step) on \(device)")
        }
        #expect(try runner.hasBadGradient == (step > 1))
      }
    }
    // More of one shape are no more launches.
    func launches(_ count: Int) throws -> Int {
      let shapes = Array(repeating: Shape([3, 5]), count: count)
      return try UpdateRunner([Self.ofMatrices], [shapes], on: CPUDevice(threads: 1)).plan.launches.count
    }
    #expect(try launches(2) == launches(60))
  }

  @Test func statesMayChangePlaces() throws {
    let rule = Rule(["before", "other"], initial: 2) { p, g, state, _ in (state["other"], ["before": p, "other": state["before"]]) }
    let p = numbers("places")
    for device in TestDevices.all {
      let runner = try UpdateRunner([rule], [Self.shapes], on: device.device)
      try runner.start(at: p)
      for step in 1...3 { try runner.step(step, p, rates: [1]) }
      #expect(try runner.parameters == p && runner.state(0, ofGroup: 0).allSatisfy { $0 == 2 }, "\(device)")
    }
  }

  @Test func launchesDoNotGrowWithTheNumberOfParameters() throws {
    func launches(_ rule: Rule, _ count: Int) throws -> [String] {
      let shapes = Array(repeating: Shape([3, 5]), count: count)
      return try UpdateRunner([rule], [shapes], on: CPUDevice(threads: 1)).plan.launches.map(\.kernelName)
    }
    let plain = Rule { p, g, state, step in (p - g * step.rate, state) }
    #expect(try launches(plain, 1) == ["update(1)"] && launches(plain, 70) == ["update(1)"])
    let kernels = ["norms(2)", "segment_norm_finish", "update(8)"]
    #expect(try launches(Self.normed, 1) == kernels && launches(Self.normed, 70) == kernels)
  }

  @Test func numbersOfTheStepAreWorkedOutInDoublePrecision() throws {
    let rule = Rule { p, g, state, step in
      (g * step.number { $0.correction(0.9999999) * 1e7 } + step.number { $0.count } - step.rate + step.rate, state)
    }
    let runner = try UpdateRunner([rule], [[[4]]], on: CPUDevice(threads: 1))
    try runner.step(3, [0, 1, 2, 3], rates: [0.25])
    for (index, value) in try runner.parameters.enumerated() { #expect(abs(value - (3 + 3 * Float(index))) < 1e-5) }
  }

  @Test func mistakesAreNamed() throws {
    let cases: [(Rule, String)] = [
      (Rule { p, g, state, _ in (p.sum(), state) }, "the shape has to stay as it is"),
      (Rule { p, g, state, _ in (p - g.mean(), state) }, "mean of [7919]"),
      (Rule { p, g, state, _ in (p - state["exp_avg"], state) }, "it lists none in stateNames"),
      (Rule(["sum"]) { p, g, state, _ in (p - state["summe"], state) }, "its stateNames are sum"),
      (Rule(["sum"]) { p, g, state, _ in (p - g, ["summe": g]) }, "state[\"summe\"]"),
      (
        Rule(["sum"]) { p, g, _, _ in
          let left: UpdateState = ["sum": g]
          return (p - left["summe"], left)
        }, "state[\"summe\"]: nothing of that name was written down, only 'sum'"
      ),
      (Rule(["a", "b", "c", "d", "e"]) { p, g, state, _ in (p - g, state) }, "up to 4"),
      (Rule { p, g, state, step in (p - (0..<17).reduce(g) { sum, k in sum * step.number { $0.rate + Double(k) } }, state) }, "at most 16"),
      (Rule { p, g, state, step in (p - (0..<17).reduce(g) { $0 * Float($1 + 2) }, state) }, "different constants"),
      (Rule { p, g, state, step in (p - (0..<70).reduce(g) { sum, _ in exp(sum) }, state) }, "64 have room"),
      (Rule { p, g, state, step in (p - g / step.norm(g / step.norm(g)), state) }, "all norms are taken at once"),
      (Rule { p, g, state, step in (p - g * step.norm(step.rate), state) }, "as many elements"),
      (Rule { p, g, state, _ in (Graph().input("x", shape: p.shape), state) }, "another graph"),
      (Rule { p, g, state, step in (p - step.matrices(g) { $0.sum(axes: [1]) }, state) }, "the shape has to stay as it is"),
      (Rule { p, g, state, step in (p - step.matrices(g) { $0.matmul($0) }, state) }, "step.matrices: matmul"),
      (Rule { p, g, state, step in (p - step.matrices(step.rate) { $0 }, state) }, "as many elements"),
      (
        Rule(["a", "b", "c", "d"]) { p, g, state, step in (p - step.matrices(g) { $0 }, state) },
        "4 states and takes matrices 1 times, and both together may be 4"
      ),
    ]
    for (rule, words) in cases {
      let error = #expect(throws: ShapeError.self) { try rule.compiled() }
      #expect(error?.description.hasPrefix("optimizer tested: ") == true, "\(error?.description ?? "")")
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "") says nothing of '\(words)'")
    }
  }

  /// What a driver computes wrongly in an update is found before the first step.
  @Test func checksOfUpdatesRunThem() throws {
    for device in TestDevices.all where !device.isSlowToPrepare {
      let parameter = Parameter("p", shape: [40, 50])
      var request = StepRequest(
        graph: Graph(), layout: ParameterLayout([("p", parameter)], groupCount: 1) { _, _ in 0 })
      request.updates = [Self.normed]
      let matrices = try UpdateCheck(
        {
          var other = request
          other.updates = [Muon()]
          return other
        }()
      ).outcomes(on: device.device, device.device.profile, witness: CPUDevice(threads: 1)) { _ in true }
      for (right, found) in zip(matrices?.right ?? [], matrices?.found ?? []) {
        #expect(KernelCheck.difference(right.bits, found.bits, right.type, isRounded: false, isDecided: false) == nil, "\(right.name)")
      }
      #expect(matrices?.launches.contains { $0.kernelName == "scatter_matrices" } == true)
      let outcome = try #require(
        try UpdateCheck(request).outcomes(on: device.device, device.device.profile, witness: CPUDevice(threads: 1)) { _ in true })
      // A processor takes norms while it computes what they are taken of.
      #expect(outcome.launches.count == (device.device.profile.style == .cpu ? 3 : 4))
      for (right, found) in zip(outcome.right, outcome.found) {
        #expect(KernelCheck.difference(right.bits, found.bits, right.type, isRounded: false, isDecided: false) == nil, "\(right.name)")
      }
      let parameters = try #require(outcome.right.first { $0.name.hasPrefix("a parameter after tested") })
      #expect(outcome.launches.allSatisfy(parameters.concerns))
    }
  }
}
