import Foundation
import Glissade
import TestSupport
import Testing

/// Trainings that end before their last epoch, because nothing gets better or because their time is over.
@Suite struct EarlyStoppingTests {
  private func rows(_ losses: [Double], accuracies: [Double] = []) -> [EpochRecord] {
    losses.enumerated().map { index, loss in
      EpochRecord(
        epoch: index + 1, step: 10 * (index + 1), learningRate: 0.1, trainLoss: -loss, trainAccuracy: 0, validationLoss: loss,
        validationAccuracy: index < accuracies.count ? accuracies[index] : .nan, seconds: 1, samplesPerSecond: 1)
    }
  }

  /// After how many epochs a rule ends a training with such losses.
  private func end(_ rule: EarlyStopping, _ rows: [EpochRecord]) -> Int? {
    (1...rows.count).first { rule.verdict(on: Array(rows.prefix($0))) != nil }
  }

  @Test func patienceCountsFromTheBest() {
    let losses = rows([1, 0.8, 0.9, 0.85, 0.7, 0.75, 0.72, 0.71, 0.6])
    #expect(end(EarlyStopping(patience: 1), losses) == 3)
    #expect(end(EarlyStopping(patience: 2), losses) == 4)
    #expect(end(EarlyStopping(patience: 3), losses) == 8)
    #expect(end(EarlyStopping(patience: 4), losses) == nil)
    #expect(
      EarlyStopping(patience: 3).verdict(on: losses) == "the validation loss was no better than in epoch 5 for 3 epochs")
  }

  @Test func smallStepsAreNone() {
    let losses = rows([1, 0.95, 0.91, 0.88, 0.7])
    // 0.88 is better than 1 by more than 0.1, none before it is.
    #expect(end(EarlyStopping(patience: 3, minimumDelta: 0.1), losses) == nil)
    #expect(end(EarlyStopping(patience: 2, minimumDelta: 0.1), losses) == 3)
    // Equal is no better, and neither is what is no number.
    #expect(end(EarlyStopping(patience: 2), rows([1, 1, 1])) == 3)
    #expect(end(EarlyStopping(patience: 2), rows([.nan, .nan])) == 2)
    #expect(end(EarlyStopping(patience: 2), rows([1, .nan, 0.9, .nan, 0.8])) == nil)
  }

  @Test func someMeasuresGrowBetter() {
    let rows = rows([1, 2, 3, 4], accuracies: [0.5, 0.6, 0.55, 0.7])
    #expect(end(EarlyStopping(patience: 2, measure: .validationAccuracy), rows) == nil)
    #expect(end(EarlyStopping(patience: 1, measure: .validationAccuracy), rows) == 3)
    #expect(end(EarlyStopping(patience: 1, measure: .trainingLoss), rows) == nil)
    #expect(end(EarlyStopping(patience: 1, measure: .validationError), rows) == 2)
    var record = RunRecord()
    record.epochs = rows
    #expect(record.bestEpoch?.epoch == 1)
    record.bestBy = .validationAccuracy
    #expect(record.bestEpoch?.epoch == 4)
    record.bestBy = .trainingLoss
    #expect(record.bestEpoch?.epoch == 4)
  }

  // MARK: In a training

  private struct Network: Layer {
    let first = Dense(6, 24)
    let dropout = Dropout(0.2)
    let second = Dense(24, 3)
    func forward(_ x: Tensor) -> Tensor { second(dropout(relu(first(x)))) }
  }

  private let data: SyntheticClassification
  private let held: SyntheticClassification
  private let selection: DeviceSelection

  init() throws {
    // Classes that cannot be told apart: what is learnt of them is learnt by heart.
    data = try SyntheticClassification(count: 48, sampleShape: [6], classCount: 3, separation: 0.01, seed: 1)
    held = try SyntheticClassification(count: 30, sampleShape: [6], classCount: 3, separation: 0.01, seed: 1, part: 1)
    selection = DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false)
  }

  private var options: TrainingOptions {
    var options = TrainingOptions(groups: [ParameterGroup(Adam(learningRate: 1e-2))])
    (options.epochs, options.batchSize, options.seed, options.checkpointSteps) = (60, 16, 4, 2)
    options.earlyStopping = EarlyStopping(patience: 4)
    return options
  }

  private func fit(
    _ options: TrainingOptions, resuming: TrainingCheckpoint? = nil, checkpoint: ((TrainingCheckpoint) throws -> Void)? = nil,
    observe: @escaping (TrainingEvent) -> Void = { _ in }
  ) throws -> Trainer.Result {
    try Trainer(model: Network(), options: options).fit(
      data, validation: held, test: held, on: selection, resuming: resuming, observe: observe, checkpoint: checkpoint)
  }

  private func bits(_ state: ModelState?) -> [[UInt32]] {
    (state?.parameters ?? []).map { $0.values.map(\.bitPattern) }
  }

  @Test func theBestEpochIsKeptAndMeasured() throws {
    var stops: [Int] = []
    let result = try fit(options, observe: { if case .stopped(let epoch, _) = $0 { stops.append(epoch) } })
    let best = try #require(result.record.bestEpoch)
    #expect(result.failure == nil && result.record.epochs.count == best.epoch + 4 && best.epoch < 40)
    #expect(stops == [best.epoch + 4] && result.record.stopReason?.contains("than in epoch \(best.epoch) for 4 epochs") == true)
    #expect(result.record.testedEpoch == best.epoch && result.record.testLoss == best.validationLoss)
    // The same parameters as after so many epochs of a training that knows of no end.
    var short = options
    (short.earlyStopping, short.epochs) = (nil, best.epoch)
    #expect(try bits(fit(short).state) == bits(result.best))
  }

  @Test func aTrainingThatGoesOnStopsWhereItWouldHave() throws {
    var checkpoints: [TrainingCheckpoint] = []
    let whole = try fit(options, checkpoint: { checkpoints.append($0) })
    let folder = try TemporaryFolder()
    for (index, checkpoint) in checkpoints.enumerated() where index % 5 == 0 || index > checkpoints.count - 3 {
      let path = folder.file("\(checkpoint.state.steps)")
      try checkpoint.save(to: path)
      let result = try fit(options, resuming: try TrainingCheckpoint(contentsOf: path))
      #expect(bits(result.state) == bits(whole.state), "from step \(checkpoint.state.steps)")
      #expect(result.record.stopReason == whole.record.stopReason && result.record.epochs.count == whole.record.epochs.count)
    }
  }

  @Test func timeEndsAfterAWholeEpochAndMoreOfItGoesOn() throws {
    var options = options
    (options.earlyStopping, options.epochs, options.timeLimit) = (nil, 6, .microseconds(1))
    let first = try fit(options)
    #expect(first.record.epochs.count == 1 && first.record.stopReason?.hasPrefix("the time is over") == true)
    #expect(first.checkpoint.completedEpochs == 1 && first.checkpoint.completedBatches == 0 && first.failure == nil)
    // There is no more of it than before.
    #expect(try fit(options, resuming: first.checkpoint).record.epochs.count == 1)
    options.timeLimit = .seconds(10_000)
    let resumed = try fit(options, resuming: first.checkpoint)
    options.timeLimit = nil
    let whole = try fit(options)
    #expect(bits(resumed.state) == bits(whole.state) && resumed.record.epochs.count == 6 && resumed.record.stopReason == nil)
  }

  /// A tenth of a second goes by where each epoch is saved; the epochs themselves take nearly none.
  @Test func savingIsPartOfTheTime() throws {
    var options = options
    (options.earlyStopping, options.checkpointSteps, options.epochs, options.timeLimit) = (nil, nil, 1000, .milliseconds(250))
    func save(_ checkpoint: TrainingCheckpoint) { usleep(100_000) }
    let first = try fit(options, checkpoint: save)
    #expect((2...4).contains(first.record.epochs.count), "\(first.record.epochs.count)")
    #expect(first.record.stopReason?.hasPrefix("the time is over") == true)
    let least = 0.1 * Double(first.record.epochs.count)
    #expect(first.record.elapsedSeconds >= least && first.record.elapsedSeconds > first.record.wholeSeconds)
    // What is kept knows of it, and there is no more time than before.
    let folder = try TemporaryFolder()
    let path = folder.file("checkpoint")
    try first.checkpoint.save(to: path)
    let kept = try TrainingCheckpoint(contentsOf: path)
    #expect(kept.record.elapsedSeconds == first.checkpoint.record.elapsedSeconds && kept.record.elapsedSeconds >= 0.25)
    #expect(try fit(options, resuming: kept, checkpoint: save).record.epochs.count == first.record.epochs.count)
    // What is left is told likewise: ten epochs, each with its saving.
    (options.epochs, options.timeLimit) = (11, nil)
    var left: [Double] = []
    func note(_ event: TrainingEvent) { if case .progress(let progress) = event, progress.epoch == 2 { left.append(progress.secondsLeft) } }
    _ = try fit(options, checkpoint: save, observe: note)
    #expect(left.allSatisfy { $0 > 0.9 } && !left.isEmpty, "\(left)")
    options.timeLimit = .milliseconds(300)
    left = []
    _ = try fit(options, checkpoint: save, observe: note)
    #expect(left.allSatisfy { $0 < 0.3 } && !left.isEmpty, "\(left)")
  }

  @Test func whatCannotBeMeasuredIsRefused() throws {
    func message(_ rule: EarlyStopping, validation: (any Dataset)?) -> String {
      var options = options
      options.earlyStopping = rule
      do {
        _ = try Trainer(model: Network(), options: options).fit(data, validation: validation, on: selection)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message(EarlyStopping(patience: 0), validation: held).contains("is 0, and it has to be at least 1"))
    #expect(message(EarlyStopping(minimumDelta: -1), validation: held).contains("min_delta"))
    #expect(message(EarlyStopping(), validation: nil).contains("train_loss, since there is no validation data"))
    #expect(message(EarlyStopping(measure: .validationDetermination), validation: held).contains("validation_accuracy, train_loss"))
    #expect(message(EarlyStopping(patience: 1, measure: .trainingLoss), validation: nil) == "")
  }
}
