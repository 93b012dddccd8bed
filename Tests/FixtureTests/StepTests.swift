import GlissadeData
import GlissadeFormats
import GlissadeLayers
import GlissadeOptimizers
import GlissadePlanning
import Testing

@testable import GlissadeTraining

@Suite("What a step does, against PyTorch")
struct StepTests {
  static let fixture = Result { try Fixture("steps") }
  static let variants =
    [
      "sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "rmsprop-momentum", "adam", "adam-amsgrad", "adamw", "adamax",
      "nadam",
      "radam", "lion", "lars", "lamb", "momentum-clip-norm", "momentum-clip-value", "momentum-clip-ratio", "adamw-clip-all",
      "momentum-elastic", "adam-elastic-clip-norm", "sgd-maximum-norm", "adam-ema", "momentum-ema", "adam-swa",
    ] + OptimizerTests.variants.map { "every/\($0)" }
  static let descents = ["lbfgs", "lbfgs-short-history", "lbfgs-fixed-step"]

  /// As `OptimizerTests.tolerance`.
  static let tolerance = 1e-5
  private static let (steps, epoch, told) = (100, 20, [25, 50, 75, 100])

  @Test("Every variant of the fixture is tested") func complete() throws {
    let fixture = try Self.fixture.get()
    #expect(try fixture.metadata("variants").strings == Self.variants && fixture.metadata("descents").strings == Self.descents)
  }

  /// Both groups of a variant: the second has a lower rate and a decay of its own.
  private static func groups(_ options: JSONValue) throws -> [ParameterGroup] {
    let first = try OptimizerTests.optimizer(options)
    var second = first
    second.learningRate *= 0.3
    second = try #require(type(of: first).hyperparameters.first { $0.name == "weight_decay" }).setting(.number(1e-2), in: second)
    let cycles = options["cycles"]?.boolValue ?? false
    let penalty = options["penalty"]?.boolValue == true ? WeightPenalty(l1: 2e-2, l2: 5e-2) : WeightPenalty()
    let norm = options["maximum_norm"]?.doubleValue.map { Float($0) }
    return [(first, "a"), (second, "b")].map { optimizer, path in
      ParameterGroup(
        optimizer, schedule: .oneCycle(momentum: cycles ? (0.85, 0.95) : nil), penalty: penalty, maximumNorm: norm
      ) { $0 == path }
    }
  }

  private static func average(_ options: JSONValue) -> WeightAverage? {
    if let decay = options["ema"]?.doubleValue { return .exponential(decay: decay) }
    return options["swa"]?.integerValue.map { .stochastic(firstEpoch: $0) }
  }

