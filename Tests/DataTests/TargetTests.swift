import GlissadeData
import Testing

struct TargetTests {
  private func write(
    _ targets: ClassTargets, _ labels: [Int32], partners: [Int32]? = nil, shares: [Float] = []
  ) -> (weights: [Float], credit: [Float]) {
    var weights = [Float](repeating: .nan, count: labels.count * targets.classCount)
    var credit = weights
    weights.withUnsafeMutableBufferPointer { weights in
      credit.withUnsafeMutableBufferPointer { credit in
        labels.withUnsafeBufferPointer { labels in
          guard let partners else { return targets.write(labels, weights: weights, credit: credit) }
          partners.withUnsafeBufferPointer { partners in
            shares.withUnsafeBufferPointer { targets.write(labels, mixed: (partners, $0), weights: weights, credit: credit) }
          }
        }
      }
    }
    return (weights, credit)
  }

  @Test func plain() throws {
    let result = write(try ClassTargets(classCount: 3), [2, 0])
    #expect(result.weights == [0, 0, 0.5, 0.5, 0, 0])
    #expect(result.credit == [0, 0, 1, 1, 0, 0])
  }

  @Test func weightedAndSmoothed() throws {
    // w = 1, 3, 0 of the classes; Σ w(y) = 4; ε = 0.25.
    let result = write(try ClassTargets(classCount: 3, classWeights: [1, 3, 0], labelSmoothing: 0.25), [1, 0])
    let spread: Float = 0.25 / 3 / 4
    let expected: [Float] = [spread, 0.5625 + 3 * spread, 0, 0.1875 + spread, 3 * spread, 0]
    for (found, wanted) in zip(result.weights, expected) { #expect(abs(found - wanted) < 1e-7) }
    #expect(result.credit == [0, 1, 0, 1, 0, 0])
  }

  @Test func mixed() throws {
    let targets = try ClassTargets(classCount: 2, classWeights: [1, 3])
    let result = write(targets, [0, 1], partners: [1, 0], shares: [0.75, 0.75])
    let expected: [Float] = [0.1875, 0.1875, 0.0625, 0.5625]
    #expect(result.weights == expected)
    #expect(result.credit == [0.75, 0.25, 0.25, 0.75])
    // Two samples of one class: nothing is lost.
    #expect(write(targets, [1, 1], partners: [1, 0], shares: [0.75, 0.75]).credit == [0, 1, 0, 1])
    // A partner that is none is passed over.
    #expect(write(targets, [0], partners: [9], shares: [0.5]).credit == [1, 0])
  }

  @Test func classesThatDoNotCount() throws {
    let result = write(try ClassTargets(classCount: 2, classWeights: [0, 1]), [0, 0])
    #expect(result.weights == [0, 0, 0, 0])
    #expect(result.credit == [1, 0, 1, 0])
  }

  @Test func refusals() {
    #expect(throws: DataError.self) { try ClassTargets(classCount: 0) }
    #expect(throws: DataError.self) { try ClassTargets(classCount: 2, classWeights: [1]) }
    #expect(throws: DataError.self) { try ClassTargets(classCount: 2, classWeights: [1, -1]) }
    #expect(throws: DataError.self) { try ClassTargets(classCount: 2, classWeights: [0, 0]) }
    #expect(throws: DataError.self) { try ClassTargets(classCount: 2, classWeights: [.infinity, 1]) }
    #expect(throws: DataError.self) { try ClassTargets(classCount: 2, labelSmoothing: 1) }
  }

  @Test func balancedWeights() {
    let expected: [Float] = [Float(4.0 / 9), Float(4.0 / 3), 0]
    #expect(ClassWeights.balanced.values(labels: [0, 0, 0, 1], classCount: 3) == expected)
    #expect(ClassWeights.given([1, 2]).values(labels: [0], classCount: 2) == [1, 2])
  }

  @Test func balancedDraws() throws {
    // One sample of the rare class among 19 of the other, and one that is never drawn.
    let labels: [Int32] = [1] + Array(repeating: 0, count: 19)
    let weights = BatchOrder.balancedWeights(labels: labels)
    #expect(weights == [1] + Array(repeating: 1.0 / 19, count: 19))
    let order = try BatchOrder(count: 21, batchSize: 5, seed: 3, sampleWeights: weights + [0])
    #expect(order.drawsByWeight)
    var counts = [Int](repeating: 0, count: 21)
    for epoch in 0..<1000 { for index in order.permutation(epoch: epoch) { counts[index] += 1 } }
    #expect(counts[20] == 0)
    // 21000 draws with probability one half: six standard deviations are 435.
    #expect(abs(counts[0] - 10500) < 435)
    #expect(counts[1..<20].allSatisfy { abs($0 - 10500 / 19) < 140 })
    #expect(order.permutation(epoch: 7) == order.permutation(epoch: 7))
    #expect(order.permutation(epoch: 7) != order.permutation(epoch: 8))
    #expect(order.indices(epoch: 2, batch: 1) == order.permutation(epoch: 2)[5..<10])
    for bad in [[1], [1, -1], [0, 0], [1, .nan]] {
      #expect(throws: DataError.self) { try BatchOrder(count: 2, batchSize: 1, sampleWeights: bad) }
    }
  }

  /// Exchanges neighbours by a quarter.
  private struct Neighbours: SampleMixing {
    func mix(
      features: UnsafeMutableBufferPointer<Float>, count: Int, sampleShape: [Int], epoch: Int, batch: Int,
      partners: UnsafeMutableBufferPointer<Int32>, shares: UnsafeMutableBufferPointer<Float>
    ) {
      for index in 0..<count {
        partners[index] = Int32(min(index ^ 1, count - 1))
        shares[index] = 0.75
        for element in 0..<sampleShape[0] { features[index * sampleShape[0] + element] += Float(100 * epoch + 10 * batch) }
      }
    }
  }

  @Test func loadersMix() throws {
    let data = try ArrayDataset(
      features: (0..<10).map(Float.init), sampleShape: [2], labels: [0, 1, 1, 0, 1], classNames: ["a", "b"])
    let loader = try BatchLoader(
      data, order: BatchOrder(count: 5, batchSize: 4, shuffles: false), startEpoch: 1, endEpoch: 2,
      encoding: .distributions(ClassTargets(classCount: 2), mixing: Neighbours()))
    guard let batch = try loader.next(), case .distributions(let weights, let credit) = batch.targets else {
      Issue.record("no distributions")
      return
    }
    #expect(Array(credit) == [0.75, 0.25, 0.25, 0.75, 0.25, 0.75, 0.75, 0.25])
    #expect(Array(weights) == credit.map { $0 / 4 })
    #expect(UInt(bitPattern: weights.baseAddress) % 64 == 0 && UInt(bitPattern: credit.baseAddress) % 64 == 0)
    let first = Array(batch.features)
    #expect(first == (0..<8).map { Float($0 + 100) })
    guard let last = try loader.next(), case .distributions(let rest, let shares) = last.targets else {
      Issue.record("no second batch")
      return
    }
    #expect(Array(rest) == [0, 1] && Array(shares) == [0, 1])
    let lastFeatures = Array(last.features)
    #expect(lastFeatures == [118, 119])
  }

  @Test func encodingsThatDoNotFit() throws {
    let data = try ArrayDataset(features: [1, 2], sampleShape: [1], labels: [0, 1], classNames: ["a", "b"])
    let order = try BatchOrder(count: 2, batchSize: 1)
    #expect(throws: DataError.self) { try BatchLoader(data, order: order, encoding: .values(1)) }
    #expect(throws: DataError.self) {
      try BatchLoader(data, order: order, encoding: .distributions(ClassTargets(classCount: 3), mixing: nil))
    }
  }
}
