import Foundation
import GlissadeFormats
import TestSupport
import Testing

/// `glissade inspect` and `glissade convert`.
struct WeightsTests {
  private let checkpoint = FixtureFolder.checkpoint("checkpoint.pt")
  private let network = FixtureFolder.checkpoint("legacy-network.pth")

  @Test func inspect() throws {
    let outcome = try glissade("inspect", network)
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    let lines = outcome.output.split(separator: "\n").map { $0.split(separator: " ", omittingEmptySubsequences: true).map(String.init) }
    #expect(lines[0] == ["PATH", "SHAPE", "DTYPE", "SIZE"])
    #expect(lines[1] == ["conv.weight", "[3,", "2,", "3,", "3]", "F32", "216", "B"])
    #expect(lines[6] == ["bn.num_batches_tracked", "[]", "I64", "8", "B"])
    // 54 + 4 · 3 + 6 + 2, without the counter.
    #expect(outcome.output.contains("8 tensors, 304 B, 74 parameters"), "\(outcome)")
  }

  @Test func inspectAsJSON() throws {
    let outcome = try glissade("inspect", checkpoint, "--json")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    let value = try JSONValue.parse(Array(outcome.output.utf8))
    #expect(value["format"] == "pytorch")
    #expect(value["tensors"]?.arrayValue?.count == 23)
    #expect(
      value["tensors"]?.arrayValue?.first == [
        "path": "state_dict.module.conv.weight", "shape": [3, 2, 3, 3], "dtype": "F32", "bytes": 216,
      ])
    #expect(value["parts"] == [["key": "state_dict", "tensors": 8], ["key": "optimizer", "tensors": 15]])
  }

  @Test func inspectARun() throws {
    let folder = try CommandLineTests.TemporaryFolder()
    try SafetensorsWriter.write(
      path: folder.path("model.safetensors"), [WeightsEntry(name: "fc.weight", shape: [2], [1, 2] as [Float])], metadata: ["model": "mlp"])
    let outcome = try glissade("inspect", folder.path)
    #expect(outcome.status == 0 && outcome.output.contains("1 tensor, 8 B, 2 parameters"), "\(outcome)")
    #expect(outcome.output.contains("model: mlp"), "\(outcome)")
  }

  @Test func whatCannotBeInspected() throws {
    expectComplaint(try glissade("inspect", "/no/such/file"), status: 1, "/no/such/file: cannot open")
    expectComplaint(try glissade("inspect", "/etc/passwd"), status: 1, "neither a safetensors file nor a PyTorch checkpoint")
    let folder = try CommandLineTests.TemporaryFolder()
    expectComplaint(try glissade("inspect", folder.path), status: 1, "is no run's folder: there is no recipe.yaml in it")
    let evil = folder.path("evil.pth")
    try Data("cposix\nsystem\n(S'touch \(folder.path("was-here"))'\ntR.".utf8).write(to: URL(fileURLWithPath: evil))
    expectComplaint(try glissade("inspect", evil), status: 1, evil, "posix.system")
    #expect(folder.names() == ["evil.pth"])
  }

  @Test func convertThereAndBack() throws {
    let folder = try CommandLineTests.TemporaryFolder()
    let (between, back) = (folder.path("a.safetensors"), folder.path("b.pth"))
    let outcome = try glissade("convert", network, between)
    #expect(outcome.status == 0 && outcome.output == "\(between): 8 tensors, 304 B\n", "\(outcome)")
    #expect(try glissade("convert", between, back).status == 0)
    let (original, copy) = (try WeightsFile(path: network), try WeightsFile(path: back))
    #expect(try WeightsFile(path: between).metadata == ["format": "pt"])
    #expect(copy.format == .pyTorchArchive)
    #expect(copy.tensors.map(\.name) == original.tensors.map(\.name))
    #expect(copy.tensors.map(\.type) == original.tensors.map(\.type))
    for tensor in original.tensors { #expect(try copy.bytes(of: tensor.name) == original.bytes(of: tensor.name)) }
  }

  @Test func convertTakesTheWeights() throws {
    let folder = try CommandLineTests.TemporaryFolder()
    let outcome = try glissade("convert", checkpoint, folder.path("a.safetensors"))
    #expect(outcome.output.contains("8 tensors, 304 B; left out: 15 tensors beside the model's weights"), "\(outcome)")
    #expect(try WeightsFile(path: folder.path("a.safetensors")).tensor(named: "module.fc.bias") != nil)
    #expect(try glissade("convert", checkpoint, folder.path("b.pt"), "--key", "optimizer").status == 0)
    #expect(try WeightsFile(path: folder.path("b.pt")).tensors.count == 15)
    expectComplaint(
      try glissade("convert", checkpoint, folder.path("c.pt"), "--key", "state-dict"), status: 2, "did you mean 'state_dict'?")
    expectComplaint(try glissade("convert", network, folder.path("c.pt"), "--key", "model"), status: 1, "no --key to choose")
    #expect(folder.names() == ["a.safetensors", "b.pt"])
  }

  @Test func convertOverwritesOnlyWhenTold() throws {
    let folder = try CommandLineTests.TemporaryFolder()
    let out = folder.path("a.pt")
    try Data("mine".utf8).write(to: URL(fileURLWithPath: out))
    expectComplaint(try glissade("convert", network, out), status: 1, "\(out) is there already; --force replaces it")
    #expect(try Data(contentsOf: URL(fileURLWithPath: out)) == Data("mine".utf8))
    #expect(try glissade("convert", network, out, "--force").status == 0)
    // A file can be its own source.
    #expect(try glissade("convert", out, out, "--force").status == 0)
    #expect(try WeightsFile(path: out).tensors.count == 8)
    expectComplaint(try glissade("convert", "/etc/passwd", folder.path("b.pt")), status: 1, "/etc/passwd")
    #expect(folder.names() == ["a.pt"])
  }
}
