import Foundation
import Glissade
import TestSupport
import Testing

/// Recipes on the command line: of runs, written, checked, compared, and trained again.
struct RecipeTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func put(_ name: String, _ text: String) throws -> String {
    let path = folder.path(name)
    try FileManager.default.createDirectory(atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  private func bytes(_ run: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder.path(run) + "/model.safetensors")) }

  /// Trains a run's recipe and sees whether the same comes of it; then those of a run that does not say what is given by default.
  private func expectTheSameAgain(_ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let first = try glissade(arguments + ["--device", "cpu", "--quiet", "--out", folder.path("first")])
    #expect(first.status == 0, "\(first)", sourceLocation: sourceLocation)
    let shown = try glissade("recipe", folder.path("first"))
    #expect(shown.status == 0 && shown.errors.isEmpty, "\(shown)", sourceLocation: sourceLocation)
    let recipe = try put("again.yaml", shown.output)
    let again = try Command(
      ["-c", #"exec "$0" train --recipe - --quiet --out "$1" < "$2""#, Command.path, folder.path("again"), recipe], executable: "/bin/sh"
    ).finish()
    #expect(again.status == 0, "\(again)", sourceLocation: sourceLocation)
    #expect(try bytes("first") == bytes("again"), sourceLocation: sourceLocation)
    let difference = try glissade("recipe", "--diff", folder.path("first"), folder.path("again"))
    #expect(difference.status == 0 && difference.output.isEmpty, "\(difference)", sourceLocation: sourceLocation)
  }

  @Test func imagesAreTrainedAgainToTheByte() throws {
    let data = try PictureFolder()
    try expectTheSameAgain(["train", "--data", data.path, "--epochs", "2", "--optimizer", "sgd", "--momentum", "0.9", "--seed", "5"])
  }

  @Test func cifarIsTrainedAgainToTheByte() throws {
    for name in (1...5).map({ "data_batch_\($0).bin" }) + ["test_batch.bin"] {
      var bytes: [UInt8] = []
      for record in 0..<8 {
        bytes.append(UInt8(record % 4))
        for place in 0..<3072 { bytes.append(UInt8(truncatingIfNeeded: place * (record + 3))) }
      }
      let path = try put("cifar/\(name)", "")
      try Data(bytes).write(to: URL(fileURLWithPath: path))
    }
    try expectTheSameAgain([
      "train", "--data", folder.path("cifar"), "--model", "mlp", "--epochs", "2", "--limit", "30", "--label-smoothing", "0.1", "--sampling",
      "balanced",
    ])
  }

  @Test func valuesOfTablesAreTrainedAgainToTheByte() throws {
    let rows = (0..<80).map { "\($0 % 9);\($0 % 5);\(Double($0 % 9) * 0.5 - Double($0 % 5))" }
    let data = try put("t.csv", "x;y;z\n" + rows.joined(separator: "\n") + "\n")
    try expectTheSameAgain([
      "train", "--data", data, "--target", "z", "--loss", "huber", "--hidden", "8,4", "--epochs", "2", "--optimizer", "rmsprop",
      "--schedule", "warmup(2 steps) then cosine(to: 1e-5)",
    ])
  }

  @Test func parametersHaveTheirOwn() throws {
    let data = try PictureFolder()
    let options = [
      "train", "--data", data.path, "--model", "lenet", "--optimizer", "adamw", "--weight-decay", "0.1", "--layer-decay", "0.75",
      "--no-decay-biases", "--group", "conv1,conv2:lr=0.5x,beta1=0.8", "--group", "fc2.bias:optimizer=sgd,momentum=0.9",
    ]
    try expectTheSameAgain(options + ["--epochs", "2"])
    let recipe = try Recipe(contentsOf: folder.path("first/recipe.yaml"))
    #expect(recipe.group?.rules.count == 2 && recipe.layerDecay == 0.75 && !recipe.decayBiases)
    // The memory of each group goes on.
    let stopped = try glissade(options + ["--epochs", "1", "--device", "cpu", "--out", folder.path("stopped")])
    #expect(stopped.output.contains("\n8 groups of parameters, with learning rates from "), "\(stopped)")
    let resumed = try glissade("train", "--resume", folder.path("stopped"), "--epochs", "2", "--quiet")
    #expect(resumed.status == 0, "\(resumed)")
    #expect(try bytes("stopped") == bytes("first"))
    expectComplaint(
      try glissade("train", "--resume", folder.path("stopped"), "--epochs", "3", "--layer-decay", "0.5"), status: 2,
      "--layer-decay is 0.5, and the run has 0.75")
    expectComplaint(
      try glissade("train", "--data", data.path, "--group", "conv3:lr=1"), status: 2,
      "parameters 'conv3': the pattern matches no parameter",
      "did you mean 'conv1'?")
    expectComplaint(try glissade("train", "--data", data.path, "--layer-decay", "1.1"), status: 2, "--layer-decay is 1.1")
    expectComplaint(
      try glissade("train", "--data", data.path, "--group", "conv1:momentum=0.5"), status: 2,
      "which is no option of adam; sgd, momentum, nesterov, rmsprop, lars and muon have")
  }

  /// A rate that is nothing leaves what it is for as it was.
  @Test func whatIsSaidOfAGroupIsDone() throws {
    let data = try PictureFolder()
    func model(_ name: String, _ options: String...) throws -> [String: [Float]] {
      let outcome = try glissade(
        ["train", "--data", data.path, "--epochs", "1", "--device", "cpu", "--quiet", "--out", folder.path(name)] + options)
      #expect(outcome.status == 0, "\(outcome)")
      let file = try SafetensorsFile(path: folder.path(name) + "/model.safetensors")
      return try Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, try file.floats(of: $0.name)) })
    }
    let still = try model("still", "--group", "all:lr=1e-30")
    let head = try model("head", "--group", "backbone:lr=1e-30")
    let plain = try model("plain")
    let one = try model("one", "--group", "**:lr=1x")
    for name in still.keys {
      #expect((head[name] == still[name]) == !name.hasPrefix("fc2"), "\(name)")
      #expect(plain[name] != still[name] && plain[name] == one[name], "\(name)")
    }
  }

  @Test func tablesAreTrainedAgainToTheByte() throws {
    let rows = (0..<90).map { "\($0 % 7),\"w, \($0 % 2)\",\($0 % 3 == 0 ? "yes" : "no"),\($0)" }
    let data = try put("t.csv", "x,kind of,answer,id\n" + rows.joined(separator: "\n") + "\n")
    try expectTheSameAgain([
      "train", "--data", data, "--target", "answer", "--ignore", "id", "--epochs", "3", "--class-weights", "balanced",
    ])
  }

  private func putPictures() throws -> String {
    for (name, colour) in [("dark", 40), ("light, mid", 200)] {
      for number in 0..<12 {
        let pixels = (0..<192).map { UInt8(truncatingIfNeeded: colour + ($0 * 7 + number * 13) % 40) }
        let path = try put("pictures/\(name)/\(number).png", "")
        try Data(HandmadePicture.png(width: 8, height: 8, pixels: pixels)).write(to: URL(fileURLWithPath: path))
      }
    }
    return folder.path("pictures")
  }

  @Test func picturesAreTrainedAgainToTheByte() throws {
    try expectTheSameAgain([
      "train", "--data", try putPictures(), "--model", "mlp", "--size", "8", "--epochs", "2", "--augment", "flip,crop,mixup", "--classes",
      #"dark,"light, mid""#,
    ])
  }

  @Test func fineTuningIsDoneAgainToTheByte() throws {
    let data = try putPictures()
    let run = folder.path("base")
    let base = try glissade(
      "train", "--data", data, "--model", "lenet", "--size", "8", "--epochs", "1", "--device", "cpu", "--quiet", "--out", run)
    #expect(base.status == 0, "\(base)")
    try expectTheSameAgain([
      "finetune", "--data", data, "--model", "lenet", "--size", "8", "--pretrained", run, "--head", "8,dropout(0.1)", "--freeze",
      "backbone",
      "--unfreeze-at", "2:fc1,3", "--epochs", "3", "--stay-close", "0.01",
    ])
  }

  @Test func tablesGoOnFromWeightsToo() throws {
    let rows = (0..<80).map { "\($0 % 9),\($0 % 5),\(Double($0 % 9) * 0.5 - Double($0 % 5))" }
    let data = try put("t.csv", "x,y,z\n" + rows.joined(separator: "\n") + "\n")
    let options = ["train", "--data", data, "--target", "z", "--hidden", "8", "--device", "cpu", "--quiet"]
    #expect(try glissade(options + ["--epochs", "2", "--out", folder.path("base")]).status == 0)
    let outcome = try glissade(
      options + [
        "--pretrained", folder.path("base"), "--backbone-lr", "1x", "--epochs", "2", "--limit", "40", "--out", folder.path("more"),
      ])
    #expect(outcome.status == 0, "\(outcome)")
    #expect(try glissade("evaluate", "--run", folder.path("more"), "--device", "cpu").status == 0)
  }

  @Test func finetuneHasWhatTrainHasForTablesToo() throws {
    let rows = (0..<80).map { "\($0 % 9),\($0 % 5),\(Double($0 % 9) * 0.5 - Double($0 % 5))" }
    let data = try put("t.csv", "x,y,z\n" + rows.joined(separator: "\n") + "\n")
    let options = ["--data", data, "--target", "z", "--hidden", "8", "--device", "cpu"]
    #expect(try glissade(["train"] + options + ["--epochs", "2", "--quiet", "--out", folder.path("base")]).status == 0)
    let finetune = ["finetune"] + options + ["--pretrained", folder.path("base"), "--freeze", "backbone"]
    let outcome = try glissade(finetune + ["--limit", "30", "--test", "0.25", "--epochs", "1", "--out", folder.path("more")])
    #expect(outcome.status == 0 && outcome.output.contains("30 training, 12 validation and 5 test rows"), "\(outcome)")
    let explained = try glissade(finetune + ["--explain"])
    #expect(explained.status == 0 && explained.output.contains("one training step of mlp"), "\(explained)")
    expectComplaint(try glissade(finetune + ["--key", "model"]), status: 1, "has its tensors at the top, so there is no --key to choose")
  }

  @Test func optionsChangeWhatARecipeSays() throws {
    let data = try PictureFolder()
    let recipe = try put(
      "mine.yaml", "glissade: 1\ndata: \(data.path)\nmodel: mlp\noptimizer: sgd\nmomentum: 0.9\nepochs: 1\nexact: true\n")
    let outcome = try glissade(
      "train", "--recipe", recipe, "--optimizer", "adam", "--lr", "3e-4", "--no-exact", "--device", "cpu", "--quiet", "--out",
      folder.path("run"))
    #expect(outcome.status == 0, "\(outcome)")
    let options = try runOptions(folder.path("run"))
    #expect(options["lr"] == 0.0003 && options["momentum"] == nil && options["exact"] == false && options["epochs"] == 1)
    expectComplaint(
      try glissade("train", "--recipe", recipe, "--resume", folder.path("run")), status: 2, "--recipe cannot be given with --resume")
  }

  @Test func whoIsAtFaultDecidesTheStatus() throws {
    let recipe = try put("bad.yaml", "glissade: 1\nepochs: 0\nepoch: 1\nmomentum: 0.9\n")
    expectComplaint(
      try glissade("train", "--recipe", recipe), status: 1, "bad.yaml:2:9: epochs is 0, and it has to be from 1 to 1000000")
    let checked = try glissade("recipe", "--check", recipe)
    #expect(checked.status == 1 && checked.errors == "glissade: \(recipe): 3 mistakes\n", "\(checked)")
    let lines = checked.output.split(separator: "\n")
    #expect(lines.count == 3 && lines[1].hasSuffix("bad.yaml:3:1: unknown option 'epoch'; did you mean 'epochs'?"), "\(checked)")
    #expect(
      lines.last?.hasSuffix("bad.yaml:4:11: momentum is no option of adam; sgd, momentum, nesterov, rmsprop, lars and muon have it")
        == true,
      "\(checked)")
    expectComplaint(try glissade("train", "--recipe", folder.path("none.yaml")), status: 1, "none.yaml")
    expectComplaint(try glissade("train", "--recipe", ""), status: 2, "--recipe is empty")
    expectComplaint(try glissade("recipe", "a", "b"), status: 2, "--diff compares two")
    expectComplaint(try glissade("recipe", "--diff", "a"), status: 2, "--diff takes two")
    expectComplaint(
      try glissade("recipe", "--check", recipe, "--lr", "1"), status: 2, "--lr would change a recipe, and --check looks through")
    expectComplaint(try glissade("recipe", "--diff", "a", "b", "--lr", "1"), status: 2, "--lr would change a recipe, and --diff compares")
    expectComplaint(try glissade("finetune", "--data", folder.path), status: 2, "missing expected argument '--pretrained")
  }

  @Test func aRecipeToBeginFromIsWhole() throws {
    let outcome = try glissade("recipe", "--model", "resnet18", "--optimizer", "sgd", "--epochs", "30")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    let recipe = try Recipe(yaml: Array(outcome.output.utf8), path: "it")
    #expect(recipe.model == "resnet18" && recipe.epochs == 30 && recipe.isGiven("momentum") && !recipe.isGiven("beta1"))
    #expect(outcome.output.contains("What is not here\n# follows from the data: batch_size."), "\(outcome)")
    let path = try put("begin.yaml", outcome.output)
    let checked = try glissade("recipe", "--check", path)
    #expect(checked.status == 0 && checked.output == "\(path) makes sense\n", "\(checked)")
  }

  @Test func aSummaryIsNoRecipe() throws {
    let summary = try put("summary.json", #"{"model": "mlp", "train_loss": 0.5, "glissade_version": "0.1.0"}"#)
    let checked = try glissade("recipe", "--check", summary)
    #expect(checked.status == 1 && checked.output.contains("summary.json"), "\(checked)")
  }

  @Test func shellsCompleteEveryOption() throws {
    let script = try glissade("--generate-completion-script", "bash").output
    let help = try glissade("train", "--help").output
    for option in Recipe.declarations {
      #expect(script.contains("--\(option.optionName)"), "\(option.name)")
      #expect(help.contains("--\(option.optionName)"), "\(option.name)")
      for alias in option.aliases { #expect(help.contains("--\(alias.replacing("_", with: "-"))"), "\(alias)") }
    }
  }
}
