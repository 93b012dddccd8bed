import Glissade
import StepSupport
import Testing

/// Adam as somebody would write it who has not seen the library's.
private struct OwnAdam: Optimizer {
  var learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8
  var stateNames: [String] { ["m", "v"] }
  func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) {
    let (beta1, beta2) = (beta1, beta2)
    let m = state["m"] * beta1 + g * (1 - beta1)
    let v = state["v"] * beta2 + g * g * (1 - beta2)
    let size = sqrt(v) * step.number { 1 / $0.correction(beta2).squareRoot() } + epsilon
    return (p - m / size * step.number { $0.rate / $0.correction(beta1) }, ["m": m, "v": v])
  }
}

private struct OwnLion: Optimizer {
  var learningRate = 1e-4, beta1 = 0.9, beta2 = 0.99, weightDecay = 0.0
  var stateNames: [String] { ["exp_avg"] }
  func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) {
    let m = state["exp_avg"]
    let direction = m.moving(towards: g, by: 1 - beta1).sign()
    return (p - step.rate * (direction + p * weightDecay), ["exp_avg": m.moving(towards: g, by: 1 - beta2)])
  }
}

@Suite("Optimizers of one's own")
struct OwnOptimizerTests {
  @Test("An Adam of one's own goes where the library's goes", arguments: DeviceUnderTest.all)
  func adam(on under: DeviceUnderTest) throws {
    let shapes: [[Shape]] = [[[17, 5], [23]], [[301]]]
    let count = shapes.joined().reduce(0) { $0 + $1.count }
    let start = NamedStream.values("own/start", count: count, scale: 0.5)
    for norm in [nil, 1] as [Float?] {
      let runners = try [[OwnAdam(), OwnAdam(beta2: 0.98)], [Adam(), Adam(beta2: 0.98)]].map { (rules: [any Optimizer]) in
        try UpdateRunner(rules, shapes, clippingNorm: norm, on: under.device)
      }
      for runner in runners {
        try runner.start(at: start)
        for step in 1...100 {
          var gradients = NamedStream.values("own/gradient/\(step)", count: count)
          if step == 40 { (gradients[3], gradients[200]) = (.nan, .infinity) }
          try runner.step(step, gradients, rates: [1e-2, 3e-3 / Double(step)])
        }
        #expect(try runner.hasBadGradient)
      }
      let (own, right) = (try runners[0].parameters, try runners[1].parameters)
      let size = right.map { abs($0) }.max() ?? 0
      let worst = zip(own, right).map { abs($0 - $1) }.max() ?? .infinity
      #expect(worst <= 1e-6 * size, "off by \(worst / size)")
      // Each for itself as well, where a step of Adam's is no rounding error of the parameter.
      #expect(zip(own, right).allSatisfy { abs($0 - $1) <= 1e-6 * max(abs($1), 0.25) })
    }
  }

