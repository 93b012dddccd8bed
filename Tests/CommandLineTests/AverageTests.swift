import Foundation
import GlissadeFormats
import Testing

/// Runs that keep an average of their weights.
struct AverageTests {
  @Test func theAverageIsSavedMeasuredAndChosen() throws {
    let folder = try TemporaryFolder()
    let rows = (0..<90).map { "\($0 % 7),\($0 * 5 % 11),\($0 % 7 * 2 - $0 * 5 % 11)" }
    try (["a,b,y"] + rows).joined(separator: "\n").write(toFile: folder.path("t.csv"), atomically: true, encoding: .utf8)
    func train(_ out: String, _ more: String...) throws -> Outcome {
      try glissade(
        [
          "train", "--data", folder.path("t.csv"), "--target", "y", "--hidden", "8", "--epochs", "3", "--device", "cpu", "--out",
          folder.path(out),
        ]
          + more)
    }
    let outcome = try train("run", "--ema", "0.9", "--tensorboard", "--checkpoint-every", "2")
    #expect(outcome.status == 0 && outcome.output.contains("with averaged weights "), "\(outcome)")
    let table = try String(contentsOfFile: folder.path("run/metrics.csv"), encoding: .utf8)
    #expect(table.contains(",average_validation_loss,average_validation_mean_absolute_error,seconds,"))
    let summary = try JSONValue.read(path: folder.path("run/summary.json"))
    #expect(summary["average_validation_loss"]?.doubleValue != nil && summary["average_test_loss"]?.doubleValue != nil)
    func evaluate(_ more: String...) throws -> JSONValue {
      try JSONValue.parse(Array(try glissade(["evaluate", "--run", folder.path("run"), "--device", "cpu", "--json"] + more).output.utf8))
    }
    let average = try evaluate("--average")
    let last = try evaluate("--last")
    #expect(average["model"] == "average" && average["epoch"] == 3 && average["values"] != last["values"])
    func predict(_ more: String...) throws -> String {
      try glissade(["predict", "--run", folder.path("run"), folder.path("t.csv"), "--device", "cpu"] + more).output
    }
    #expect(try predict("--average") != predict("--last"))
    #expect(try glissade("convert", folder.path("run"), folder.path("a.safetensors"), "--average").status == 0)
    #expect(try glissade("convert", folder.path("run/average.safetensors"), folder.path("b.safetensors")).status == 0)
    let written = try ["a", "b"].map { try Data(contentsOf: URL(fileURLWithPath: folder.path("\($0).safetensors"))) }
    #expect(written[0] == written[1])
    expectComplaint(
      try glissade("evaluate", "--run", folder.path("run"), "--average", "--best"), status: 2, "--best and --average are two models")
    // A run without one has none, also where one with one was before.
    #expect(try train("run", "--replace").status == 0)
    expectComplaint(
      try glissade("evaluate", "--run", folder.path("run"), "--average"), status: 1, "has no average of its weights")
    let plain = try String(contentsOfFile: folder.path("run/metrics.csv"), encoding: .utf8)
    #expect(!plain.contains("average"))
  }
}
