import Glissade
import StepSupport
import Testing

/// Models of several named inputs and outputs, through data, training, prediction, resume and ONNX.
struct NamedTensorTests {
  private var devices: [any Device] { (TestDevices.native.prefix(1) + TestDevices.openCL).map(\.device) }

  /// A picture and two numbers: a class, and a value.
  private struct TwoHeads: Model {
    let picture = Dense(12, 8)
    let numbers = Dense(2, 8)
    let sort = Dense(8, 3)
    let size = Dense(8, 1)
    func forward(_ inputs: Inputs) -> Outputs {
      let features = relu(picture(inputs["picture"].flattened()) + numbers(inputs["numbers"]))
      return ["sort": sort(features), "size": size(features)]
    }
  }

  /// The mean of the tokens' vectors, and a class.
  private struct Tokens: Layer {
    let table = Parameter("table", shape: [10, 4], initializer: .ones)
    let dense = Dense(4, 2)
    func forward(_ x: Tensor) -> Tensor {
      dense(x.graph[table].rows(x).mean(axes: [1]))
    }
  }

  private func data(_ count: Int = 60) throws -> TensorDataset {
    let pictures = (0..<count * 12).map { Float(($0 * 7) % 11) / 11 }
    let numbers = (0..<count * 2).map { Float(($0 * 5) % 13) / 13 }
    return try TensorDataset(
      inputs: ["picture": .floats(pictures, shape: [2, 2, 3]), "numbers": .floats(numbers, shape: [2])],
      targets: ["sort": .integers((0..<count).map { Int32($0 % 3) }), "size": .floats((0..<count).map { Float($0 % 7) })])
  }

  private static let loss =
    Loss.crossEntropy.of(output: "sort", target: "sort") + 0.5 * Loss.meanSquaredError.of(output: "size", target: "size")

  private func options(_ loss: Loss = NamedTensorTests.loss) -> TrainingOptions {
    var options = TrainingOptions(groups: [ParameterGroup(Adam(learningRate: 0.01))])
    options.loss = loss
    options.epochs = 3
    options.batchSize = 16
    options.metrics = [.topK(1).of(output: "sort", target: "sort"), .absoluteError.of(output: "size", target: "size")]
    return options
  }

  private func selection(_ device: any Device) -> DeviceSelection { DeviceSelection(device: device, reason: "test", mayFallBack: false) }

