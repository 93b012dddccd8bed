import Foundation
import Glissade
import TestSupport
import Testing

/// `glissade finetune` and `glissade predict`, on small pictures of three colours and a small network with random weights of ten classes.
struct FinetuneTests {
  private let folder: CommandLineTests.TemporaryFolder
  private var pictures: String { folder.path("pictures") }
  private var weights: String { folder.path("weights.pth") }
  private var run: String { folder.path("run") }
  private static let colours: [(name: String, colour: (Int, Int, Int))] = [
    ("blue", (40, 60, 200)), ("green", (60, 180, 50)), ("red", (210, 40, 60)),
  ]

  init() throws {
    folder = try CommandLineTests.TemporaryFolder()
    var state: UInt32 = 1
    func noise() -> Int {
      state = state &* 1_664_525 &+ 1_013_904_223
      return Int(state >> 24) / 8 - 16
    }
    for (name, colour) in Self.colours {
      for number in 0..<12 {
        let pixels = (0..<40 * 36).flatMap { _ in [colour.0, colour.1, colour.2].map { UInt8(clamping: $0 + noise()) } }
        try put("pictures/\(name)/\(number < 6 ? "" : "b/")\(number).png", HandmadePicture.png(width: 40, height: 36, pixels: pixels))
      }
    }
    try putWeights(seed: 5)
  }

  private func putWeights(seed: UInt64) throws {
    let model = LeNet(input: [32, 32, 3], classes: 10)
    let layout = try PyTorchLayout(of: model, sampleShape: [32, 32, 3])
    let session = try TrainingSession(
      model: model, sampleShape: [32, 32, 3], batchSize: 1, groups: [], seed: seed, device: try CPUDevice(threads: 1))
    try PyTorchWriter.write(path: weights, try session.state().pytorchState(by: layout).entries)
  }

  private func put(_ name: String, _ bytes: [UInt8]) throws {
    let url = URL(fileURLWithPath: folder.path(name))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  private func finetune(_ more: String...) throws -> Outcome { try finetune(more) }

  private func finetune(_ more: [String]) throws -> Outcome {
    try glissade(
      ["finetune", "--model", "lenet", "--pretrained", weights, "--data", pictures, "--size", "32", "--batch-size", "8", "--device", "cpu"]
        + more)
  }

  @Test func headFirstThenEverything() throws {
    let outcome = try finetune(
      "--freeze", "backbone", "--lr", "1e-2", "--epochs", "5", "--unfreeze-at", "4:fc1,5", "--stay-close", "1e-3", "--head",
      "16,dropout(0.1)", "--out", run
    )
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(
      outcome.output.contains(
        "\(weights): 6 tensors loaded; a new head, 10 → 3 classes (fc2.0.bias, fc2.0.weight, fc2.3.bias, fc2.3.weight)"), "\(outcome)")
    // 128·16 + 16 + 16·3 + 3 in the head; 4096·128 + 128 in fc1; 3·32·9 + 32 and 32·64·9 + 64 in the convolutions.
    #expect(
      outcome.output.contains("2115 parameters trained, 543808 frozen; 526531 trained from epoch 4 on; 545923 trained from epoch 5 on"),
      "\(outcome)")
    #expect(outcome.output.contains("from epoch 4 on 526531 parameters are trained"), "\(outcome)")
    let options = try runOptions(run)
    #expect(options["head"] == "16,dropout(0.1)" && options["freeze"] == "backbone" && options["unfreeze_at"] == ["4:fc1", "5:all"])
    #expect(options["classes"] == ["blue", "green", "red"])
    let summary = try JSONValue.read(path: run + "/summary.json")
    #expect(try #require(summary["validation_accuracy"]?.doubleValue) >= 0.8)
    let featureSeconds = try #require(summary["feature_seconds"]?.doubleValue)
    let preparation = try #require(summary["preparation_seconds"]?.doubleValue)
    #expect(featureSeconds > 0 && preparation > 0)
    #expect(try (0...1).contains(#require(summary["data_wait_share"]?.doubleValue)))

    // What it learned, it says.
    let predicted = try glissade("predict", "--run", run, pictures, "--top", "1", "--device", "cpu")
    #expect(predicted.status == 0, "\(predicted)")
    let lines = predicted.output.split(separator: "\n")
    #expect(lines.count == 36)
    let right = lines.count { line in Self.colours.contains { line.contains("/\($0.name)/") && line.contains(": \($0.name) ") } }
    #expect(right >= 33, "\(predicted)")
    let evaluated = try glissade("evaluate", "--run", run, "--json", "--device", "cpu")
    #expect(evaluated.status == 0, "\(evaluated)")
    let accuracy = try JSONValue.parse(Array(evaluated.output.utf8))["accuracy"]
    #expect(accuracy == summary["validation_accuracy"])

    // Another epoch needs no features, and forgets nothing of those that there were.
    #expect(try glissade("finetune", "--resume", run, "--epochs", "6", "--quiet").status == 0)
    let longer = try JSONValue.read(path: run + "/summary.json")
    #expect(longer["feature_seconds"]?.doubleValue == featureSeconds)
    #expect(try #require(longer["preparation_seconds"]?.doubleValue) > preparation)
  }

