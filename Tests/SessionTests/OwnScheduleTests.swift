import Glissade
import TestSupport
import Testing

/// Schedules of one's own: functions of the moment.
struct OwnScheduleTests {
  private static let sawtooth = Schedule("sawtooth of 4 steps") { $0.base * (1 - Double($0.step % 4) / 4) }

  private func rates(_ schedule: Schedule, _ count: Int = 12) -> [Double] {
    (0..<count).map { schedule.learningRate(base: 0.5, step: $0, stepsPerEpoch: 4, totalSteps: 12) }
  }

  @Test func itIsAShapeLikeAnyOther() throws {
    #expect(rates(Self.sawtooth, 6) == [0.5, 0.375, 0.25, 0.125, 0.5, 0.375])
    #expect(rates(Self.sawtooth.warmingUp(over: .steps(2)), 7) == [0.25, 0.5, 0.5, 0.375, 0.25, 0.125, 0.5])
    let line = Schedule("line", over: .epochs(1)) { $0.base * (1 - $0.progress) }
    let both = line.then(.constant(at: 0.01))
    #expect(rates(both, 6) == [0.5, 0.375, 0.25, 0.125, 0.01, 0.01])
    #expect(both.description == "line(over: 1.0 epochs) then constant(at: 0.01)")
    // To the end of the run, without a length of its own.
    #expect(rates(Schedule("line") { $0.base * (1 - $0.progress) })[6] == 0.25)
    #expect(both == line.then(.constant(at: 0.01)) && both != Self.sawtooth)
    try both.validate()
    for (name, reason) in [("", "is none"), ("cosine", "is a built-in one")] {
      let error = #expect(throws: ScheduleError.self) { try Schedule(name) { $0.base }.validate() }
      #expect("\(error.map { "\($0)" } ?? "")".contains("a schedule of one's own needs a name that no other has, and '\(name)' \(reason)"))
    }
    let endless = #expect(throws: ScheduleError.self) { try Self.sawtooth.then(.constant).validate() }
    #expect("\(endless.map { "\($0)" } ?? "")".contains("'sawtooth of 4 steps' stands before 'then' and does not end"))
  }

  private func trainer(_ schedule: Schedule) -> Trainer {
    var options = TrainingOptions(groups: [ParameterGroup(SGD(learningRate: 0.1), schedule: schedule)])
    (options.epochs, options.batchSize, options.checkpointSteps) = (3, 10, 3)
    return Trainer(model: Dense(6, 3), options: options)
  }

  @Test func trainingGoesOnWithTheSameRates() throws {
    let data = try SyntheticClassification(count: 48, sampleShape: [6], classCount: 3, seed: 5)
    let selection = DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false)
    let schedule = Self.sawtooth.warmingUp(over: .steps(3))
    var checkpoints: [TrainingCheckpoint] = []
    let whole = try trainer(schedule).fit(data, on: selection, checkpoint: { checkpoints.append($0) })
    // Steps 5, 10 and 15 end the epochs; the teeth begin behind three steps.
    #expect(whole.record.epochs.map(\.learningRate) == [0.1 * 0.75, 0.1 * 0.5, 0.1 * 0.25])
    let middle = try #require(checkpoints.first { $0.completedEpochs == 1 && $0.completedBatches > 0 })
    let resumed = try trainer(schedule).fit(data, on: selection, resuming: middle)
    #expect(resumed.state.parameters.map(\.values) == whole.state.parameters.map(\.values))
    let error = #expect(throws: TrainingError.self) { try trainer(.constant).fit(data, on: selection, resuming: middle) }
    #expect("\(error.map { "\($0)" } ?? "")".contains("schedule is constant, before warmup(3 steps) then sawtooth of 4 steps"))
  }

  @Test("What is no rate is told before the first step", arguments: [Double.nan, .infinity, -0.1, 1e39]) func mistakes(rate: Double) throws
  {
    let data = try SyntheticClassification(count: 48, sampleShape: [6], classCount: 3, seed: 5)
    let selection = DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false)
    var hasBegun = false
    let error = #expect(throws: TrainingError.self) {
      try trainer(Schedule("odd") { $0.step == 13 ? rate : $0.base }).fit(data, on: selection, observe: { _ in hasBegun = true })
    }
    #expect(!hasBegun)
    #expect(
      "\(error.map { "\($0)" } ?? "")"
        == "the learning rate of schedule 'odd' in step 14 is \(rate), and it has to be at least 0 and a finite float32")
  }
}
