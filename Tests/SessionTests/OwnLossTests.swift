import Glissade
import StepSupport
import Testing

/// Losses of one's own: a value for each sample, weighed and reduced as those that are built in.
struct OwnLossTests {
  private var devices: [any Device] { (TestDevices.native.prefix(1) + TestDevices.openCL).map(\.device) }

  private let data: SyntheticClassification

  init() throws { data = try SyntheticClassification(count: 96, sampleShape: [6], classCount: 4, seed: 5) }

  /// Cross-entropy, written as anybody would.
  private static let own = Loss("own") { output, labels in softmaxCrossEntropies(output, labels) }

  private func options(_ loss: Loss, _ change: (inout TrainingOptions) -> Void = { _ in }) -> TrainingOptions {
    var options = TrainingOptions(groups: [ParameterGroup(SGD(learningRate: 0.1, momentum: 0.9))])
    options.loss = loss
    options.epochs = 3
    options.batchSize = 32
    options.seed = 3
    change(&options)
    return options
  }

  private func fit(_ options: TrainingOptions, _ data: any Dataset, _ device: any Device) throws -> Trainer.Result {
    let selection = DeviceSelection(device: device, reason: "test", mayFallBack: false)
    let result = try Trainer(model: MLP([6, 16, 4]), options: options).fit(data, validation: data, on: selection)
    if let failure = result.failure { throw failure }
    return result
  }

  private func distance(_ a: Trainer.Result, _ b: Trainer.Result) -> Float {
    zip(a.state.parameters, b.state.parameters).reduce(0) { max($0, zip($1.0.values, $1.1.values).reduce(0) { max($0, abs($1.0 - $1.1)) }) }
  }

