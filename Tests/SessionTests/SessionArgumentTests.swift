import Glissade
import Testing

/// What a session is asked for, and what it says of what it does not know.
struct SessionArgumentTests {
  private func session(groups: [ParameterGroup] = [], clippingNorm: Float? = nil) throws -> TrainingSession {
    try TrainingSession(
      model: Sequential(Flatten(), Dense(4, 3)), sampleShape: [2, 2], batchSize: 2, groups: groups, clippingNorm: clippingNorm,
      device: try CPUDevice(threads: 1))
  }

  @Test func anyNumberOfSamplesIsCompared() throws {
    let session = try session()
    for count in [Int.min, -1, 0, 3, Int.max] {
      #expect(throws: TrainingError.self) {
        try [Float](repeating: 0, count: 8).withUnsafeBufferPointer { try session.features(of: $0, count: count) }
      }
    }
    for count in [Int.min, -1, 0, 1 << 31, Int.max] {
      #expect(throws: ShapeError.self) { try session.plan(batchSize: count, isTraining: false) }
    }
  }

  @Test func theGradientsNormIsKnownWhereTheyAreClipped() throws {
    for norm in [nil, 1.0 as Float] {
      let session = try session(groups: [ParameterGroup(SGD())], clippingNorm: norm)
      #expect(try session.sums().gradientNorm.isNaN)
      try [1, 2, 3, 4, 5, 6, 7, 8].withUnsafeBufferPointer { features in
        try [0, 1].withUnsafeBufferPointer { try session.train(features: features, labels: $0) { _ in 0.01 } }
      }
      let found = try session.sums().gradientNorm
      #expect(norm == nil ? found.isNaN : found > 0)
    }
  }
}