  @Test func jsonAndPicturesThatCannotBeRead() throws {
    #expect(try finetune("--epochs", "1", "--out", run, "--quiet").status == 0)
    try put("pictures/blue/broken.png", Array("no picture".utf8))
    let (good, broken) = (folder.path("pictures/red/1.png"), folder.path("pictures/blue/broken.png"))
    let outcome = try glissade("predict", "--run", run, good, broken, folder.path("nothing.jpg"), "--json", "--top", "2", "--device", "cpu")
    #expect(outcome.status == 1, "\(outcome)")
    #expect(outcome.errors.contains(broken) && outcome.errors.contains("nothing.jpg"), "\(outcome)")
    #expect(outcome.errors.contains("2 of 3 pictures could not be read"), "\(outcome)")
    let results = try #require(JSONValue.parse(Array(outcome.output.utf8)).arrayValue)
    #expect(results.count == 1 && results[0]["file"] == .string(good))
    let classes = try #require(results[0]["classes"]?.arrayValue)
    let probabilities = classes.compactMap { $0["probability"]?.doubleValue }
    #expect(
      classes.count == 2 && probabilities.count == 2 && probabilities[0] >= probabilities[1]
        && probabilities[0] + probabilities[1] <= 1.000001)
    // A folder with too many of them is refused.
    expectComplaint(try finetune("--epochs", "1", "--out", run, "--replace"), status: 1, "broken.png")
  }

  @Test func aRunIsTheNextOnesBeginning() throws {
    #expect(try finetune("--epochs", "2", "--out", run, "--quiet").status == 0)
    let next = try glissade(
      "finetune", "--model", "lenet", "--pretrained", run, "--data", pictures, "--classes", "red,blue", "--size", "32", "--batch-size", "8",
      "--epochs", "1", "--freeze", "conv1", "--device", "cpu", "--out", folder.path("next"))
    #expect(next.status == 0 && next.output.contains("a new head, 3 → 2 classes"), "\(next)")
    let inspected = try glissade("inspect", weights)
    #expect(inspected.output.contains("fits lenet with 10 outputs"), "\(inspected)")
  }

  @Test("A fine-tuning that is killed in each of its phases ends with the same bytes") func resumes() throws {
    let arguments = [
      "finetune", "--model", "lenet", "--pretrained", weights, "--data", pictures, "--size", "32", "--batch-size", "8", "--device", "cpu",
      "--freeze", "backbone", "--unfreeze-at", "4:fc1,7", "--stay-close", "1e-2", "--augment", "flip,crop,color-jitter(0.2),mixup",
      "--epochs", "12", "--checkpoint-every", "1", "--out",
    ]
    #expect(try glissade(arguments + [folder.path("whole")]).status == 0)
    func newest() -> Int {
      folder.names("killed").compactMap { $0.hasPrefix("checkpoint-") ? Int($0.dropFirst(11).dropLast(12)) : nil }.max() ?? 0
    }
    // An epoch has 3 steps: within the head's phase, the next one, and the last.
    for step in [4, 13, 22] {
      let command = try Command(step == 4 ? arguments + [folder.path("killed")] : ["finetune", "--resume", folder.path("killed")])
      while command.isRunning, newest() < step { usleep(100) }
      command.send(SIGKILL)
      _ = try command.finish()
    }
    let outcome = try glissade("finetune", "--resume", folder.path("killed"))
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    for name in ["model", "best"] {
      let files = try ["whole", "killed"].map { try Data(contentsOf: URL(fileURLWithPath: folder.path("\($0)/\(name).safetensors"))) }
      #expect(files[0] == files[1], "\(name)")
    }
    // The weights that it began from are part of what it was, wherever they are now.
    try FileManager.default.removeItem(atPath: folder.path("killed/summary.json"))
    try putWeights(seed: 6)
    #expect(try glissade("finetune", "--resume", folder.path("killed")).status == 0)
    try FileManager.default.removeItem(atPath: folder.path("killed/start.safetensors"))
    try FileManager.default.removeItem(atPath: folder.path("killed/summary.json"))
    expectComplaint(
      try glissade("finetune", "--resume", folder.path("killed")), status: 1,
      "weights.pth does not hold the weights that the run began with", "--pretrained says where they are now")
  }

  /// What a checkpoint holds is not read again, and what is needed may lie somewhere else.
  @Test func aRunGoesOnWithoutTheWeightsThatItBeganWith() throws {
    func bytes(_ run: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder.path("\(run)/model.safetensors"))) }
    #expect(try finetune("--epochs", "2", "--out", folder.path("whole")).status == 0)
    #expect(try finetune("--epochs", "1", "--out", run).status == 0)
    #expect(try finetune("--epochs", "1", "--stay-close", "0.1", "--out", folder.path("close")).status == 0)
    let moved = folder.path("moved.pth")
    try FileManager.default.moveItem(atPath: weights, toPath: moved)
    let resumed = try glissade("finetune", "--resume", run, "--epochs", "2")
    #expect(resumed.status == 0 && resumed.errors.isEmpty, "\(resumed)")
    #expect(try bytes("run") == bytes("whole"))
    // Only what a run is drawn to stays in its folder; runs of earlier versions have not kept that.
    #expect(!FileManager.default.fileExists(atPath: "\(run)/start.safetensors"))
    let start = folder.path("close/start.safetensors")
    try FileManager.default.moveItem(atPath: start, toPath: folder.path("start"))
    expectComplaint(
      try glissade("finetune", "--resume", folder.path("close"), "--epochs", "2"), status: 1, "weights.pth: no such file",
      "--stay-close draws the parameters to these weights; --pretrained says where it is now")
    try FileManager.default.moveItem(atPath: folder.path("start"), toPath: start)
    #expect(try finetune("--pretrained", moved, "--epochs", "3", "--stay-close", "0.1", "--out", folder.path("wholly")).status == 0)
    let kept = try glissade("finetune", "--resume", folder.path("close"), "--epochs", "3")
    #expect(kept.status == 0 && kept.errors.isEmpty, "\(kept)")
    #expect(try bytes("close") == bytes("wholly"))
    let named = try glissade("finetune", "--resume", folder.path("close"), "--epochs", "4", "--pretrained", moved)
    #expect(named.status == 0, "\(named)")
    #expect(try runOptions(folder.path("close"))["pretrained_path"] == .string(moved))
    // Another file is not taken, needed or not.
    try putWeights(seed: 6)
    expectComplaint(
      try glissade("finetune", "--resume", run, "--epochs", "3", "--pretrained", weights), status: 1,
      "weights.pth does not hold the weights that the run began with")
  }

  /// A run that was stopped before its first checkpoint, and folds that have not begun, begin with the same weights, wherever these are now.
  @Test func whatHasNotBegunBeginsWithoutTheWeightsThatItIsMadeFrom() throws {
    func bytes(_ run: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder.path("\(run)/model.safetensors"))) }
    let options = ["--freeze", "backbone", "--epochs", "2", "--kfold", "3", "--test", "0"]
    #expect(try finetune(options + ["--out", folder.path("whole")]).status == 0)
    #expect(try finetune(options + ["--out", folder.path("run")]).status == 0)
    // As if it had been killed in the second fold before there was a checkpoint.
    for name in folder.names("run/fold-2") where name.hasPrefix("checkpoint-") || name.hasPrefix("summary") || name.hasPrefix("best") {
      try FileManager.default.removeItem(atPath: folder.path("run/fold-2/\(name)"))
    }
    try FileManager.default.removeItem(atPath: folder.path("run/fold-3"))
    try FileManager.default.removeItem(atPath: weights)
    let resumed = try glissade("finetune", "--resume", folder.path("run"))
    #expect(resumed.status == 0 && resumed.errors.isEmpty, "\(resumed)")
    for fold in 1...3 { #expect(try bytes("run/fold-\(fold)") == bytes("whole/fold-\(fold)")) }
  }

  @Test func backgroundsAndUnreadablePictures() throws {
    try put("pictures/blue/broken.png", Array("no picture".utf8))
    let outcome = try finetune("--epochs", "1", "--unreadable", "0.3", "--background", "#ffe0c0", "--out", run)
    #expect(outcome.status == 0 && outcome.errors.contains("left out: ") && outcome.errors.contains("broken.png"), "\(outcome)")
    #expect(outcome.output.contains("validation accuracy "), "\(outcome)")
    let options = try runOptions(run)
    #expect(options["background"] == "#ffe0c0" && options["unreadable"] == 0.3)
    // A picture of nothing but transparency is its background, and a model trained on black sees another one.
    let clear = folder.path("clear.png")
    try put(
      "clear.png", HandmadePicture.file(HandmadePicture.header(width: 8, height: 8, colour: 6), data: [UInt8](repeating: 0, count: 8 * 33)))
    try put("orange.png", HandmadePicture.png(width: 8, height: 8, pixels: (0..<64).flatMap { _ in [0xff, 0xe0, 0xc0] as [UInt8] }))
    let seen = try glissade("predict", "--run", run, clear, folder.path("orange.png"), "--json", "--device", "cpu")
    let results = try #require(JSONValue.parse(Array(seen.output.utf8)).arrayValue, "\(seen)")
    #expect(results.count == 2 && results[0]["classes"] == results[1]["classes"], "\(seen)")
    expectComplaint(try finetune("--background", "beige"), status: 2, "--background is 'beige'", "#ffe0c0")
    expectComplaint(try finetune("--unreadable", "1"), status: 2, "--unreadable is 1,")
    // The best epoch's model goes where the last one's goes.
    let best = try glissade("convert", run, folder.path("best.pth"), "--best")
    #expect(best.status == 0, "\(best)")
    #expect(try glissade("convert", run, folder.path("last.pth"), "--last").status == 0)
    #expect(try glissade("predict", "--run", run, clear, "--last", "--device", "cpu").status == 0)
    expectComplaint(
      try glissade("convert", weights, folder.path("x.safetensors"), "--best"), status: 2, "--best is for the folder of a run")
  }

  @Test func mistakes() throws {
    expectComplaint(try finetune("--freeze", "backbon"), status: 2, "did you mean 'backbone'?")
    expectComplaint(try finetune("--freeze", "all"), status: 2, "leaves nothing to train")
    expectComplaint(try finetune("--unfreeze-at", "3"), status: 2, "unfreezes nothing")
    expectComplaint(try finetune("--freeze", "backbone", "--unfreeze-at", "1"), status: 2, "an epoch above 1")
    expectComplaint(try finetune("--freeze", "backbone", "--unfreeze-at", "99"), status: 2, "after the last epoch, 10")
    expectComplaint(try finetune("--backbone-lr", "fast"), status: 2, "--backbone-lr is 'fast'", "0.1x")
    expectComplaint(try finetune("--head", "256,drop(2)"), status: 2, "--head", "'drop(2)'")
    expectComplaint(try finetune("--augment", "flop"), status: 2, "--augment", "flip")
    expectComplaint(try finetune("--classes", "red,bleu"), status: 1, "bleu", "did you mean 'blue'?")
    expectComplaint(try finetune("--model", "mlp"), status: 1, "does not fit mlp", "they fit --model lenet")
    expectComplaint(try glissade("predict", "--run", "/no/such/run", "x.png"), status: 1, "no such run folder")
  }
}
