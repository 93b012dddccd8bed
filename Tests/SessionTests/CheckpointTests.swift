import Glissade
import TestSupport
import Testing

/// Trainings that go on from a checkpoint, and its file.
@Suite struct CheckpointTests {
  /// With running statistics and dropout.
  private struct Network: Layer {
    let conv = Conv2D(2, 6, kernel: 3, padding: 1)
    let norm = BatchNorm(6)
    let dropout = Dropout(0.4)
    let dense = Dense(4 * 4 * 6, 3)
    func forward(_ x: Tensor) -> Tensor { dense(dropout(relu(norm(conv(x))).flattened())) }
  }

  private let data: SyntheticClassification
  private let held: SyntheticClassification
  private let selection: DeviceSelection

  init() throws {
    data = try SyntheticClassification(count: 70, sampleShape: [4, 4, 2], classCount: 3, separation: 0.5, seed: 1)
    held = try SyntheticClassification(count: 20, sampleShape: [4, 4, 2], classCount: 3, separation: 0.5, seed: 1, part: 1)
    selection = DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false)
  }

  private var options: TrainingOptions {
    var options = TrainingOptions(groups: [
      ParameterGroup(AdamW(learningRate: 1e-2, isAMSGrad: true), schedule: .cosine(to: 1e-4), takes: { $0.hasPrefix("dense") }),
      ParameterGroup(SGD(learningRate: 1e-2, momentum: 0.9)),
    ])
    options.epochs = 3
    options.batchSize = 16
    options.seed = 4
    options.checkpointSteps = 3
    return options
  }

  private func fit(
    _ options: TrainingOptions, resuming: TrainingCheckpoint? = nil, stopAfter steps: Int = .max,
    checkpoint: ((TrainingCheckpoint) throws -> Void)? = nil
  ) throws -> Trainer.Result {
    var asked = 0
    return try Trainer(model: Network(), options: options).fit(
      data, validation: held, on: selection, resuming: resuming, checkpoint: checkpoint,
      shouldStop: {
        asked += 1
        return asked > steps
      })
  }

  private func bits(_ state: ModelState) -> [[UInt32]] {
    (state.parameters.map(\.values) + state.optimizer.flatMap { $0.slots.map(\.values) }).map { $0.map(\.bitPattern) }
  }

  private func rows(_ record: RunRecord) -> [[Double]] {
    record.epochs.map { [Double($0.step), $0.learningRate, $0.trainLoss, $0.trainAccuracy, $0.validationLoss, $0.validationAccuracy] }
  }

  @Test func everyCheckpointLeadsToTheSameEnd() throws {
    var checkpoints: [TrainingCheckpoint] = []
    let whole = try fit(options, checkpoint: { checkpoints.append($0) })
    #expect(whole.failure == nil)
    // Epochs of 5 steps; after every third step, and at the end of each epoch.
    #expect(checkpoints.map(\.state.steps) == [3, 5, 6, 9, 10, 12, 15])
    #expect(checkpoints.map(\.completedBatches) == [3, 0, 1, 4, 0, 2, 0])
    let folder = try TemporaryFolder()
    for checkpoint in checkpoints {
      let path = folder.file("\(checkpoint.state.steps)")
      try checkpoint.save(to: path)
      let result = try fit(options, resuming: try TrainingCheckpoint(contentsOf: path))
      #expect(result.failure == nil)
      #expect(bits(result.state) == bits(whole.state), "from step \(checkpoint.state.steps)")
      #expect(rows(result.record) == rows(whole.record), "from step \(checkpoint.state.steps)")
    }
  }

  /// A plateau's rate follows from epochs that are over; wherever training goes on, it goes on with the same.
  @Test func plateausGoOnWhereTheyWere() throws {
    var options = options
    options.epochs = 6
    // Nothing is ever so much better than the first epoch: a reduction after each epoch but that.
    options.groups = [
      ParameterGroup(
        SGD(learningRate: 1e-2), schedule: .plateau(factor: 0.5, patience: 0, threshold: 0.99, minimum: 2e-3),
        takes: { $0.hasPrefix("dense") }),
      ParameterGroup(SGD(learningRate: 1e-2)),
    ]
    var checkpoints: [TrainingCheckpoint] = []
    let whole = try fit(options, checkpoint: { checkpoints.append($0) })
    #expect(whole.record.epochs.map(\.learningRate) == [1e-2, 1e-2, 5e-3, 2.5e-3, 2e-3, 2e-3])
    let folder = try TemporaryFolder()
    for checkpoint in checkpoints where checkpoint.completedEpochs > 1 {
      let path = folder.file("\(checkpoint.state.steps)")
      try checkpoint.save(to: path)
      let result = try fit(options, resuming: try TrainingCheckpoint(contentsOf: path))
      #expect(bits(result.state) == bits(whole.state) && rows(result.record) == rows(whole.record), "from step \(checkpoint.state.steps)")
    }
  }

  /// Without validation data there is nothing to follow.
  @Test func plateausNeedWhatTheyFollow() throws {
    var options = options
    options.groups = [ParameterGroup(SGD(learningRate: 1e-2), schedule: .plateau())]
    let error = #expect(throws: TrainingError.self) {
      try Trainer(model: Network(), options: options).fit(data, on: selection)
    }
    #expect("\(try #require(error))".contains("train_loss, since there is no validation data"))
    options.groups = [ParameterGroup(SGD(learningRate: 1e-2), schedule: .plateau(measure: .trainingLoss))]
    #expect(try Trainer(model: Network(), options: options).fit(data, on: selection).failure == nil)
  }

  /// Wherever it is asked to stop: before a step, or while the epoch is validated.
  @Test func everyInterruptionLeadsToTheSameEnd() throws {
    let whole = try fit(options)
    for steps in 0..<14 {
      let stopped = try fit(options, stopAfter: steps)
      #expect(stopped.record.interruption != nil && stopped.failure == nil)
      let result = try fit(options, resuming: stopped.checkpoint)
      #expect(bits(result.state) == bits(whole.state), "after \(steps)")
      #expect(rows(result.record) == rows(whole.record), "after \(steps)")
      #expect(result.record.interruption == nil)
    }
  }

  @Test func aFileGivesBackWhatWasSaved() throws {
    var saved: [TrainingCheckpoint] = []
    _ = try fit(options, checkpoint: { saved.append($0) })
    var checkpoint = try #require(saved.first)
    checkpoint.options = ["lr": 0.001, "name": "a \"quoted\" one", "none": nil]
    let folder = try TemporaryFolder()
    try checkpoint.save(to: folder.file("a"))
    let read = try TrainingCheckpoint(contentsOf: folder.file("a"))
    #expect(bits(read.state) == bits(checkpoint.state))
    #expect(read.state.parameters.map(\.shape) == checkpoint.state.parameters.map(\.shape))
    #expect(read.state.optimizer.map(\.steps) == [3, 3, 3, 3, 3, 3] && read.state.steps == 3)
    #expect(read.state.optimizer.map { $0.slots.map(\.name) } == checkpoint.state.optimizer.map { $0.slots.map(\.name) })
    #expect(read.sums == checkpoint.sums && !read.sums.isEmpty)
    #expect(read.conditions == checkpoint.conditions && read.conditions != nil)
    #expect(read.options == checkpoint.options)
    #expect(read.completedBatches == 3 && read.completedEpochs == 0 && read.epochSeconds == checkpoint.epochSeconds)
    try read.save(to: folder.file("b"))
    #expect(try folder.get("a") == folder.get("b"))
  }

  @Test func damageIsFound() throws {
    var saved: [TrainingCheckpoint] = []
    _ = try fit(options, checkpoint: { saved.append($0) })
    let folder = try TemporaryFolder()
    try #require(saved.first).save(to: folder.file("whole"))
    let bytes = try folder.get("whole")
    func refusal(_ bytes: [UInt8]) throws -> String? {
      let path = try folder.put("damaged", bytes)
      do throws(FormatError) {
        _ = try TrainingCheckpoint(contentsOf: path)
        return nil
      } catch { return error.description }
    }
    #expect(try refusal(bytes) == nil)
    for position in stride(from: 0, to: bytes.count, by: 97) {
      var changed = bytes
      changed[position] ^= 0x10
      #expect(try refusal(changed) != nil, "a changed byte at \(position)")
      #expect(try refusal(Array(bytes[..<position])) != nil, "the first \(position) bytes")
    }
    try ModelState(parameters: []).save(to: folder.file("model"))
    #expect(try refusal(folder.get("model")) == "\(folder.file("damaged")): not a checkpoint of a training")
  }

  @Test func whatHasChangedIsNamed() throws {
    var saved: [TrainingCheckpoint] = []
    _ = try fit(options, checkpoint: { saved.append($0) })
    let checkpoint = saved[1]
    func message(_ change: (inout TrainingOptions) -> Void, training: (any Dataset)? = nil) throws -> String {
      var options = options
      change(&options)
      do {
        _ = try Trainer(model: Network(), options: options).fit(
          training ?? data, validation: held, on: selection, resuming: checkpoint)
        return "nothing"
      } catch { return "\(error)" }
    }
    #expect(try message { $0.epochs = 4 } == "nothing")
    #expect(try message { $0.seed = 5 }.hasSuffix("the training cannot go on where it stopped: seed is 5, before 4"))
    #expect(try message { $0.batchSize = 14 }.contains("batch size is 14, before 16"))
    #expect(try message { $0.groups[0].optimizer.learningRate = 0.5 }.contains("optimizer of group 1 is AdamW(learningRate: 0.5"))
    #expect(try message { $0.groups[1].schedule = .linear() }.contains("schedule of group 2 is linear(to: 0.0), before constant"))
    #expect(try message { $0.epochs = 0 }.contains("epochs is 0"))
    let other = try SyntheticClassification(count: 70, sampleShape: [4, 4, 2], classCount: 3, separation: 0.5, seed: 2)
    #expect(try message({ _ in }, training: other).contains("the training data has other samples"))
    let fewer = data.prefix(69)
    #expect(try message({ _ in }, training: fewer).contains("the training data has 69 samples, before 70"))
  }

  @Test func onlyTheLastAreKept() throws {
    let folder = try TemporaryFolder()
    let run = RunFolder(folder.path)
    var checkpoint = TrainingCheckpoint(state: ModelState(parameters: [.init(path: "a", shape: [2], values: [1, 2])]))
    for steps in [3, 20, 100] {
      checkpoint.state.steps = steps
      try run.save(checkpoint, keeping: 2)
    }
    #expect(folder.names == ["checkpoint-100.safetensors", "checkpoint-20.safetensors"])
    _ = try folder.put("checkpoint-200.safetensors", [1, 2, 3])
    _ = try folder.put("notes.txt", [1])
    let (newest, damage) = run.newestCheckpoint()
    #expect(newest?.state.steps == 100 && damage.map(\.path) == [folder.file("checkpoint-200.safetensors")])
    #expect(run.removeRun())
    #expect(folder.names == ["notes.txt"])
    #expect(!run.removeRun())
  }
}
