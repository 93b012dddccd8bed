import Glissade
import GlissadeData
import Testing

/// What is found of a step with numbers that are not finite.
struct DiagnosisTests {
  /// Its scores get −∞ added, and before that what comes of whole numbers.
  private struct Counting: Layer {
    let weight = Parameter("weight", shape: [4, 3], initializer: .ones)

    func forward(_ x: Tensor) -> Tensor {
      let scores = x.matmul(x.graph[weight])
      // All scores are the same, so this is −1, whose bits would be a NaN's.
      let places = (scores.argmax(axis: -1, keepingAxes: true).cast(to: .float32) - Float(1)).cast(to: .int32)
      let both = concatenate([places, places, places], axis: 1).cast(to: .float32)
      return scores + log((scores - scores) * both)
    }
  }

  @Test func wholeNumbersAreNoNaN() throws {
    let session = try TrainingSession(
      model: Counting(), sampleShape: [4], batchSize: 8, groups: [ParameterGroup(SGD(learningRate: 0.1))], seed: 1,
      device: CPUDevice(threads: 1))
    let labels = [Int32](repeating: 1, count: 8)
    let found = try labels.withUnsafeBufferPointer { labels in
      try (0..<32).map { Float($0) / 16 }.withUnsafeBufferPointer { features in
        try session.firstNotFinite(features: features, targets: .classes(labels), step: 1)
      }
    }
    #expect(found?.contains("log") == true, "\(found ?? "nothing")")
  }
}
