import Foundation
import GlissadeFormats
import TestSupport
import Testing

/// `train` and `evaluate` on a folder of pictures.
struct PictureTrainingTests {
  private let folder: CommandLineTests.TemporaryFolder

  /// Two classes, light and dark, one file that is no picture among them.
  init() throws {
    folder = try CommandLineTests.TemporaryFolder()
    for number in 0..<60 {
      let isLight = number % 2 == 0
      let pixels = (0..<3 * 40 * 30).map { UInt8(truncatingIfNeeded: (isLight ? 170 : 20) + ($0 * 7 + number * 13) % 60) }
      try put("data/\(isLight ? "light" : "dark")/\(number).png", HandmadePicture.png(width: 40, height: 30, pixels: pixels))
    }
  }

  private func put(_ name: String, _ bytes: [UInt8]) throws {
    let url = URL(fileURLWithPath: folder.path(name))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  private func train(_ more: String..., out: String = "run") throws -> Outcome {
    let arguments = ["train", "--data", folder.path("data"), "--model", "mlp", "--size", "8", "--epochs", "6", "--batch-size", "8"]
    return try glissade(arguments + ["--device", "cpu", "--test", "0.2", "--out", folder.path(out)] + more)
  }

  @Test func trainsAndEvaluates() throws {
    let outcome = try train("--augment", "flip,crop,color-jitter(0.1)")
    #expect(outcome.status == 0, "\(outcome)")
    let summary = try JSONValue.read(path: folder.path("run/summary.json"))
    let accuracy = try #require(summary["test_accuracy"]?.doubleValue)
    #expect(accuracy > 0.9, "\(outcome)")
    let options = try JSONValue.read(path: folder.path("run/options.json"))
    #expect(
      options["classes"] == ["dark", "light"] && options["input"] == [8, 8, 3] && options["augment"] == "flip,crop,color-jitter(0.1)")
    // The same pictures are held out again.
    let evaluated = try glissade("evaluate", "--run", folder.path("run"), "--device", "cpu", "--json")
    #expect(evaluated.status == 0, "\(evaluated)")
    let result = try JSONValue.parse(Array(evaluated.output.utf8))
    #expect(result["samples"] == 12 && result["accuracy"]?.doubleValue == accuracy)
  }

  @Test func sameSeedSameBytesForAnyThreads() throws {
    for (name, threads) in [("a", "1"), ("b", "2")] {
      #expect(try train("--augment", "flip,resized-crop,mixup", "--threads", threads, out: name).status == 0)
    }
    let models = try ["a", "b"].map { try Data(contentsOf: URL(fileURLWithPath: folder.path("\($0)/model.safetensors"))) }
    #expect(models[0] == models[1])
  }

  @Test func mistakesAreNamed() throws {
    expectComplaint(try train("--augment", "flop"), status: 2, "--augment", "did you mean 'flip'?")
    expectComplaint(try train("--classes", "light,darc"), status: 1, "no class 'darc'; did you mean 'dark'?")
    expectComplaint(try glissade("train", "--size", "8"), status: 2, "--size is for folders of pictures")
    try put("data/dark/bad.png", Array("no picture".utf8))
    expectComplaint(try train(), status: 1, "1 of", "bad.png: neither a JPEG nor a PNG but text")
  }
}
