import Glissade
import TestSupport
import Testing

@testable import GlissadeTraining

/// What a run says of the time that the device spent waiting for data.
@Suite struct DataWaitTests {
  private let model = Sequential(Dense(4, 6), ReLU(), Dense(6, 3))

  private static let pause = 0.05

  private func slow(_ base: SyntheticClassification) -> SlowDataset { SlowDataset(base, pause: Self.pause) }

  private func data(_ part: UInt32) throws -> SyntheticClassification {
    try SyntheticClassification(count: 64, sampleShape: [4], classCount: 3, separation: 0.5, seed: 1, part: part)
  }

  private func fit(
    _ training: any Dataset, _ validation: any Dataset, features: Bool = false, epochs: Int = 1, preparation: Duration = .zero,
    resuming: TrainingCheckpoint? = nil
  ) throws -> Trainer.Result {
    var options = TrainingOptions(groups: [ParameterGroup(SGD(learningRate: 1e-2), takes: { !features || $0.hasPrefix("2.") })])
    options.epochs = epochs
    options.batchSize = 16
    if features { options.featureCache = FeatureCache() }
    let selection = DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false)
    return try Trainer(model: model, options: options).fit(
      training, validation: validation, on: selection, resuming: resuming, preparation: preparation)
  }

  /// At least the first batch is waited for, from nearly its beginning; others may be loaded meanwhile.
  @Test func everyKindOfWaitCounts() throws {
    let (training, validation) = (try data(0), try data(1))
    let least = 0.5 * Self.pause
    let (epoch, checked) = (try fit(slow(training), validation).record, try fit(training, slow(validation)).record)
    let features = try fit(slow(training), validation, features: true).record
    #expect(epoch.stepWaitSeconds >= least && epoch.epochs[0].seconds >= epoch.stepWaitSeconds)
    #expect(checked.validationWaitSeconds >= least && checked.validationSeconds >= checked.validationWaitSeconds)
    #expect(features.featureWaitSeconds >= least && features.featureSeconds >= features.featureWaitSeconds)
    #expect(epoch.featureWaitSeconds == 0 && checked.featureWaitSeconds == 0)
    for record in [epoch, checked, features] {
      let whole = record.featureSeconds + record.validationSeconds + record.epochs[0].seconds
      #expect(record.dataWaitShare == record.dataWaitSeconds / whole && record.dataWaitShare <= 1)
      let parts = record.stepWaitSeconds + record.featureWaitSeconds + record.validationWaitSeconds
      #expect(abs(parts - record.dataWaitSeconds) < 1e-9)
    }
  }

  @Test func readingBeforeTrainingIsNoPartOfTheShare() throws {
    let (training, validation) = (try data(0), try data(1))
    let record = try fit(training, slow(validation), preparation: .seconds(1000)).record
    let whole = record.validationSeconds + record.epochs[0].seconds
    #expect(record.preparationSeconds == 1000 && abs(record.dataWaitShare - record.dataWaitSeconds / whole) < 1e-6)
    #expect(RunRecord().dataWaitShare.isNaN)
  }

  /// Steps are divided between waiting, the device and the host; where there were other steps, nobody knows the device's part.
  @Test func stepsAreDivided() throws {
    var record = RunRecord()
    record.batchSize = 10
    record.epochs = [
      EpochRecord(
        epoch: 1, step: 20, learningRate: 0.1, trainLoss: 1, trainAccuracy: 0.5, validationLoss: .nan, validationAccuracy: .nan,
        seconds: 10,
        samplesPerSecond: 20)
    ]
    (record.dataWaitSeconds, record.featureWaitSeconds, record.validationWaitSeconds) = (4, 1, 2)
    #expect(record.stepWaitSeconds == 1 && record.deviceSeconds.isNaN && record.hostSeconds.isNaN)
    // 200 samples are 20 steps of 0.25 s.
    record.stepTimes = try #require(
      StepTimes(json: ["steps": 3, "kernels": [["kind": "matmul", "launches": 2, "seconds": 0.25]]]))
    #expect(record.deviceSeconds == 5 && record.hostSeconds == 4)
    record.stepTimes = try #require(
      StepTimes(json: ["steps": 3, "kernels": [["kind": "matmul", "launches": 2, "seconds": 2]]]))
    #expect(record.deviceSeconds == 9 && record.hostSeconds == 0)
    record.hasOtherSteps = true
    #expect(record.deviceSeconds.isNaN && RunRecord(json: record.json)?.hasOtherSteps == true)
  }

  /// What a run goes on with reads the data once more, and may have no use for features any longer.
  @Test func timesOutliveACheckpoint() throws {
    let (training, validation) = (try data(0), try data(1))
    let first = try fit(training, validation, features: true, preparation: .seconds(2))
    #expect(first.record.featureSeconds > 0 && first.record.validationSeconds > 0)
    let folder = try TemporaryFolder()
    let path = folder.file("checkpoint")
    try first.checkpoint.save(to: path)
    let checkpoint = try TrainingCheckpoint(contentsOf: path)
    #expect(checkpoint.record.featureSeconds == first.record.featureSeconds)
    #expect(checkpoint.record.validationSeconds == first.record.validationSeconds)
    #expect(checkpoint.record.dataWaitSeconds == first.record.dataWaitSeconds)
    #expect(checkpoint.record.featureWaitSeconds == first.record.featureWaitSeconds)
    #expect(checkpoint.record.validationWaitSeconds == first.record.validationWaitSeconds)
    let next = try fit(training, validation, features: true, epochs: 2, preparation: .seconds(3), resuming: checkpoint)
    #expect(next.record.preparationSeconds == 5)
    #expect(next.record.featureSeconds > first.record.featureSeconds)
  }
}
