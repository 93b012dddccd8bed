import Glissade
import Synchronization
import Testing

/// Samples that count how often they are read.
private struct Counted: Dataset {
  final class Count: Sendable { let reads = Mutex(0) }
  let samples: SyntheticClassification
  let count_ = Count()
  var count: Int { samples.count }
  var sampleShape: [Int] { samples.sampleShape }
  var classNames: [String] { samples.classNames }
  var labels: [Int32] { samples.labels }
  var reads: Int { count_.reads.withLock { $0 } }

  func gather(
    _ indices: ArraySlice<Int>, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
  ) throws(DataError) {
    count_.reads.withLock { $0 += indices.count }
    try samples.gather(indices, into: features, labels: labels)
  }
}

/// Trainings whose epochs train different parts, and those that keep a frozen backbone's features.
struct UnfreezingTests {
  private let selection: DeviceSelection
  private let data: Counted
  private let validation: Counted
  private let model: any LayerWithHead

  init() throws {
    selection = DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false)
    data = Counted(samples: try SyntheticClassification(count: 53, sampleShape: [8, 8, 3], classCount: 4, seed: 1))
    validation = Counted(samples: try SyntheticClassification(count: 19, sampleShape: [8, 8, 3], classCount: 4, seed: 2))
    model = Sequential(
      Conv2D(3, 8, kernel: 3, stride: 2), BatchNorm(8), ReLU(), Dropout(0.3), Flatten(), Dense(72, 16), ReLU(), Dropout(0.2), Dense(16, 4))
  }

  private func options(_ change: (inout TrainingOptions) throws -> Void) rethrows -> TrainingOptions {
    var options = TrainingOptions()
    options.batchSize = 16
    options.epochs = 4
    options.seed = 3
    try change(&options)
    return options
  }

  private func group(_ text: String, _ rate: Double = 1e-2) throws -> ParameterGroup {
    let paths = try ParameterSelection(text).paths(in: model)
    return ParameterGroup(Adam(learningRate: rate)) { paths.contains($0) }
  }

  private func fit(_ options: TrainingOptions, observe: @escaping (TrainingEvent) -> Void = { _ in }) throws -> Trainer.Result {
    let result = try Trainer(model: model, options: options).fit(data, validation: validation, on: selection, observe: observe)
    if let failure = result.failure { throw failure }
    return result
  }

  /// The same training by sessions, one for each epoch's groups.
  @Test func phasesAreSessionsOneBehindTheOther() throws {
    let head = try group("head")
    let later = try group("5", 1e-3)
    let options = options {
      $0.groups = [head]
      $0.laterPhases = [TrainingPhase(firstEpoch: 3, groups: [head, later])]
    }
    let trained = 16 * 4 + 4 + 72 * 16 + 16
    let found = Mutex<[String]>([])
    let result = try fit(options) { event in
      if case .unfroze(let epoch, let trainable) = event { found.withLock { $0.append("\(epoch): \(trainable)") } }
    }
    #expect(found.withLock { $0 } == ["3: \(trained)"])
    // What was timed says nothing of the later steps.
    #expect(result.record.stepTimes.steps > 0 && result.record.deviceSeconds.isNaN)

    let order = try BatchOrder(count: data.count, batchSize: 16, seed: 3)
    var state: ModelState?
    for epoch in 0..<4 {
      let groups = epoch < 2 ? [head] : [head, later]
      let session = try TrainingSession(
        model: model, sampleShape: [8, 8, 3], batchSize: 16, groups: groups, seed: 3, device: selection.device)
      if let state { try session.restore(state) }
      for batch in 0..<order.batchesPerEpoch {
        let (features, labels) = try data.gather(Array(order.indices(epoch: epoch, batch: batch)))
        try features.withUnsafeBufferPointer { features in
          try labels.withUnsafeBufferPointer { try session.train(features: features, labels: $0) { groups[$0].optimizer.learningRate } }
        }
      }
      state = try session.state()
    }
    let expected = try #require(state)
    #expect(result.state.parameters.map(\.values) == expected.parameters.map(\.values))
    #expect(result.state.optimizer.map(\.steps) == expected.optimizer.map(\.steps))
    #expect(result.state.optimizer.first { $0.path == "8.weight" }?.steps == 16)
    #expect(result.state.optimizer.first { $0.path == "5.weight" }?.steps == 8)
    #expect(result.state.optimizer.flatMap { $0.slots.map(\.values) } == expected.optimizer.flatMap { $0.slots.map(\.values) })
    // What was never trained is where it began.
    let start = try TrainingSession(
      model: model, sampleShape: [8, 8, 3], batchSize: 16, groups: [head], seed: 3, device: selection.device
    ).state()
    for (before, after) in zip(start.parameters, result.state.parameters) where ["0", "1"].contains(before.path.prefix(1)) {
      #expect(before.values == after.values, "\(before.path)")
    }
  }

  /// Batches of other samples sum nothing differently, so what is kept is what would be computed, up to the last bits.
  @Test(arguments: [1 << 30, 0]) func keptFeaturesGiveTheSameHead(memoryLimit: Int) throws {
    let plain = try options { $0.groups = [try group("head")] }
    var cached = plain
    cached.featureCache = FeatureCache(memoryLimit: memoryLimit)
    let expected = try fit(plain)
    let (reads, validationReads) = (data.reads, validation.reads)
    // The validation data is looked at once more at the end.
    #expect(reads == 4 * 53 && validationReads == 5 * 19)
    let told = Mutex<[Int]>([])
    let found = try fit(cached) { event in
      if case .features(let features) = event {
        #expect(features.count == 53 + 19 && features.seconds > 0)
        told.withLock { $0.append(features.done) }
      }
    }
    // At the end at least.
    #expect(told.withLock { $0.last == 72 && $0 == $0.sorted() })
    #expect(data.reads - reads == 53 && validation.reads - validationReads == 2 * 19)
    for (a, b) in zip(expected.state.parameters, found.state.parameters) {
      let worst = zip(a.values, b.values).map { abs($0 - $1) }.max() ?? 0
      #expect(worst <= 1e-5, "\(a.path) is off by \(worst)")
    }
    for (a, b) in zip(expected.record.epochs, found.record.epochs) {
      #expect(abs(a.trainLoss - b.trainLoss) <= 1e-5 && abs(a.validationLoss - b.validationLoss) <= 1e-5)
      #expect(a.trainAccuracy == b.trainAccuracy && a.validationAccuracy == b.validationAccuracy)
    }
    #expect(found.record.featureSeconds > 0 && expected.record.featureSeconds == 0)
    // The head learned something.
    #expect(found.record.epochs[3].trainLoss < found.record.epochs[0].trainLoss)
  }

  /// After the head has had its epochs on features, the whole model goes on with samples.
  @Test func unfreezingLeavesTheFeatures() throws {
    let head = try group("head")
    let plain = try options {
      $0.groups = [head]
      $0.laterPhases = [TrainingPhase(firstEpoch: 3, groups: [head, try group("backbone", 1e-4)])]
    }
    var cached = plain
    cached.featureCache = FeatureCache()
    let expected = try fit(plain)
    let reads = data.reads
    let found = try fit(cached)
    #expect(data.reads - reads == 53 + 2 * 53)
    for (a, b) in zip(expected.state.parameters, found.state.parameters) {
      let worst = zip(a.values, b.values).map { abs($0 - $1) }.max() ?? 0
      #expect(worst <= 1e-4, "\(a.path) is off by \(worst)")
    }
  }

  @Test func featuresOfASample() throws {
    let session = try TrainingSession(
      model: model, sampleShape: [8, 8, 3], batchSize: 16, groups: [try group("head")], device: selection.device)
    #expect(try session.featureShape() == [16])
    let (samples, labels) = try data.gather([4, 9, 2])
    let features = try samples.withUnsafeBufferPointer { try session.features(of: $0, count: 3) }
    #expect(features.count == 48)
    let whole = try session.predict(samples)
    try session.take(.features)
    let head = try session.predict(features)
    #expect(head.count == 12 && zip(head, whole).allSatisfy { abs($0 - $1) < 1e-6 })
    try features.withUnsafeBufferPointer { features in
      try labels.withUnsafeBufferPointer { try session.evaluate(features: features, labels: $0) }
    }
    #expect(throws: TrainingError.self) { try samples.withUnsafeBufferPointer { try session.features(of: $0, count: 2) } }
    let all = try TrainingSession(
      model: model, sampleShape: [8, 8, 3], batchSize: 16, groups: [try group("all")], device: selection.device)
    #expect(!all.canTakeFeatures)
    #expect(throws: TrainingError.self) { try all.take(.features) }
  }

  @Test func phasesThatMakeNoSense() throws {
    let head = try group("head")
    func message(_ phases: [TrainingPhase]) throws -> String {
      do {
        let options = options {
          $0.groups = [head]
          $0.laterPhases = phases
        }
        _ = try fit(options)
        return "trained"
      } catch { return "\(error)" }
    }
    #expect(
      try message([TrainingPhase(firstEpoch: 1, groups: [head])]).contains(
        "the first epoch of a training phase is 1, and it has to be above 1"))
    #expect(try message([TrainingPhase(firstEpoch: 3, groups: [head]), TrainingPhase(firstEpoch: 2, groups: [head])]).contains("is 2"))
    #expect(try message([TrainingPhase(firstEpoch: 2, groups: [])]).contains("nothing to train"))
    #expect(try message([TrainingPhase(firstEpoch: 2, groups: [ParameterGroup(Adam(learningRate: -1))])]).contains("learning rate"))
    // It is found before the first epoch.
    #expect(data.reads == 0)
  }
}
