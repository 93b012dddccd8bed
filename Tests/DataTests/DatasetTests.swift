import GlissadeData
import Testing

@Suite struct DatasetTests {
  private func colours() throws -> ImageDataset {
    try ImageDataset(
      pixels: (0..<4 * 2 * 1 * 3).map { UInt8($0 * 10) }, sampleShape: [2, 1, 3], labels: [0, 1, 1, 0], classNames: ["no", "yes"],
      normalization: Normalization(mean: [0.1, 0.2, 0.3], deviation: [1, 2, 4]))
  }

  @Test func normalisationPerChannel() throws {
    let (features, labels) = try colours().gather([2, 2, 1])
    let (mean, deviation) = ([0.1, 0.2, 0.3] as [Float], [1, 2, 4] as [Float])
    var expected: [Float] = []
    for sample in [2, 2, 1] {
      for element in 0..<6 {
        let byte = Float((sample * 6 + element) * 10)
        expected.append((byte / 255 - mean[element % 3]) / deviation[element % 3])
      }
    }
    #expect(features == expected)
    #expect(labels == [1, 1, 1])
  }

  @Test func measuredNormalisation() throws {
    let data = try ImageDataset(
      pixels: [0, 51, 255, 51], sampleShape: [1, 1, 2], labels: [0, 0], classNames: ["x"])
    #expect(try data.measuredNormalization() == Normalization(mean: [0.5, 0.2], deviation: [0.5, 1]))
    let none = try ImageDataset(pixels: [], sampleShape: [1, 1, 1], labels: [], classNames: [])
    #expect(throws: DataError.self) { try none.measuredNormalization() }
  }

  @Test func gatherChecks() throws {
    let data = try colours()
    #expect(throws: DataError.indexOutOfRange(index: 4, count: 4)) { try data.gather([0, 4]) }
    #expect(throws: DataError.indexOutOfRange(index: -1, count: 4)) { try data.gather([-1]) }
    var features = [Float](repeating: -1, count: 11)
    var labels = [Int32](repeating: -1, count: 2)
    features.withUnsafeMutableBufferPointer { features in
      labels.withUnsafeMutableBufferPointer { labels in
        #expect(throws: DataError.destinationTooSmall(what: "features", capacity: 11, needed: 12)) {
          try data.gather([0, 1], into: features, labels: labels)
        }
        #expect(throws: DataError.destinationTooSmall(what: "labels", capacity: 0, needed: 1)) {
          try data.gather([0], into: features, labels: .init(rebasing: labels[..<0]))
        }
      }
    }
    #expect(features.allSatisfy { $0 == -1 } && labels == [-1, -1])
    #expect(try data.gather([]).features.isEmpty)
  }

  @Test func constructionChecks() throws {
    #expect(throws: DataError.wrongSize(what: "images", found: 3, expected: 4)) {
      try ImageDataset(pixels: [1, 2, 3], sampleShape: [2, 2, 1], labels: [0], classNames: ["x"])
    }
    #expect(throws: DataError.labelOutOfRange(source: "images", index: 0, value: -1, classes: 1)) {
      try ImageDataset(pixels: [1], sampleShape: [1, 1, 1], labels: [-1], classNames: ["x"])
    }
    #expect(throws: DataError.self) { try ImageDataset(pixels: [], sampleShape: [.max, .max, 1], labels: [0], classNames: ["x"]) }
    #expect(throws: DataError.self) { try Normalization(mean: [0], deviation: [0]) }
    #expect(throws: DataError.self) { try Normalization(mean: [0], deviation: [.nan]) }
    #expect(throws: DataError.self) { try Normalization(mean: [0], deviation: [1, 1]) }
    #expect(throws: DataError.self) { try colours().normalized(by: .unit(channels: 1)) }
  }

  @Test func subsets() throws {
    let data = try SyntheticClassification(count: 10, sampleShape: [3], classCount: 4, seed: 1)
    let part = try data.subset([7, 1, 7, 0])
    #expect(part.labels == [3, 1, 3, 0])
    #expect(try part.gather([2, 0, 3]).features == data.gather([7, 7, 0]).features)
    let nested = try part.subset([3, 1])
    #expect(nested.indices == [0, 1])
    #expect(try nested.gather([0, 1]).features == data.gather([0, 1]).features)
    #expect(part.prefix(2).indices == [7, 1])
    #expect(data.prefix(99).count == 10 && data.prefix(-1).count == 0)
    #expect(throws: DataError.indexOutOfRange(index: 10, count: 10)) { try data.subset([10]) }
    #expect(throws: DataError.indexOutOfRange(index: 4, count: 4)) { try part.subset([4]) }
    #expect(throws: DataError.indexOutOfRange(index: 4, count: 4)) { try part.gather([4]) }
  }

  /// Two samples of a class lie near each other, samples of different classes far apart, and the seed decides.
  @Test func blobs() throws {
    let data = try SyntheticClassification(count: 400, sampleShape: [4, 4, 1], classCount: 4, separation: 8, seed: 3)
    #expect(data.labels.count { $0 == 2 } == 100)
    let features = try data.gather(Array(0..<400)).features
    func distance(_ a: Int, _ b: Int) -> Float {
      (0..<16).reduce(0) { $0 + (features[a * 16 + $1] - features[b * 16 + $1]) * (features[a * 16 + $1] - features[b * 16 + $1]) }
    }
    for sample in 4..<400 {
      let nearest = (0..<4).min { distance(sample, $0) < distance(sample, $1) }
      #expect(nearest == sample % 4)
    }
    let other = try SyntheticClassification(count: 400, sampleShape: [4, 4, 1], classCount: 4, separation: 8, seed: 3, part: 1)
    let otherFeatures = try other.gather(Array(0..<400)).features
    #expect(otherFeatures != features)
    // The first coordinate of class 0 has the same mean in both parts: the difference has deviation √(2/100).
    func mean(_ values: [Float]) -> Float { stride(from: 0, to: 400, by: 4).reduce(0) { $0 + values[$1 * 16] } / 100 }
    #expect(abs(mean(features) - mean(otherFeatures)) < 0.7)
    let shorter = try SyntheticClassification(count: 40, sampleShape: [4, 4, 1], classCount: 4, separation: 8, seed: 3)
    #expect(try shorter.gather([39]).features == data.gather([39]).features)
    #expect(throws: DataError.self) { try SyntheticClassification(count: 1, classCount: 0) }
    #expect(throws: DataError.self) { try SyntheticClassification(count: -1) }
    #expect(throws: DataError.self) { try SyntheticClassification(count: .max, sampleShape: [.max]) }
  }
}
