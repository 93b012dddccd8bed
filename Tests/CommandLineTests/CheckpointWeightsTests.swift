import Foundation
import Glissade
import TestSupport
import Testing

/// Weights in checkpoints of other programs, wherever the command takes weights.
struct CheckpointWeightsTests {
  private typealias P = HandmadePickle
  private let folder: CommandLineTests.TemporaryFolder
  private let entries: [PyTorchLayout.Entry]

  init() throws {
    folder = try CommandLineTests.TemporaryFolder()
    entries = try PyTorchLayout(of: LeNet(input: [28, 28, 1], classes: 10), sampleShape: [28, 28, 1]).entries
  }

  private func state(_ prefix: String = "", leavingOut others: Set<String> = []) -> [UInt8] {
    P.dictionary(
      entries.filter { !others.contains($0.path) }.map { entry in
        let shape = entry.foreignShape.dimensions
        let strides = shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
        return (prefix + entry.path, P.tensor(P.storage(count: 1 << 19), shape: shape, strides: strides))
      })
  }

  private func put(_ name: String, _ value: [UInt8]) throws -> String {
    let archive = HandmadeArchive(pickle: P.whole(value), storages: [[UInt8](repeating: 0, count: 1 << 21)])
    try Data(archive.bytes).write(to: URL(fileURLWithPath: folder.path(name)))
    return folder.path(name)
  }

  private var namespace: [UInt8] { P.global("argparse", "Namespace") + [0x29, 0x81] + P.dictionary([("lr", P.integer(1))]) + [0x62] }

  @Test func inspectSaysWhereTheyAre() throws {
    let scalar = P.tensor(P.storage(count: 1 << 19), shape: [], strides: [])
    let path = try put(
      "a.pth", P.dictionary([("best", scalar), ("args", namespace), ("state_dict", state("backbone.")), ("model_ema", state("module."))]))
    let outcome = try glissade("inspect", path)
    #expect(outcome.output.contains("\nin state_dict: 8, model_ema: 8, beside these: 1\n"), "\(outcome)")
    #expect(
      outcome.output.contains("\nvalues of other classes, of which nothing is made or run: argparse.Namespace (1)\n"), "\(outcome)")
    #expect(outcome.output.contains("\nfits lenet with 10 outputs, in 'state_dict', under 'backbone.'\n"), "\(outcome)")
    let json = try JSONValue.parse(Array(glissade("inspect", path, "--json").output.utf8))
    #expect(json["opaque"] == [["class": "argparse.Namespace", "values": 1]] && json["unread"] == [])
    let model = json["models"]?.arrayValue?.first
    #expect(model?["key"] == "state_dict" && model?["prefix"] == "backbone." && model?["model"] == "lenet")
    // What is chosen is all that there is.
    let chosen = try glissade("inspect", path, "--key", "state_dict", "--prefix", "backbone")
    #expect(chosen.output.contains("\nconv1.weight ") && chosen.output.contains("\n8 tensors, "), "\(chosen)")
    expectComplaint(try glissade("inspect", path, "--key", "modelema"), status: 2, "unknown key 'modelema'; did you mean 'model_ema'?")
    expectComplaint(
      try glissade("inspect", path, "--prefix", "head"), status: 1, "--prefix: ",
      "no name begins with head.; names begin with backbone. (8)")
  }

  @Test func inspectCountsWhatDoesNotFit() throws {
    let path = try put(
      "a.pth",
      P.dictionary(
        (0..<5).map { ("stage.\($0)", P.tensor(P.storage(count: 1 << 19), shape: [2], strides: [1])) }
          + [("conv1.weight", P.tensor(P.storage(count: 1 << 19), shape: [3], strides: [1]))]))
    let outcome = try glissade("inspect", path)
    #expect(outcome.output.contains("\nno model's; "), "\(outcome)")
    #expect(outcome.output.contains("are missing (") && outcome.output.contains("conv1.weight [3], not "), "\(outcome)")
    #expect(outcome.output.contains("; 5 of the file's are left over (stage.0 [2], stage.1 [2], stage.2 [2], …)\n"), "\(outcome)")
  }

  @Test func convertTakesAKeyAndAPrefix() throws {
    let path = try put("a.pth", P.dictionary([("state_dict", state("module.encoder_q.")), ("optimizer", state())]))
    let out = folder.path("out.safetensors")
    #expect(try glissade("convert", path, out, "--prefix", "encoder_q").status == 0)
    #expect(try WeightsFile(path: out).tensors.map(\.name) == entries.map(\.path))
  }

  @Test func namesOfClasses() throws {
    let path = try put("a.pth", P.dictionary([("net", state())]))
    // LeNet takes pictures of one channel here, which prediction has not got: what is wrong is said before any picture.
    let names = folder.path("names.txt")
    try Data("a\nb\n".utf8).write(to: URL(fileURLWithPath: names))
    expectComplaint(
      try glissade("predict", "--model", "lenet", "--pretrained", path, "--class-names", names, "x.png"), status: 1,
      "has 2 names, and \(path) has 10 classes")
    expectComplaint(
      try glissade("predict", "--model", "resnet50", "--pretrained", path, "x.png"), status: 1, "does not hold the weights of resnet50",
      "they fit --model lenet")
    expectComplaint(try glissade("predict", "--run", "x", "--class-names", names, "x.png"), status: 2, "--class-names is for --pretrained")
    expectComplaint(try glissade("predict", "--run", "x", "--key", "a", "x.png"), status: 2, "--key and --prefix are for --pretrained")
  }

  @Test func aBackboneAloneSaysNothingOfClasses() throws {
    let head = LayerPath.headPaths(of: LeNet(input: [28, 28, 1], classes: 10))
    let path = try put("a.pth", state(leavingOut: head))
    expectComplaint(
      try glissade("predict", "--model", "lenet", "--pretrained", path, "x.png"), status: 1, "holds all of lenet but its head",
      "'glissade finetune --model lenet --pretrained \(path)'")
  }

  @Test func foldersOfWeights() throws {
    try FileManager.default.createDirectory(atPath: folder.path("hub"), withIntermediateDirectories: true)
    try Data().write(to: URL(fileURLWithPath: folder.path("hub/pytorch_model.bin")))
    expectComplaint(
      try glissade("inspect", folder.path("hub")), status: 1,
      "a folder that is no run's; did you mean \(folder.path("hub"))/pytorch_model.bin?")
  }
}