  @Test("100 steps of two groups under a schedule lead where PyTorch's do", arguments: DeviceUnderTest.best, variants)
  func trajectory(on under: DeviceUnderTest, variant: String) throws {
    let fixture = try Self.fixture.get()
    let options = try fixture.metadata(variant)
    let right = try fixture.doubles("\(variant)/told")
    let groups = try Self.groups(options)
    let average = Self.average(options)
    func number(_ key: String) -> Float? { options[key]?.doubleValue.map { Float($0) } }
    let session = try TrainingSession(
      model: Pair(), inputs: [SampleField(SampleField.featuresName, [48])], targets: [SampleField(SampleField.labelsName, [], .int32)],
      batchSize: 1, loss: Loss("itself") { output, _ in output }, weighing: .none, metrics: [], groups: groups,
      clipping: GradientClipping(norm: number("clip_norm"), value: number("clip_value"), ratio: number("clip_ratio")),
      isAveraged: average != nil, seed: 0, device: under.device, isExact: false, fuses: true, isTrial: false)
    try session.restore(try OptimizerTests.start(session))
    for step in 0..<Self.steps {
      try session.train(features: Given.gradients[step % 50]) { group, count in
        let schedule = groups[group].schedule
        return StepNumbers(
          rate: schedule.learningRate(
            base: groups[group].optimizer.learningRate, step: step, stepsPerEpoch: Self.epoch, totalSteps: Self.steps),
          count: count, momentum: schedule.momentum(step: step, stepsPerEpoch: Self.epoch, totalSteps: Self.steps),
          averaging: average?.share(
            count: count, epoch: step / Self.epoch + 1, isLast: (step + 1) % Self.epoch == 0, stepsPerEpoch: Self.epoch) ?? 1)
      }
      guard let place = Self.told.firstIndex(of: step + 1) else { continue }
      let state = try session.state()
      func difference(_ state: ModelState, _ all: [Double]) -> Double {
        let found = state.parameters.filter { ["a", "b"].contains($0.path) }.flatMap(\.values)
        return Difference.elementwise(found, Array(all[(place * 48)..<((place + 1) * 48)]), scale: 0.1)
      }
      let off = difference(state, right)
      #expect(off <= Self.tolerance, "off by \(off) after \(step + 1) steps")
      // Before the first epoch that counts PyTorch's average is what training began with, and ours a copy.
      guard let average, average.isMeasured(inEpoch: step / Self.epoch) else { continue }
      let averaged = difference(try #require(state.averaged), try fixture.doubles("\(variant)/averages"))
      #expect(averaged <= Self.tolerance, "the average is off by \(averaged) after \(step + 1) steps")
      #expect(off < 0.1 * difference(try #require(state.averaged), right))
    }
  }

  @Test("What weights cost is part of the loss that is told", arguments: DeviceUnderTest.best)
  func reportedLoss(on under: DeviceUnderTest) throws {
    let penalty = WeightPenalty(l1: 0.3, l2: 0.7)
    let session = try TrainingSession(
      model: Pair(), sampleShape: [48], batchSize: 1, loss: Loss("itself") { output, _ in output },
      groups: [ParameterGroup(SGD(), penalty: penalty) { $0 == "a" }, ParameterGroup(SGD())], device: under.device)
    let start = try OptimizerTests.start(session)
    try session.restore(start)
    try session.train(features: Given.gradients[0]) { _, count in StepNumbers(rate: 0, count: count) }
    let (a, all) = (Given.initial.prefix(35).map(Double.init), zip(Given.initial, Given.gradients[0]).map { Double($0) * Double($1) })
    let cost = a.reduce(0) { $0 + 0.3 * abs($1) + 0.35 * $1 * $1 }
    let right = all.reduce(0, +) + cost
    #expect(abs(try session.sums().loss - right) <= 1e-5 * abs(right))
    // Data alone, while it is evaluated.
    try session.resetSums()
    try Given.gradients[0].withUnsafeBufferPointer { features in
      try [Int32(0)].withUnsafeBufferPointer { try session.evaluate(features: features, labels: $0) }
    }
    #expect(abs(try session.sums().loss - (right - cost)) <= 1e-5 * abs(right))
  }

  @Test("A gradient that is not finite is found, however it is clipped", arguments: DeviceUnderTest.best)
  func badGradients(on under: DeviceUnderTest) throws {
    for clipping in [GradientClipping(value: 0.5), GradientClipping(ratio: 0.1), GradientClipping(norm: 1, value: 0.5, ratio: 0.1)] {
      for bad in [Float.nan, .infinity, -.infinity] {
        let session = try TrainingSession(
          model: Pair(), sampleShape: [48], batchSize: 1,
          loss: Loss("itself") { output, _ in output.clamped(from: -1, to: 1) * 0 + output },
          groups: [ParameterGroup(SGD(learningRate: 0.1))], clippingNorm: clipping.norm, clippingValue: clipping.value,
          clippingRatio: clipping.ratio, device: under.device)
        try session.restore(try OptimizerTests.start(session))
        var features = Given.gradients[0]
        features[3] = bad
        try session.train(features: features) { _, count in StepNumbers(rate: 0.1, count: count) }
        let sums = try session.sums()
        #expect(sums.badStep != nil || sums.hasBadGradient, "\(clipping), \(bad)")
      }
    }
  }

  // MARK: L-BFGS

  private struct Regression: Layer {
    let layer = Dense(6, 4)
    func forward(_ x: Tensor) -> Tensor { layer(x) }
  }

  private func descent(_ rule: LBFGS, on under: DeviceUnderTest) throws -> TrainingSession {
    let session = try TrainingSession(
      model: Regression(), sampleShape: [6], batchSize: 64, groups: [ParameterGroup(rule)], device: under.device)
    var state = try session.state()
    state.parameters[0].values = NamedStream.values("descent/weight", count: 24, scale: 0.3)
    state.parameters[1].values = [0, 0, 0, 0]
    try session.restore(state)
    return session
  }

  private static let features = NamedStream.values("descent/features", count: 384, scale: 2)

  @Test("Steps of L-BFGS lead where PyTorch's do", arguments: DeviceUnderTest.best, descents)
  func descent(on under: DeviceUnderTest, variant: String) throws {
    let fixture = try Self.fixture.get()
    let options = try fixture.metadata(variant)
    let (right, losses) = (try fixture.doubles("\(variant)/told"), try fixture.doubles("\(variant)/losses"))
    let labels = try fixture.file.integers(of: "descent/labels").map { Int32(truncatingIfNeeded: $0) }
    let rule = LBFGS(
      learningRate: options["lr"]?.doubleValue ?? 1, history: try #require(options["history_size"]?.integerValue),
      iterations: try #require(options["max_iter"]?.integerValue), isFixedStep: options["lr"] != nil,
      weightDecay: options["weight_decay"]?.doubleValue ?? 0)
    let session = try descent(rule, on: under)
    for step in losses.indices {
      try session.resetSums()
      try session.train(Self.features, labels: labels)
      #expect(abs(try session.sums().loss - losses[step]) <= 1e-5)
      let found = try session.state().parameters.flatMap(\.values)
      let off = Difference.ofTensor(found, Array(right[(step * 28)..<((step + 1) * 28)]), scale: 0.1)
      // Single precision tells less and less the nearer the bottom is.
      #expect(off <= (step == 0 ? 2e-5 : 5e-4), "off by \(off) after \(step + 1) steps")
    }
    #expect(try session.sums().samples == 64)
  }

  @Test("L-BFGS goes on from a saved state with the same bits", arguments: DeviceUnderTest.best)
  func descentResumed(on under: DeviceUnderTest) throws {
    let labels = try Self.fixture.get().file.integers(of: "descent/labels").map { Int32(truncatingIfNeeded: $0) }
    let rule = LBFGS(history: 3, iterations: 2)
    let whole = try descent(rule, on: under)
    for _ in 0..<6 { try whole.train(Self.features, labels: labels) }
    let first = try descent(rule, on: under)
    for _ in 0..<3 { try first.train(Self.features, labels: labels) }
    let second = try descent(rule, on: under)
    try second.restore(try first.state())
    for _ in 0..<3 { try second.train(Self.features, labels: labels) }
    let (a, b) = (try whole.state(), try second.state())
    #expect(a.parameters.map { $0.values.map(\.bitPattern) } == b.parameters.map { $0.values.map(\.bitPattern) })
    #expect(a.optimizer.map { $0.slots.map(\.name) } == b.optimizer.map { $0.slots.map(\.name) })
    #expect(
      a.optimizer.flatMap { $0.slots.map { $0.values.map(\.bitPattern) } }
        == b.optimizer.flatMap { $0.slots.map { $0.values.map(\.bitPattern) } })
    #expect(second.steps == 6)
  }

