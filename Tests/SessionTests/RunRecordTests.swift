import Glissade
import Testing

/// What a run says of its speed.
@Suite struct RunRecordTests {
  private func record(steps: [Double], stepsPerEpoch: Int, epochs: [(seconds: Double, samples: Double)]) -> RunRecord {
    var record = RunRecord()
    record.batchSize = 64
    record.stepsPerEpoch = stepsPerEpoch
    record.stepSeconds = steps
    record.epochs = epochs.enumerated().map { index, epoch in
      EpochRecord(
        epoch: index + 1, step: 0, learningRate: 0.1, trainLoss: 0, trainAccuracy: 0, validationLoss: 0, validationAccuracy: 0,
        seconds: epoch.seconds, samplesPerSecond: epoch.samples / epoch.seconds)
    }
    return record
  }

  @Test func manySteps() {
    // Ten slow ones first, then more slow ones than the median hears.
    let steps = [Double](repeating: 9, count: 10) + [Double](repeating: 0.5, count: 11) + [Double](repeating: 7, count: 10)
    let record = record(steps: steps, stepsPerEpoch: 31, epochs: [(100, 64)])
    #expect(record.steadyStepSeconds == 0.5)
    #expect(record.samplesPerSecond == 128)
  }

  /// An asynchronous device takes the first steps of an epoch at once, so their times must not be believed.
  @Test func fewStepsGoByWholeEpochs() {
    let queued = [3.0] + [Double](repeating: 0.001, count: 8)
    let one = record(steps: queued, stepsPerEpoch: 10, epochs: [(8, 600)])
    #expect(one.samplesPerSecond == 75)
    let three = record(steps: queued + queued + queued, stepsPerEpoch: 10, epochs: [(8, 600), (4, 600), (2, 600)])
    #expect(three.samplesPerSecond == 200)
    #expect(three.steadyStepSeconds == 0.32)
  }

  @Test func nothingIsKnownBeforeTheFirstEpochEnds() {
    #expect(record(steps: [0.001, 0.001], stepsPerEpoch: 10, epochs: []).samplesPerSecond.isNaN)
  }
}
