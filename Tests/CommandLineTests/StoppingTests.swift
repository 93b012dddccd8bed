import Foundation
import GlissadeFormats
import Testing

/// `--early-stop` and `--max-time`.
struct StoppingTests {
  private let folder: CommandLineTests.TemporaryFolder

  init() throws {
    folder = try CommandLineTests.TemporaryFolder()
    // Noise that is learnt by heart.
    var state: UInt32 = 7
    func noise() -> Double {
      state = state &* 1_664_525 &+ 1_013_904_223
      return Double(state >> 8) / Double(1 << 24)
    }
    let rows = (0..<90).map { _ in "\(noise()),\(noise()),\(noise() * 3)" }
    try (["a,b,y"] + rows).joined(separator: "\n").write(toFile: folder.path("noise.csv"), atomically: true, encoding: .utf8)
  }

  private func train(_ out: String, _ more: String...) throws -> Outcome {
    try glissade(
      [
        "train", "--data", folder.path("noise.csv"), "--target", "y", "--hidden", "64", "--lr", "0.02", "--validation", "0.3",
        "--device", "cpu", "--out", folder.path(out), "--epochs", "80",
      ] + more)
  }

  private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder.path(path))) }

  @Test("What has stopped early is finished, and goes on with more patience to what it would have been") func early() throws {
    let outcome = try train("run", "--early-stop", "patience=3")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    let summary = try JSONValue.read(path: folder.path("run/summary.json"))
    let (epochs, best) = (try #require(summary["epochs"]?.integerValue), try #require(summary["best_epoch"]?.integerValue))
    #expect(epochs == best + 3 && epochs < 80 && summary["tested_epoch"] == summary["best_epoch"], "\(outcome)")
    let reason = "the validation loss was no better than in epoch \(best) for 3 epochs"
    #expect(outcome.output.contains("stopped after epoch \(epochs): \(reason)\n"), "\(outcome)")
    #expect(summary["stop_reason"] == .string(reason) && summary["interruption"] == .null)
    let again = try glissade("train", "--resume", folder.path("run"))
    #expect(again.status == 0 && again.output.hasSuffix("is finished: \(reason); a larger --early-stop goes on\n"), "\(again)")
    #expect(try train("whole", "--early-stop", "patience=6,min_delta=0").status == 0)
    let more = try glissade("train", "--resume", folder.path("run"), "--early-stop", "6")
    #expect(more.status == 0 && more.output.contains("going on with "), "\(more)")
    for name in ["model", "best"] { #expect(try bytes("run/\(name).safetensors") == bytes("whole/\(name).safetensors"), "\(name)") }
  }

  @Test("The best epoch is the best by the metric that ends the training") func metric() throws {
    #expect(try train("run", "--early-stop", "patience=2,metric=train_loss,min_delta=0.05").status == 0)
    let summary = try JSONValue.read(path: folder.path("run/summary.json"))
    let table = try String(contentsOfFile: folder.path("run/metrics.csv"), encoding: .utf8).split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    let column = try #require(table[0].firstIndex(of: "train_loss"))
    let losses = table.dropFirst().compactMap { Double($0[column]) }
    let least = try #require(losses.indices.min { (losses[$0], $0) < (losses[$1], $1) })
    #expect(summary["best_epoch"]?.integerValue == least + 1 && summary["best_by"] == "train_loss")
  }

  @Test("Time that is over ends the run after a whole epoch, and more of it goes on") func time() throws {
    let outcome = try train("run", "--max-time", "0.000001s")
    #expect(outcome.status == 0 && outcome.output.contains("stopped after epoch 1: the time is over"), "\(outcome)")
    #expect(try JSONValue.read(path: folder.path("run/summary.json"))["epochs"] == 1)
    #expect(try glissade("train", "--resume", folder.path("run")).output.contains("a larger --max-time goes on"))
    #expect(try glissade("train", "--resume", folder.path("run"), "--max-time", "1h", "--epochs", "12").status == 0)
    #expect(try train("whole", "--epochs", "12").status == 0)
    #expect(try bytes("run/model.safetensors") == bytes("whole/model.safetensors"))
  }

  @Test func mistakes() throws {
    expectComplaint(try train("x", "--early-stop", "patience=0"), status: 2, "--early-stop says a patience of 0", "at least 1")
    expectComplaint(
      try train("x", "--early-stop", "metric=validation_los"), status: 2, "'validation_los'; did you mean 'validation_loss'?")
    expectComplaint(try train("x", "--early-stop", "patients=4"), status: 2, "--early-stop has no 'patients'", "as patience=5")
    expectComplaint(try train("x", "--early-stop", "min_delta=-1"), status: 2, "min_delta -1", "at least 0")
    expectComplaint(try train("x", "--max-time", "soon"), status: 2, "--max-time is 'soon', and it has to be a time above 0")
    expectComplaint(try train("x", "--max-time", "0m"), status: 2, "--max-time is '0m'")
    for text in ["20", "1h30", "1.5"] {
      expectComplaint(
        try train("x", "--max-time", text), status: 2, "--max-time is '\(text)', with no unit behind", "as 90s, 20m or 1h30m",
        "s, m, h and d")
    }
    expectComplaint(
      try train("x", "--early-stop", "metric=validation_accuracy"), status: 2, "validation_accuracy",
      "validation_mean_absolute_error", printsNothing: false)
  }
}
