import Glissade
import TestSupport
import Testing

/// Several models that answer together, and the models that a schedule's cycles end with.
@Suite struct EnsembleTests {
  private struct Network: Layer {
    let first = Dense(6, 16)
    let norm = BatchNorm(16)
    let second = Dense(16, 3)
    func forward(_ x: Tensor) -> Tensor { second(relu(norm(first(x)))) }
  }

  private let data: SyntheticClassification
  private let held: SyntheticClassification
  private let device: CPUDevice
  private var selection: DeviceSelection { DeviceSelection(device: device, reason: "test", mayFallBack: false) }

  init() throws {
    data = try SyntheticClassification(count: 90, sampleShape: [6], classCount: 3, separation: 0.6, seed: 1)
    held = try SyntheticClassification(count: 70, sampleShape: [6], classCount: 3, separation: 0.6, seed: 1, part: 1)
    device = try CPUDevice(threads: 1)
  }

  private func options(seed: UInt64 = 1) -> TrainingOptions {
    var options = TrainingOptions(groups: [ParameterGroup(Adam(learningRate: 1e-2))])
    (options.epochs, options.batchSize, options.seed) = (3, 16, seed)
    return options
  }

  private func states(_ count: UInt64) throws -> [ModelState] {
    try (1...count).map { try Trainer(model: Network(), options: options(seed: $0)).fit(data, on: selection).state }
  }

  private func softmax(_ row: ArraySlice<Float>) -> [Double] {
    let largest = row.max() ?? 0
    let powers = row.map { exponential(Double($0 - largest)) }
    return powers.map { $0 / powers.reduce(0, +) }
  }

  /// By its series, of what lies between −40 and 0.
  private func exponential(_ x: Double) -> Double {
    let small = x / 64
    var (term, sum) = (1.0, 1.0)
    for number in 1...20 {
      term *= small / Double(number)
      sum += term
    }
    return (0..<6).reduce(sum) { value, _ in value * value }
  }

