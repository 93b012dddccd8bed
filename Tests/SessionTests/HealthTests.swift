import Glibc
import Glissade
import TestSupport
import Testing

@testable import GlissadeTraining

/// What the monitor measures, and that it changes nothing.
@Suite struct HealthTests {
  private let model = Sequential(Dense(6, 5), ReLU(), Dense(5, 4), Sigmoid(), Dense(4, 4), Tanh(), Dense(4, 3))

  private func data(_ count: Int, part: UInt32 = 0) throws -> SyntheticClassification {
    try SyntheticClassification(count: count, sampleShape: [6], classCount: 3, separation: 1, seed: 3, part: part)
  }

  private func selection(_ device: any Device) -> DeviceSelection {
    DeviceSelection(device: device, reason: "test", mayFallBack: false)
  }

  /// One layer, in double precision.
  private struct Reference {
    var input: [[Double]]
    var output: [[Double]]
    var weight: [[Double]]
    var bias: [Double]
    var slope: (_ result: Double) -> Double
    var gradient = (weight: [[Double]](), bias: [Double]())

    var gradientNorm: Double {
      (gradient.weight.joined() + gradient.bias).reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    var weightNorm: Double { (weight.joined() + bias).reduce(0) { $0 + $1 * $1 }.squareRoot() }
    var results: [Double] { Array(output.joined()) }
    var mean: Double { results.reduce(0, +) / Double(results.count) }
    var deviation: Double { (results.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(results.count)).squareRoot() }
  }

  /// Forward and backward through the model, with the mean cross-entropy as loss.
  private func reference(_ state: ModelState, _ data: SyntheticClassification) throws -> (layers: [Reference], loss: Double) {
    let count = data.count
    var features = [Float](repeating: 0, count: 6 * count)
    var labels = [Int32](repeating: 0, count: count)
    try features.withUnsafeMutableBufferPointer { features in
      try labels.withUnsafeMutableBufferPointer { try data.gather(Array(0..<count)[...], into: features, labels: $0) }
    }
    var x = (0..<count).map { row in features[(6 * row)..<(6 * row + 6)].map(Double.init) }
    let functions: [(value: (Double) -> Double, slope: (Double) -> Double)] = [
      ({ max($0, 0) }, { $0 > 0 ? 1 : 0 }), ({ 1 / (1 + exp(-$0)) }, { $0 * (1 - $0) }), ({ tanh($0) }, { 1 - $0 * $0 }),
      ({ $0 }, { _ in 1 }),
    ]
    var layers: [Reference] = []
    for (index, function) in functions.enumerated() {
      let values = state.parameters[2 * index].values.map(Double.init)
      let width = x[0].count
      let weight = stride(from: 0, to: values.count, by: width).map { Array(values[$0..<($0 + width)]) }
      let bias = state.parameters[2 * index + 1].values.map(Double.init)
      let output = x.map { sample in
        zip(weight, bias).map { row, bias in function.value(zip(row, sample).reduce(bias) { $0 + $1.0 * $1.1 }) }
      }
      layers.append(Reference(input: x, output: output, weight: weight, bias: bias, slope: function.slope))
      x = output
    }
    var loss = 0.0
    var upstream = zip(x, labels).map { row, label in
      let sum = row.reduce(0) { $0 + exp($1) }
      loss += (log(sum) - row[Int(label)]) / Double(count)
      return row.enumerated().map { (exp($1) / sum - ($0 == Int(label) ? 1 : 0)) / Double(count) }
    }
    for index in layers.indices.reversed() {
      let layer = layers[index]
      let local = zip(upstream, layer.output).map { zip($0, $1).map { $0 * layer.slope($1) } }
      layers[index].gradient.bias = layer.bias.indices.map { unit in local.reduce(0) { $0 + $1[unit] } }
      layers[index].gradient.weight = layer.weight.indices.map { unit in
        layer.weight[unit].indices.map { place in zip(local, layer.input).reduce(0) { $0 + $1.0[unit] * $1.1[place] } }
      }
      upstream = local.map { sample in
        layer.weight[0].indices.map { place in zip(sample, layer.weight).reduce(0) { $0 + $1.0 * $1.1[place] } }
      }
    }
    return (layers, loss)
  }

