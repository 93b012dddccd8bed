import GlissadeData
import Testing

@Suite struct SplitTests {
  private let labels: [Int32] = (0..<1000).map { [0, 0, 0, 0, 0, 0, 1, 1, 1, 2][($0 * 7) % 10] }

  @Test(arguments: [0, 0.001, 0.1, 0.25, 0.333, 0.5, 0.999])
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
