import Foundation
import GlissadeFormats
import TestSupport
import Testing

/// Models that are larger than a device's buffers.
struct LargeBufferTests {
  let data: PictureFolder
  let folder: TemporaryFolder

  init() throws {
    data = try PictureFolder()
    folder = try TemporaryFolder()
  }

  private func train(_ limit: String, out: String, _ more: String...) throws -> Outcome {
    try glissade(
      ["train", "--data", data.path, "--model", "mlp", "--batch-size", "32", "--epochs", "2", "--device", "cpu", "--clip-norm", "1"]
        + ["--out", folder.path(out)] + more, environment: ["GLISSADE_LARGEST_ALLOCATION": limit])
  }

  /// The same run, byte for byte, resumed with larger buffers or not.
  @Test func cutBuffersTrainToTheSameBytes() throws {
    #expect(try train("", out: "whole").status == 0)
    // All parameters take 815 KiB, the second layer's weights 513 KiB of them.
    let outcome = try train("\(768 << 10)", out: "cut", "--epochs", "1")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    let explained = try glissade(
      "train", "--data", data.path, "--model", "mlp", "--batch-size", "32", "--device", "cpu", "--explain",
      environment: ["GLISSADE_LARGEST_ALLOCATION": "\(768 << 10)"])
    #expect(explained.output.split(separator: "\n").count { $0.contains("adam update") } > 1, "\(explained)")
    let resumed = try glissade(
      "train", "--resume", folder.path("cut"), "--epochs", "2", environment: ["GLISSADE_LARGEST_ALLOCATION": "\(640 << 10)"])
    #expect(resumed.status == 0, "\(resumed)")
    let models = try ["whole", "cut"].map { try Data(contentsOf: URL(fileURLWithPath: folder.path("\($0)/model.safetensors"))) }
    #expect(models[0] == models[1])
  }

  @Test func whatHasNoRoomIsNamedBeforeAnythingIsWritten() throws {
    let outcome = try train("\(400 << 10)", out: "run")
    expectComplaint(
      outcome, status: 1, "device cpu: allocation failed with too little memory",
      "parameter layers.1.weight [256, 512] needs 513 KiB in one piece",
      "a buffer there has 400 KiB at most", printsNothing: false)
    #expect(folder.names("run").isEmpty)
  }

  @Test(arguments: ["many", "1000", "-1"]) func theLimitIsChecked(text: String) throws {
    expectComplaint(try train(text, out: "run"), status: 1, "GLISSADE_LARGEST_ALLOCATION", "'\(text)'", "at least 131072")
  }
}
