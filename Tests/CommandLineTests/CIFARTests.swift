import Foundation
import GlissadeFormats
import Testing

/// CIFAR's binary files by the built command.
struct CIFARTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    // Ten classes, each bright in places of its own.
    for name in (1...5).map({ "data_batch_\($0).bin" }) + ["test_batch.bin"] {
      var bytes: [UInt8] = []
      for record in 0..<20 {
        let label = UInt8(record % 10)
        bytes.append(label)
        for place in 0..<3072 { bytes.append(place / 100 % 10 == Int(label) ? 220 : UInt8(place % 40)) }
      }
      try Data(bytes).write(to: URL(fileURLWithPath: folder.path(name)))
    }
  }

  @Test func augmentedImagesAreTrainedOnAndGoOnWhereTheyWere() throws {
    func train(_ options: String..., out: String) throws -> Outcome {
      try glissade(
        [
          "train", "--data", folder.path, "--model", "mlp", "--hidden", "8", "--batch-size", "10", "--device", "cpu", "--out",
          folder.path(out),
        ] + options)
    }
    func model(_ out: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder.path("\(out)/model.safetensors"))) }
    let outcome = try train("--augment", "flip,crop,cutmix", "--epochs", "2", out: "changed")
    #expect(outcome.status == 0, "\(outcome)")
    #expect(try runOptions(folder.path("changed"))["augment"] == "flip,crop,cutmix")
    #expect(try train("--epochs", "2", out: "plain").status == 0)
    #expect(try model("changed") != model("plain"))
    #expect(try train("--augment", "flip,crop,cutmix", "--epochs", "1", "--schedule", "constant", out: "first").status == 0)
    #expect(try glissade("train", "--resume", folder.path("first"), "--epochs", "2", "--device", "cpu").status == 0)
    #expect(try train("--augment", "flip,crop,cutmix", "--epochs", "2", "--schedule", "constant", out: "whole").status == 0)
    #expect(try model("first") == model("whole"))
    let evaluated = try glissade("evaluate", "--run", folder.path("changed"), "--device", "cpu", "--json")
    #expect(evaluated.status == 0 && evaluated.output.contains("\"samples\": 20"), "\(evaluated)")
  }

  @Test func trainsAndEvaluates() throws {
    let outcome = try glissade(
      "train", "--data", folder.path, "--model", "mlp", "--epochs", "4", "--batch-size", "10", "--device", "cpu", "--out",
      folder.path("run"))
    #expect(outcome.status == 0, "\(outcome)")
    let summary = try JSONValue.read(path: folder.path("run/summary.json"))
    #expect(try #require(summary["test_accuracy"]?.doubleValue) > 0.9, "\(outcome)")
    #expect(try (0...1).contains(#require(summary["data_wait_share"]?.doubleValue)))
    let options = try runOptions(folder.path("run"))
    #expect(options["input"] == [32, 32, 3] && options["mean"]?.arrayValue?.count == 3)
    let evaluated = try glissade("evaluate", "--run", folder.path("run"), "--device", "cpu", "--json")
    #expect(evaluated.status == 0, "\(evaluated)")
    #expect(evaluated.output.contains("\"samples\": 20"))
    try Data([1]).write(to: URL(fileURLWithPath: folder.path("test_batch.bin")))
    expectComplaint(
      try glissade("evaluate", "--run", folder.path("run"), "--device", "cpu"), status: 1, "test_batch.bin: truncated: 1 bytes")
  }
}
