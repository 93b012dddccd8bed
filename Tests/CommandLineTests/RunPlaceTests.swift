import Foundation
import GlissadeFormats
import TestSupport
import Testing

/// Where a training may write, and where not.
struct RunPlaceTests {
  let data: PictureFolder
  let folder: CommandLineTests.TemporaryFolder
  /// A table.
  let table: String

  init() throws {
    data = try PictureFolder(training: 60, test: 10)
    folder = try CommandLineTests.TemporaryFolder()
    table = (["x,y"] + (0..<40).map { "\($0 % 7),\($0 % 2 == 0 ? "a" : "b")" }).joined(separator: "\n")
  }

  private func put(_ name: String, _ text: String) throws -> String {
    let path = folder.path(name)
    try FileManager.default.createDirectory(
      at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    return path
  }

  private func text(_ name: String) throws -> String { try String(contentsOfFile: folder.path(name), encoding: .utf8) }

  private func train(_ more: String..., out: String = "run", environment: [String: String] = [:]) throws -> Outcome {
    try glissade(
      ["train", "--data", data.path, "--model", "mlp", "--batch-size", "32", "--epochs", "1", "--device", "cpu"] + more
        + ["--out", folder.path(out)], environment: environment)
  }

  @Test func dataIsNeverOverwritten() throws {
    let path = try put("own/metrics.csv", table)
    try FileManager.default.createSymbolicLink(atPath: folder.path("link.csv"), withDestinationPath: path)
    for data in [path, folder.path("own/../own/metrics.csv"), folder.path("link.csv")] {
      for more in [[], ["--replace"]] {
        let arguments = ["train", "--data", data, "--target", "y", "--hidden", "4", "--epochs", "1", "--out", folder.path("own")] + more
        expectComplaint(try glissade(arguments), status: 2, "the run reads \(data), and would overwrite it", "metrics.csv")
      }
    }
    #expect(try text("own/metrics.csv") == table)
    #expect(folder.names("own") == ["metrics.csv"])
  }

  @Test func aRunThatBeginsWithARunDoesNotReplaceIt() throws {
    let pictures = try ClassFolder()
    func finetune(_ pretrained: String, _ more: String...) throws -> Outcome {
      try glissade(
        [
          "finetune", "--model", "lenet", "--data", pictures.path, "--size", "28", "--epochs", "1", "--batch-size", "2", "--device", "cpu",
          "--pretrained", pretrained, "--out", folder.path("a"),
        ] + more)
    }
    let trained = try glissade(
      "train", "--model", "lenet", "--data", pictures.path, "--size", "28", "--test", "0", "--epochs", "1", "--batch-size", "2", "--device",
      "cpu", "--out", folder.path("a"))
    try #require(trained.status == 0, "\(trained)")
    let before = try Data(contentsOf: URL(fileURLWithPath: folder.path("a/model.safetensors")))
    for weights in ["a", "a/model.safetensors", "a/best.safetensors"] {
      expectComplaint(try finetune(folder.path(weights), "--replace"), status: 2, "the run reads", "and would overwrite it")
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("a/model.safetensors"))) == before)
  }

  @Test func aFolderOfTheDataIsNotFilled() throws {
    let pictures = try ClassFolder()
    for out in [pictures.path, pictures.path + "/red", pictures.path + "/green/.."] {
      expectComplaint(
        try glissade("train", "--model", "lenet", "--data", pictures.path, "--epochs", "1", "--out", out), status: 2,
        "is one of the folders of the data")
    }
  }

  @Test func anEarlierRunStaysUnlessItIsToBeReplaced() throws {
    #expect(try train().status == 0)
    let before = try text("run/summary.json")
    expectComplaint(
      try train("--seed", "2"), status: 2, "holds an earlier run; --replace puts this one in its place, and --resume \(folder.path("run"))")
    #expect(try text("run/summary.json") == before)
    _ = try put("run/notes.txt", "mine")
    // What fails before the first step fails before anything is removed.
    #expect(try train("--replace", "--batch-size", "1000").status == 2)
    #expect(try text("run/summary.json") == before)
    let outcome = try train("--replace", "--seed", "2")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    let options = try runOptions(folder.path("run"))
    #expect(options["seed"] == 2)
    #expect(try text("run/notes.txt") == "mine")
    expectComplaint(
      try glissade("train", "--resume", folder.path("run"), "--replace"), status: 2, "--replace is for the folder that --out names")
  }

  @Test func aFolderThatIsNoRunsIsNotFilledOverSomebodysFiles() throws {
    _ = try put("mine/model.safetensors", "weights")
    for more in ["--quiet", "--replace"] {
      expectComplaint(try train(more, out: "mine"), status: 2, "holds model.safetensors", "no recipe.yaml")
    }
    #expect(folder.names("mine") == ["model.safetensors"])
    #expect(try text("mine/model.safetensors") == "weights")
    // Explaining touches nothing.
    #expect(try train("--explain", out: "mine").status == 0)
    #expect(folder.names("mine") == ["model.safetensors"])
  }

  @Test func aFolderInUseIsRefused() throws {
    let first = try Command([
      "train", "--data", data.path, "--model", "mlp", "--epochs", "1000000", "--device", "cpu", "--out",
      folder.path("run"),
    ])
    try first.waitForOutput("epoch 1 ")
    expectComplaint(try train(), status: 1, "output folder \(folder.path("run")) is in use: another training writes to it")
    expectComplaint(try train("--replace"), status: 1, "is in use")
    expectComplaint(try glissade("train", "--resume", folder.path("run")), status: 1, "is in use")
    first.send(SIGKILL)
    _ = try first.finish()
    // Whatever ends the process ends the lock.
    #expect(try train("--replace").status == 0)
  }

  @Test func aLinkThatLeadsNowhereIsNamed() throws {
    try FileManager.default.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: folder.path("nowhere"))
    expectComplaint(try train(out: "link"), status: 1, "output folder \(folder.path("link")) is a link that leads nowhere")
  }

  @Test func convertingLeavesWhatItReads() throws {
    #expect(try train().status == 0)
    let run = folder.path("run")
    let before = try Data(contentsOf: URL(fileURLWithPath: run + "/model.safetensors"))
    try FileManager.default.linkItem(atPath: run + "/model.safetensors", toPath: folder.path("hard.safetensors"))
    try FileManager.default.createSymbolicLink(atPath: folder.path("soft.safetensors"), withDestinationPath: run + "/model.safetensors")
    for (input, output) in [
      (run, run + "/model.safetensors"), (run, run + "/checkpoint-2.safetensors"), (run + "/model.safetensors", run + "/best.safetensors"),
      (run + "/model.safetensors", folder.path("hard.safetensors")), (run, folder.path("soft.safetensors")),
    ] {
      expectComplaint(try glissade("convert", input, output, "--force"), status: 2, "that is read; name another one")
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: run + "/model.safetensors")) == before)
    #expect(try glissade("convert", run, run + "/mine.pth").status == 0)
  }
}

/// A folder of pictures, two classes of four.
private struct ClassFolder {
  let folder: CommandLineTests.TemporaryFolder
  var path: String { folder.path }

  init() throws {
    folder = try CommandLineTests.TemporaryFolder()
    for (name, value) in [("green", UInt8(60)), ("red", 200)] {
      try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: false)
      for index in 0..<4 {
        let bytes = HandmadePicture.png(width: 28, height: 28, pixels: [UInt8](repeating: value + UInt8(index), count: 28 * 28 * 3))
        try Data(bytes).write(to: URL(fileURLWithPath: folder.path("\(name)/\(index).png")))
      }
    }
  }
}
