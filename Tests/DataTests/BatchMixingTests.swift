import GlissadeData
import Testing

/// Mixup and cutmix.
@Suite struct BatchMixingTests {
  private struct Mixed: Equatable {
    var features: [Float]
    var partners: [Int32]
    var shares: [Float]
  }

  private func mix(_ mixing: BatchMixing, _ features: [Float], _ shape: [Int], epoch: Int = 0, batch: Int = 0) -> Mixed {
    let count = features.count / shape.reduce(1, *)
    var mixed = Mixed(features: features, partners: Array(repeating: -1, count: count), shares: Array(repeating: -1, count: count))
    mixed.features.withUnsafeMutableBufferPointer { features in
      mixed.partners.withUnsafeMutableBufferPointer { partners in
        mixed.shares.withUnsafeMutableBufferPointer { shares in
          mixing.mix(
            features: features, count: count, sampleShape: shape, epoch: epoch, batch: batch, partners: partners, shares: shares)
        }
      }
    }
    return mixed
  }

  /// Every element of sample i says so, and where it is.
  private func features(_ count: Int, _ shape: [Int]) -> [Float] {
    let size = shape.reduce(1, *)
    return (0..<count * size).map { Float($0 / size) + Float($0 % size) / Float(size) }
  }

  @Test func mixupBlendsWithPartners() throws {
    let mixing = try BatchMixing(mixup: 0.4, seed: 5)
    let (count, shape) = (9, [2, 3, 2])
    let before = features(count, shape)
    for batch in 0..<20 {
      let mixed = mix(mixing, before, shape, batch: batch)
      #expect(mixed.partners.map(Int.init).sorted() == Array(0..<count) && Set(mixed.shares).count == 1)
      for sample in 0..<count {
        let (partner, share) = (Int(mixed.partners[sample]), mixed.shares[sample])
        for element in 0..<12 {
          let expected = share * before[sample * 12 + element] + (1 - share) * before[partner * 12 + element]
          #expect(abs(mixed.features[sample * 12 + element] - expected) < 1e-5)
        }
      }
    }
  }

  @Test func cutmixTakesARectangle() throws {
    let mixing = try BatchMixing(cutmix: 1, seed: 2)
    let (count, shape) = (6, [8, 10, 3])
    let before = features(count, shape)
    var shares: [Float] = []
    for batch in 0..<200 {
      let mixed = mix(mixing, before, shape, batch: batch)
      shares.append(mixed.shares[0])
      for sample in 0..<count {
        let partner = Int(mixed.partners[sample])
        var taken: [Int] = []
        for pixel in 0..<80 {
          let place = (sample * 80 + pixel) * 3
          let from = (partner * 80 + pixel) * 3
          let (own, other) = (before[place..<place + 3], before[from..<from + 3])
          let now = mixed.features[place..<place + 3]
          #expect(now.elementsEqual(own) || now.elementsEqual(other))
          if partner != sample, now.elementsEqual(other) { taken.append(pixel) }
        }
        guard partner != sample else { continue }
        #expect(abs(1 - Float(taken.count) / 80 - mixed.shares[sample]) < 1e-6)
        if let first = taken.first, let last = taken.last {
          let (rows, columns) = (last / 10 - first / 10 + 1, last % 10 - first % 10 + 1)
          #expect(taken.count == rows * columns)
        }
      }
    }
    #expect(Set(shares).count > 20 && shares.contains { $0 < 0.4 })
  }

  /// λ is from Beta(α, α): mean ½, variance 1 / (4 (2 α + 1)), symmetric.
  @Test(arguments: [0.05, 0.2, 1, 4] as [Float]) func sharesAreFromBeta(alpha: Float) throws {
    let mixing = try BatchMixing(mixup: alpha)
    let draws = 4000
    let shares = (0..<draws).map { Double(mix(mixing, [1], [1], epoch: $0 / 100, batch: $0 % 100).shares[0]) }
    let mean = shares.reduce(0, +) / Double(draws)
    let variance = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(draws)
    let expected = 1 / (4 * (2 * Double(alpha) + 1))
    #expect(shares.allSatisfy { (0...1).contains($0) })
    #expect(abs(mean - 0.5) < 5 * (expected / Double(draws)).squareRoot())
    #expect(abs(variance - expected) < 0.08 * expected)
  }

  @Test func aPureFunctionOfSeedEpochAndBatch() throws {
    let before = features(8, [4, 4, 1])
    let both = try BatchMixing(mixup: 0.2, cutmix: 1, seed: 3)
    #expect(mix(both, before, [4, 4, 1], epoch: 2, batch: 7) == mix(both, before, [4, 4, 1], epoch: 2, batch: 7))
    let all = (0..<40).map { mix(both, before, [4, 4, 1], epoch: $0 % 4, batch: $0 / 4).partners }
    #expect(Set(all).count > 35)
    #expect(mix(try BatchMixing(mixup: 0.2, cutmix: 1, seed: 4), before, [4, 4, 1]) != mix(both, before, [4, 4, 1]))
    // Both happen, about equally often: cut samples hold nothing but what was there.
    let cuts = (0..<200).filter { batch in
      mix(both, before, [4, 4, 1], batch: batch).features.allSatisfy(before.contains)
    }
    #expect((60...140).contains(cuts.count))
  }

  @Test func edges() throws {
    let alone = mix(try BatchMixing(mixup: 1), [1, 2], [2])
    #expect(alone.features == [1, 2] && alone.partners == [0])
    // Rows of a table have no rectangles.
    let table = mix(try BatchMixing(cutmix: 1), features(4, [5]), [5])
    #expect(table.features.allSatisfy { $0.isFinite })
    #expect(throws: DataError.self) { try BatchMixing() }
    for alpha: Float in [0, -1, .nan, .infinity, 2000] { #expect(throws: DataError.self) { try BatchMixing(cutmix: alpha) } }
  }
}
