import Glissade
import TestSupport
import Testing

/// The list of a run's samples.
@Suite struct RunSamplesTests {
  private let samples = RunSamples(
    training: .init(hashes: [1, 2, 2, 3], labels: [0, 0, 0, 1]), validation: .init(hashes: [4], labels: [1]),
    test: .init(hashes: [5, UInt64.max], labels: [0, 1]))

  @Test func samplesAreKnownAgain() {
    #expect(
      samples.roles(of: [2, 2, 2, 4, 4, 5, 9, nil], countingRepetitions: false)
        == [.training, .training, .training, .validation, .validation, .other, .other, .other])
    // Rows that look alike: as many as there were.
    #expect(
      samples.roles(of: [2, 2, 2, 4, 4, 5, 9], countingRepetitions: true)
        == [.training, .training, .other, .validation, .other, .other, .other])
  }

  @Test func whatWasHeldOutIsKnownAgain() {
    func isHeldOut(_ hashes: [UInt64], _ labels: [Int32]) -> Bool { samples.isHeldOut(.init(hashes: hashes, labels: labels)) }
    #expect(isHeldOut([5, .max], [0, 1]))
    // Samples that could not be read.
    #expect(isHeldOut([5, 8, .max, 9], [0, 1, 1, 0]))
    #expect(!isHeldOut([5, .max, 3], [0, 1, 1]), "a training sample is among them")
    #expect(samples.isHeldOut(.init(hashes: [5, .max, 3], labels: [0, 1, 1]), isLimited: true))
    #expect(!isHeldOut([5, .max], [1, 1]), "another label")
    #expect(!isHeldOut([5], [0]) && !isHeldOut([.max, 5], [1, 0]) && !isHeldOut([], []))
    var second = samples
    second.test = .init()
    #expect(second.isHeldOut(.init(hashes: [4], labels: [1])))
  }

  @Test func aFileGivesBackWhatWasSaved() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("samples")
    try samples.save(to: path)
    #expect(try RunSamples(contentsOf: path) == samples)
    var bytes = try folder.get("samples")
    bytes[bytes.count / 2] ^= 1
    #expect(throws: FormatError.self) { try RunSamples(contentsOf: folder.put("damaged", bytes)) }
  }

  @Test func samplesThatAreAlikeHaveOneHash() throws {
    let images = try ImageDataset(
      pixels: [1, 2, 3, 4, 1, 2, 1, 3], sampleShape: [1, 2, 1], labels: [0, 1, 1, 0], classNames: ["a", "b"])
    let hashes = try #require(try images.contentHashes(ofSamples: [0, 1, 2, 3]))
    #expect(hashes[0] == hashes[2] && Set(hashes).count == 3)
    #expect(try images.subset([2, 1]).contentHashes(ofSamples: [1, 0]) == [hashes[1], hashes[2]])
    let rows = try ArrayDataset(features: [1, 2, 1, 2, 1, 2], sampleShape: [2], values: [5, 5, 6], valueNames: ["y"])
    let found = try #require(try rows.contentHashes(ofSamples: [0, 1, 2]))
    #expect(found[0] == found[1] && found[1] != found[2])
    #expect(throws: DataError.self) { try rows.contentHashes(ofSamples: [3]) }
  }

  /// The state of the best epoch is what the test data is measured with, unless the last one is asked for.
  @Test func theTestIsOfTheBestState() throws {
    let data = try SyntheticClassification(count: 40, sampleShape: [4], classCount: 3, separation: 0.3, seed: 1)
    let held = try SyntheticClassification(count: 40, sampleShape: [4], classCount: 3, separation: 0.3, seed: 1, part: 1)
    let test = try SyntheticClassification(count: 40, sampleShape: [4], classCount: 3, separation: 0.3, seed: 1, part: 2)
    let selection = DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false)
    var options = TrainingOptions(groups: [ParameterGroup(Adam(learningRate: 3e-2))])
    (options.epochs, options.batchSize, options.seed) = (20, 20, 3)
    func fit(_ tested: RunFolder.Model) throws -> (Trainer, Trainer.Result) {
      options.tested = tested
      let trainer = Trainer(model: MLP([4, 64, 3]), options: options)
      return (trainer, try trainer.fit(data, validation: held, test: test, on: selection))
    }
    let (trainer, result) = try fit(.best)
    let best = try #require(result.best)
    #expect(result.record.testedEpoch == result.record.bestEpoch?.epoch && result.record.testedEpoch < 20)
    #expect(try trainer.evaluate(test, state: best, on: selection.device).loss == result.record.testLoss)
    let (_, last) = try fit(.last)
    #expect(last.record.testedEpoch == 20 && last.record.testLoss != result.record.testLoss)
    #expect(try trainer.evaluate(test, state: last.state, on: selection.device).loss == last.record.testLoss)
  }
}
