import Foundation
import TestSupport
import Testing

/// `glissade schedule`.
struct ScheduleCommandTests {
  @Test func drawsInTheTerminalAndAsSVG() throws {
    let folder = try TemporaryFolder()
    let run = try glissade("schedule", "warmup(1 epoch) then cosine", "--epochs", "4", "--svg", folder.path("curve.svg"))
    #expect(run.status == 0 && run.errors.isEmpty)
    #expect(run.output.contains("warmup(1.0 epochs) then cosine(to: 0.0)") && run.output.contains("x: epoch, y: learning rate"))
    let svg = try String(contentsOfFile: folder.path("curve.svg"), encoding: .utf8)
    #expect(svg.hasPrefix("<svg ") && svg.contains("polyline") && svg.contains("learning rate"))
    // A picture takes a picture's place, and no other file's.
    #expect(try glissade("schedule", "constant", "--svg", folder.path("curve.svg")).status == 0)
    try "mine".write(toFile: folder.path("notes.txt"), atomically: true, encoding: .utf8)
    let refused = try glissade("schedule", "cosine", "--svg", folder.path("notes.txt"))
    #expect(refused.status == 2 && refused.errors.contains("notes.txt, which is there and is no picture"), "\(refused)")
    #expect(try String(contentsOfFile: folder.path("notes.txt"), encoding: .utf8) == "mine")
  }

  @Test("Momentum is drawn where the schedule moves it, below the rate") func momentum() throws {
    let folder = try TemporaryFolder()
    let text = "one-cycle(high-momentum: 0.95, low-momentum: 0.85, over: 2 epochs) then constant"
    let run = try glissade("schedule", text, "--epochs", "4", "--svg", folder.path("curve.svg"))
    #expect(run.status == 0 && run.errors.isEmpty)
    #expect(run.output.contains("x: epoch, y: learning rate") && run.output.contains("x: epoch, y: momentum"), "\(run.output)")
    let svg = try String(contentsOfFile: folder.path("curve.svg"), encoding: .utf8)
    #expect(svg.hasPrefix("<svg ") && svg.components(separatedBy: "<svg ").count == 4 && svg.components(separatedBy: "</svg>").count == 4)
    #expect(
      svg.components(separatedBy: "<polyline ").count == 3 && svg.contains("viewBox=\"0 0 720 800\"") && svg.contains("<svg y=\"400\""))
    // 0.85 at the top of the rate, and nothing where the optimizer's own stays.
    #expect(svg.contains("momentum: from 0.95 at 0 to 0.95 at 1.99"), "\(svg)")
    #expect(try !glissade("schedule", "one-cycle").output.contains("momentum,"))
  }

  @Test func listsEveryShape() throws {
    let run = try glissade("schedule")
    #expect(run.status == 0)
    for name in ["constant", "one-cycle", "cosine-restarts", "plateau", "inverse-sqrt"] {
      #expect(run.output.contains("\n\(name)(") || run.output.hasPrefix("\(name)("))
    }
    #expect(run.output.contains("\nA then B\n") && run.output.contains("\nover: SPAN\n"))
  }

  @Test(arguments: [
    (["schedule", "cosin"], "did you mean 'cosine'?"), (["schedule", "cosine", "--epochs", "0"], "--epochs is 0"),
    (["schedule", "cosine", "--lr", "0"], "--lr is 0"),
    (["schedule", "--svg", "x.svg"], "--svg is for the curve of a schedule, and none is given"),
  ])
  func mistakes(arguments: [String], message: String) throws {
    let run = try glissade(arguments)
    #expect(run.status == 2 && run.errors.contains(message) && run.errors.split(separator: "\n").count == 1)
  }
}
