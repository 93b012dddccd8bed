import Glissade
import Testing

/// What is made of few samples.
struct SmallDataTests {
  @Test func batchSizesThatNobodyChose() {
    func size(_ samples: Int) -> Int { TrainingOptions.batchSize(forSamples: samples, usual: 128) }
    #expect([1, 2, 5, 6, 9, 24, 108, 127].map(size) == [1, 2, 3, 2, 3, 2, 8, 8])
    // Large data has what it always had, unless one sample were alone then.
    #expect([128, 1000, 60_000].map(size) == [128, 128, 128])
    #expect(size(257) == 127)
    #expect(TrainingOptions.batchSize(forSamples: 319, usual: 128, steps: 8) == 32)
    #expect(TrainingOptions.batchSize(forSamples: 1024, usual: 128, steps: 8) == 128)
    for usual in [1, 2, 3, 32, 128] {
      for samples in 1...300 {
        let size = TrainingOptions.batchSize(forSamples: samples, usual: usual)
        #expect((1...samples).contains(size), "\(samples) of \(usual)")
        #expect(samples < 2 || usual == 1 || samples % size != 1, "\(samples) of \(usual) in \(size)")
      }
    }
  }

  @Test func hiddenLayersThatSuitATable() {
    #expect(MLP.hiddenSizes(forSamples: 108, features: 4) == [64, 32])
    #expect(MLP.hiddenSizes(forSamples: 319, features: 10) == [128, 64])
    #expect(MLP.hiddenSizes(forSamples: 100_000, features: 30) == [512, 256])
    #expect(MLP.hiddenSizes(forSamples: 100_000, features: 1) == [32, 16])
    #expect(MLP.hiddenSizes(forSamples: 1, features: 1000) == [16, 8])
    #expect(MLP.hiddenSizes(forSamples: 0, features: 0) == [16, 8])
  }

  private struct Normalized: Layer {
    let dense = Dense(2, 3)
    let norm = BatchNorm(3)
    func forward(_ x: Tensor) -> Tensor { norm(dense(x)) }
  }

  private func message(samples: Int, batchSize: Int) throws -> String {
    let data = try SyntheticClassification(count: samples, sampleShape: [2], classCount: 3, seed: 1)
    var options = TrainingOptions()
    (options.batchSize, options.epochs) = (batchSize, 1)
    let selection = DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false)
    do {
      let result = try Trainer(model: Normalized(), options: options).fit(data, on: selection)
      return result.failure.map { "\($0)" } ?? "trained"
    } catch { return "\(error)" }
  }

  @Test func aSampleAloneInTheLastBatchIsNamed() throws {
    let nine = try message(samples: 9, batchSize: 4)
    #expect(
      nine.hasPrefix("with batch size 4 the last batch has one of the 9 samples alone, which is too few (norm: batchNorm of [1, 3]"),
      "\(nine)")
    #expect(nine.hasSuffix("batch size 3 leaves no such batch"), "\(nine)")
    #expect(try message(samples: 9, batchSize: 3) == "trained")
    #expect(try message(samples: 9, batchSize: 1).hasPrefix("a batch has one sample alone, which is too few"))
    #expect(try message(samples: 1, batchSize: 1).hasSuffix("more samples are needed"))
  }

  /// A dataset that says something else than it has.
  private struct Mislabelled: Dataset {
    let base: SyntheticClassification
    var labels: [Int32]
    var count: Int { base.count }
    var sampleShape: [Int] { base.sampleShape }
    var classNames: [String] { base.classNames }

    func gather(
      _ indices: ArraySlice<Int>, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
    ) throws(DataError) {
      try base.gather(indices, into: features, labels: labels)
      for (place, index) in indices.enumerated() { labels[place] = self.labels[index] }
    }
  }

  @Test("A label that is no class is named with its sample", arguments: [3, -1] as [Int32]) func labels(label: Int32) throws {
    let base = try SyntheticClassification(count: 20, sampleShape: [2], classCount: 3, seed: 1)
    var data = Mislabelled(base: base, labels: base.labels)
    data.labels[13] = label
    let selection = DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false)
    let right = DataError.labelOutOfRange(source: "the training data", index: 13, value: Int(label), classes: 3)
    var options = TrainingOptions()
    options.batchSize = 10
    #expect(throws: right) { try Trainer(model: Dense(2, 3), options: options).fit(data, on: selection) }
    let session = try TrainingSession(
      model: Dense(2, 3), sampleShape: [2], batchSize: 2, groups: [ParameterGroup(SGD(learningRate: 0.1))],
      device: try CPUDevice(threads: 1))
    let labels: [Int32] = [0, label]
    let wrong = TrainingError.invalid(
      option: "the label of sample 1 of a batch", value: "\(label)", requirement: "from 0 to 2, since the model has 3 outputs")
    [Float](repeating: 1, count: 4).withUnsafeBufferPointer { features in
      labels.withUnsafeBufferPointer { labels in
        #expect(throws: wrong) { try session.train(features: features, labels: labels) { _ in 0.1 } }
        #expect(throws: wrong) { try session.evaluate(features: features, labels: labels) }
      }
    }
  }
}
