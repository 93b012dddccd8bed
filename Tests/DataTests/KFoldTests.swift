import GlissadeData
import Testing

@Suite struct KFoldTests {
  private let labels: [Int32] = (0..<103).map { [0, 0, 0, 1, 1, 2][($0 * 7) % 6] }

  @Test(arguments: [2, 3, 5, 10, 103]) func everySampleIsHeldOutOnceInProportion(count: Int) throws {
    let division = try KFold(labels: labels, classCount: 4, count: count, seed: 3)
    #expect(division.folds.flatMap { $0 }.sorted() == Array(0..<103) && division.always.isEmpty)
    for (number, fold) in division.folds.enumerated() {
      #expect(fold == fold.sorted() && abs(Double(fold.count) - 103 / Double(count)) < 1)
      #expect((fold + division.training(without: number)).sorted() == Array(0..<103))
      for label in Set(labels) {
        let held = Double(fold.count { labels[$0] == label })
        #expect(abs(held - Double(labels.count { $0 == label }) / Double(count)) < 1)
      }
    }
  }

  @Test func seedsDecide() throws {
    let first = try KFold(labels: labels, classCount: 3, count: 5, seed: 1)
    #expect(try KFold(labels: labels, classCount: 3, count: 5, seed: 1) == first)
    #expect(try KFold(labels: labels, classCount: 3, count: 5, seed: 2) != first)
  }

  @Test func aClassOfOneIsNeverHeldOut() throws {
    let labels: [Int32] = [0, 1, 0, 0, 2, 2]
    let division = try KFold(labels: labels, classCount: 3, count: 5, seed: 1)
    #expect(division.always == [1] && division.folds.allSatisfy { !$0.contains(1) && $0.count == 1 })
    #expect((0..<5).allSatisfy { division.training(without: $0).contains(1) })
    #expect(try KFold(labels: labels, classCount: 3, count: 6, seed: 1, keepsClasses: false).always.isEmpty)
    for count in [-1, 0, 1, 6] {
      #expect(throws: DataError.self) { try KFold(labels: labels, classCount: 3, count: count, seed: 1) }
    }
    #expect(throws: DataError.labelOutOfRange(source: "labels to divide", index: 1, value: 1, classes: 1)) {
      try KFold(labels: labels, classCount: 1, count: 2, seed: 1)
    }
  }
}
