import Glissade
import TestSupport
import Testing

@testable import GlissadeTraining

/// Where a step's time goes: steps that are timed launch by launch compute what others do, and are kept.
struct StepTimesTests {
  private let model = Sequential(Dense(4, 6), ReLU(), Dense(6, 3))

  private func data(_ count: Int) throws -> SyntheticClassification {
    try SyntheticClassification(count: count, sampleShape: [4], classCount: 3, separation: 0.5, seed: 1)
  }

  @Test(arguments: TestDevices.all) func timedStepsHaveTheSameBits(_ device: TestDevice) throws {
    let data = try data(64)
    func train(timed: Bool) throws -> (state: ModelState, times: StepTimes, plan: Plan) {
      let session = try TrainingSession(
        model: model, sampleShape: [4], batchSize: 16, groups: [ParameterGroup(Adam(learningRate: 0.1))], seed: 1, device: device.device)
      let loader = try BatchLoader(
        data, order: try BatchOrder(count: 64, batchSize: 16, shuffles: false), startEpoch: 0, startBatch: 0, endEpoch: 1)
      var times = StepTimes()
      while let batch = try loader.next() {
        try withUnsafeMutablePointer(to: &times) { times in
          try session.train(fields: batch.fields, addingTo: timed ? times : nil) { _, count in StepNumbers(rate: 0.1, count: count) }
        }
      }
      return (try session.state(), times, try session.plan(batchSize: 16, isTraining: true))
    }
    let (timed, plain) = (try train(timed: true), try train(timed: false))
    #expect(timed.state.parameters.map(\.values) == plain.state.parameters.map(\.values))
    #expect(timed.times.steps == 4 && plain.times.steps == 0)
    #expect(timed.times.parts.reduce(0) { $0 + $1.launches } == timed.plan.launches.count)
    #expect(timed.times.parts.allSatisfy { $0.seconds > 0 })
    #expect(Set(timed.times.parts.map(\.kind)).isSuperset(of: ["matmul", "softmax"]))
  }

  @Test func runsKnowThem() throws {
    var options = TrainingOptions(groups: [ParameterGroup(SGD(learningRate: 0.1))])
    (options.epochs, options.batchSize) = (3, 16)
    let device = DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false)
    var checkpoint: TrainingCheckpoint?
    let record = try Trainer(model: model, options: options).fit(try data(64), on: device, checkpoint: { checkpoint = $0 }).record
    #expect(record.stepTimes.steps == 3)
    let kept = try #require(checkpoint?.record)
    #expect(RunRecord(json: kept.json)?.stepTimes == record.stepTimes)
    #expect(record.stepTimes.parts == record.stepTimes.parts.sorted { $0.seconds > $1.seconds })
    let seconds = record.epochs.reduce(0) { $0 + $1.seconds }
    #expect(record.deviceSeconds > 0 && record.hostSeconds >= 0)
    #expect(abs(record.deviceSeconds + record.hostSeconds + record.stepWaitSeconds - seconds) < 1e-9)
    // Too few steps to tell.
    options.epochs = 1
    let short = try Trainer(model: model, options: options).fit(try data(64), on: device).record
    #expect(short.stepTimes.steps == 0 && short.stepTimes.parts.isEmpty)
  }
}
