import Glissade
import TestSupport
import Testing

@testable import GlissadeTraining

/// Averages of weights, momentum that schedules move, clipping, maximum norms and L-BFGS in a training; and what of that makes no sense.
@Suite struct StepOptionTests {
  private let data: SyntheticClassification
  private let held: SyntheticClassification
  private let selection: DeviceSelection

  init() throws {
    data = try SyntheticClassification(count: 70, sampleShape: [6], classCount: 3, separation: 0.5, seed: 1)
    held = try SyntheticClassification(count: 20, sampleShape: [6], classCount: 3, separation: 0.5, seed: 1, part: 1)
    selection = DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false)
  }

  private let model = Sequential(Dense(6, 5), ReLU(), BatchNorm(5), Dense(5, 3))

  /// Epochs of five steps.
  private func options(_ optimizer: any Optimizer, schedule: Schedule = .constant, maximumNorm: Float? = nil) -> TrainingOptions {
    var options = TrainingOptions(groups: [ParameterGroup(optimizer, schedule: schedule, maximumNorm: maximumNorm)])
    (options.epochs, options.batchSize, options.checkpointSteps) = (4, 16, 3)
    return options
  }

  private func fit(
    _ options: TrainingOptions, resuming: TrainingCheckpoint? = nil, checkpoint: ((TrainingCheckpoint) throws -> Void)? = nil
  ) throws -> Trainer.Result {
    try Trainer(model: model, options: options).fit(
      data, validation: held, test: held, on: selection, resuming: resuming, checkpoint: checkpoint)
  }

  private func bits(_ state: ModelState?) -> [[UInt32]] {
    let state = state ?? ModelState(parameters: [])
    return (state.parameters.map(\.values) + state.optimizer.flatMap { $0.slots.map(\.values) }).map { $0.map(\.bitPattern) }
  }

  /// As texts, in which no number is no number.
  private func rows(_ record: RunRecord) -> [String] {
    record.epochs.map { "\($0.trainLoss) \($0.validationLoss) \($0.averageValidationLoss) \($0.averageValidationAccuracy)" }
  }

  private var kinds: [(name: String, options: TrainingOptions)] {
    let cycle = Schedule.oneCycle(momentum: (0.85, 0.95))
    var list = [
      ("momentum", options(SGD(learningRate: 0.05, momentum: 0.9), schedule: cycle)),
      ("cyclic", options(Adam(learningRate: 0.01), schedule: .cyclic(from: 0, up: .steps(3), momentum: (0.8, 0.9)))),
      ("mean", options(Adam(learningRate: 0.01))), ("stochastic", options(Adamax(learningRate: 0.01))),
      ("clipped", options(SGD(learningRate: 0.05), maximumNorm: 0.5)),
    ]
    list[2].1.average = .exponential(decay: 0.9)
    list[3].1.average = .stochastic(firstEpoch: 2)
    list[4].1.clipping = GradientClipping(value: 0.05, ratio: 0.02)
    return list
  }

  @Test func everyCheckpointLeadsToTheSameEnd() throws {
    let folder = try TemporaryFolder()
    for (name, options) in kinds {
      var checkpoints: [TrainingCheckpoint] = []
      let whole = try fit(options, checkpoint: { checkpoints.append($0) })
      #expect(whole.failure == nil && checkpoints.count > 6)
      for checkpoint in checkpoints {
        let path = folder.file("\(name)-\(checkpoint.state.steps)")
        try checkpoint.save(to: path)
        let result = try fit(options, resuming: try TrainingCheckpoint(contentsOf: path))
        #expect(bits(result.state) == bits(whole.state) && rows(result.record) == rows(whole.record), "\(name) \(checkpoint.state.steps)")
        #expect(bits(result.average) == bits(whole.average))
        #expect("\(result.record.averageTestLoss)" == "\(whole.record.averageTestLoss)")
      }
    }
  }

  /// Training goes on with the weights, not with their average, and both are measured.
  @Test func averagesChangeNothingButWhatIsToldOfThem() throws {
    var options = options(Adamax(learningRate: 0.01))
    let plain = try fit(options)
    #expect(plain.average == nil && plain.record.epochs.allSatisfy { $0.averageValidationLoss.isNaN })
    for average in [WeightAverage.exponential(decay: 0.9), .stochastic(firstEpoch: 3)] {
      options.average = average
      let averaged = try fit(options)
      #expect(averaged.state.parameters.map { $0.values.map(\.bitPattern) } == plain.state.parameters.map { $0.values.map(\.bitPattern) })
      #expect(averaged.record.epochs.map(\.validationLoss) == plain.record.epochs.map(\.validationLoss))
      #expect(
        averaged.record.epochs.map(\.averageValidationLoss.isNaN)
          == (average == .exponential(decay: 0.9) ? [false, false, false, false] : [true, true, false, false]))
      let state = try #require(averaged.average)
      let (loss, accuracy) = try Trainer(model: model, options: options).evaluate(held, state: state, on: selection.device)
      let last = try #require(averaged.record.epochs.last)
      #expect(loss == last.averageValidationLoss && accuracy == last.averageValidationAccuracy && loss != last.validationLoss)
      #expect(averaged.record.averageTestLoss == loss && averaged.record.averageTestAccuracy == accuracy)
    }
  }

  @Test func stochasticAveragesAreMeansOfWhatEpochsLeave() throws {
    var options = options(Adamax(learningRate: 0.01))
    options.checkpointSteps = nil
    options.average = .stochastic(firstEpoch: 2)
    var states: [ModelState] = []
    let result = try fit(options, checkpoint: { states.append($0.state) })
    #expect(states.count == 4)
    let average = try #require(result.average)
    for (index, entry) in average.parameters.enumerated() where !entry.path.contains("running") {
      for place in entry.values.indices {
        let mean = (states[1...3].reduce(0) { $0 + Double($1.parameters[index].values[place]) }) / 3
        #expect(abs(Double(entry.values[place]) - mean) <= 1e-6 * max(abs(mean), 0.1))
      }
    }
    // Running statistics are no longer those of the weights themselves.
    let running = zip(average.parameters, result.state.parameters).filter { $0.0.path.contains("running") }
    #expect(running.contains { $0.values != $1.values } && !running.isEmpty)
  }

  private struct Normed: Layer {
    let norm = BatchNorm(2)
    let dense = Dense(2, 2)
    func forward(_ x: Tensor) -> Tensor { dense(norm(x)) }
  }

  @Test func stochasticAveragesHaveTheStatisticsOfTheTrainingData() throws {
    let features: [Float] = (0..<64).map { place -> Float in
      let number = Float(place * 37 % 64) / 16
      return place % 2 == 1 ? number + 3 : number
    }
    let data = try ArrayDataset(features: features, sampleShape: [2], labels: (0..<32).map { Int32($0 % 2) })
    var options = options(SGD(learningRate: 0.05))
    (options.batchSize, options.epochs, options.checkpointSteps) = (32, 4, nil)
    for average in [WeightAverage.stochastic(firstEpoch: 2), .exponential(decay: 0.5)] {
      options.average = average
      let result = try Trainer(model: Normed(), options: options).fit(data, validation: data, on: selection)
      let state = try #require(result.average)
      func values(_ path: String, _ state: ModelState) -> [Float] { state.parameters.first { $0.path == path }?.values ?? [] }
      for channel in 0..<2 {
        let column: [Double] = (0..<32).map { Double(features[2 * $0 + channel]) }
        let mean: Double = column.reduce(0, +) / 32
        let squares: [Double] = column.map { ($0 - mean) * ($0 - mean) }
        let variance: Double = squares.reduce(0, +) / 31
        // One batch is all there is; the weights' own statistics are 0.9 of what they were and 0.1 of that, four times.
        let found = Double(values("norm.running_mean", state)[channel])
        let spread = Double(values("norm.running_var", state)[channel])
        let share: Double = average == .exponential(decay: 0.5) ? 1 - 0.9 * 0.9 * 0.9 * 0.9 : 1
        let expected: Double = variance * share + (1 - share)
        #expect(abs(found - mean * share) < 1e-4 * abs(mean), "\(average): \(found) of \(mean)")
        #expect(abs(spread - expected) < 1e-4 * variance, "\(average): \(spread) of \(variance)")
      }
      #expect(try #require(result.record.epochs.last).averageValidationLoss.isFinite)
    }
  }

  private struct Dropped: Layer {
    let dropout = Dropout(0.5)
    let norm = BatchNorm(2)
    let dense = Dense(2, 2)
    func forward(_ x: Tensor) -> Tensor { dense(norm(dropout(x))) }
  }

  @Test func whatIsDroppedForStatisticsFollowsFromTheEpochAlone() throws {
    let data = try ArrayDataset(
      features: [Float](repeating: 1, count: 64), sampleShape: [2], labels: (0..<32).map { Int32($0 % 2) })
    let order = try BatchOrder(count: 32, batchSize: 16, seed: 1)
    /// As before a training's first step, as it is after a resume, or after some.
    func statistics(epoch: Int, steps: Int) throws -> [String: [Float]] {
      let session = try TrainingSession(
        model: Dropped(), sampleShape: [2], batchSize: 16, groups: [ParameterGroup(SGD(learningRate: 0.1))], seed: 3,
        device: CPUDevice(threads: 1))
      for _ in 0..<steps { try session.train([Float](repeating: 1, count: 32), labels: (0..<16).map { Int32($0 % 2) }, learningRate: 0.1) }
      return try #require(try session.statistics(of: data, order: order, epoch: epoch) { false })
    }
    let expected = try statistics(epoch: 1, steps: 0)
    #expect(try statistics(epoch: 1, steps: 3) == expected)
    #expect(try statistics(epoch: 0, steps: 3) != expected)
  }

  @Test func clippingByRatioTakesGradientsOfAnySize() throws {
    // Σ 1e37·p has a gradient whose squares have no room in float32.
    struct Huge: Layer {
      let p = Parameter("p", shape: [3, 4], initializer: .constant(1))
      func forward(_ x: Tensor) -> Tensor { (x.graph[p] * 1e37).sum() + x }
    }
    let session = try TrainingSession(
      model: Huge(), sampleShape: [1], batchSize: 1, loss: Loss("itself") { output, _ in output.meanOfEachSample() },
      groups: [ParameterGroup(SGD(learningRate: 1))], clippingRatio: 0.01, device: CPUDevice(threads: 1))
    try session.train([0], labels: [0], learningRate: 1)
    // Rows of four ones have a norm of 2, and a hundredth of that is spread over four.
    for value in try session.state().parameters[0].values { #expect(abs(value - 0.99) < 1e-6, "\(value)") }
  }

  @Test func filesHaveColumnsForAveragesWhereThereAreAny() throws {
    var options = options(Adamax(learningRate: 0.01))
    options.average = .stochastic(firstEpoch: 3)
    let folder = RunFolder(try TemporaryFolder().path)
    let epochs = try fit(options).record.epochs
    #expect(epochs[1].scalars().count == epochs[3].scalars().count - 2)
    #expect(epochs[3].scalars().contains { $0.tag == "validation_average/loss" })
    #expect(folder.averagePath.hasSuffix("/average.safetensors") && RunFolder.isOwn("average.safetensors"))
  }

  @Test func unitsAreNoLongerThanTheyMayBe() throws {
    for norm in [0.5, 0.1] as [Float] {
      let state = try fit(options(SGD(learningRate: 0.5, momentum: 0.9), maximumNorm: norm)).state
      for entry in state.parameters where entry.path.hasSuffix("weight") && entry.shape.rank == 2 {
        let width = entry.shape[1]
        for row in 0..<entry.shape[0] {
          let size = entry.values[(row * width)..<((row + 1) * width)].reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
          #expect(size <= Double(norm) * (1 + 1e-5))
        }
      }
      // Vectors are left alone.
      #expect(state.parameters.contains { $0.shape.rank == 1 && $0.values.contains { abs($0) > norm } })
    }
  }

  /// The squares of such weights are too large for float32.
  @Test func unitsOfLargeNumbersKeepTheirDirection() throws {
    let options = options(SGD(learningRate: 1e-30), maximumNorm: 2)
    let session = try TrainingSession(
      model: Dense(4, 3), sampleShape: [4], batchSize: 1, groups: options.groups, seed: 5, device: CPUDevice(threads: 1))
    var state = try session.state()
    state.parameters[0].values = [3e24, 0, -4e24, 0, 0.6, 0.8, 0, 0, 1e30, 1e30, 1e30, 1e30]
    try session.restore(state)
    try session.train([1e-30, 1e-30, 1e-30, 1e-30], labels: [0], learningRate: 1e-30)
    let found = try session.state().parameters[0].values
    let right: [Float] = [1.2, 0, -1.6, 0, 0.6, 0.8, 0, 0, 1, 1, 1, 1]
    for (found, right) in zip(found, right) { #expect(abs(found - right) < 1e-5, "\(found)") }
  }

  private func message(_ options: TrainingOptions) throws -> String {
    do { return try fit(options).failure.map { "\($0)" } ?? "trained" } catch { return "\(error)" }
  }

  @Test func whatMakesNoSenseIsRefusedBeforeTheFirstStep() throws {
    let cycle = Schedule.oneCycle(momentum: (0.85, 0.95))
    for rule in [SGD(), Adagrad(), NAdam(), RMSprop(learningRate: 0.1)] as [any Optimizer] {
      #expect(try message(options(rule, schedule: cycle)).contains("\(type(of: rule).name) has no momentum, or is set to have none"))
    }
    func changed(_ change: (inout TrainingOptions) -> Void) throws -> String {
      var options = options(SGD())
      change(&options)
      return try message(options)
    }
    #expect(try changed { $0.average = .exponential(decay: 1) }.contains("the decay of the average of weights is 1.0"))
    #expect(try changed { $0.average = .exponential(decay: .nan) }.contains("at least 0 and below 1"))
    #expect(try changed { $0.average = .stochastic(firstEpoch: 5) }.contains("from 1 to 4, the last epoch"))
    #expect(try changed { $0.clipping.value = 0 }.contains("clipping value is 0.0, and it has to be a number above 0"))
    #expect(try changed { $0.clipping.ratio = -.infinity }.contains("clipping ratio is -inf"))
    #expect(try changed { $0.groups[0].penalty.l1 = -1 }.contains("the penalty l1 is -1.0"))
    #expect(try changed { $0.groups[0].penalty.l2 = .nan }.contains("the penalty l2 is nan"))
    #expect(try changed { $0.groups[0].maximumNorm = 0 }.contains("the maximum norm is 0.0"))
    #expect(
      try message(options(LBFGS(history: 0, takesMiniBatches: true))).contains(
        "history is 0, and it has to be a whole number from 1 to 1000"))
    #expect(try message(options(LBFGS())).contains("70, all training samples, unless takesMiniBatches is set: on batches that change"))
    #expect(try message(options(LBFGS(takesMiniBatches: true))) == "trained")
    func whole(_ change: (inout TrainingOptions) -> Void) throws -> String {
      var options = options(LBFGS(iterations: 2))
      options.batchSize = 70
      change(&options)
      return try message(options)
    }
    #expect(try whole { _ in } == "trained")
    #expect(try whole { $0.sampling = .balanced }.contains("sampling under lbfgs is there, and it has to be none, unless takesMiniBatches"))
    #expect(try whole { $0.mixing = try? BatchMixing(mixup: 1, seed: 1) }.hasPrefix("mixing under lbfgs"))
    #expect(
      try whole { $0.groups = [ParameterGroup(LBFGS()) { $0.hasSuffix("bias") }, ParameterGroup(LBFGS(), schedule: .cosine())] }.contains(
        "it has to be that of the first group, since its steps are those of all parameters together"))
  }

  @Test("L-BFGS takes no layer that draws random numbers, unless it is told to, and no history without room") func descentOfOneFunction()
    throws
  {
    struct Dropped: Layer {
      let first = Dense(6, 8)
      let second = DropConnect(8, 3, rate: 0.2)
      func forward(_ x: Tensor) -> Tensor { second(first(x)) }
    }
    let device = try #require(TestDevices.native.first).device
    func session(_ rule: LBFGS, _ model: any Layer) throws -> TrainingSession {
      try TrainingSession(model: model, sampleShape: [6], batchSize: 4, groups: [ParameterGroup(rule)], device: device)
    }
    let error = #expect(throws: TrainingError.self) { try session(LBFGS(), Dropped()) }
    #expect(
      "\(try #require(error))".hasPrefix("a layer that draws random numbers beside lbfgs is in the model (second), and it has to be none"))
    _ = try session(LBFGS(takesMiniBatches: true), Dropped())
    // A quarter of a terabyte, and no machine of this test has that; a history that is small is no matter.
    let wide = MLP([6, 31_000, 1000, 3])
    let room = #expect(throws: MemoryError.self) { try session(LBFGS(history: 1000), wide) }
    let text = "\(try #require(room))"
    #expect(text.contains("lbfgs with a history of 1000 steps of 31221003 parameters") && text.contains("a history of "), "\(text)")
  }

  @Test func fullBatchesGoDownStepByStep() throws {
    var options = options(LBFGS(history: 5, iterations: 4))
    (options.batchSize, options.checkpointSteps) = (70, nil)
    var checkpoints: [TrainingCheckpoint] = []
    let whole = try fit(options, checkpoint: { checkpoints.append($0) })
    let losses = whole.record.epochs.map(\.trainLoss)
    #expect(whole.failure == nil && losses.count == 4 && zip(losses, losses.dropFirst()).allSatisfy { $0 > $1 }, "\(losses)")
    let folder = try TemporaryFolder()
    let path = folder.file("checkpoint")
    try checkpoints[1].save(to: path)
    let result = try fit(options, resuming: try TrainingCheckpoint(contentsOf: path))
    #expect(bits(result.state) == bits(whole.state) && rows(result.record) == rows(whole.record))
    // Plain descent on all samples is slower.
    options.groups = [ParameterGroup(SGD(learningRate: 0.1))]
    #expect(try #require(try fit(options).record.epochs.last).trainLoss > losses[3])
  }

  @Test func blocksAreLeftOutOnlyWhileTraining() throws {
    let picture = Shape([16, 16, 3])
    for name in ModelZoo.residual where name != "resnet50" && !name.hasPrefix("efficientnet-lite") || name == "efficientnet-lite0" {
      let plain = try #require(ModelZoo.make(name, input: picture, classes: 3))
      let thinned = try #require(ModelZoo.make(name, input: picture, classes: 3, dropPath: 0.5))
      #expect(LayerPath.parameters(of: plain).map(\.path) == LayerPath.parameters(of: thinned).map(\.path))
      for isTraining in [false, true] {
        func count(_ model: any Layer) -> Int {
          let graph = Graph(isTraining: isTraining)
          _ = model(graph.input("x", shape: [2, 32, 32, 3]))
          #expect(graph.firstError == nil)
          return graph.nodes.count
        }
        #expect((count(plain) == count(thinned)) == !isTraining, "\(name)")
      }
    }
  }
}
