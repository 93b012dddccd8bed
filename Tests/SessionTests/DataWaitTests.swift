import Foundation
import Glissade
import TestSupport
import Testing

/// What a run says of the time that the device spent waiting for data.
@Suite struct DataWaitTests {
  private let model = Sequential(Dense(4, 6), ReLU(), Dense(6, 3))

  /// Takes its time over every batch.
  private struct Slow: Dataset {
    static let pause = 0.05
    let base: SyntheticClassification
    var count: Int { base.count }
    var sampleShape: [Int] { base.sampleShape }
    var labels: [Int32] { base.labels }
    var classNames: [String] { base.classNames }

    func gather(
      _ indices: ArraySlice<Int>, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
    ) throws(DataError) {
      usleep(UInt32(Self.pause * 1e6))
      try base.gather(indices, into: features, labels: labels)
    }
  }

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
    let least = 0.5 * Slow.pause
    let (epoch, checked) = (try fit(Slow(base: training), validation).record, try fit(training, Slow(base: validation)).record)
    let features = try fit(Slow(base: training), validation, features: true).record
    #expect(epoch.dataWaitSeconds >= least && epoch.epochs[0].seconds >= least)
    #expect(checked.dataWaitSeconds >= least && checked.validationSeconds >= least)
    #expect(features.dataWaitSeconds >= least && features.featureSeconds >= least)
    for record in [epoch, checked, features] {
      let whole = record.featureSeconds + record.validationSeconds + record.epochs[0].seconds
      #expect(record.dataWaitShare == record.dataWaitSeconds / whole && record.dataWaitShare <= 1)
    }
  }

  @Test func readingTheDataIsWaitedFor() throws {
    let (training, validation) = (try data(0), try data(1))
    let record = try fit(training, validation, preparation: .seconds(1000)).record
    #expect(record.preparationSeconds == 1000)
    #expect(record.dataWaitShare > 0.9 && record.dataWaitShare < 1)
    #expect(RunRecord().dataWaitShare.isNaN)
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
    let next = try fit(training, validation, features: true, epochs: 2, preparation: .seconds(3), resuming: checkpoint)
    #expect(next.record.preparationSeconds == 5)
    #expect(next.record.featureSeconds > first.record.featureSeconds)
  }
}
