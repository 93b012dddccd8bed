import Foundation
import Glissade
import TestSupport
import Testing

/// What a program's own loop needs: steps on arrays, files, and errors that are thrown.
struct ConvenienceTests {
  private let data: SyntheticClassification

  init() throws { data = try SyntheticClassification(count: 64, sampleShape: [8], classCount: 3, separation: 2) }

  private func session(_ loss: Loss = .crossEntropy, outputs: Int = 3) throws -> TrainingSession {
    try TrainingSession(
      model: MLP([8, 16, outputs]), sampleShape: [8], batchSize: 64, loss: loss, groups: [ParameterGroup(Adam(learningRate: 0.02))],
      device: try CPUDevice(threads: 1))
  }

  @Test func arraysTrainAndEvaluate() throws {
    let (features, labels) = (try data.gather(Array(0..<64)).features, data.labels)
    let session = try session()
    let before = try session.evaluate(features, labels: labels)
    for _ in 0..<30 { try session.train(features, labels: labels) }
    let sums = try session.sums()
    let after = try session.evaluate(features, labels: labels)
    #expect(after.loss < 0.3 * before.loss && after.accuracy > 0.9, "\(before) \(after)")
    // What training has added up is as it was.
    #expect(try session.sums().samples == 30 * 64 && session.sums().loss == sums.loss)
    try session.train(features, labels: labels, learningRate: 0)
    #expect(try session.evaluate(features, labels: labels) == after)
    #expect(throws: TrainingError.self) { try session.train(features, labels: Array(labels.dropLast())) }
  }

  @Test func arraysOfValuesDoToo() throws {
    let features = try data.gather(Array(0..<64)).features
    let values = (0..<64).map { features[$0 * 8] }
    let session = try session(.meanSquaredError, outputs: 1)
    let before = try session.evaluate(features, values: values)
    for _ in 0..<60 { try session.train(features, values: values, learningRate: 0.01) }
    let after = try session.evaluate(features, values: values)
    #expect(after.loss < 0.3 * before.loss && after.error < before.error, "\(before) \(after)")
  }

  @Test func parametersGoToAFileAndComeBack() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/m.safetensors"
    let (features, labels) = (try data.gather(Array(0..<64)).features, data.labels)
    let session = try session()
    for _ in 0..<3 { try session.train(features, labels: labels) }
    try session.save(to: path)
    let other = try self.session()
    try other.load(path)
    #expect(try other.predict(features) == session.predict(features))
    let error = #expect(throws: StateError.self) { try self.session(outputs: 4).load(path) }
    #expect(error?.path == path)
  }

  /// Data that cannot be read from some sample on.
  private struct Broken: Dataset {
    let whole: SyntheticClassification
    let sound: Int
    var count: Int { whole.count }
    var sampleShape: [Int] { whole.sampleShape }
    var labels: [Int32] { whole.labels }
    var classNames: [String] { whole.classNames }

    func gather(
      _ indices: ArraySlice<Int>, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
    ) throws(DataError) {
      if indices.contains(where: { $0 >= sound }) { throw .unreadable(path: "sample", message: "gone") }
      try whole.gather(indices, into: features, labels: labels)
    }
  }

  @Test func whatFailsAtTheFirstStepIsThrown() throws {
    var options = TrainingOptions()
    (options.epochs, options.batchSize) = (2, 16)
    let selection = DeviceSelection(device: try CPUDevice(threads: 1), reason: "test", mayFallBack: false)
    let trainer = Trainer(model: MLP([8, 3]), options: options)
    #expect(throws: DataError.self) { try trainer.fit(Broken(whole: data, sound: 0), on: selection) }
    // Later there is a state to be handed back.
    let result = try trainer.fit(data, validation: Broken(whole: data, sound: 64), on: selection)
    #expect(result.failure == nil)
  }

  @Test func classesNeedNoNames() throws {
    let data = try ArrayDataset(features: [0, 1, 2, 3], sampleShape: [1], labels: [0, 2, 1, 0])
    #expect(data.classNames == ["0", "1", "2"])
  }
}