  @Test func severalInputsAndOutputsAreTrained() throws {
    let data = try data()
    var epochs = options()
    epochs.epochs = 60
    for device in devices {
      let trainer = Trainer(model: TwoHeads(), options: epochs)
      let result = try trainer.fit(data, validation: data, on: selection(device))
      #expect(result.failure == nil)
      let (first, last) = (try #require(result.record.epochs.first), try #require(result.record.epochs.last))
      #expect(last.trainLoss < 0.6 * first.trainLoss, "\(first.trainLoss) \(last.trainLoss)")
      #expect(last.metrics[1].validation < first.metrics[1].validation && last.trainAccuracy.isNaN)
      let outputs = try trainer.outputs(for: data, state: result.state, on: device)
      #expect(Set(outputs.keys) == ["sort", "size"])
      let (sort, size) = (try #require(outputs["sort"]), try #require(outputs["size"]))
      #expect(sort.shape == [3] && sort.floats.count == 180 && size.shape == [1] && size.floats.count == 60)
      let right = (0..<60).filter { sample in
        let row = sort.floats[(3 * sample)..<(3 * sample + 3)]
        return row.firstIndex(of: row.max() ?? 0).map { $0 - 3 * sample } == sample % 3
      }
      #expect(abs(Double(right.count) / 60 - last.metrics[0].validation) < 1e-6)
    }
  }

  @Test func subsetsAndWeightsKeepTheirTensors() throws {
    let data = try data()
    let part = try data.subset([5, 3, 59])
    #expect(part.inputs == data.inputs && part.targetFields == data.targetFields)
    let loader = try BatchLoader(part, order: BatchOrder(count: 3, batchSize: 3, shuffles: false), endEpoch: 1)
    guard let batch = try loader.next() else {
      Issue.record("no batch")
      return
    }
    #expect(batch.fields.count == 4)
    #expect(Array(batch.fields[2].bindMemory(to: Int32.self)) == [2, 0, 2])
    #expect(Array(batch.fields[3].bindMemory(to: Float.self)) == [5, 3, 3])
    #expect(Array(batch.fields[1].bindMemory(to: Float.self).prefix(2)) == [Float(50 % 13) / 13, Float(55 % 13) / 13])
    batch.finish()
  }

  @Test func aTrainingGoesOnWithTheSameBits() throws {
    let data = try data()
    let trainer = Trainer(model: TwoHeads(), options: options())
    var checkpoints: [TrainingCheckpoint] = []
    let device = try CPUDevice()
    let whole = try trainer.fit(data, on: selection(device), checkpoint: { checkpoints.append($0) })
    let resumed = try trainer.fit(data, on: selection(device), resuming: checkpoints[0])
    #expect(resumed.state.parameters.map(\.values) == whole.state.parameters.map(\.values))
    let renamed = try TensorDataset(
      inputs: [
        "picture": .floats([Float](repeating: 0, count: 720), shape: [2, 2, 3]),
        "extra": .floats([Float](repeating: 0, count: 120), shape: [2]),
      ],
      targets: ["sort": .integers([Int32](repeating: 0, count: 60)), "size": .floats([Float](repeating: 0, count: 60))])
    let error = #expect(throws: TrainingError.self) { try trainer.check(checkpoints[0], training: renamed, validation: nil) }
    #expect("\(error.map { "\($0)" } ?? "")".contains("inputs is picture [2, 2, 3], extra [2], before picture [2, 2, 3], numbers [2]"))
  }

  @Test func predictionGoesByNames() throws {
    let session = try TrainingSession(
      model: TwoHeads(), inputs: try data().inputs, targets: try data().targetFields, batchSize: 4, loss: Self.loss, groups: [],
      device: try CPUDevice())
    let picture = SampleArray.floats([Float](repeating: 0.5, count: 24), shape: [2, 2, 3])
    let numbers = SampleArray.floats([1, 2, 3, 4], shape: [2])
    let outputs = try session.predict(["picture": picture, "numbers": numbers])
    #expect(outputs["sort"]?.floats.count == 6 && outputs["size"]?.floats.count == 2)
    func message(_ arrays: [String: SampleArray]) -> String {
      do {
        _ = try session.predict(arrays)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message(["picture": picture]).contains("the field 'numbers' is missing, and it has to be numbers [2], for whole samples"))
    #expect(
      message(["picture": picture, "numbers": numbers, "age": numbers]).contains(
        "a field is 'age', and it has to be one of 'picture', 'numbers'"))
    #expect(message(["picture": picture, "numbers": .integers([1, 2, 3, 4], shape: [2])]).contains("numbers [2] of int32"))
    #expect(
      message(["picture": picture, "numbers": .floats([1, 2], shape: [2])]).contains("1 samples, and it has to be 2, as the others"))
  }

  @Test func aLoopOfOnesOwnGoesByNames() throws {
    let data = try data()
    let session = try TrainingSession(
      model: TwoHeads(), inputs: data.inputs, targets: data.targetFields, batchSize: 8, loss: Self.loss, metrics: options().metrics,
      groups: [ParameterGroup(Adam(learningRate: 0.02))], device: try CPUDevice())
    var arrays: [String: SampleArray] = [
      "picture": .floats((0..<96).map { Float($0 % 12) / 12 }, shape: [2, 2, 3]),
      "numbers": .floats((0..<16).map { Float($0) / 16 }, shape: [2]),
      "sort": .integers([0, 1, 2, 0, 1, 2, 0, 1]), "size": .floats([1, 2, 3, 4, 5, 6, 7, 8]),
    ]
    let before = try session.evaluate(arrays)
    for _ in 0..<50 { try session.train(arrays) }
    let after = try session.evaluate(arrays)
    #expect(after.loss < 0.5 * before.loss && after.metrics[1] < before.metrics[1])
    #expect(try session.sums().samples == 400)
    arrays["size"] = nil
    #expect(throws: TrainingError.self) { try session.train(arrays) }
  }

  @Test func wholeNumbersAreAnInput() throws {
    // Class 1 where token 9 occurs.
    var tokens: [Int32] = []
    for sample in 0..<64 {
      for place in 0..<3 { tokens.append(Int32((place * 3 + sample) % 9)) }
      tokens.append(sample % 2 == 0 ? 9 : 8)
    }
    let labels: [Int32] = (0..<64).map { $0 % 2 == 0 ? 1 : 0 }
    let data = try TensorDataset(
      inputs: ["tokens": .integers(tokens, shape: [4])], labels: labels, classNames: ["without", "with"])
    var options = options(.crossEntropy)
    options.metrics = []
    options.groups = [ParameterGroup(Adam(learningRate: 0.05))]
    options.epochs = 30
    for device in devices {
      let result = try Trainer(model: Tokens(), options: options).fit(data, validation: data, on: selection(device))
      #expect(result.failure == nil)
      #expect(try #require(result.record.epochs.last).validationAccuracy > 0.95)
      #expect(result.record.report?.classNames == ["without", "with"])
    }
  }

  @Test func aLossComparesWithTheInputs() throws {
    let data = try SyntheticClassification(count: 64, sampleShape: [6], classCount: 2, seed: 1)
    var options = options(.meanSquaredError.ofInputs())
    options.metrics = [.rootMeanSquaredError.ofInputs()]
    options.epochs = 40
    let result = try Trainer(model: MLP([6, 8, 6]), options: options).fit(data, validation: data, on: selection(try CPUDevice()))
    let (first, last) = (try #require(result.record.epochs.first), try #require(result.record.epochs.last))
    #expect(last.validationLoss < 0.5 * first.validationLoss)
    #expect(abs(last.metrics[0].validation * last.metrics[0].validation - last.validationLoss) < 1e-5)
    #expect(result.record.measure == .meanAbsoluteError && result.record.divergence == nil)
  }

  @Test func onnxHasTheNames() throws {
    let data = try data()
    let model = TwoHeads()
    let session = try TrainingSession(
      model: model, inputs: data.inputs, targets: data.targetFields, batchSize: 4, loss: Self.loss, groups: [], device: try CPUDevice())
    let exported = try ONNXModel(of: model, inputs: data.inputs, state: try session.state(), name: "two")
    #expect(exported.inputs.map(\.name) == ["picture", "numbers"] && exported.outputs.map(\.name) == ["sort", "size"])
    #expect(exported.inputs[0].shape == [.any("batch"), .fixed(3), .fixed(2), .fixed(2)])
    #expect(exported.outputs[1].shape == [.any("batch"), .fixed(1)])
  }

  /// What there is to predict from need not say what it is to be compared with.
  @Test func predictionTakesNoTargets() throws {
    let (whole, device) = (try data(), try CPUDevice())
    let bare = try TensorDataset(inputs: [
      "picture": .floats((0..<60 * 12).map { Float(($0 * 7) % 11) / 11 }, shape: [2, 2, 3]),
      "numbers": .floats((0..<60 * 2).map { Float(($0 * 5) % 13) / 13 }, shape: [2]),
    ])
    let trainer = Trainer(model: TwoHeads(), options: options())
    let state = try trainer.fit(whole, on: selection(device)).state
    let outputs = try trainer.outputs(for: bare, state: state, on: device)
    let expected = try trainer.outputs(for: whole, state: state, on: device)
    #expect(outputs["sort"]?.floats.count == 180 && outputs["sort"]?.floats == expected["sort"]?.floats)
    let classes = try TensorDataset(inputs: ["features": .floats((0..<12).map { Float($0) }, shape: [6])])
    let mlp = Trainer(model: MLP([6, 8, 3]), options: TrainingOptions())
    let session = try TrainingSession(
      model: MLP([6, 8, 3]), sampleShape: [6], batchSize: 2, loss: .crossEntropy, groups: [], device: device)
    #expect(try mlp.outputs(for: classes, state: try session.state(), on: device)["output"]?.floats.count == 6)
  }

  /// Nothing that is asked of targets is recorded in a graph that nobody looks at, where there are none.
  @Test func askingForTargetsThatThereAreNot() throws {
    let data = try TensorDataset(inputs: ["x": .floats((0..<96).map { Float($0) }, shape: [6])])
    func message(_ loss: Loss, _ metrics: [Metric] = [], model: any Layer = MLP([6, 8, 6])) throws -> String {
      var options = options(loss)
      options.metrics = metrics
      do {
        let result = try Trainer(model: model, options: options).fit(data, on: selection(try CPUDevice(threads: 1)))
        return "no error; \(result.failure.map { "\($0)" } ?? "trained")"
      } catch { return "\(error)" }
    }
    let copying = Loss.meanSquaredError.ofInputs()
    #expect(try message(copying) == "no error; trained")
    for metric in [
      Metric("error") { output, values in abs(values - output).meanOfEachSample() },
      Metric("error") { output, values in abs(output - values).meanOfEachSample() },
    ] {
      #expect(try message(copying, [metric]).hasPrefix("the target: one target is taken, and there is none"))
    }
    let named = Loss.named("named") { outputs, targets in targets["same"] - outputs.only.meanOfEachSample() }
    #expect(try message(named).hasPrefix("target 'same': there is no such target; there is none"))
    struct Twice: Model {
      let dense = Dense(6, 6)
      func forward(_ inputs: Inputs) -> Outputs { ["a": dense(inputs["x"]), "a": inputs["x"]] }
    }
    #expect(try message(copying, model: Twice()).hasPrefix("the model: it gives two outputs called 'a'"))
    struct Stranger: Model {
      let dense = Dense(6, 6)
      func forward(_ inputs: Inputs) -> Outputs { ["a": dense(inputs["x"]), "b": Graph().constant(1, shape: [16])] }
    }
    #expect(try message(copying, model: Stranger()).hasPrefix("output 'b': it gives a tensor of another graph"))
  }

  /// What a metric adds up has one place, whatever the batch.
  @Test func aMetricsNumbersAreAsManyForEveryBatch() throws {
    var options = options()
    options.metrics = [
      Metric(
        "pairs", sums: { outputs, _ in [outputs["size"].matmul(outputs["size"].transposed())] },
        value: { sums, _ in sums[0].reduce(0, +) })
    ]
    // 60 samples in batches of 16 leave 12.
    let error = #expect(throws: ShapeError.self) {
      let result = try Trainer(model: TwoHeads(), options: options).fit(try data(), on: selection(try CPUDevice(threads: 1)))
      if let failure = result.failure { throw failure }
    }
    #expect("\(error.map { "\($0)" } ?? "")".hasPrefix("metric 'pairs' of [12]: it gives [12] numbers"), "\(error.map { "\($0)" } ?? "")")
  }

  @Test func mistakes() throws {
    struct Asking: Model {
      let dense = Dense(2, 3)
      func forward(_ inputs: Inputs) -> Outputs { ["sort": dense(inputs["number"])] }
    }
    struct Silent: Model {
      let dense = Dense(2, 3)
      func forward(_ inputs: Inputs) -> Outputs { [:] }
    }
    let data = try data()
    func message(_ model: any Layer, _ loss: Loss = NamedTensorTests.loss, _ change: (inout TrainingOptions) -> Void = { _ in }) throws
      -> String
    {
      var options = options(loss)
      change(&options)
      let device = selection(try CPUDevice(threads: 1))
      do {
        let result = try Trainer(model: model, options: options).fit(data, on: device)
        return "no error; \(result.failure.map { "\($0)" } ?? "trained")"
      } catch { return "\(error)" }
    }
    #expect(try message(Asking()).contains("input 'number': there is no such input; there are 'picture' and 'numbers'"))
    #expect(try message(Silent()).contains("the model: it gives no output"))
    #expect(try message(MLP([12, 3])).contains("MLP of [16, 2, 2, 3] and [16, 2]: it takes one tensor and there are the inputs"))
    #expect(try message(TwoHeads(), .crossEntropy).contains("the output: one output is taken, and there are 'sort' and 'size'; say which"))
    #expect(try message(TwoHeads()) { $0.mixing = try? BatchMixing(mixup: 1) }.contains("the samples to be mixed is picture [2, 2, 3]"))
    #expect(try message(TwoHeads()) { $0.classWeights = .balanced }.contains("the data for class weights or balanced sampling"))
    #expect(try message(TwoHeads()) { $0.classWeights = .balanced }.hasSuffix("as Loss.crossEntropy.weighing(classes: [1, 5])"))
    func weighed(_ weights: [Float], _ loss: Loss = .crossEntropy) throws -> String {
      try message(TwoHeads(), loss.weighing(classes: weights).of(output: "sort", target: "sort"))
    }
    #expect(try weighed([1, 2]).contains("class weights of [16] and [16] of int32: there are 2 of them, and 3 outputs"))
    #expect(try weighed([1, -2, 1]).contains("they are [1.0, -2.0, 1.0], and have to be finite numbers"))
    #expect(try weighed([0, 0, 0]).contains("have to be finite numbers, none below 0 and one above 0"))
    #expect(try weighed([1, 2, 3], .crossEntropy(ignoring: -1)).contains("a loss that gives a value for each sample"))
    #expect(throws: DataError.self) {
      try TensorDataset(inputs: ["a": .floats([1, 2])], targets: ["a": .floats([1, 2])])
    }
    #expect(throws: DataError.self) { try TensorDataset(inputs: ["a": .floats([1, 2]), "b": .floats([1, 2, 3])]) }
    #expect(throws: DataError.self) { try TensorDataset(inputs: [:]) }
  }
}