  @Test("An own cross-entropy trains as the built-in one does", arguments: ["plain", "class weights", "mixing", "sample weights", "sum"])
  func likeTheBuiltIn(how: String) throws {
    let weights = (0..<data.count).map { Float($0 % 3) }
    let (features, labels) = try data.gather(Array(0..<data.count))
    let samples = try ArrayDataset(features: features, sampleShape: [6], labels: labels, classNames: data.classNames)
    let trained = how == "sample weights" ? try samples.weighted(by: weights) : samples
    func change(_ options: inout TrainingOptions) {
      switch how {
      case "class weights": options.classWeights = .given([1, 2, 0.5, 3])
      case "mixing":
        options.mixing = try? BatchMixing(mixup: 0.4, seed: 1)
        options.classWeights = .given([1, 2, 0.5, 3])
      case "sum":
        options.loss = options.loss.reducing(by: .sum)
        options.groups = [ParameterGroup(SGD(learningRate: 0.003))]
      default: break
      }
    }
    for device in devices {
      let own = try fit(options(Self.own, change), trained, device)
      let builtIn = try fit(options(.crossEntropy, change), trained, device)
      #expect(distance(own, builtIn) < 2e-5, "\(how) on \(device.information.identifier)")
      let (first, second) = (try #require(own.record.epochs.last), try #require(builtIn.record.epochs.last))
      #expect(abs(first.trainLoss - second.trainLoss) < 1e-5 && abs(first.trainAccuracy - second.trainAccuracy) < 1e-5)
      #expect(abs(first.validationLoss - second.validationLoss) < 1e-5 && first.validationAccuracy == second.validationAccuracy)
      #expect(own.record.measure == .accuracy)
    }
  }

  /// What a loss weighs by itself is what training's class weights weigh, also where the targets have names.
  @Test("Class weights of a loss", arguments: [Loss.Reduction.mean, .sum]) func ownClassWeights(reduction: Loss.Reduction) throws {
    let (features, labels) = try data.gather(Array(0..<data.count))
    let plain = try ArrayDataset(features: features, sampleShape: [6], labels: labels, classNames: data.classNames)
    let named = try TensorDataset(inputs: ["x": .floats(features, shape: [6])], targets: ["sort": .integers(labels)])
    // A class that weighs nothing, and batches of nothing else.
    for weights in [[1, 2, 0.5, 3], [0, 0, 0, 1]] as [[Float]] {
      for device in devices {
        func trained(_ loss: Loss, _ data: any Dataset, _ weights: ClassWeights?, rate: Double = 0.01) throws -> Trainer.Result {
          let options = options(loss.reducing(by: reduction)) {
            $0.classWeights = weights
            $0.batchSize = 3
            $0.groups = [ParameterGroup(SGD(learningRate: rate))]
          }
          return try fit(options, data, device)
        }
        let expected = try trained(.crossEntropy, plain, .given(weights))
        let own = try trained(Loss.crossEntropy.weighing(classes: weights), plain, nil)
        let byName = try trained(Loss.crossEntropy.weighing(classes: weights).of(target: "sort"), named, nil)
        #expect(distance(own, expected) < 1e-5 && distance(byName, expected) < 1e-5, "\(device.information.identifier)")
        #expect(own.record.epochs.last?.trainAccuracy == expected.record.epochs.last?.trainAccuracy)
        // What is told is a weighted mean, whatever the weights are counted in. A sum is so much larger, and its rate so much smaller.
        let scaled = try trained(.crossEntropy, plain, .given(weights.map { 32 * $0 }), rate: reduction == .sum ? 0.01 / 32 : 0.01)
        let told = zip(expected.record.epochs, scaled.record.epochs).map { ($0.trainLoss, $1.trainLoss) }
        #expect(!told.isEmpty && told.allSatisfy { $0 > 0 && abs($0 - $1) < 1e-4 * abs($0) }, "\(told)")
      }
    }
  }

  @Test func aSumIsAsManyTimesTheMeanAsThereAreSamples() throws {
    func step(_ loss: Loss, _ rate: Double) throws -> [Float] {
      let session = try TrainingSession(
        model: Dense(6, 4), sampleShape: [6], batchSize: 32, loss: loss, groups: [ParameterGroup(SGD())], device: try CPUDevice())
      let (features, labels) = try data.gather(Array(0..<32))
      try features.withUnsafeBufferPointer { features in
        try labels.withUnsafeBufferPointer { try session.train(features: features, labels: $0) { _ in rate } }
      }
      return try #require(try session.gradient(of: "weight"))
    }
    for loss in [Self.own, .crossEntropy] {
      let (sum, mean) = (try step(loss.reducing(by: .sum), 0), try step(loss, 0))
      for (a, b) in zip(sum, mean) { #expect(abs(a - 32 * b) < 1e-5) }
    }
  }

  @Test func aLossOfValuesIsWeighed() throws {
    // Two samples that want 1 and 3: with weights 3 and 1 a constant is drawn to 1.5.
    let data = try ArrayDataset(features: [1, 1], sampleShape: [1], values: [1, 3], valueNames: ["y"]).weighted(by: [3, 1])
    var options = options(.meanSquaredError)
    options.groups = [ParameterGroup(SGD(learningRate: 0.1))]
    (options.epochs, options.batchSize) = (60, 2)
    let selection = DeviceSelection(device: try CPUDevice(), reason: "test", mayFallBack: false)
    let trainer = Trainer(model: Dense(1, 1), options: options)
    let result = try trainer.fit(data, on: selection)
    let output = try trainer.outputs(for: data, state: result.state, on: selection.device)["output"]?.floats
    #expect(abs(try #require(output?.first) - 1.5) < 1e-3)
  }

  // MARK: Mistakes

  private func message(_ loss: Loss, metrics: [Metric] = [], model: any Layer = Dense(6, 4), weighs: Bool = false) throws -> String {
    let selection = DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false)
    do {
      let options = options(loss) {
        $0.metrics = metrics
        if weighs { $0.classWeights = .balanced }
      }
      let result = try Trainer(model: model, options: options).fit(data, on: selection)
      return "no error; \(result.failure.map { "\($0)" } ?? "trained")"
    } catch { return "\(error)" }
  }

  @Test func mistakesAreToldBeforeTheFirstStep() throws {
    #expect(
      try message(Loss("flat") { output, _ in output }).hasPrefix(
        "loss 'flat' of [32, 4]: a loss gives a value for each sample, [32], or one for the whole batch, []"))
    #expect(try message(Loss("labels") { _, labels in labels }).hasPrefix("loss 'labels' of [32] of int32: a loss gives float32"))
    #expect(try message(Loss("constant") { output, _ in output.graph.constant(1) }).contains("nothing to train"))
    #expect(
      try message(Loss("stranger") { _, _ in Graph().constant(1) }).contains("loss 'stranger': it gives a tensor of another graph"))
    #expect(
      try message(Loss("hits") { output, _ in output.argmax(axis: 1).cast(to: .float32) }).contains("argmax"))
    #expect(
      try message(Loss("typed") { output, labels in output * labels }).contains("both have to be of one type; `cast(to:)` changes it"))
    #expect(
      try message(Loss("mean") { softmaxCrossEntropy($0, $1).loss }, weighs: true).contains("has to give a value for each sample, [32]"))
    #expect(
      try message(.crossEntropy.of(output: "class")).hasPrefix("output 'class': there is no such output; there is 'output'"))
    #expect(
      try message(.crossEntropy.of(target: "digit")).hasPrefix("target 'digit': there is no such target; there is 'labels'"))
    #expect(
      try message(.crossEntropy, metrics: [Metric("whole") { output, _ in output.sum() }]).hasPrefix(
        "metric 'whole' of []: a metric gives float32 numbers for each sample, [32] or [32, n]"))
    #expect(try message(.crossEntropy, metrics: [.topK(2), .topK(2)]).contains("the name of a metric is 'top-2'"))
    #expect(try message(.crossEntropy, metrics: [Metric("loss") { $1 }]).contains("the name of a metric is 'loss'"))
    #expect(try message(.crossEntropy, model: Dense(6, 3)).contains("the number of the model's outputs is 3, and it has to be at least 4"))
  }
}
