import Glissade
import TestSupport
import Testing

@testable import GlissadeTraining

/// Batches that are computed in parts.
@Suite struct MicroBatchTests {
  private let data: SyntheticClassification
  private let held: SyntheticClassification

  init() throws {
    data = try SyntheticClassification(count: 70, sampleShape: [6], classCount: 3, separation: 0.5, seed: 1)
    held = try SyntheticClassification(count: 20, sampleShape: [6], classCount: 3, separation: 0.5, seed: 1, part: 1)
  }

  private let model = Sequential(Dense(6, 5), ReLU(), Dense(5, 3))

  /// Epochs of four whole batches and one of six samples.
  private func options(_ optimizer: any Optimizer = SGD(learningRate: 0.1, momentum: 0.9)) -> TrainingOptions {
    var options = TrainingOptions(groups: [ParameterGroup(optimizer)])
    (options.epochs, options.batchSize, options.seed) = (2, 16, 7)
    return options
  }

  private func fit(
    _ options: TrainingOptions, _ model: (any Layer)? = nil, on device: (any Device)? = nil, resuming: TrainingCheckpoint? = nil,
    checkpoint: ((TrainingCheckpoint) throws -> Void)? = nil
  ) throws -> Trainer.Result {
    let selection = DeviceSelection(device: try device ?? CPUDevice(threads: 1), reason: "test", mayFallBack: false)
    let result = try Trainer(model: model ?? self.model, options: options).fit(
      data, validation: held, test: held, on: selection, resuming: resuming, checkpoint: checkpoint)
    if let failure = result.failure { throw failure }
    return result
  }

  /// How far two trainings are apart, in multiples of the largest number of each parameter.
  private func distance(_ one: ModelState, _ other: ModelState) -> Float {
    zip(one.parameters, other.parameters).reduce(0) { most, pair in
      let largest = pair.0.values.reduce(0) { max($0, abs($1)) }
      return zip(pair.0.values, pair.1.values).reduce(most) { max($0, abs($1.0 - $1.1) / max(largest, 1e-3)) }
    }
  }

  @Test func partsAreFewAndAlike() {
    #expect(MicroBatches.parts(of: 16, most: 16) == [0..<16])
    #expect(MicroBatches.parts(of: 16, most: 5) == [0..<4, 4..<8, 8..<12, 12..<16])
    #expect(MicroBatches.parts(of: 7, most: 3) == [0..<2, 2..<4, 4..<7])
    #expect(MicroBatches.parts(of: 3, most: 100) == [0..<3])
    for count in 2...40 {
      for most in 2...count {
        let parts = MicroBatches.parts(of: count, most: most)
        #expect(parts.first?.lowerBound == 0 && parts.last?.upperBound == count)
        #expect(zip(parts, parts.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        let sizes = parts.map(\.count)
        #expect(parts.count == (count + most - 1) / most && (sizes.max() ?? 0) <= most && (sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
        #expect((sizes.min() ?? 0) >= min(count, most) / 2)
      }
    }
  }

  private var kinds: [(name: String, options: TrainingOptions)] {
    func changed(_ rule: (any Optimizer)? = nil, _ change: (inout TrainingOptions) -> Void = { _ in }) -> TrainingOptions {
      var result = rule.map { options($0) } ?? options()
      change(&result)
      return result
    }
    let mixup = try? BatchMixing(mixup: 0.4, seed: 3)
    return [
      ("momentum", options()), ("adam", options(Adam(learningRate: 0.01))), ("lamb", options(LAMB(learningRate: 0.01))),
      ("muon", options(Muon(learningRate: 0.01))), ("norm", changed { $0.clipping.norm = 0.05 }),
      ("value and ratio", changed { $0.clipping = GradientClipping(value: 0.02, ratio: 0.05) }),
      ("penalties", changed { $0.groups[0].penalty = WeightPenalty(l1: 0.01, l2: 0.1) }),
      ("maximum norm", changed { $0.groups[0].maximumNorm = 0.5 }), ("stay close", changed { $0.groups[0].stayClose = 0.3 }),
      ("class weights", changed { $0.classWeights = .balanced }),
      ("class weights of another loss", changed { ($0.classWeights, $0.loss) = (.balanced, .focal()) }),
      ("mixed", changed { $0.mixing = mixup }),
      ("mixed, of another loss", changed { ($0.mixing, $0.loss) = (mixup, .focal()) }),
      ("sum", changed(SGD(learningRate: 0.005)) { $0.loss = Loss.crossEntropy.reducing(by: .sum) }),
      (
        "sum with weights",
        changed(SGD(learningRate: 0.005)) { ($0.loss, $0.classWeights) = (Loss.crossEntropy.reducing(by: .sum), .balanced) }
      ),
      ("average", changed { $0.average = .exponential(decay: 0.5) }),
      ("two groups", changed { $0.groups = [ParameterGroup(SGD(learningRate: 0.1)) { $0.hasPrefix("0") }, ParameterGroup(Adam())] }),
    ]
  }

