import Testing

@testable import GlissadeTraining

/// Class by class, against counts made by hand.
@Suite struct ClassificationReportTests {
  /// Three classes; logits that lead to: 0→0, 0→0, 0→1, 1→1, 1→2, 2→1. Class "d" never appears.
  private var report: ClassificationReport {
    var report = ClassificationReport(classNames: ["a", "b", "c", "d"], mistakeLimit: 2)
    let first: [Float] = [4, 1, 0, 0, 2, 1, 1, 1, 0, 3, 0, 0]
    let second: [Float] = [0, 2, 1, 1, 0, 0, 1, 0, 1, 9, 0, 2]
    [Int32(0), 0, 0].withUnsafeBufferPointer { report.add(logits: first, labels: $0, first: 0) { "file \($0)" } }
    [Int32(1), 1, 2].withUnsafeBufferPointer { report.add(logits: second, labels: $0, first: 3) { $0 == 5 ? nil : "file \($0)" } }
    return report
  }

  @Test func counts() {
    let report = report
    #expect(report.confusion == [[2, 1, 0, 0], [0, 1, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]])
    #expect(report.count == 6 && report.correct == 3 && report.accuracy == 0.5)
    let scores = report.scores
    #expect(scores.map(\.name) == ["a", "b", "c", "d"] && scores.map(\.support) == [3, 2, 1, 0])
    #expect(scores[0].precision == 1 && scores[0].recall == 2.0 / 3 && scores[0].f1 == 0.8)
    #expect(scores[1].precision == 1.0 / 3 && scores[1].recall == 0.5 && scores[1].f1 == 0.4)
    #expect(scores[2].precision == 0 && scores[2].recall == 0 && scores[2].f1 == 0)
    #expect(scores[3].precision.isNaN && scores[3].recall.isNaN && scores[3].f1.isNaN)
    #expect(abs(report.macroF1 - 0.4) < 1e-15)
  }

  @Test func theSurestMistakesAreKept() {
    let mistakes = report.mistakes
    #expect(mistakes.map(\.sample) == [5, 2] && mistakes.map(\.name) == [nil, "file 2"])
    #expect(mistakes.map(\.label) == [2, 0] && mistakes.map(\.prediction) == [1, 1])
    // softmax of [1, 9, 0, 2] at 1 and of [0, 3, 0, 0] at 1, by another program.
    #expect(abs(mistakes[0].confidence - 0.998_631_1) < 1e-6 && abs(mistakes[1].confidence - 0.870_048_5) < 1e-6)
  }

  @Test func json() {
    let json = report.json
    #expect(json["classes"]?.arrayValue?.count == 4 && json["classes"]?.arrayValue?[3]["precision"] == .null)
    #expect(json["confusion_matrix"]?.arrayValue?[0] == [2, 1, 0, 0])
    #expect(json["mistakes"]?.arrayValue?[1]["name"] == "file 2" && json["mistakes"]?.arrayValue?[1]["taken_for"] == "b")
    let many = ClassificationReport(classNames: (0..<201).map(String.init), mistakeLimit: 2)
    #expect(many.json["confusion_matrix"] == .null && many.accuracy.isNaN && many.macroF1.isNaN)
    #expect(json["most_confused"] == .null && many.json["most_confused"]?["classes"] == [])
  }

  /// Of many classes the summary has those that are taken for each other most often, with what is taken for the rest.
  @Test func theMostConfused() {
    let count = 300
    var many = ClassificationReport(classNames: (0..<count).map { "k\($0)" }, mistakeLimit: 0)
    func add(_ label: Int32, takenFor prediction: Int, times: Int) {
      let logits = (0..<count).map { Float($0 == prediction ? 1 : 0) }
      for _ in 0..<times { [label].withUnsafeBufferPointer { many.add(logits: logits, labels: $0, first: 0) { _ in nil } } }
    }
    add(250, takenFor: 7, times: 5)
    add(7, takenFor: 7, times: 2)
    // Forty more pairs, of which there is room for 19.
    for pair in 0..<40 { add(Int32(20 + 2 * pair), takenFor: 21 + 2 * pair, times: 2) }
    add(250, takenFor: 120, times: 1)
    let json = many.json["most_confused"]
    let names = json?["classes"]?.arrayValue?.compactMap(\.stringValue) ?? []
    #expect(names == ["k7"] + (20..<58).map { "k\($0)" } + ["k250"])
    #expect(json?["counts"]?.arrayValue?[39].arrayValue?[0] == 5 && json?["counts"]?.arrayValue?[0].arrayValue?[0] == 2)
    #expect(json?["others"]?.arrayValue?[39] == 1 && json?["others"]?.arrayValue?[1] == 0)
    #expect(ClassificationReport.mostConfused([[5, 1, 0], [0, 5, 0], [3, 0, 0]], limit: 2) == [0, 2])
    #expect(ClassificationReport.mostConfused([[5, 0], [0, 5]], limit: 2) == [])
  }
}