  @Test(arguments: TestDevices.native.prefix(1) + TestDevices.openCL.filter { !$0.isSlowToPrepare })
  func figuresAreThoseOfTheFormulas(device: TestDevice) throws {
    let data = try data(40)
    var options = TrainingOptions(groups: [ParameterGroup(SGD(learningRate: 0.25))])
    (options.epochs, options.batchSize, options.monitor) = (1, 40, HealthMonitor(interval: 1))
    // A unit that is dead, and others that are saturated.
    let session = try TrainingSession(model: model, sampleShape: [6], batchSize: 40, groups: options.groups, seed: 5, device: device.device)
    var state = try session.state()
    state.parameters[1].values[2] = -100
    state.parameters[2].values = state.parameters[2].values.map { $0 * 10 }
    state.parameters[4].values = state.parameters[4].values.map { $0 * 10 }
    state.optimizer = []
    let result = try Trainer(model: model, options: options).fit(data, on: selection(device.device), from: state)
    let health = try #require(result.record.epochs.first?.health)
    let (expected, loss) = try reference(state, data)
    #expect(health.measurements == 1 && health.step == 1)
    #expect(health.layers.map(\.layer) == ["layers.0", "layers.2", "layers.4", "layers.6"].map { String($0.dropFirst(7)) })
    #expect(health.layers.map(\.activation) == ["relu", "sigmoid", "tanh", "output"])
    func close(_ found: Double, _ right: Double, _ tolerance: Double = 2e-5) -> Bool {
      abs(found - right) <= tolerance * max(abs(right), 1e-3)
    }
    for (found, right) in zip(health.layers, expected) {
      #expect(close(found.gradientNorm, right.gradientNorm) && found.largestGradientNorm == found.gradientNorm, "\(found)")
      #expect(close(found.weightNorm, right.weightNorm))
      // The movement is a small difference of float32 numbers.
      #expect(close(found.updateRatio, 0.25 * right.gradientNorm / right.weightNorm, 1e-3), "\(found)")
      #expect(close(found.mean, right.mean) && close(found.deviation, right.deviation), "\(found)")
      #expect(found.trained == right.bias.count * (right.weight[0].count + 1))
    }
    let dead = (0..<5).count { unit in expected[0].output.allSatisfy { $0[unit] == 0 } }
    #expect(dead > 0 && close(health.layers[0].dead, Double(dead) / 5))
    func share(_ layer: Int, _ isSaturated: (Double) -> Bool) -> Double {
      Double(expected[layer].results.count(where: isSaturated)) / Double(expected[layer].results.count)
    }
    let saturated = (share(1) { abs($0 - 0.5) > 0.45 }, share(2) { abs($0) > 0.9 })
    #expect(saturated.0 > 0 && saturated.1 > 0)
    #expect(close(health.layers[1].saturated, saturated.0) && close(health.layers[2].saturated, saturated.1))
    #expect(health.layers[0].saturated.isNaN && health.layers[3].dead.isNaN)
    #expect(close(result.record.epochs[0].trainLoss, loss))
  }

