import Glissade
import Testing

/// Training on values, with class weights, balanced sampling and mixed samples.
struct TargetTests {
  /// y = 2a − 3b + 1 and z = b, with a and b on a grid.
  private func plane() throws -> ArrayDataset {
    var (features, values) = ([Float](), [Float]())
    for row in 0..<64 {
      let (a, b) = (Float(row % 8) / 4 - 1, Float(row / 8) / 4 - 1)
      features += [a, b]
      values += [2 * a - 3 * b + 1, b]
    }
    return try ArrayDataset(features: features, sampleShape: [2], values: values, valueNames: ["y", "z"])
  }

  private func options(_ loss: Loss, epochs: Int = 1, rate: Double = 0.1) -> TrainingOptions {
    var options = TrainingOptions(groups: [ParameterGroup(Adam(learningRate: rate))])
    options.loss = loss
    options.epochs = epochs
    options.batchSize = 16
    options.seed = 3
    return options
  }

  private func selection() throws -> DeviceSelection { try DeviceSelection.open(.cpu) }

  @Test("Least squares finds the plane", arguments: ["meanSquaredError", "huber", "meanAbsoluteError"])
  func regression(name: String) throws {
    let losses: [String: Loss] = [
      "meanSquaredError": .meanSquaredError, "huber": .huber(), "meanAbsoluteError": .meanAbsoluteError,
    ]
    var options = options(try #require(losses[name]), epochs: 150)
    options.groups[0].schedule = try Schedule("cosine(to: 1e-6)")
    let data = try plane()
    let trainer = Trainer(model: Dense(2, 2), options: options)
    let result = try trainer.fit(data, validation: data, test: data.prefix(10), on: try selection())
    #expect(result.failure == nil)
    let weight = try #require(result.state.parameters.first { $0.path == "weight" }).values
    let bias = try #require(result.state.parameters.first { $0.path == "bias" }).values
    let expected: [Float] = [2, -3, 0, 1, 1, 0]
    for (found, wanted) in zip(weight + bias, expected) { #expect(abs(found - wanted) < 2e-2, "\(weight) \(bias)") }
    let last = try #require(result.record.epochs.last)
    #expect(last.validationAccuracy < 1e-2 && last.validationAccuracy >= 0)
    #expect(result.record.testLoss < 1e-3)
  }

  @Test func sumsOfErrors() throws {
    let session = try TrainingSession(
      model: Dense(2, 2), sampleShape: [2], batchSize: 4, loss: .meanSquaredError, groups: [], device: try CPUDevice())
    var state = try session.state()
    for index in state.parameters.indices { state.parameters[index].values = state.parameters[index].values.map { _ in 0 } }
    try session.restore(state)
    let features = [Float](repeating: 1, count: 8)
    for values in [[1, -1, 2, -2, 3, -3, 0, 0], [0, 0, 0, 0, 0, 0, 0, 4]] as [[Float]] {
      try features.withUnsafeBufferPointer { features in
        try values.withUnsafeBufferPointer { try session.evaluate(features: features, targets: .values($0)) }
      }
    }
    let sums = try session.sums()
    #expect(sums.samples == 8)
    #expect(abs(sums.loss - (28.0 / 8 + 16.0 / 8) / 2) < 1e-6)
    #expect(abs(sums.accuracy - (12.0 / 8 + 4.0 / 8) / 2) < 1e-6)
    #expect(try session.predict([1, 1, 2, 2]) == [0, 0, 0, 0])
  }

  @Test("Distributions of one class each are class numbers") func plainDistributions() throws {
    let data = try SyntheticClassification(count: 64, sampleShape: [6], classCount: 4, seed: 1)
    func parameters(_ distributions: Bool) throws -> (values: [[Float]], sums: TrainingSession.Sums) {
      let session = try TrainingSession(
        model: MLP([6, 16, 4]), sampleShape: [6], batchSize: 16, loss: .crossEntropy(labelSmoothing: 0.1),
        trainsOnDistributions: distributions, groups: [ParameterGroup(SGD(learningRate: 0.1, momentum: 0.9))], device: try CPUDevice())
      let encoding = TargetEncoding.distributions(try ClassTargets(classCount: 4, labelSmoothing: 0.1), mixing: nil)
      let loader = try BatchLoader(
        data, order: BatchOrder(count: 64, batchSize: 16), endEpoch: 3, encoding: distributions ? encoding : nil)
      while let batch = try loader.next() {
        try session.train(features: UnsafeBufferPointer(batch.features), targets: batch.targets) { _ in 0.1 }
      }
      return (try session.state().parameters.map(\.values), try session.sums())
    }
    let (plain, other) = (try parameters(false), try parameters(true))
    #expect(abs(plain.sums.loss - other.sums.loss) < 1e-5)
    #expect(abs(plain.sums.accuracy - other.sums.accuracy) < 1e-9)
    for (a, b) in zip(plain.values.joined(), other.values.joined()) { #expect(abs(a - b) < 1e-5) }
  }

  @Test("A rare class is learnt when it counts as much", arguments: ["weights", "sampling", "neither"]) func unbalanced(how: String) throws
  {
    // Two overlapping classes, one of them rare: without a counterweight its samples are given up.
    var (features, labels) = ([Float](), [Int32]())
    for index in 0..<400 {
      let isRare = index % 20 == 0
      features.append(Float(((isRare ? index / 20 : index) * 37) % 100) / 50 - 1 + (isRare ? 0.8 : 0))
      labels.append(isRare ? 1 : 0)
    }
    let data = try ArrayDataset(features: features, sampleShape: [1], labels: labels, classNames: ["common", "rare"])
    var options = options(.crossEntropy, epochs: 40)
    if how == "weights" { options.classWeights = .balanced }
    if how == "sampling" { options.sampling = .balanced }
    let trainer = Trainer(model: Dense(1, 2), options: options)
    let result = try trainer.fit(data, on: try selection())
    #expect(result.failure == nil)
    let rare = try data.subset((0..<400).filter { $0 % 20 == 0 })
    let found = try trainer.evaluate(rare, state: result.state, on: try CPUDevice()).accuracy
    if how == "neither" { #expect(found < 0.2) } else { #expect(found > 0.3) }
  }

  /// Half of the next sample.
  private struct Halves: SampleMixing {
    func mix(
      features: UnsafeMutableBufferPointer<Float>, count: Int, sampleShape: [Int], epoch: Int, batch: Int,
      partners: UnsafeMutableBufferPointer<Int32>, shares: UnsafeMutableBufferPointer<Float>
    ) {
      let size = features.count / count
      let first = Array(features)
      for index in 0..<count {
        let other = (index + 1) % count
        (partners[index], shares[index]) = (Int32(other), 0.5)
        for element in 0..<size { features[index * size + element] = (first[index * size + element] + first[other * size + element]) / 2 }
      }
    }
  }

  @Test func mixing() throws {
    let data = try SyntheticClassification(count: 256, sampleShape: [8], classCount: 4, seed: 2)
    var options = options(.crossEntropy, epochs: 20, rate: 0.02)
    options.mixing = Halves()
    let result = try Trainer(model: MLP([8, 32, 4]), options: options).fit(data, validation: data, on: try selection())
    #expect(result.failure == nil)
    let last = try #require(result.record.epochs.last)
    // Half of each answer belongs to another sample, of another class three times out of four.
    #expect(last.trainAccuracy < 0.75 && last.trainAccuracy > 0.45)
    #expect(last.validationAccuracy > 0.9)
  }

  @Test func refusals() throws {
    let classes = try SyntheticClassification(count: 32, sampleShape: [2], classCount: 2, seed: 1)
    let values = try plane()
    func message(_ data: any Dataset, _ change: (inout TrainingOptions) -> Void) -> String {
      var options = options(.crossEntropy)
      change(&options)
      do {
        _ = try Trainer(model: Dense(2, 2), options: options).fit(data, on: try selection())
        return ""
      } catch { return "\(error)" }
    }
    #expect(message(classes) { $0.loss = .meanSquaredError }.contains("the loss for data with classes is meanSquaredError"))
    #expect(message(values) { _ in }.contains("the loss for data with values is crossEntropy"))
    #expect(message(classes) { $0.classWeights = .given([1]) }.contains("classWeights is 1 numbers but must be 2 numbers"))
    // One value for the whole batch cannot be weighed.
    let own = Loss("own") { softmaxCrossEntropy($0, $1).loss }
    #expect(
      message(classes) {
        $0.loss = own
        $0.classWeights = .balanced
      }.contains("loss 'own' of []: with class weights, weights of samples or mixed samples a loss has to give a value for each sample"))
    #expect(
      message(values) {
        $0.loss = .meanSquaredError
        $0.sampling = .balanced
      }.contains("the data for class weights or balanced sampling is one with 2 values"))
    let session = try TrainingSession(
      model: Dense(2, 2), sampleShape: [2], batchSize: 2, groups: [], device: try CPUDevice())
    let numbers: [Float] = [1, 2, 3, 4]
    #expect(throws: TrainingError.self) {
      try numbers.withUnsafeBufferPointer { try session.evaluate(features: $0, targets: .values($0)) }
    }
  }
}
