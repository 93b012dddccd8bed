import Foundation
import GlissadeFormats
import Testing

/// What stands between the layers of `mlp` and `lenet`: norms, dropout of several kinds, pooling, squeeze and excitation.
struct BlockTests {
  private let data: PictureFolder
  private let folder: TemporaryFolder

  init() throws { (data, folder) = (try PictureFolder(training: 200), try TemporaryFolder()) }

  private func train(_ model: String, _ out: String, _ more: [String]) throws -> Outcome {
    try glissade(
      [
        "train", "--data", data.path, "--model", model, "--device", "cpu", "--threads", "1", "--batch-size", "32", "--quiet", "--out",
        folder.path(out),
      ] + more)
  }

  private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder.path(path))) }

  static let designs: [(model: String, options: [String])] = [
    ("mlp", ["--norm", "batch", "--dropout", "0.2"]), ("mlp", ["--norm", "layer", "--dropconnect", "0.1"]),
    ("mlp", ["--norm", "group"]), ("mlp", ["--norm", "rms", "--hidden", "18,7"]),
    ("lenet", ["--norm", "batch", "--pool", "average", "--spatial-dropout", "0.1"]),
    ("lenet", ["--norm", "group", "--pool", "fractional"]), ("lenet", ["--norm", "layer", "--squeeze-excitation", "8"]),
    ("lenet", ["--norm", "instance", "--dropconnect", "0.1"]), ("lenet", ["--norm", "rms", "--dropout", "0"]),
  ]

  @Test("A design trains, goes on with the same bits, and is known again from the run's folder", arguments: designs)
  func trains(model: String, options: [String]) throws {
    let whole = try train(model, "whole", options + ["--epochs", "4", "--lr", "3e-3"])
    #expect(whole.status == 0 && whole.errors.isEmpty, "\(whole)")
    let recipe = try String(contentsOfFile: folder.path("whole/recipe.yaml"), encoding: .utf8)
    for place in stride(from: 0, to: options.count, by: 2) {
      let line = options[place].dropFirst(2).replacing("-", with: "_") + ": "
      #expect(recipe.contains("\n" + line), "\(line)\(recipe)")
    }
    let found = try glissade("evaluate", "--run", folder.path("whole"), "--device", "cpu", "--json")
    let accuracy = try JSONValue.parse(Array(found.output.utf8))["accuracy"]?.doubleValue
    // Of ten classes, after 24 steps.
    #expect(try #require(accuracy) > 0.25, "\(found)")
    // As if it had been stopped in the middle.
    #expect(try train(model, "part", options + ["--epochs", "2", "--lr", "3e-3"]).status == 0)
    let resumed = try glissade("train", "--resume", folder.path("part"), "--epochs", "4", "--quiet")
    #expect(resumed.status == 0, "\(resumed)")
    #expect(try bytes("part/model.safetensors") == bytes("whole/model.safetensors"))
    // From the recipe alone it is the same once more.
    let again = try glissade("train", "--recipe", folder.path("whole/recipe.yaml"), "--quiet", "--out", folder.path("again"))
    #expect(again.status == 0, "\(again)")
    #expect(try bytes("again/model.safetensors") == bytes("whole/model.safetensors"))
    for name in ["net.safetensors", "net.onnx"] {
      let export = try glissade("convert", folder.path("whole"), folder.path(name))
      #expect(export.status == 0, "\(name): \(export)")
    }
  }

  @Test("Without a word on them they are what they always were") func usual() throws {
    let named = [
      "--norm", "none", "--dropconnect", "0", "--spatial-dropout", "0", "--pool", "max", "--dropout", "0.25", "--epochs", "1",
    ]
    #expect(try train("lenet", "named", named).status == 0 && train("lenet", "usual", ["--epochs", "1"]).status == 0)
    #expect(try bytes("named/model.safetensors") == bytes("usual/model.safetensors"))
    #expect(try train("lenet", "other", ["--norm", "batch", "--epochs", "1"]).status == 0)
    let names = try SafetensorsFile(path: folder.path("other/model.safetensors")).tensors.map(\.name)
    #expect(["norm1.weight", "norm2.running_var", "norm3.bias"].allSatisfy(names.contains), "\(names)")
    expectComplaint(
      try glissade("average", folder.path("usual"), folder.path("other"), "--out", folder.path("x")), status: 1,
      "its norm is batch, not none")
  }

  @Test(arguments: [
    (["--norm", "bacth"], "did you mean 'batch'?"), (["--pool", "min"], "max, average, fractional"),
    (["--dropconnect", "1"], "--dropconnect is 1, and it has to be at least 0 and below 1"),
    (["--spatial-dropout", "-0.1"], "--spatial-dropout is -0.1"), (["--squeeze-excitation", "0"], "--squeeze-excitation is 0"),
    (["--model", "mlp", "--norm", "instance"], "mlp has none"), (["--model", "mlp", "--pool", "max"], "is no option of mlp; lenet has it"),
    (["--model", "resnet18", "--norm", "layer"], "is no option of resnet18; mlp and lenet have it"),
    (["--optimizer", "lbfgs", "--pool", "fractional"], "--pool is not for lbfgs, unless --mini-batches is given"),
  ])
  func mistakes(options: [String], message: String) throws {
    expectComplaint(try glissade(["train", "--data", data.path] + options + ["--out", folder.path("x")]), status: 2, message)
  }
}
