import Foundation
import Glissade
import GlissadeFormats
import Testing

/// What `glissade inspect` says of the model that a file is for.
struct InspectTests {
  private let folder: CommandLineTests.TemporaryFolder

  init() throws { folder = try CommandLineTests.TemporaryFolder() }

  /// LeNet for 32×32 colour pictures and 10 classes as PyTorch would save it, 8 tensors, with some changed.
  private func weights(_ name: String, _ change: (inout [String: [Int]]) -> Void) throws -> String {
    let layout = try PyTorchLayout(of: LeNet(input: [32, 32, 3], classes: 10), sampleShape: [32, 32, 3])
    var shapes = Dictionary(uniqueKeysWithValues: layout.entries.map { ($0.path, $0.foreignShape.dimensions) })
    #expect(shapes.count == 8)
    change(&shapes)
    let entries = shapes.sorted { $0.key < $1.key }.map { name, shape in
      WeightsEntry(name: name, shape: shape, [Float](repeating: 0, count: shape.reduce(1, *)))
    }
    try PyTorchWriter.write(path: folder.path(name), entries)
    return folder.path(name)
  }

  private func inspect(_ path: String) throws -> (text: String, json: JSONValue) {
    let (text, json) = (try glissade("inspect", path), try glissade("inspect", path, "--json"))
    #expect(text.status == 0 && text.errors.isEmpty && json.status == 0, "\(text)")
    return (text.output, try JSONValue.parse(Array(json.output.utf8)))
  }

  @Test func everythingFits() throws {
    let (text, json) = try inspect(try weights("whole.pth") { _ in })
    #expect(text.contains("\nfits lenet with 10 outputs\n"), "\(text)")
    #expect(json["models"]?.arrayValue?.count == 1 && json["models"]?.arrayValue?.first?["problems"] == [])
    #expect(json["nearest"] == .null && json["run"] == .null)
  }

  @Test func allButTheHead() throws {
    let (text, json) = try inspect(
      try weights("headless.pth") {
        $0["fc2.weight"] = [7, 64]
        $0["fc2.bias"] = nil
      })
    #expect(text.contains("\nfits the backbone of lenet, whose head it has not got: 6 of 8 tensors fit\n"), "\(text)")
    #expect(text.contains("\n  fc2.weight: [7, 64] here, [") && text.contains("\n  fc2.bias: not here, ["), "\(text)")
    let model = json["models"]?.arrayValue?.first
    #expect(model?["fitting"] == 6 && model?["tensors"] == 8 && model?["outputs"] == .null)
  }

  @Test func nearlyAModel() throws {
    let (text, json) = try inspect(
      try weights("near.pth") {
        $0["conv1.weight"] = [32, 3, 5, 5]
        $0["extra.bias"] = [3]
      })
    #expect(
      text.contains(
        """
        nearly fits lenet: 7 of 8 tensors fit
          conv1.weight: [32, 3, 5, 5] here, [32, 3, 3, 3] in the model
          extra.bias: [3] here, not in the model

        """), "\(text)")
    #expect(json["models"] == [])
    #expect(json["nearest"]?["problems"]?.arrayValue?.last == ["path": "extra.bias", "shape": [3], "expected": .null])
    // Too much is wrong with this one.
    let far = try inspect(
      try weights("far.pth") { for name in ["conv1.weight", "conv1.bias", "conv2.bias", "fc1.bias"] { $0[name] = [5] } })
    #expect(!far.text.contains("fits") && far.json["nearest"] == .null, "\(far.text)")
  }

  /// Of many that do not fit, a few are named.
  @Test func aLongList() throws {
    let layout = try PyTorchLayout(of: ResNet(channels: 3, classes: 10), sampleShape: [32, 32, 3])
    let entries = layout.entries.enumerated().map { index, entry in
      let shape = index < 7 ? [2] : entry.foreignShape.dimensions
      return WeightsEntry(name: entry.path, shape: shape, [Float](repeating: 0, count: shape.reduce(1, *)))
    }
    try PyTorchWriter.write(path: folder.path("many.pth"), entries)
    let (text, json) = try inspect(folder.path("many.pth"))
    let count = layout.entries.count
    #expect(text.contains("nearly fits resnet18: \(count - 7) of \(count) tensors fit\n"), "\(text)")
    #expect(text.contains("\n  conv1.weight: [2] here, [64, 3, 3, 3] in the model\n"), "\(text)")
    #expect(text.contains("\n  and 2 more that do not\n"), "\(text)")
    #expect(json["nearest"]?["problems"]?.arrayValue?.count == 7)
  }

  @Test func aRunAndItsFiles() throws {
    let data = try PictureFolder()
    let run = folder.path("run")
    let trained = try glissade("train", "--data", data.path, "--model", "mlp", "--device", "cpu", "--epochs", "1", "--out", run, "--quiet")
    #expect(trained.status == 0, "\(trained)")
    let options = try runOptions(run)
    let classes = try #require(options["classes"]?.arrayValue?.count)
    for path in [run, run + "/best.safetensors"] {
      let (text, json) = try inspect(path)
      #expect(text.contains("\nof a run, by its recipe.yaml: mlp for samples of ["), "\(text)")
      #expect(text.contains(" and \(classes) classes (") && text.contains("), on \(data.path)\n"), "\(text)")
      // Of a size that the file alone does not say.
      #expect(text.contains("\nfits mlp with \(classes) outputs\n"), "\(text)")
      #expect(json["run"]?["input"] == options["input"] && json["run"]?["model"] == "mlp")
    }
    // Nor is one that makes no sense a reason to fail.
    for input in ["[1, 1, 1]", "[16777216, 16777216, 16777216]"] {
      let text = try String(contentsOfFile: run + "/facts.json", encoding: .utf8)
      let changed = text.replacing(/"input": \[[^\]]*\]/, with: "\"input\": \(input)")
      #expect(changed != text)
      try Data(changed.utf8).write(to: URL(fileURLWithPath: run + "/facts.json"))
      #expect(try inspect(run).text.contains("mlp for samples of \(input)"))
    }
    // Facts of something else is no matter.
    try Data("{\"input\": 3}".utf8).write(to: URL(fileURLWithPath: run + "/facts.json"))
    #expect(try inspect(run).json["run"] == .null)
  }
}
