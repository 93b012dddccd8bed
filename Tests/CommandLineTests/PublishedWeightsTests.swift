import Foundation
import Glissade
import GlissadeFormats
import TestSupport
import Testing

/// `glissade weights`, and `--pretrained` with a name, from a server on the loopback interface.
struct PublishedWeightsTests {
  private let folder: CommandLineTests.TemporaryFolder
  private let server: LoopbackServer
  private let content: [UInt8]
  private var pictures: String { folder.path("pictures") }
  private var kept: String { folder.path("cache/weights/lenet.pth") }

  init() throws {
    folder = try CommandLineTests.TemporaryFolder()
    for (name, colour) in [("blue", [40, 60, 200]), ("red", [210, 40, 60])] as [(String, [UInt8])] {
      for number in 0..<6 {
        let pixels = (0..<32 * 32).flatMap { pixel in colour.map { $0 ^ UInt8(truncatingIfNeeded: pixel &* (number + 3)) & 15 } }
        let url = URL(fileURLWithPath: folder.path("pictures/\(name)/\(number).png"))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(HandmadePicture.png(width: 32, height: 32, pixels: pixels)).write(to: url)
      }
    }
    let model = LeNet(input: [32, 32, 3], classes: 10)
    let session = try TrainingSession(
      model: model, sampleShape: [32, 32, 3], batchSize: 1, groups: [], seed: 5, device: try CPUDevice(threads: 1))
    let layout = try PyTorchLayout(of: model, sampleShape: [32, 32, 3])
    let path = folder.path("lenet.pth")
    try PyTorchWriter.write(path: path, try session.state().pytorchState(by: layout).entries)
    let content = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    self.content = content
    var manner = LoopbackServer.Manner()
    (manner.pieces, manner.pause) = (20_000, 20_000)
    server = try LoopbackServer { [slow = manner] request, _ in
      switch request.path {
      case "/lenet.pth": .file(content)
      case "/wrong/lenet.pth": .file(content.reversed())
      case "/slow/lenet.pth": .file(content, slow)
      default: .status(404)
      }
    }
    try putTable("/lenet.pth")
  }

  /// The table by which the command knows where the file is.
  private func putTable(_ path: String) throws {
    let digest = try FileChecksum.sha256(path: folder.path("lenet.pth"))
    let table: JSONValue = [
      [
        "name": "imagenet", "model": "lenet", "address": .string(server.address(path)), "bytes": .integer(Int64(content.count)),
        "sha256": .string(digest), "licence": "whoever likes",
      ]
    ]
    try table.write(path: folder.path("table.json"))
  }

  private func glissade(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
    let variables = ["GLISSADE_CACHE": folder.path("cache"), "GLISSADE_WEIGHTS_TABLE": folder.path("table.json")]
    return try Command(arguments, environment: variables.merging(environment) { $1 }).finish()
  }

  private func finetune(_ run: String, _ more: String..., environment: [String: String] = [:]) throws -> Outcome {
    try glissade(
      [
        "finetune", "--model", "lenet", "--pretrained", "imagenet", "--data", pictures, "--size", "32", "--batch-size", "4", "--epochs",
        "1",
        "--device", "cpu", "--out", folder.path(run),
      ] + more, environment: environment)
  }

  @Test func aNameIsFetchedAndKept() throws {
    let first = try finetune("a")
    #expect(first.status == 0 && first.errors.isEmpty, "\(first)")
    #expect(first.output.contains("fetching lenet.pth, ") && first.output.contains(server.address("/lenet.pth")), "\(first)")
    #expect(first.output.contains("imagenet: 6 tensors loaded; a new head, 10 → 2 classes"), "\(first)")
    #expect(Array(try Data(contentsOf: URL(fileURLWithPath: kept))) == content)
    let recipe = try String(contentsOfFile: folder.path("a/recipe.yaml"), encoding: .utf8)
    #expect(recipe.contains("pretrained: imagenet"))
    #expect(try JSONValue.read(path: folder.path("a/facts.json"))["pretrained_path"] == .null)

    // From then on no network is needed, and a file says the same as its name.
    server.stop()
    let again = try glissade(["train", "--recipe", folder.path("a/recipe.yaml"), "--out", folder.path("b")])
    #expect(again.status == 0 && !again.output.contains("fetching"), "\(again)")
    let named = try glissade(
      ["train", "--recipe", folder.path("a/recipe.yaml"), "--pretrained", folder.path("lenet.pth"), "--out", folder.path("c")])
    #expect(named.status == 0, "\(named)")
    let models = try ["a", "b", "c"].map { try Data(contentsOf: URL(fileURLWithPath: folder.path("\($0)/model.safetensors"))) }
    #expect(models[0] == models[1] && models[0] == models[2])
    #expect(server.requests.count == 1)
  }

  @Test func aRunGoesOnWithoutThemOrFetchesThemAnew() throws {
    for run in ["a", "b"] {
      let first = try finetune(run, "--stay-close", "1e-3")
      #expect(first.status == 0, "\(first)")
    }
    try FileManager.default.removeItem(atPath: folder.path("cache"))
    let more = try glissade(["train", "--resume", folder.path("a"), "--epochs", "2"])
    #expect(more.status == 0 && server.requests.count == 1, "\(more)")
    // Runs of earlier versions have not kept what they began with.
    try FileManager.default.removeItem(atPath: folder.path("b/start.safetensors"))
    let old = try glissade(["train", "--resume", folder.path("b"), "--epochs", "2"])
    #expect(old.status == 0 && old.output.contains("fetching lenet.pth") && server.requests.count == 2, "\(old)")
    let whole = try finetune("c", "--stay-close", "1e-3", "--epochs", "2")
    #expect(whole.status == 0, "\(whole)")
    let models = try ["a", "b", "c"].map { try Data(contentsOf: URL(fileURLWithPath: folder.path("\($0)/model.safetensors"))) }
    #expect(models[0] == models[2] && models[1] == models[2])
  }

