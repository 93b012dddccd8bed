import Foundation
import GlissadeFormats
import Testing

/// `glissade lr-find`.
struct LearningRateTests {
  private let folder: CommandLineTests.TemporaryFolder

  init() throws {
    folder = try CommandLineTests.TemporaryFolder()
    let rows = (0..<200).map { row in
      let (a, b) = (Double(row * 37 % 101) / 50 - 1, Double(row * 53 % 89) / 44 - 1)
      return "\(a),\(b),\(40 * a - 20 * b * b)"
    }
    try (["a,b,y"] + rows).joined(separator: "\n").write(toFile: folder.path("t.csv"), atomically: true, encoding: .utf8)
  }

  private func find(_ more: String...) throws -> Outcome {
    try glissade(
      ["lr-find", "--data", folder.path("t.csv"), "--target", "y", "--hidden", "32", "--batch-size", "64", "--device", "cpu"] + more)
  }

  @Test func curveAndSuggestion() throws {
    let outcome = try find("--out", folder.path("curve.svg"))
    #expect(outcome.status == 0 && outcome.output.contains("x: learning rate, y: loss, smoothed"), "\(outcome)")
    #expect(outcome.output.contains("suggested: --lr 0.0") && outcome.output.contains(": half-way between "), "\(outcome)")
    let svg = try String(contentsOfFile: folder.path("curve.svg"), encoding: .utf8)
    #expect(svg.hasPrefix("<svg") && svg.contains("learning rate") && svg.contains("<circle"))
    #expect(folder.names() == ["curve.svg", "t.csv"])
    let json = try find("--json", "--steps", "40", "--from", "1e-5", "--to", "1")
    let found = try JSONValue.parse(Array(json.output.utf8))
    let points = try #require(found["points"]?.arrayValue)
    #expect(points.count <= 40 && points[0]["lr"]?.doubleValue == 1e-5 && points[1]["loss"]?.doubleValue != nil)
    #expect((1e-4...0.5).contains(found["suggestion"]?["lr"]?.doubleValue ?? 0), "\(json)")
  }

  @Test func mistakes() throws {
    expectComplaint(try find("--from", "0"), status: 2, "--from is 0.0 and --to is 10.0")
    expectComplaint(try find("--steps", "5"), status: 2, "--steps is 5, and it has to be from 10")
    let whole = try glissade("lr-find", "--data", folder.path("t.csv"), "--target", "y", "--optimizer", "lbfgs", "--device", "cpu")
    expectComplaint(whole, status: 2, "a line search finds its steps")
    expectComplaint(try find("--kfold", "3"), status: 2, "--kfold makes several trainings of one; --fold says")
    expectComplaint(try find("--from", "100", "--to", "1000"), status: 1, "no rate can be suggested", printsNothing: false)
    let drawn = try find("--out", folder.path("curve.png"))
    expectComplaint(drawn, status: 2, "curve.png, and what is written is SVG, no PNG; take \(folder.path("curve.svg"))")
    #expect(folder.names() == ["t.csv"])
    expectComplaint(try find("--optimizr", "adam"), status: 2, "--optimizer")
  }
}