  /// The same numbers as of whole batches, and what is told of them.
  @Test(arguments: TestDevices.native.prefix(1) + TestDevices.openCL.filter { !$0.isSlowToPrepare })
  func theyComeToWhatWholeBatchesDo(on device: TestDevice) throws {
    for (name, whole) in kinds {
      var parted = whole
      let expected = try fit(whole, on: device.device)
      for size in [5, 6] {
        parted.microBatch = size
        let found = try fit(parted, on: device.device)
        #expect(distance(expected.state, found.state) < 2e-5, "\(name) by \(size): \(distance(expected.state, found.state))")
        for (one, other) in zip(expected.record.epochs, found.record.epochs) {
          // What a weighted sum is told as is the mean of the parts' weighted means.
          let near: Float = name == "sum with weights" ? 0.05 : 2e-5
          #expect(abs(Float(one.trainLoss) - Float(other.trainLoss)) < near * abs(Float(one.trainLoss)), "\(name)")
          #expect(abs(one.validationLoss - other.validationLoss) < 2e-5 * abs(one.validationLoss), "\(name)")
          #expect(abs(one.trainAccuracy - other.trainAccuracy) < 1e-6, "\(name)")
          #expect(one.step == other.step && one.learningRate == other.learningRate)
        }
        #expect(abs(expected.record.testLoss - found.record.testLoss) < 2e-5 * abs(expected.record.testLoss))
      }
    }
  }

  @Test func whatFitsInOneIsTheStepThatItWas() throws {
    var options = options()
    let expected = try fit(options)
    for size in [16, 1000] {
      options.microBatch = size
      #expect(distance(expected.state, try fit(options).state) == 0)
    }
  }

  @Test func theFunctionThatLBFGSMinimisesIsTheSame() throws {
    var options = options(LBFGS(iterations: 4))
    options.batchSize = 70
    let expected = try fit(options)
    options.microBatch = 9
    let found = try fit(options)
    #expect(distance(expected.state, found.state) < 1e-3, "\(distance(expected.state, found.state))")
    #expect(abs((expected.record.epochs.last?.trainLoss ?? 0) - (found.record.epochs.last?.trainLoss ?? 1)) < 1e-5)
    // A run of whole batches may go on in parts.
    var checkpoint: TrainingCheckpoint?
    (options.microBatch, options.epochs) = (nil, 1)
    _ = try fit(options, checkpoint: { checkpoint = $0 })
    (options.microBatch, options.epochs) = (9, 2)
    #expect(distance(expected.state, try fit(options, resuming: checkpoint).state) < 1e-3)
  }