  @Test func whatAKilledCommandFetchedIsKept() throws {
    try putTable("/slow/lenet.pth")
    let variables = ["GLISSADE_CACHE": folder.path("cache"), "GLISSADE_WEIGHTS_TABLE": folder.path("table.json")]
    let command = try Command(["weights", "lenet"], environment: variables)
    func partCount() -> Int { (try? FileManager.default.attributesOfItem(atPath: kept + ".part")[.size] as? Int) ?? 0 }
    for _ in 0..<6000 where command.isRunning && partCount() < 100_000 { usleep(5000) }
    command.send(SIGKILL)
    #expect(try command.finish().status == 128 + SIGKILL)
    let count = partCount()
    #expect(count >= 100_000 && !FileManager.default.fileExists(atPath: kept))
    let list = try glissade(["weights"])
    let share = Int((Double(count) / Double(content.count) * 100).rounded())
    #expect(list.output.split(separator: "\n").contains { $0.hasPrefix("lenet ") && $0.contains(" \(share) % ") }, "\(list)")
    let again = try glissade(["weights", "lenet"])
    #expect(again.status == 0 && again.output == kept + "\n", "\(again)")
    #expect(server.requests.map(\.from) == [nil, count])
    #expect(Array(try Data(contentsOf: URL(fileURLWithPath: kept))) == content)
  }

  @Test func whatCannotBeFetchedIsOneLine() throws {
    try putTable("/gone/lenet.pth")
    expectComplaint(try finetune("a"), status: 1, server.address("/gone/lenet.pth"), "404 (not found)", "its place is \(kept)")
    try putTable("/wrong/lenet.pth")
    let wrong = try finetune("a", "--quiet")
    expectComplaint(wrong, status: 1, "its SHA-256 is", "its place is \(kept)")
    expectComplaint(
      try finetune("a", environment: ["GLISSADE_CURL_LIBRARY": "/none/libcurl.so"]), status: 1, "that takes libcurl (Debian's libcurl4)",
      "/none/libcurl.so", "its place is \(kept)")
    server.stop()
    expectComplaint(try finetune("a"), status: 1, server.address("/wrong/lenet.pth"), "its place is \(kept)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("a")) && folder.names("cache/weights").isEmpty)
  }

  @Test func whatIsNotPublishedIsSaidBeforeAnythingIsRead() throws {
    expectComplaint(
      try glissade(["finetune", "--model", "resnet18", "--pretrained", "imagenet", "--data", pictures]), status: 2,
      "--pretrained is 'imagenet', and no such weights of resnet18 are published; did you mean the model resnet18-imagenet?")
    expectComplaint(
      try glissade(["finetune", "--model", "lenet", "--pretrained", "imagnet", "--data", pictures]), status: 1,
      "imagnet: no such file; did you mean 'imagenet', weights that are published?")
    expectComplaint(
      try glissade(["predict", "--model", "mlp", "--pretrained", "imagenet", "x.png"]), status: 2, "no such weights of mlp are published")
    try Data("glissade: 1\nmodel: resnet18\npretrained: imagenet\ndata: \(pictures)\n".utf8).write(
      to: URL(fileURLWithPath: folder.path("r.yaml")))
    expectComplaint(
      try glissade(["finetune", "--recipe", folder.path("r.yaml")]), status: 1, "r.yaml:3:13: pretrained is 'imagenet', and no such weights"
    )
    try Data("[1]".utf8).write(to: URL(fileURLWithPath: folder.path("table.json")))
    expectComplaint(try finetune("a"), status: 1, "table.json: entry 1")
    #expect(server.requests.isEmpty)
  }

  @Test func theListSaysWhatIsHere() throws {
    let before = try glissade(["weights"])
    #expect(before.status == 0 && before.errors.isEmpty, "\(before)")
    let rows = before.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(rows[0].prefix(5) == ["MODEL", "NAME", "SIZE", "TOP-1", "HERE"])
    #expect(rows.contains { $0.first == "lenet" && $0.contains("no") && $0.last == folder.path("table.json") }, "\(before)")
    #expect(rows.contains { $0.starts(with: ["resnet50", "imagenet", "97.8", "MiB", "80.9", "%", "no", "torchvision"]) }, "\(before)")
    #expect(before.output.contains("torchvision: BSD-3-Clause") && before.output.contains("whoever likes"), "\(before)")

    let fetched = try glissade(["weights", "lenet"])
    #expect(fetched.status == 0 && fetched.output == kept + "\n" && fetched.errors.isEmpty, "\(fetched)")
    #expect(try glissade(["weights", "lenet"]).output == kept + "\n")
    #expect(server.requests.count == 1)
    let list = try JSONValue.parse(Array(try glissade(["weights", "--json"]).output.utf8))
    let ours = try #require(list.arrayValue?.first { $0["model"] == "lenet" })
    #expect(ours["here"] == true && ours["path"] == .string(kept) && ours["licence"] == "whoever likes")
    #expect(list.arrayValue?.count == PublishedWeights.builtIn.count + 1)

    expectComplaint(try glissade(["weights", "lenet", "--json"]), status: 2, "--json is for the list")
    expectComplaint(try glissade(["weights", "resnet55"]), status: 2, "unknown model 'resnet55'; did you mean 'resnet50'?")
    expectComplaint(try glissade(["weights", "lenet", "--name", "imagnet"]), status: 2, "did you mean 'imagenet'?")
    expectComplaint(try glissade(["weights", "mlp"]), status: 2, "no such weights of mlp are published")
  }
}