  /// Goes by the gradient where that is large and by its square elsewhere, within bounds.
  private struct Choosing: Optimizer {
    static let name = "choosing"
    var learningRate = 0.1
    func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) {
      let way = g.kept(where: abs(g) .> 0.5, otherwise: g * g).clamped(from: -0.75, to: 0.8)
      return (p - way * step.rate, state)
    }
  }

  @Test("Gradients whose squares are too large for float32 are clipped as any others", arguments: DeviceUnderTest.all)
  func clippingOfLargeGradients(on under: DeviceUnderTest) throws {
    // Several chunks, some of which are of ordinary numbers.
    let shapes: [[Shape]] = [[[41, 501], [23]], [[301]]]
    let count = shapes.joined().reduce(0) { $0 + $1.count }
    let start = [Float](repeating: 0, count: count)
    let runner = try UpdateRunner([SGD(), SGD()], shapes, clippingNorm: 0.5, on: under.device)
    // Of 1.2e19 only the sum of two squares is too large, of 1e25 each; beside 3e37 most are nothing.
    for large in [1e16, 1.2e19, 1e25, 3e37] as [Float] {
      var gradients = NamedStream.values("own/large gradients", count: count)
      for place in [5, 7, 20_000, count - 3] { gradients[place] = place % 2 == 0 ? large : -large }
      try runner.start(at: start)
      try runner.step(1, gradients, rates: [1, 1])
      let norm = gradients.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      let found = try runner.parameters
      let right = gradients.map { -Double($0) * 0.5 / norm }
      let worst = zip(found, right).map { abs(Double($0) - $1) }.max() ?? .infinity
      #expect(worst < 1e-6, "\(large): \(found[5]) instead of \(right[5])")
      #expect(try !runner.hasBadGradient)
    }
    // One that is no number is found all the same, and nothing else moves because of it.
    var gradients = [Float](repeating: 1e25, count: count)
    gradients[3] = .infinity
    try runner.start(at: start)
    try runner.step(1, gradients, rates: [1, 1])
    #expect(try runner.hasBadGradient)
    #expect(try runner.parameters.allSatisfy { $0 == 0 })
  }

  @Test("Choices and clamps are part of an update", arguments: DeviceUnderTest.all) func choices(on under: DeviceUnderTest) throws {
    let runner = try UpdateRunner([Choosing()], [[[19], [3, 11]]], clippingNorm: nil, on: under.device)
    let start = NamedStream.values("own/choice", count: 52)
    let gradients = NamedStream.values("own/choice gradients", count: 52)
    try runner.start(at: start)
    try runner.step(1, gradients, rates: [0.25])
    let expected = zip(start, gradients).map { p, g in p - 0.25 * max(-0.75, min(0.8, abs(g) > 0.5 ? g : g * g)) }
    #expect(zip(try runner.parameters, expected).allSatisfy { abs($0 - $1) <= 1e-6 })
  }

  private struct Small: Layer {
    let weight = Parameter("weight", shape: [6, 4], initializer: .uniform(low: -0.5, high: 0.5))
    let bias = Parameter("bias", shape: [6])
    func forward(_ x: Tensor) -> Tensor { x.matmul(x.graph[weight], transposeOther: true) + x.graph[bias] }
  }

  private func session(_ optimizer: some Optimizer, on device: any Device) throws -> TrainingSession {
    try TrainingSession(
      model: Small(), sampleShape: [4], batchSize: 8, groups: [ParameterGroup(optimizer)], clippingNorm: 1, seed: 5, device: device)
  }

  private func train(_ session: TrainingSession, _ steps: Range<Int>) throws {
    for step in steps {
      let features = NamedStream.values("own/batch/\(step)", count: 32)
      let labels = (0..<8).map { Int32(($0 + step) % 6) }
      try features.withUnsafeBufferPointer { features in
        try labels.withUnsafeBufferPointer { labels in
          try session.train(features: features, labels: labels) { _ in 0.01 / Double(1 + step) }
        }
      }
    }
  }

  @Test("Its state is named, saved and taken up again", arguments: DeviceUnderTest.all)
  func resumes(on under: DeviceUnderTest) throws {
    for optimizer in [OwnLion(), LAMB(), Adagrad(initialAccumulator: 0.1)] as [any Optimizer] {
      let whole = try session(optimizer, on: under.device)
      try train(whole, 0..<4)
      let middle = try whole.state()
      #expect(middle.optimizer.map { $0.slots.map(\.name) } == [optimizer.stateNames, optimizer.stateNames])
      try train(whole, 4..<8)
      let resumed = try session(optimizer, on: under.device)
      try resumed.restore(middle)
      try train(resumed, 4..<8)
      let (right, found) = (try whole.state(), try resumed.state())
      #expect(zip(right.parameters, found.parameters).allSatisfy { $0.values == $1.values }, "\(type(of: optimizer).name)")
      #expect(zip(right.optimizer, found.optimizer).allSatisfy { $0.steps == $1.steps && $0.slots.map(\.values) == $1.slots.map(\.values) })
      #expect(try whole.sums().badStep == nil)
      // A state of another kind begins anew, with what it begins with.
      var foreign = middle
      for index in foreign.optimizer.indices { foreign.optimizer[index].slots = [] }
      let fresh = try session(optimizer, on: under.device)
      try fresh.restore(foreign)
      let initial = try fresh.state().optimizer.flatMap { $0.slots.map(\.values) }
      #expect(initial.joined().allSatisfy { $0 == optimizer.initialValue(ofState: optimizer.stateNames[0]) })
    }
  }

  private struct Shrinking: Optimizer {
    static let name = "shrinking"
    var learningRate = 0.1
    func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) { ((p - g).sum(), state) }
  }

  @Test("A mistake is told before the first step") func mistake() throws {
    let error = #expect(throws: ShapeError.self) { _ = try session(Shrinking(), on: CPUDevice(threads: 1)) }
    #expect(error?.description.hasPrefix("optimizer shrinking: update, its parameters") == true, "\(error?.description ?? "")")
  }
}