  @Test func everyCheckpointLeadsToTheSameEnd() throws {
    var options = options(Adam(learningRate: 0.01))
    (options.microBatch, options.checkpointSteps) = (6, 2)
    let model = Sequential(Dense(6, 5), BatchNorm(5), Dropout(0.3), Dense(5, 3))
    var checkpoints: [TrainingCheckpoint] = []
    let whole = try fit(options, model, checkpoint: { checkpoints.append($0) })
    #expect(checkpoints.count > 4)
    for checkpoint in checkpoints { #expect(distance(whole.state, try fit(options, model, resuming: checkpoint).state) == 0) }
    options.microBatch = nil
    #expect { try fit(options, model, resuming: checkpoints[0]) } throws: { "\($0)".contains("micro-batch is not there, before 6") }
    options.microBatch = 5
    #expect { try fit(options, model, resuming: checkpoints[0]) } throws: { "\($0)".contains("micro-batch is 5, before 6") }
  }

  private func session(_ model: any Layer, microBatch: Int?, batchSize: Int = 4) throws -> TrainingSession {
    try TrainingSession(
      model: model, inputs: [SampleField("features", [2])], targets: [SampleField("labels", [], .int32)], batchSize: batchSize,
      loss: .crossEntropy, groups: [ParameterGroup(SGD(learningRate: 0.5))], seed: 11, device: try CPUDevice(threads: 1),
      microBatch: microBatch)
  }

  /// Two parts with the same samples would have the same gradient if they dropped the same.
  @Test func whatIsDroppedDiffersFromPartToPart() throws {
    let features: [Float] = [1, 2, 3, 4]
    let model = Sequential(Dropout(0.5), Dense(2, 2))
    var states: [ModelState] = []
    for (copies, microBatch) in [(1, nil), (2, 2)] as [(Int, Int?)] {
      let session = try session(model, microBatch: microBatch, batchSize: 2 * copies)
      for _ in 0..<4 {
        try session.train(
          Array(repeatElement(features, count: copies).joined()), labels: Array(repeatElement([0, 1], count: copies).joined()),
          learningRate: 0.5)
      }
      states.append(try session.state())
    }
    #expect(distance(states[0], states[1]) > 1e-3)
  }

  /// Of each part, as often as there are parts.
  @Test func batchNormsSeeParts() throws {
    let features: [Float] = [0, 0, 2, 4, 10, 10, 10, 30]
    let session = try session(Sequential(BatchNorm(2), Dense(2, 2)), microBatch: 2)
    try session.train(features, labels: [0, 1, 0, 1], learningRate: 0)
    let mean = try #require(try session.state().parameters.first { $0.path.hasSuffix("running_mean") }).values
    // 0.9 · (0.9 · 0 + 0.1 · m₁) + 0.1 · m₂
    for (found, right) in zip(mean, [0.09 * 1 + 0.1 * 10, 0.09 * 2 + 0.1 * 20] as [Float]) { #expect(abs(found - right) < 1e-5) }
    var options = options()
    options.microBatch = 1
    #expect { try fit(options, Sequential(Dense(6, 5), BatchNorm(5), Dense(5, 3))) } throws: {
      "\($0)".hasPrefix("the micro-batch is 1, and it has to be at least 2: of one sample alone, 1: batchNorm")
    }
  }

  @Test func aBadPartSpoilsItsStepAlone() throws {
    let session = try session(Dense(2, 2), microBatch: 2)
    try session.train([1, 2, 3, 4, 5, 6, 7, 8], labels: [0, 1, 0, 1], learningRate: 0.5)
    let before = try session.state()
    let bad: [Float] = [1, 2, 3, .infinity, 5, 6, 7, 8]
    try session.train(bad, labels: [0, 1, 0, 1], learningRate: 0.5)
    #expect(try session.sums().badStep == 2)
    #expect(distance(before, try session.state()) == 0)
    let large: [Float] = [1, 2, 3, 4, 5, 6, 1e38, -1e38]
    let found = try large.withUnsafeBufferPointer { features in
      try ([0, 1, 0, 1] as [Int32]).withUnsafeBufferPointer { labels in
        var state = before
        state.parameters[0].values = [10, 10, 20, -20]
        try session.restore(state)
        return try session.firstNotFinite(features: features, targets: .classes(labels), step: 2)
      }
    }
    #expect(found?.contains("matmul") == true, "\(found ?? "nothing")")
  }

  @Test func itTakesTheMemoryOfAPart() throws {
    let model = Sequential(Dense(6, 300), ReLU(), Dense(300, 300), ReLU(), Dense(300, 3))
    var options = options()
    (options.batchSize, options.epochs) = (64, 1)
    let whole = try fit(options, model).record.peakArenaBytes
    options.microBatch = 8
    let parted = try fit(options, model).record.peakArenaBytes
    #expect(parted * 3 < whole, "\(parted) and \(whole)")
  }

  /// What is recommended where there is no room has room.
  @Test func itIsRecommended() throws {
    // Activations that take more than parameters.
    let model = Sequential(Dense(6, 2000), ReLU(), Dense(2000, 3))
    var options = options(SGD(learningRate: 0.1))
    options.batchSize = 70
    let device = try SmallDevice(memoryBytes: 1_200_000)
    do {
      _ = try fit(options, model, on: device)
      Issue.record("a batch of 70 has room")
    } catch {
      let text = "\(error)"
      let advice = #/so has a micro-batch of (\d+), which leaves the batch as it is/#
      let size = try #require(text.firstMatch(of: advice).flatMap { Int($0.1) }, "\(text)")
      options.microBatch = size
      let small = try SmallDevice(memoryBytes: 1_200_000)
      let expected = try fit(options, model).state
      #expect(distance(expected, try fit(options, model, on: small).state) == 0)
    }
  }

  @Test func othersMayLookAtIt() throws {
    var options = options()
    options.microBatch = 5
    options.monitor = HealthMonitor(interval: 1)
    let trainer = Trainer(model: model, options: options)
    let result = try fit(options)
    #expect(result.record.epochs.allSatisfy { ($0.health?.gradientNorm ?? 0) > 0 })
    options.monitor = nil
    #expect(distance(result.state, try fit(options).state) == 0)
    let device = try CPUDevice(threads: 1)
    let range = try trainer.rateRange(data, on: device)
    #expect(range.points.count > 10)
    #expect(try trainer.outline(of: data, on: device).batchSize == 4)
    let explained = try trainer.explanation(of: data, on: device, figures: DeviceFigures.measured(on: device))
    #expect(explained.samples == 4 && explained.objection == nil && explained.plan.launches.contains { $0.kernelName == "add_gradients" })
  }

  @Test func noneIsRefused() throws {
    var options = options()
    for size in [0, -1] {
      options.microBatch = size
      #expect { try fit(options) } throws: { "\($0)" == "the micro-batch is \(size), and it has to be at least 1" }
    }
  }
}