  @Test("What goes with no L-BFGS is refused")
  func descentRefusals() throws {
    func message(_ groups: [ParameterGroup], clippingNorm: Float? = nil) -> String {
      do {
        _ = try TrainingSession(
          model: Regression(), sampleShape: [6], batchSize: 4, groups: groups, clippingNorm: clippingNorm,
          device: DeviceUnderTest.processor.device)
        return ""
      } catch { return "\(error)" }
    }
    #expect(
      message([ParameterGroup(LBFGS()) { $0.hasSuffix("bias") }, ParameterGroup(Adam())]).contains("steps are those of all parameters"))
    #expect(message([ParameterGroup(LBFGS())], clippingNorm: 1).hasPrefix("clipping beside lbfgs"))
    #expect(message([ParameterGroup(LBFGS(), maximumNorm: 1)]).hasPrefix("a maximum norm beside lbfgs"))
    #expect(message([ParameterGroup(LBFGS(), stayClose: 1)]).contains("line search"))
    // Weight decay may differ.
    #expect(message([ParameterGroup(LBFGS()) { $0.hasSuffix("bias") }, ParameterGroup(LBFGS(weightDecay: 0.1))]) == "")
  }
}

extension TrainingSession {
  /// One step on a sample whose label does not matter.
  fileprivate func train(features: [Float], numbers: (_ group: Int, _ count: Int) -> StepNumbers) throws {
    try features.withUnsafeBytes { features in
      try [Int32(0)].withUnsafeBytes { labels in
        try [features, labels].withUnsafeBufferPointer { try train(fields: $0, numbers: numbers) }
      }
    }
  }
}
