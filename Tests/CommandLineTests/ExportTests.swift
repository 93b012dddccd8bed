import Foundation
import GlissadeFormats
import TestSupport
import Testing

/// `glissade convert` of runs.
struct ExportTests {
  private let pictures: PictureFolder
  private let folder: CommandLineTests.TemporaryFolder
  private let run: String

  init() throws {
    pictures = try PictureFolder()
    folder = try CommandLineTests.TemporaryFolder()
    run = folder.path("run")
    let outcome = try glissade(
      "train", "--data", pictures.path, "--epochs", "1", "--limit", "96", "--batch-size", "32", "--device", "cpu", "--out", run)
    try #require(outcome.status == 0, "\(outcome)")
  }

  @Test("A run's weights under PyTorch's names, in its layouts", arguments: ["pth", "safetensors"]) func weights(kind: String) throws {
    let path = folder.path("model.\(kind)")
    let outcome = try glissade("convert", run, path)
    #expect(outcome.status == 0 && outcome.errors.isEmpty && outcome.output.contains(", in PyTorch's layouts"), "\(outcome)")
    let (ours, theirs) = (try WeightsFile(path: run + "/model.safetensors"), try WeightsFile(path: path))
    #expect(theirs.tensors.map(\.name) == ours.tensors.map(\.name))
    // 12×12 pixels are 3×3 behind two poolings.
    #expect(theirs.tensor(named: "conv2.weight")?.shape == [64, 32, 3, 3] && theirs.tensor(named: "fc1.weight")?.shape == [128, 576])
    let (mine, converted) = (try ours.floats(of: "conv2.weight"), try theirs.floats(of: "conv2.weight"))
    for (out, row, column, channel) in [(0, 0, 1, 5), (63, 2, 0, 31), (7, 1, 1, 0)] {
      #expect(converted[((out * 32 + channel) * 3 + row) * 3 + column] == mine[((out * 3 + row) * 3 + column) * 32 + channel])
    }
    let (dense, reordered) = (try ours.floats(of: "fc1.weight"), try theirs.floats(of: "fc1.weight"))
    for (out, pixel, channel) in [(0, 1, 5), (127, 8, 63)] {
      #expect(reordered[out * 576 + channel * 9 + pixel] == dense[out * 576 + pixel * 64 + channel])
    }
    // The file alone, where the run's options lie beside it.
    #expect(try glissade("convert", run + "/model.safetensors", folder.path("again.\(kind)")).status == 0)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(contentsOf: URL(fileURLWithPath: folder.path("again.\(kind)"))))
  }

  @Test func onnx() throws {
    let path = folder.path("model.onnx")
    let outcome = try glissade("convert", run, path)
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(outcome.output.contains("\(path): 11 operators, 8 tensors, "), "\(outcome)")
    let model = try ProtobufFields(Data(contentsOf: URL(fileURLWithPath: path)))
    let graph = try #require(try model.messages(7).first)
    #expect(graph.texts(2) == ["lenet"])
    #expect(try graph.messages(1).count == 11 && graph.messages(5).count == 8)
    let metadata = Dictionary(uniqueKeysWithValues: try model.messages(14).map { ($0.texts(1)[0], $0.texts(2)[0]) })
    #expect(metadata["classes"] == #"["0","1","2","3","4","5","6","7","8","9"]"#)
    #expect(metadata["mean"] != nil && metadata["deviation"] != nil)
    expectComplaint(try glissade("convert", run, path), status: 1, "is there already; --force replaces it")
    #expect(try glissade("convert", run, path, "--force").status == 0)
  }

  @Test func onlyRunsAreNetworks() throws {
    let weights = folder.path("weights.safetensors")
    #expect(try glissade("convert", run, weights).status == 0)
    expectComplaint(
      try glissade("convert", weights, folder.path("model.onnx")), status: 1, "holds weights alone", "name the run's folder")
    expectComplaint(try glissade("convert", run, folder.path("model.h5")), status: 2, "has to end in .safetensors")
    try Data("{}".utf8).write(to: URL(fileURLWithPath: run + "/facts.json"))
    expectComplaint(try glissade("convert", run, folder.path("model.onnx")), status: 1, "facts.json: 'input' is missing")
    #expect(!FileManager.default.fileExists(atPath: folder.path("model.onnx")))
  }
}
