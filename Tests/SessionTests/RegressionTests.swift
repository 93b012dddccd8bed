import Glissade
import TestSupport
import Testing

/// What trainings on values say of themselves: errors in people's units, R², and that they came to nothing.
struct RegressionTests {
  /// y = 2a − 3b + 1 with a and b on a grid, and a little that does not follow from them.
  private func plane() throws -> ArrayDataset {
    var (features, values) = ([Float](), [Float]())
    for row in 0..<64 {
      let (a, b) = (Float(row % 8) / 4 - 1, Float(row / 8) / 4 - 1)
      features += [a, b]
      values.append(2 * a - 3 * b + 1 + 0.1 * Float(row * 7 % 11 - 5))
    }
    return try ArrayDataset(features: features, sampleShape: [2], values: values, valueNames: ["y"])
  }

  private func fit(
    _ loss: Loss = .meanSquaredError, rate: Double, epochs: Int, unit: Double = 1, resuming: TrainingCheckpoint? = nil,
    keep: ((TrainingCheckpoint) throws -> Void)? = nil
  ) throws -> (trainer: Trainer, result: Trainer.Result) {
    var options = TrainingOptions(groups: [ParameterGroup(SGD(learningRate: rate))])
    options.loss = loss
    (options.epochs, options.batchSize, options.seed, options.valueUnit) = (epochs, 16, 3, unit)
    let trainer = Trainer(model: Dense(2, 1), options: options)
    let selection = DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false)
    let data = try plane()
    return (trainer, try trainer.fit(data, validation: data.prefix(40), on: selection, resuming: resuming, checkpoint: keep))
  }

  @Test("R² of each epoch is that of its predictions", arguments: [Loss.meanSquaredError, .huber()]) func determination(loss: Loss) throws {
    let (trainer, result) = try fit(loss, rate: 0.1, epochs: 20)
    let last = try #require(result.record.epochs.last)
    let report = try trainer.predictions(for: try plane().prefix(40), state: result.state, on: try CPUDevice(threads: 1))
    #expect(last.validationDetermination > 0.5)
    #expect(abs(last.validationDetermination - report.rows[0].determination) < 1e-9)
    #expect(result.record.epochs[0].validationDetermination < last.validationDetermination)
    #expect(last.scalars(.meanAbsoluteError).contains { $0.tag == "validation/r2" })
  }

  @Test func errorsAreInPeoplesUnits() throws {
    let (plain, scaled) = (try fit(rate: 0.1, epochs: 2).result.record, try fit(rate: 0.1, epochs: 2, unit: 50).result.record)
    for (a, b) in zip(plain.epochs, scaled.epochs) {
      #expect(abs(b.trainAccuracy - 50 * a.trainAccuracy) < 1e-9 && abs(b.validationAccuracy - 50 * a.validationAccuracy) < 1e-9)
      #expect(a.trainLoss == b.trainLoss && a.validationDetermination == b.validationDetermination)
    }
  }

  /// Checkpoints of earlier versions have errors in the data's own units.
  @Test func anEarlierRunGoesOnInPeoplesUnits() throws {
    let folder = try TemporaryFolder()
    var kept: TrainingCheckpoint?
    _ = try fit(rate: 0.1, epochs: 1, keep: { kept = $0 })
    try #require(kept).save(to: folder.file("c"))
    let read = try TrainingCheckpoint(contentsOf: folder.file("c"))
    #expect(read.record.epochs.first?.validationDetermination == kept?.record.epochs.first?.validationDetermination)
    let resumed = try fit(rate: 0.1, epochs: 2, unit: 50, resuming: read).result.record
    let whole = try fit(rate: 0.1, epochs: 2, unit: 50).result.record
    #expect(zip(resumed.epochs, whole.epochs).allSatisfy { abs($0.trainAccuracy - $1.trainAccuracy) < 1e-9 })
  }

  @Test func aTrainingThatDivergedIsNamed() throws {
    let record = try fit(rate: 2, epochs: 4).result.record
    let text = try #require(record.divergence)
    #expect(text.hasPrefix("the training diverged: the training mean absolute error of the last epoch is "), "\(text)")
    #expect(text.hasSuffix(", where always predicting the mean has 1.754"), "\(text)")
    #expect(try fit(rate: 0.1, epochs: 4).result.record.divergence == nil)
    // What was learnt fits the training data, and nothing else.
    let data = try plane()
    let others = try ArrayDataset(
      features: data.features, sampleShape: [2], values: data.values.map { 100 - 5 * $0 }, valueNames: ["y"])
    var options = TrainingOptions(groups: [ParameterGroup(SGD(learningRate: 0.1))])
    (options.loss, options.epochs, options.batchSize) = (.meanSquaredError, 4, 16)
    let selection = DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false)
    let elsewhere = try Trainer(model: Dense(2, 1), options: options).fit(data, validation: others, on: selection).record.divergence
    #expect(elsewhere?.hasPrefix("the training diverged: R² of the validation data is -") == true, "\(elsewhere ?? "")")
    // Slow is not wrong.
    #expect(try fit(rate: 1e-6, epochs: 1).result.record.divergence == nil)
  }

  @Test func aClassifierThatDivergedIsNamed() throws {
    // Classes that have nothing to do with the features, so that no step is right for long.
    let features: [Float] = (0..<512).map { Float($0 * 7919 % 1009) / 500 - 1 }
    let labels: [Int32] = (0..<64).map { Int32($0 * 31 % 64 % 3) }
    let data = try ArrayDataset(features: features, sampleShape: [8], labels: labels, classNames: ["a", "b", "c"])
    let selection = DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false)
    func divergence(_ rate: Double) throws -> String? {
      var options = TrainingOptions(groups: [ParameterGroup(SGD(learningRate: rate))])
      (options.epochs, options.batchSize) = (3, 16)
      return try Trainer(model: Dense(8, 3), options: options).fit(data, on: selection).record.divergence
    }
    let text = try #require(try divergence(300))
    #expect(
      text.hasPrefix("the training diverged: the training loss of the last epoch is ") && text.contains("guessing has 1.099"), "\(text)")
    #expect(try divergence(0.1) == nil)
  }

  @Test func classesHaveNoDetermination() throws {
    let data = try SyntheticClassification(count: 64, sampleShape: [8], classCount: 3, seed: 1)
    let selection = DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false)
    var options = TrainingOptions()
    (options.epochs, options.batchSize, options.valueUnit) = (1, 16, 50)
    let record = try Trainer(model: Dense(8, 3), options: options).fit(data, validation: data, on: selection).record
    let row = try #require(record.epochs.first)
    #expect(row.validationDetermination.isNaN && row.validationAccuracy <= 1)
    let folder = try TemporaryFolder()
    try RunFolder(folder.path).write(metrics: record.epochs, measure: record.measure)
    let table = String(decoding: try folder.get("metrics.csv"), as: UTF8.self)
    #expect(table.hasPrefix("epoch,step,learning_rate,train_loss,train_accuracy,validation_loss,validation_accuracy,seconds,"), "\(table)")
    try RunFolder(folder.path).write(metrics: record.epochs, measure: .meanAbsoluteError)
    #expect(
      String(decoding: try folder.get("metrics.csv"), as: UTF8.self).contains(",validation_mean_absolute_error,validation_r2,seconds,"))
  }
}