  /// The squares of such gradients and weights are too large for float32.
  @Test(arguments: TestDevices.native.prefix(1) + TestDevices.openCL.filter { !$0.isSlowToPrepare })
  func normsOfLargeNumbersAreRight(device: TestDevice) throws {
    let (model, data) = (Sequential(Dense(6, 4), Dense(4, 3)), try data(40))
    var options = TrainingOptions(groups: [ParameterGroup(SGD(learningRate: 0.25))])
    (options.epochs, options.batchSize, options.monitor) = (1, 40, HealthMonitor(interval: 1))
    let session = try TrainingSession(model: model, sampleShape: [6], batchSize: 40, groups: options.groups, seed: 5, device: device.device)
    var state = try session.state()
    state.parameters[2].values = state.parameters[2].values.map { $0 * 1e25 }
    state.optimizer = []
    var features = [Float](repeating: 0, count: 6 * 40)
    var labels = [Int32](repeating: 0, count: 40)
    try features.withUnsafeMutableBufferPointer { features in
      try labels.withUnsafeMutableBufferPointer { try data.gather(Array(0..<40)[...], into: features, labels: $0) }
    }
    let values = state.parameters.map { $0.values.map(Double.init) }
    var (first, second) = ([Double](repeating: 0, count: 28), [Double](repeating: 0, count: 15))
    for sample in 0..<40 {
      let x = features[(6 * sample)..<(6 * sample + 6)].map(Double.init) + [1]
      let hidden = (0..<4).map { unit in (0..<6).reduce(values[1][unit]) { $0 + values[0][6 * unit + $1] * x[$1] } }
      let logits = (0..<3).map { unit in (0..<4).reduce(values[3][unit]) { $0 + values[2][4 * unit + $1] * hidden[$1] } }
      // Of such logits the largest has all of the probability.
      let answer = try #require(logits.indices.max { logits[$0] < logits[$1] })
      let slope = (0..<3).map { (($0 == answer ? 1 : 0) - ($0 == Int(labels[sample]) ? 1 : 0)) / 40.0 }
      for unit in 0..<3 { for (index, value) in (hidden + [1]).enumerated() { second[5 * unit + index] += slope[unit] * value } }
      for unit in 0..<4 {
        let back = (0..<3).reduce(0) { $0 + slope[$1] * values[2][4 * $1 + unit] }
        for (index, value) in x.enumerated() { first[7 * unit + index] += back * value }
      }
    }
    func norm(_ numbers: [Double]) -> Double { numbers.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let result = try Trainer(model: model, options: options).fit(data, on: selection(device.device), from: state)
    let layers = try #require(result.record.epochs.first?.health?.layers)
    func close(_ found: Double, _ right: Double) -> Bool { abs(found - right) <= 2e-5 * abs(right) }
    #expect(close(layers[0].gradientNorm, norm(first)) && norm(first) > 1e23, "\(layers[0])")
    #expect(close(layers[0].updateRatio, 0.25 * norm(first) / norm(values[0] + values[1])), "\(layers[0])")
    #expect(close(layers[1].gradientNorm, norm(second)), "\(layers[1])")
    #expect(close(layers[1].weightNorm, norm(values[2] + values[3])) && layers[1].updateRatio < 1e-20, "\(layers[1])")
  }

  /// With running statistics, dropout, clipping, momentum, an average and a frozen layer.
  private struct Network: Layer {
    let conv = Conv2D(2, 6, kernel: 3, padding: 1)
    let norm = BatchNorm(6)
    let dropout = Dropout(0.4)
    let hidden = Dense(4 * 4 * 6, 7)
    let dense = Dense(7, 3)
    func forward(_ x: Tensor) -> Tensor { dense(relu(hidden(dropout(relu(norm(conv(x))).flattened())))) }
  }

  private var options: TrainingOptions {
    var options = TrainingOptions(groups: [
      ParameterGroup(AdamW(learningRate: 1e-2), takes: { $0.hasPrefix("dense") }),
      ParameterGroup(SGD(learningRate: 1e-2, momentum: 0.9), takes: { !$0.hasPrefix("conv") }),
    ])
    (options.epochs, options.batchSize, options.seed, options.checkpointSteps) = (3, 16, 4, 3)
    options.clipping = GradientClipping(norm: 0.5)
    options.average = .exponential(decay: 0.9)
    return options
  }

  private func pictures(_ count: Int, part: UInt32 = 0) throws -> SyntheticClassification {
    try SyntheticClassification(count: count, sampleShape: [4, 4, 2], classCount: 3, separation: 0.5, seed: 1, part: part)
  }

  private func bits(_ state: ModelState) -> [[UInt32]] {
    (state.parameters.map(\.values) + state.optimizer.flatMap { $0.slots.map(\.values) }).map { $0.map(\.bitPattern) }
  }

  @Test(arguments: TestDevices.native.prefix(1) + TestDevices.openCL.filter { !$0.isSlowToPrepare })
  func whatIsTrainedHasTheSameBits(device: TestDevice) throws {
    func fit(_ monitor: HealthMonitor?) throws -> Trainer.Result {
      var options = options
      options.monitor = monitor
      return try Trainer(model: Network(), options: options).fit(
        pictures(70), validation: pictures(20, part: 1), on: selection(device.device))
    }
    let plain = try fit(nil)
    #expect(plain.record.epochs.allSatisfy { $0.health == nil })
    for interval in [1, 4] {
      let watched = try fit(HealthMonitor(interval: interval))
      #expect(watched.failure == nil && bits(watched.state) == bits(plain.state), "every \(interval)")
      #expect(watched.record.epochs.map(\.trainLoss) == plain.record.epochs.map(\.trainLoss))
      #expect(watched.record.epochs.map(\.validationLoss) == plain.record.epochs.map(\.validationLoss))
      #expect(watched.record.epochs.map { $0.health?.measurements } == (interval == 1 ? [5, 5, 5] : [2, 1, 1]))
      #expect(watched.record.epochs[0].health?.layers.map(\.layer) == ["norm", "hidden", "dense"])
      #expect(watched.record.epochs[0].health?.layers.map(\.activation) == ["relu", "relu", "output"])
    }
  }

  @Test func everyCheckpointLeadsToTheSameFigures() throws {
    var options = options
    options.monitor = HealthMonitor(interval: 2)
    func fit(_ resuming: TrainingCheckpoint? = nil, _ checkpoint: ((TrainingCheckpoint) throws -> Void)? = nil) throws -> Trainer.Result {
      try Trainer(model: Network(), options: options).fit(
        pictures(70), validation: pictures(20, part: 1), on: selection(try CPUDevice(threads: 1)), resuming: resuming,
        checkpoint: checkpoint)
    }
    var checkpoints: [TrainingCheckpoint] = []
    let whole = try fit(nil) { checkpoints.append($0) }
    #expect(checkpoints.map(\.state.steps) == [3, 5, 6, 9, 10, 12, 15])
    let folder = try TemporaryFolder()
    for checkpoint in checkpoints {
      let path = folder.file("\(checkpoint.state.steps)")
      try checkpoint.save(to: path)
      let result = try fit(try TrainingCheckpoint(contentsOf: path))
      #expect(bits(result.state) == bits(whole.state))
      #expect("\(result.record.epochs.map(\.health))" == "\(whole.record.epochs.map(\.health))", "from step \(checkpoint.state.steps)")
      #expect(result.record.warnings == whole.record.warnings)
    }
  }

  /// L-BFGS asks for a loss and a gradient several times in a step; a fine-tuning goes through features.
  @Test func otherWaysToTrain() throws {
    var options = TrainingOptions(groups: [ParameterGroup(LBFGS())])
    (options.epochs, options.batchSize) = (3, 40)
    let selection = selection(try CPUDevice(threads: 1))
    let plain = try Trainer(model: model, options: options).fit(data(40), on: selection)
    options.monitor = HealthMonitor(interval: 1)
    let watched = try Trainer(model: model, options: options).fit(data(40), on: selection)
    #expect(bits(watched.state) == bits(plain.state))
    #expect(watched.record.epochs.allSatisfy { ($0.health?.layers[0].updateRatio ?? 0) > 0 })

    let network = MLP([6, 5, 3])
    options = TrainingOptions(groups: [ParameterGroup(Adam(), takes: { $0.hasPrefix("layers.1") })])
    (options.epochs, options.batchSize, options.featureCache) = (2, 16, FeatureCache())
    options.monitor = HealthMonitor(interval: 1)
    let tuned = try Trainer(model: network, options: options).fit(data(40), on: selection)
    #expect(tuned.record.epochs.last?.health?.layers.map(\.layer) == ["layers.1"])
  }

  @Test func filesHaveTheFigures() throws {
    var options = options
    options.monitor = HealthMonitor(interval: 2)
    let record = try Trainer(model: Network(), options: options).fit(
      pictures(70), on: selection(try CPUDevice(threads: 1))
    ).record
    let folder = try TemporaryFolder()
    let run = RunFolder(folder.path)
    try run.write(record)
    try run.write(summary: record, .init(model: "m", dataset: "d", seed: 1, version: "1"), failure: nil)
    let table = String(decoding: try folder.get("health.csv"), as: UTF8.self).split(separator: "\n")
    #expect(
      table[0]
        == "epoch,step,layer,activation,gradient_norm,largest_gradient_norm,weight_norm,update_ratio,activation_mean,activation_deviation,dead_units,saturated"
    )
    #expect(table.count == 1 + 3 * 3)
    let last = try #require(record.epochs.last?.health)
    let fields = table[9].split(separator: ",", omittingEmptySubsequences: false)
    #expect(fields.prefix(4) == ["3", "15", "dense", "output"] && Double(fields[4]) == last.layers[2].gradientNorm && fields[10].isEmpty)
    let summary = try JSONValue.read(path: run.summaryPath)
    #expect(summary["health"]?["epoch"] == 3 && summary["health"]?["layers"]?.arrayValue?.count == 3)
    #expect(summary["health"]?["layers"]?.arrayValue?[1]["gradient_norm"]?.doubleValue == last.layers[1].gradientNorm)
    // Without a monitor there is no such file.
    options.monitor = nil
    let other = try TemporaryFolder()
    try RunFolder(other.path).write(
      try Trainer(model: Network(), options: options).fit(pictures(70), on: selection(try CPUDevice(threads: 1))).record)
    #expect(other.names == ["metrics.csv"])
  }

  @Test func anIntervalHasToBeOne() throws {
    var options = options
    options.monitor = HealthMonitor(interval: 0)
    #expect(throws: TrainingError.self) {
      try Trainer(model: Network(), options: options).fit(pictures(70), on: selection(try CPUDevice()))
    }
  }
}
