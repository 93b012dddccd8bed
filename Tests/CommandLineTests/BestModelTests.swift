import Foundation
import GlissadeFormats
import Testing

/// A run whose last epoch is not its best one.
struct BestModelTests {
  private let folder: TemporaryFolder
  private let outcome: Outcome

  /// Noise that is learnt by heart: the longer, the worse it gets for other rows.
  init() throws {
    folder = try TemporaryFolder()
    var state: UInt32 = 7
    func noise() -> Double {
      state = state &* 1_664_525 &+ 1_013_904_223
      return Double(state >> 8) / Double(1 << 24)
    }
    let rows = (0..<120).map { _ in "\(noise()),\(noise()),\(noise()),\(noise() * 3)" }
    try (["a,b,c,y"] + rows).joined(separator: "\n").write(toFile: folder.path("noise.csv"), atomically: true, encoding: .utf8)
    outcome = try glissade(
      "train", "--data", folder.path("noise.csv"), "--target", "y", "--hidden", "128,128", "--lr", "0.01", "--epochs", "60",
      "--validation", "0.3", "--device", "cpu", "--out", folder.path("run"))
    try #require(outcome.status == 0, "\(outcome)")
  }

  @Test func theBestIsMeasuredAndUsed() throws {
    let summary = try JSONValue.read(path: folder.path("run/summary.json"))
    let best = try #require(summary["best_epoch"]?.integerValue)
    #expect(best < 60 && summary["tested_epoch"]?.integerValue == best)
    #expect(outcome.output.contains("best epoch: \(best) (validation loss ") && outcome.output.contains("; last: 60 ("), "\(outcome)")
    func evaluate(_ more: String...) throws -> JSONValue {
      let outcome = try glissade(["evaluate", "--run", folder.path("run"), "--device", "cpu", "--json"] + more)
      return try JSONValue.parse(Array(outcome.output.utf8))
    }
    let (usual, last) = (try evaluate(), try evaluate("--last"))
    #expect(usual["values"] == summary["test_values"] && usual["model"] == "best" && usual["epoch"]?.integerValue == best)
    #expect(last["values"] != usual["values"] && last["model"] == "last" && last["epoch"] == 60)
    #expect(try evaluate("--best")["values"] == usual["values"])
    expectComplaint(
      try glissade("evaluate", "--run", folder.path("run"), "--best", "--last"), status: 2, "--best and --last are two models")
    // The same for the others.
    func predict(_ more: String...) throws -> String {
      try glissade(["predict", "--run", folder.path("run"), folder.path("noise.csv"), "--device", "cpu"] + more).output
    }
    #expect(try predict() == predict("--best") && predict() != predict("--last"))
    for flag in [[], ["--last"]] as [[String]] {
      #expect(try glissade(["convert", folder.path("run"), folder.path("net\(flag.count).safetensors")] + flag).status == 0)
    }
    let written = try [0, 1].map { try Data(contentsOf: URL(fileURLWithPath: folder.path("net\($0).safetensors"))) }
    #expect(written[0] != written[1])
  }

  /// The best model so far is kept with the run, so that it is measured with at the end although it is older than the checkpoint.
  @Test func aRunThatGoesOnStillKnowsItsBest() throws {
    let before = try JSONValue.read(path: folder.path("run/summary.json"))
    let again = try glissade("train", "--resume", folder.path("run"), "--epochs", "61")
    #expect(again.status == 0, "\(again)")
    let after = try JSONValue.read(path: folder.path("run/summary.json"))
    #expect(after["tested_epoch"] == before["best_epoch"] && after["test_values"] == before["test_values"])
  }

  @Test func aFolderOfRunsNamesThem() throws {
    try FileManager.default.copyItem(atPath: folder.path("run"), toPath: folder.path("second"))
    let names = "\(folder.path("run")), \(folder.path("second")); name one"
    for arguments in [
      ["predict", "--run", folder.path, folder.path("noise.csv")], ["evaluate", "--run", folder.path], ["inspect", folder.path],
      ["train", "--resume", folder.path], ["convert", folder.path, folder.path("x.onnx")],
      ["finetune", "--pretrained", folder.path, "--data", folder.path],
    ] { expectComplaint(try glissade(arguments), status: 1, names) }
    for name in ["model", "best"] { try FileManager.default.removeItem(atPath: folder.path("second/\(name).safetensors")) }
    expectComplaint(
      try glissade("evaluate", "--run", folder.path("second")), status: 1, "second has no model yet: no epoch of it is over; --resume")
  }
}