  /// Test-time augmentation: the mean over views, of each model, and then over models.
  @Test func viewsAreAveraged() throws {
    let states = try states(2)
    let trainer = Trainer(model: Network(), options: options())
    // The same samples, moved.
    let views = try [Float(0.3), -0.4].map { shift in
      try ArrayDataset(
        features: held.gather(Array(0..<held.count)).features.map { $0 + shift }, sampleShape: [6], labels: held.labels,
        classNames: held.classNames)
    }
    let found = try trainer.evaluation(of: held, views: views, by: Ensemble(states, of: .classes), on: device)
    var (right, unchanged, members) = (0, 0, [0, 0])
    let outputs = try states.map { state in
      try ([held] + views as [any Dataset]).map {
        try #require(try trainer.outputs(for: $0, state: state, on: device).values.first?.floats)
      }
    }
    func best(_ row: [Double]) -> Int { row.firstIndex(of: row.max() ?? 0) ?? -1 }
    for (sample, label) in held.labels.enumerated() {
      let rows = outputs.map { $0.map { softmax($0[sample * 3..<sample * 3 + 3]) } }
      func mean(_ rows: [[Double]]) -> [Double] { (0..<3).map { place in rows.reduce(0) { $0 + $1[place] } / Double(rows.count) } }
      let whole = mean(rows.map(mean))
      for member in 0..<2 where best(mean(rows[member])) == Int(label) { members[member] += 1 }
      if best(whole) == Int(label) { right += 1 }
      if best(mean(rows.map { $0[0] })) == Int(label) { unchanged += 1 }
    }
    #expect(found.whole.accuracy == Double(right) / 70 && found.unchanged?.accuracy == Double(unchanged) / 70)
    #expect(found.members.map(\.accuracy) == members.map { Double($0) / 70 })
    let plain = try trainer.evaluation(of: held, by: Ensemble(states, of: .classes), on: device)
    #expect(plain.unchanged == nil && plain.whole == found.unchanged)
    // A session answers alike.
    let session = try TrainingSession(model: Network(), sampleShape: [6], batchSize: 70, groups: [], seed: 1, device: device)
    let features = try ([held] + views as [any Dataset]).map { try $0.gather(Array(0..<70)).features }
    let answers = try EnsembleSession(Ensemble(states, of: .classes), on: session).answers(features[0], views: 2) { features[$0 + 1] }
    let agreeing = held.labels.indices.count { best(softmax(answers.together[$0 * 3..<$0 * 3 + 3])) == Int(held.labels[$0]) }
    #expect(agreeing == right && answers.members.count == 2)
    #expect(throws: TrainingError.self) {
      try trainer.evaluation(of: held, views: [data], by: Ensemble(states, of: .classes), on: device)
    }
    #expect(throws: TrainingError.self) {
      try EnsembleSession(Ensemble(states, of: .classes), on: session).answers(features[0], views: 1) { _ in [1] }
    }
  }

  @Test func probabilitiesAreAveraged() throws {
    let states = try states(3)
    let trainer = Trainer(model: Network(), options: options())
    let outputs = try states.map { try #require(try trainer.outputs(for: held, state: $0, on: device).values.first?.floats) }
    let found = try trainer.evaluation(of: held, by: Ensemble(states, of: .classes), on: device)
    var right = [Int](repeating: 0, count: 4)
    for (sample, label) in held.labels.enumerated() {
      let rows = outputs.map { softmax($0[sample * 3..<sample * 3 + 3]) }
      let mean = (0..<3).map { label in rows.reduce(0) { $0 + $1[label] } / 3 }
      for (place, row) in (rows + [mean]).enumerated() where row.firstIndex(of: row.max() ?? 0) == Int(label) { right[place] += 1 }
    }
    #expect(found.members.map(\.accuracy) == right.prefix(3).map { Double($0) / 70 })
    #expect(found.whole.accuracy == Double(right[3]) / 70 && found.report.accuracy == found.whole.accuracy)
    let mean = found.members.reduce(0) { $0 + $1.accuracy } / 3
    #expect(abs(found.gain.overMean - (found.whole.accuracy - mean)) < 1e-12 && found.report.count == 70)
    // The loss of a mean of probabilities is never above the mean of the losses.
    #expect(found.whole.loss < found.members.reduce(0) { $0 + $1.loss } / 3)
    // A member by itself is what it is without an ensemble.
    let alone = try trainer.evaluate(held, state: states[1], on: device)
    #expect(alone.accuracy == found.members[1].accuracy && abs(alone.loss - found.members[1].loss) < 1e-5)
    // In a session, sample by sample.
    let session = try TrainingSession(model: Network(), sampleShape: [6], batchSize: 4, groups: [], device: device)
    let features = try held.gather(Array(0..<4)).features
    let together = try EnsembleSession(Ensemble(states, of: .classes), on: session).predict(features)
    for sample in 0..<4 {
      let rows = outputs.map { softmax($0[sample * 3..<sample * 3 + 3]) }
      for (label, value) in softmax(together[sample * 3..<sample * 3 + 3]).enumerated() {
        #expect(abs(value - rows.reduce(0) { $0 + $1[label] } / 3) < 1e-5)
      }
    }
    let one = EnsembleSession(Ensemble([states[2]], of: .classes), on: session)
    for _ in 0..<2 { #expect(try one.predict(features) == Array(outputs[2].prefix(12))) }
  }

  @Test func whatIsNoEnsembleIsRefused() throws {
    let trainer = Trainer(model: Network(), options: options())
    #expect(throws: TrainingError.self) { try trainer.evaluation(of: held, by: Ensemble([], of: .classes), on: device) }
    #expect(throws: TrainingError.self) { try trainer.predictions(for: held, by: Ensemble(states(1), of: .values), on: device) }
  }

  @Test func weightsAreAveraged() throws {
    let states = try states(2)
    let average = try ModelState.average(of: states)
    for (place, entry) in average.parameters.enumerated() {
      let (a, b) = (states[0].parameters[place].values, states[1].parameters[place].values)
      #expect(entry.values == zip(a, b).map { Float((Double($0) + Double($1)) / 2) }, "\(entry.path)")
    }
    #expect(average.optimizer.isEmpty && average.parameters.map(\.path) == states[0].parameters.map(\.path))
    var other = states[1]
    other.parameters[0].path = "elsewhere"
    let error = #expect(throws: StateError.self) { try ModelState.average(of: [states[0], other]) }
    #expect(error?.description.contains("model 2 does not fit the model: it differs from the first in elsewhere") == true)
    #expect(throws: StateError.self) { try ModelState.average(of: []) }
  }

  // MARK: Snapshots

  private func cyclic(epochs: Int = 6) -> TrainingOptions {
    // Epochs of 6 steps, cycles of 9, 18 and so on: the first ends within an epoch.
    var options = options()
    options.groups = [ParameterGroup(SGD(learningRate: 0.05), schedule: .cosineRestarts(period: .steps(9), multiplier: 2))]
    (options.epochs, options.checkpointSteps) = (epochs, 4)
    return options
  }

  private func snapshots(
    _ options: TrainingOptions, resuming: TrainingCheckpoint? = nil, checkpoint: ((TrainingCheckpoint) throws -> Void)? = nil
  ) throws -> [ModelSnapshot] {
    var taken: [ModelSnapshot] = []
    _ = try Trainer(model: Network(), options: options).fit(
      data, on: selection, resuming: resuming, checkpoint: checkpoint, snapshot: { taken.append($0) })
    return taken
  }

  private func bits(_ state: ModelState) -> [[UInt32]] { state.parameters.map { $0.values.map(\.bitPattern) } }

  @Test func snapshotsAreTakenBeforeEachRestart() throws {
    var checkpoints: [TrainingCheckpoint] = []
    let taken = try snapshots(cyclic(), checkpoint: { checkpoints.append($0) })
    #expect(taken.map(\.step) == [9, 27] && taken.map(\.number) == [1, 2] && taken.map(\.epoch) == [2, 5])
    // They are what the training had come to: here at the end of an epoch.
    var whole = cyclic()
    whole.groups = [ParameterGroup(SGD(learningRate: 0.05), schedule: .cosineRestarts(period: .epochs(2)))]
    let ends = try snapshots(whole)
    #expect(ends.map(\.step) == [12, 24, 36])
    #expect(try bits(ends[2].state) == bits(Trainer(model: Network(), options: whole).fit(data, on: selection).state))
    // A training that goes on takes those that are left, with the same bits.
    for checkpoint in checkpoints where checkpoint.state.steps % 3 == 0 || checkpoint.state.steps % 8 == 0 {
      let rest = try snapshots(cyclic(), resuming: checkpoint)
      let missing = taken.filter { $0.step > checkpoint.state.steps }
      #expect(rest.map(\.step) == missing.map(\.step) && rest.map(\.number) == missing.map(\.number))
      for (one, other) in zip(rest, missing) { #expect(bits(one.state) == bits(other.state)) }
    }
  }

  @Test func withoutACycleThereIsNoSnapshot() throws {
    #expect(throws: TrainingError.self) { try snapshots(options()) }
    let error = #expect(throws: TrainingError.self) { try snapshots(cyclic(epochs: 1)) }
    #expect(error?.description.contains("at least one ends within the run's 6 steps") == true)
  }
}
