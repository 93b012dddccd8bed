import Glibc
import Glissade
import TestSupport
import Testing

@testable import GlissadeTraining

/// What the monitor says of networks that are made to fail, and that it is silent about others.
@Suite struct RunWarningTests {
  private func data(_ count: Int = 96, part: UInt32 = 0) throws -> SyntheticClassification {
    try SyntheticClassification(count: count, sampleShape: [6], classCount: 3, separation: 1.5, seed: 3, part: part)
  }

  private struct Told {
    var result: Trainer.Result
    /// As events.
    var kinds: [String]
    func text(_ kind: String) -> String { result.record.warnings.first { $0.kind == kind }?.text ?? "" }
  }

  private func fit(
    _ model: any Layer, _ optimizer: any Optimizer, epochs: Int = 3, interval: Int = 1, batchSize: Int = 16, _ training: any Dataset,
    validation: (any Dataset)? = nil, _ change: (inout TrainingOptions) -> Void = { _ in }
  ) throws -> Told {
    var options = TrainingOptions(groups: [ParameterGroup(optimizer)])
    (options.epochs, options.batchSize, options.seed, options.monitor) = (epochs, batchSize, 2, HealthMonitor(interval: interval))
    if training.targets != .classes { options.loss = .meanSquaredError }
    change(&options)
    var kinds: [String] = []
    let result = try Trainer(model: model, options: options).fit(
      training, validation: validation, on: DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false),
      observe: { if case .warning(let warning) = $0 { kinds.append(warning.kind) } })
    #expect(result.record.warnings.map(\.kind) == kinds)
    return Told(result: result, kinds: kinds)
  }

  @Test func aHealthyTraining() throws {
    let told = try fit(MLP([6, 16, 16, 3]), Adam(learningRate: 0.01), epochs: 8, data(), validation: data(48, part: 1))
    #expect(told.kinds.isEmpty && told.result.failure == nil, "\(told.result.record.warnings)")
  }

  @Test func deadUnits() throws {
    let told = try fit(MLP([6, 32, 3]), Adam(learningRate: 3), data()) { $0.clipping.norm = 1 }
    #expect(told.kinds.contains("dead_units"))
    let text = told.text("dead_units")
    #expect(text.contains("% of the units of layers.0 gave 0 for a whole batch") && text.contains("--activation leaky_relu"), "\(text)")
  }

  @Test func vanishingGradients() throws {
    let model = MLP([6] + [Int](repeating: 16, count: 9) + [3], activation: .sigmoid)
    let told = try fit(model, SGD(learningRate: 0.1), epochs: 1, data())
    #expect(told.kinds == ["vanishing_gradients"] && told.result.record.warnings[0].step == 1)
    #expect(told.text("vanishing_gradients").hasPrefix("Vanishing gradients: those of layers.0 are "), "\(told.result.record.warnings)")
    // The advice of the summary says it as well.
    #expect(told.result.record.advice.contains { $0.hasPrefix("Vanishing gradients") })
  }

  /// y = Σ x, by a deep network with much too large a rate.
  private func values(_ count: Int = 64) throws -> ArrayDataset {
    let blobs = try data(count)
    var features = [Float](repeating: 0, count: 6 * count)
    var labels = [Int32](repeating: 0, count: count)
    try features.withUnsafeMutableBufferPointer { features in
      try labels.withUnsafeMutableBufferPointer { try blobs.gather(Array(0..<count)[...], into: features, labels: $0) }
    }
    let values = (0..<count).map { row in features[(6 * row)..<(6 * row + 6)].reduce(0, +) }
    return try ArrayDataset(features: features, sampleShape: [6], values: values, valueNames: ["sum"])
  }

  @Test func explodingGradientsAndDivergence() throws {
    let told = try fit(MLP([6, 16, 16, 16, 1]), SGD(learningRate: 0.3), epochs: 4, values())
    #expect(told.kinds.contains("exploding_gradients"), "\(told.kinds)")
    #expect(told.text("exploding_gradients").contains("--clip-norm 1"))
    guard case .diverged(let step, let epoch, let loss, let first)? = told.result.failure as? TrainingError else {
      Issue.record("\(String(describing: told.result.failure))")
      return
    }
    let message = "\(try #require(told.result.failure))"
    #expect(step > 1 && epoch >= 1 && loss > 1000 * first && message.contains("more than a thousand times"))
    // What is left is from before: the last epoch's state, or the first.
    #expect(told.result.state.isFinite && told.result.state.steps == told.result.checkpoint.state.steps && told.result.state.steps < step)
    #expect(told.result.record.advice.first?.contains("A lower --lr") == true)
    // Clipped, the same network learns, and nobody is told to clip.
    let clipped = try fit(MLP([6, 16, 16, 16, 1]), SGD(learningRate: 0.05), epochs: 4, values()) { $0.clipping.norm = 1 }
    #expect(clipped.result.failure == nil && !clipped.kinds.contains("exploding_gradients"))
    // Without a monitor nothing is ended.
    let unwatched = try fit(MLP([6, 16, 16, 16, 1]), SGD(learningRate: 0.3), epochs: 4, values()) { $0.monitor = nil }
    #expect(unwatched.kinds.isEmpty && !(unwatched.result.failure.map { "\($0)".contains("thousand") } ?? false))
  }

  @Test func overshooting() throws {
    let model = Dense(6, 1)
    let told = try fit(model, SGD(learningRate: 0.002, momentum: 0.99), epochs: 150, batchSize: 64, values())
    #expect(told.kinds == ["overshooting"], "\(told.result.record.warnings)")
    #expect(told.text("overshooting").contains("with a period of about ") && told.text("overshooting").contains("0.9 instead of 0.99"))
    let calm = try fit(model, SGD(learningRate: 0.002, momentum: 0.5), epochs: 150, batchSize: 64, values())
    #expect(!calm.kinds.contains("overshooting"))
  }

  /// From checkpoints within and between epochs, the loss's period is found where it would have been found.
  @Test func overshootingIsNoticedAfterAStopAsWithoutOne() throws {
    var options = TrainingOptions(groups: [ParameterGroup(SGD(learningRate: 0.002, momentum: 0.99))])
    (options.epochs, options.batchSize, options.seed, options.monitor) = (75, 32, 2, HealthMonitor(interval: 1))
    (options.loss, options.checkpointSteps) = (.meanSquaredError, 11)
    let training = try values()
    let selection = DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false)
    func fit(_ resuming: TrainingCheckpoint?, _ checkpoint: ((TrainingCheckpoint) throws -> Void)? = nil) throws -> RunRecord {
      try Trainer(model: Dense(6, 1), options: options).fit(training, on: selection, resuming: resuming, checkpoint: checkpoint).record
    }
    var checkpoints: [TrainingCheckpoint] = []
    let whole = try fit(nil) { if [22, 33].contains($0.state.steps) { checkpoints.append($0) } }
    let warning = try #require(whole.warnings.first { $0.kind == "overshooting" })
    #expect(warning.step > 36 && checkpoints.map(\.completedBatches) == [0, 1], "\(whole.warnings)")
    let folder = try TemporaryFolder()
    for checkpoint in checkpoints {
      let path = folder.file("\(checkpoint.state.steps)")
      try checkpoint.save(to: path)
      #expect(try fit(try TrainingCheckpoint(contentsOf: path)).warnings == whole.warnings, "from step \(checkpoint.state.steps)")
    }
  }

  @Test func periodsOfTheLoss() {
    func period(every step: Int = 1, count: Int = 100, rate: (Int) -> Double = { _ in 0.1 }, _ loss: (Double) -> Double) -> Double? {
      var trace = LossTrace()
      for index in 0..<count { trace.add(loss(Double(index)), step: 10 + index * step, rate: rate(index)) }
      return trace.period
    }
    let found = period(every: 5) { 1 + 0.3 * cos($0 * 2 * .pi / 14) }
    #expect(abs((found ?? 0) - 70) <= 5)
    #expect(period { 2 * exp(-$0 / 80) * (1 + 0.4 * cos($0 * 2 * .pi / 10)) }.map { abs($0 - 10) <= 1 } == true)
    // Too few points, too small, falling, noise, and a schedule that raises the rate.
    #expect(period(count: 30) { 1 + 0.3 * cos($0) } == nil)
    #expect(period { 1 + 0.01 * cos($0 * 2 * .pi / 14) } == nil)
    #expect(period { 2.3 * exp(-$0 / 10) + 0.1 } == nil && period { 2 - $0 / 100 } == nil)
    var state: UInt64 = 1
    let noise = period { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return 1 + Double(state >> 40) / Double(1 << 24)
    }
    #expect(noise == nil)
    #expect(period(rate: { $0 % 14 == 0 ? 0.1 : 0.05 }) { 1 + 0.3 * cos($0 * 2 * .pi / 14) } == nil)
  }

  @Test func aHeadThatDoesNotLearn() throws {
    let model = MLP([6, 8, 3])
    let told = try fit(model, SGD(learningRate: 1e-7), epochs: 4, data()) { options in
      options.groups = [ParameterGroup(SGD(learningRate: 1e-7), takes: { $0.hasPrefix("layers.1") })]
    }
    #expect(told.kinds == ["idle_head"], "\(told.result.record.warnings)")
    #expect(told.text("idle_head").contains("the weights of layers.1 by"))
  }

  /// Nine of ten samples are of one class, and nothing tells classes apart.
  @Test func aClassThatIsNeverPredicted() throws {
    func rare(_ count: Int) throws -> ArrayDataset {
      try ArrayDataset(
        features: (0..<(6 * count)).map { Float(($0 * 7919) % 101) / 50 - 1 }, sampleShape: [6],
        labels: (0..<count).map { $0 % 10 == 9 ? 1 : 0 },
        classNames: ["many", "few"])
    }
    let told = try fit(MLP([6, 8, 2]), Adam(learningRate: 0.003), epochs: 4, rare(100), validation: rare(40))
    #expect(told.kinds.contains("unanswered_classes"))
    #expect(told.text("unanswered_classes").hasPrefix("'few' was never predicted"))
    #expect(told.result.record.warnings.first { $0.kind == "unanswered_classes" }?.epoch == 3)
  }

  @Test func overfitting() throws {
    func noise(_ count: Int, _ factor: Int) throws -> ArrayDataset {
      try ArrayDataset(
        features: (0..<(6 * count)).map { Float(($0 * factor) % 1009) / 500 - 1 }, sampleShape: [6],
        labels: (0..<count).map { Int32(($0 * factor / 3) % 2) }, classNames: ["a", "b"])
    }
    let told = try fit(MLP([6, 64, 64, 2]), Adam(learningRate: 0.01), epochs: 25, noise(48, 7919), validation: noise(48, 6007))
    #expect(told.kinds.contains("overfitting") && told.text("overfitting").contains("--early-stop"))
  }

  /// Each batch takes longer to be read than anything takes to be computed.
  @Test func waitingForData() throws {
    let told = try fit(MLP([6, 16, 3]), Adam(learningRate: 0.01), epochs: 2, interval: 50, SlowDataset(data(), pause: 0.3))
    #expect(told.kinds == ["data_wait"], "\(told.result.record.warnings)")
    #expect(told.text("data_wait").contains("% of the training's time: smaller pictures (--size)"))
    #expect(told.result.record.dataWaitShare > 0.5 && told.result.record.dataWaitSeconds > 2)
  }

  /// What is read before training is waited for once, and nothing of training would be faster by other pictures.
  @Test func readingBeforeTrainingIsNoWait() throws {
    var options = TrainingOptions(groups: [ParameterGroup(Adam(learningRate: 0.01))])
    (options.epochs, options.batchSize, options.monitor) = (3, 16, HealthMonitor(interval: 1))
    let record = try Trainer(model: MLP([6, 16, 3]), options: options).fit(
      data(), on: DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false), preparation: .seconds(20)
    ).record
    #expect(record.warnings.isEmpty && record.dataWaitShare < 0.9)
    #expect(record.advice.contains { $0.hasPrefix("Reading the data before training took ") && $0.contains(" % of the time, 20 of ") })
  }
}
