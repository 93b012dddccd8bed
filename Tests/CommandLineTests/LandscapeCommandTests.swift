import Foundation
import TestSupport
import Testing

/// `glissade landscape`.
struct LandscapeCommandTests {
  @Test func drawsPathsInTheTerminalAndAsSVG() throws {
    let folder = try TemporaryFolder()
    let run = try glissade(
      "landscape", "rosenbrock", "--optimizer", "sgd,adam", "--steps", "30", "--out", folder.path("paths.svg"))
    #expect(run.status == 0 && run.errors.isEmpty, "\(run)")
    #expect(run.output.contains("(1 - x)² + 100 (y - x²)²") && run.output.contains("\nadam ") && run.output.contains("x: step, y: height"))
    let svg = try String(contentsOfFile: folder.path("paths.svg"), encoding: .utf8)
    #expect(svg.hasPrefix("<svg ") && svg.contains("contour") && svg.contains("sgd, rate"))
  }

  @Test func listsEveryFunction() throws {
    let run = try glissade("landscape")
    #expect(run.status == 0 && run.output.contains("himmelblau") && run.output.contains("½ (x² + 100 y²)"))
  }

  @Test(arguments: [
    (["rosenbrok"], "did you mean 'rosenbrock'?"), (["ravine", "--optimizer", "adma"], "did you mean 'adam'?"),
    (["ravine", "--steps", "0"], "--steps is 0"), (["ravine", "--lr=-1"], "--lr is -1"), (["ravine", "--start", "1"], "--start is '1'"),
    (["--out", "x.svg"], "--out is for a function, and none is given; there are "), (["--lr", "1"], "--lr is for a function"),
    (["ravine", "--optimizer", "sgd,"], "unknown optimizer ''"),
    (["ravine", "--optimizer", "muon"], "muon is for matrices, and a landscape has two numbers"),
  ])
  func mistakes(arguments: [String], message: String) throws {
    let run = try glissade(["landscape"] + arguments)
    #expect(run.status == 2 && run.errors.contains(message) && run.errors.split(separator: "\n").count == 1, "\(run)")
  }
}
