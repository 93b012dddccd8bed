import GlissadeData
import Testing

@Suite struct SplitTests {
  private let labels: [Int32] = (0..<1000).map { [0, 0, 0, 0, 0, 0, 1, 1, 1, 2][($0 * 7) % 10] }

  @Test(arguments: [0, 0.001, 0.1, 0.25, 0.333, 0.5, 0.99])
  func coversAllDisjointlyInProportion(fraction: Double) throws {
    let split = try TrainingSplit(labels: labels, classCount: 3, validationFraction: fraction, seed: 9)
    #expect((split.training + split.validation).sorted() == Array(0..<1000))
    #expect(split.validation.count == Int((fraction * 1000).rounded()))
    #expect(split.training == split.training.sorted() && split.validation == split.validation.sorted())
    for (label, count) in [(0, 600), (1, 300), (2, 100)] as [(Int32, Int)] {
      let held = split.validation.count { labels[$0] == label }
      #expect(abs(Double(held) - fraction * Double(count)) < 1)
    }
  }

  @Test func seedsDecide() throws {
    let first = try TrainingSplit(labels: labels, classCount: 3, validationFraction: 0.2, seed: 1)
    #expect(try TrainingSplit(labels: labels, classCount: 3, validationFraction: 0.2, seed: 1) == first)
    #expect(try TrainingSplit(labels: labels, classCount: 3, validationFraction: 0.2, seed: 2) != first)
  }

  /// Shares 1.5, 0.9, 0.6 of 3 wanted: the whole 1, then the remainders .9 and .6.
  @Test func largestRemainders() throws {
    let labels: [Int32] = [0, 0, 0, 0, 0, 1, 1, 1, 2, 2]
    let split = try TrainingSplit(labels: labels, classCount: 3, validationFraction: 0.3, seed: 1)
    #expect(split.validation.map { labels[$0] } == [0, 1, 2])
  }

  /// So that every class can be learnt; larger ones make up for it, and the others are divided as if nothing were.
  @Test func theLastSampleOfAClassIsKept() throws {
    let labels: [Int32] = (0..<30).map { $0 % 2 } + (2..<12)
    for fraction in [0.1, 0.2, 0.5, 0.7] {
      let split = try TrainingSplit(labels: labels, classCount: 12, validationFraction: fraction, seed: 3)
      #expect(Set(split.training.map { labels[$0] }).count == 12)
      #expect(split.validation.count == Int((fraction * 40).rounded()))
    }
    // There is no more to be had.
    let most = try TrainingSplit(labels: labels, classCount: 12, validationFraction: 0.9, seed: 3)
    #expect(most.training.count == 12 && Set(most.training.map { labels[$0] }).count == 12)
    let free = try TrainingSplit(labels: labels, classCount: 12, validationFraction: 0.9, seed: 3, keepsClasses: false)
    #expect(free.validation.count == 36)
    // Twice in a row, as for test and validation.
    let pairs: [Int32] = (0..<20).map { $0 / 2 }
    let first = try TrainingSplit(labels: pairs, classCount: 10, validationFraction: 0.4, seed: 1)
    let rest = first.training.map { pairs[$0] }
    let second = try TrainingSplit(labels: rest, classCount: 10, validationFraction: 0.4, seed: 1)
    #expect(Set(second.training.map { rest[$0] }).count == 10)
    // Where every class has enough, which samples go is what it was before there was this rule.
    let plain = try TrainingSplit(labels: self.labels, classCount: 3, validationFraction: 0.2, seed: 1)
    #expect(try TrainingSplit(labels: self.labels, classCount: 3, validationFraction: 0.2, seed: 1, keepsClasses: false) == plain)
  }

  @Test func edges() throws {
    #expect(try TrainingSplit(labels: [], classCount: 0, validationFraction: 0.5, seed: 1).training.isEmpty)
    let one = try TrainingSplit(labels: [0], classCount: 1, validationFraction: 0.99, seed: 1)
    #expect(one.training == [0] && one.validation.isEmpty)
    for fraction in [-0.1, 1, 2, .nan, .infinity] {
      #expect(throws: DataError.self) { try TrainingSplit(labels: labels, classCount: 3, validationFraction: fraction, seed: 1) }
    }
    #expect(throws: DataError.labelOutOfRange(source: "labels to split", index: 1, value: 5, classes: 2)) {
      try TrainingSplit(labels: [0, 5], classCount: 2, validationFraction: 0.5, seed: 1)
    }
    let data = try SyntheticClassification(count: 20)
    #expect(try data.split(validationFraction: 0.2, seed: 0).validation.count == 4)
  }
}
