import Foundation
import GlissadeFormats
import Testing

/// Training and evaluation by the built command, on small data.
struct TrainingTests {
  let data: PictureFolder
  let folder: TemporaryFolder

  init() throws {
    data = try PictureFolder()
    folder = try TemporaryFolder()
  }

  private func train(_ more: String..., device: String = "cpu", out: String = "run") throws -> Outcome {
    let arguments = ["train", "--data", data.path, "--model", "mlp", "--batch-size", "32", "--epochs", "2", "--out", folder.path(out)]
    return try glissade(
      arguments + ["--device", device] + more, environment: device == "cpu" ? [:] : ["GLISSADE_OPENCL_LIBRARY": ""])
  }

  @Test func aRunFolderHoldsEverything() throws {
    let outcome = try train()
    #expect(outcome.status == 0, "\(outcome)")
    #expect(outcome.errors.isEmpty)
    #expect(outcome.output.hasPrefix("device: cpu, "))
    #expect(outcome.output.contains("(asked for)\n"))
    #expect(outcome.output.contains("saved in \(folder.path("run"))\n"))
    #expect(!outcome.output.contains("\u{1B}") && !outcome.output.contains("\r"))
    #expect(
      folder.names("run") == [
        "best.safetensors", "checkpoint-18.safetensors", "checkpoint-9.safetensors", "facts.json", "metrics.csv", "model.safetensors",
        "recipe.yaml", "report.html", "samples.safetensors", "summary.json",
      ])

    let summary = try JSONValue.read(path: folder.path("run/summary.json"))
    let keys = [
      "device", "device_reason", "model", "dataset", "parameters", "epochs", "seed", "train_loss", "validation_loss", "validation_accuracy",
      "test_loss", "test_accuracy", "samples_per_second", "step_milliseconds_median", "first_step_seconds", "peak_arena_bytes",
      "glissade_version",
    ]
    for key in keys { #expect(summary[key] != nil && summary[key] != .null, "\(key)") }
    #expect(summary["epochs"] == 2 && summary["model"] == "mlp" && summary["seed"] == 1)
    #expect(summary["parameters"]?.integerValue == 144 * 512 + 512 + 512 * 256 + 256 + 256 * 10 + 10)
    #expect(summary["failure"] == .null && summary["interruption"] == .null && summary["fallback"] == .null)
    #expect(try #require(summary["test_accuracy"]?.doubleValue) > 0.9, "\(outcome)")

    let metrics = try String(contentsOfFile: folder.path("run/metrics.csv"), encoding: .utf8).split(separator: "\n")
    #expect(metrics.count == 3 && metrics[0].hasPrefix("epoch,step,learning_rate,train_loss") && metrics[2].hasPrefix("2,18,0.001,"))

    let options = try runOptions(folder.path("run"))
    #expect(options["lr"] == 0.001 && options["beta2"] == 0.999 && options["validation"] == 0.1 && options["schedule"] == "constant")
    #expect(options["batch_size"] == 32 && options["device"] == "cpu" && options["momentum"] == nil)

    let model = try SafetensorsFile(path: folder.path("run/model.safetensors"))
    #expect(model.tensors.map(\.name).sorted() == (0..<3).flatMap { ["layers.\($0).bias", "layers.\($0).weight"] }.sorted())
  }

  @Test func sameSeedSameBytes() throws {
    for (name, seed) in [("a", "7"), ("b", "7"), ("c", "8")] { #expect(try train("--seed", seed, out: name).status == 0) }
    let models = try ["a", "b", "c"].map { try Data(contentsOf: URL(fileURLWithPath: folder.path("\($0)/model.safetensors"))) }
    #expect(models[0] == models[1])
    #expect(models[0] != models[2])
    // And on OpenCL, where the kernels' rounding need not be the CPU's.
    for name in ["d", "e"] { #expect(try train("--seed", "7", device: "opencl", out: name).status == 0) }
    let openCL = try ["d", "e"].map { try Data(contentsOf: URL(fileURLWithPath: folder.path("\($0)/model.safetensors"))) }
    #expect(openCL[0] == openCL[1])
  }

  @Test func evaluationFindsWhatTrainingFound() throws {
    #expect(try train().status == 0)
    let summary = try JSONValue.read(path: folder.path("run/summary.json"))
    let run = folder.path("run")
    let outcome = try glissade("evaluate", "--run", run, "--data", data.path, "--device", "cpu", "--json")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    let result = try JSONValue.parse(Array(outcome.output.utf8))
    let loss = try #require(result["loss"]?.doubleValue)
    let expected = try #require(summary["test_loss"]?.doubleValue)
    #expect(abs(loss - expected) <= 1e-6 * abs(expected))
    #expect(result["accuracy"] == summary["test_accuracy"] && result["samples"] == 50)
    // The run knows its data and batch size; another batch size changes nothing but rounding.
    let other = try glissade("evaluate", "--run", run, "--batch-size", "7")
    #expect(
      other.status == 0 && other.output.contains("test accuracy ") && other.output.contains("(50 samples of \(data.path))"), "\(other)")
  }

  /// The report of the summary, of the terminal and of `evaluate` is one.
  @Test func classesAreReported() throws {
    let outcome = try train("--epochs", "1", "--lr", "1e-4")
    #expect(outcome.status == 0, "\(outcome)")
    let summary = try JSONValue.read(path: folder.path("run/summary.json"))
    let report = try #require(summary["report"])
    #expect(summary["reported_on"] == "test")
    let matrix = try #require(report["confusion_matrix"]?.arrayValue).map { $0.arrayValue?.compactMap(\.integerValue) ?? [] }
    #expect(matrix.count == 10 && matrix.allSatisfy { $0.count == 10 && $0.reduce(0, +) == 5 })
    let correct = matrix.indices.reduce(0) { $0 + matrix[$1][$1] }
    #expect(summary["test_accuracy"]?.doubleValue == Double(correct) / 50)
    #expect(correct < 50, "a model that makes no mistakes shows nothing")
    let mistakes = try #require(report["mistakes"]?.arrayValue)
    #expect(mistakes.count == min(50 - correct, 20))
    let confidences = mistakes.compactMap { $0["confidence"]?.doubleValue }
    #expect(confidences == confidences.sorted(by: >) && confidences.allSatisfy { $0 > 0.1 && $0 < 1 })
    // The test labels are 0, 1, … 9, 0, … by their number.
    for mistake in mistakes { #expect(mistake["class"]?.stringValue == "\(try #require(mistake["sample"]?.integerValue) % 10)") }
    for text in ["CLASS  ", "PRECISION", "TAKEN FOR", "the mistakes that the model is surest of:\n  sample "] {
      #expect(outcome.output.contains(text), "\(outcome)")
    }
    let evaluated = try glissade("evaluate", "--run", folder.path("run"), "--json")
    // But for the pictures of mistakes, which only trainings draw.
    let measured = try #require(try JSONValue.parse(Array(evaluated.output.utf8))["report"])
    let without = (report.members ?? []).map { member in
      guard member.key == "mistakes", let mistakes = member.value.arrayValue else { return member }
      return JSONMember(member.key, .array(mistakes.map { .object(($0.members ?? []).filter { $0.key != "picture" }) }))
    }
    #expect(mistakes.allSatisfy { $0["picture"] != nil } && measured == .object(without))
    let best = try glissade("evaluate", "--run", folder.path("run"), "--best")
    #expect(best.status == 0 && best.output.contains("TAKEN FOR"), "\(best)")
  }

  @Test func eventsForTensorBoard() throws {
    #expect(try train("--tensorboard").status == 0)
    func events() throws -> [UInt8] {
      let names = folder.names("run").filter { $0.hasPrefix("events.out.tfevents.") }
      return Array(try Data(contentsOf: URL(fileURLWithPath: folder.path("run/\(try #require(names.count == 1 ? names[0] : nil))"))))
    }
    func count(_ text: String, in bytes: [UInt8]) -> Int { String(decoding: bytes, as: UTF8.self).components(separatedBy: text).count - 1 }
    let two = try events()
    for tag in ["train/loss", "train/accuracy", "validation/loss", "validation/accuracy", "learning_rate", "samples_per_second"] {
      #expect(count(tag, in: two) == 2, "\(tag)")
    }
    // A run that goes on tells its whole story, and tells it once.
    #expect(try glissade("train", "--resume", folder.path("run"), "--epochs", "3").status == 0)
    #expect(try count("train/loss", in: events()) == 3)
    // Of weights at each epoch's end, also of those before.
    #expect(try count("weights/layers.0.weight", in: events()) == 3 && count("_hparams_/session_start_info", in: events()) == 1)
    #expect(try count("_hparams_/session_end_info", in: events()) == 1 && count("confusion_matrix/test", in: events()) == 2)
    #expect(try count("gradient", in: events()) == 0)
    #expect(try train("--tensorboard", "--monitor", "--monitor-every", "3", "--replace").status == 0)
    #expect(folder.names("run").contains("health.csv"))
    for tag in ["gradients/layers.0.weight", "update_ratio/layers.2", "dead_units/layers.0", "confusion_matrix/validation"] {
      #expect(try count(tag, in: events()) == 2, "\(tag)")
    }
    // Without the option there are none, also where there were some.
    #expect(try train("--replace").status == 0)
    #expect(!folder.names("run").contains { $0.hasPrefix("events") || $0 == "health.csv" })
  }

  @Test func evaluationRefusesWhatIsNoRun() throws {
    expectComplaint(try glissade("evaluate", "--run", folder.path("none")), status: 1, "none: no such run folder")
    expectComplaint(try glissade("evaluate", "--run", folder.path), status: 1, "is no run's folder: there is no recipe.yaml in it")
    #expect(try train().status == 0)
    expectComplaint(
      try glissade("evaluate", "--run", folder.path), status: 1, "is no run itself, but holds a run: \(folder.path("run")); name it")
    let model = folder.path("run/best.safetensors")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: model))
    try bytes.dropLast(5).write(to: URL(fileURLWithPath: model))
    expectComplaint(try glissade("evaluate", "--run", folder.path("run")), status: 1, "best.safetensors")
    #expect(try glissade("evaluate", "--run", folder.path("run"), "--last").status == 0)
    let file = folder.path("run/summary.json")
    expectComplaint(
      try glissade("evaluate", "--run", file), status: 1,
      "summary.json is a file, and a run is a folder; did you mean \(folder.path("run"))?")
    try Data("{}".utf8).write(to: URL(fileURLWithPath: folder.path("run/facts.json")))
    expectComplaint(try glissade("evaluate", "--run", folder.path("run")), status: 1, "facts.json: 'input' is missing")
  }

  @Test func quietPrintsNothing() throws {
    let outcome = try train("--quiet")
    #expect(outcome.status == 0 && outcome.output.isEmpty && outcome.errors.isEmpty, "\(outcome)")
    #expect(folder.names("run").count == 10)
  }

  @Test func everyOptimizerAndOptionTrains() throws {
    let variants = [
      ["--optimizer", "sgd", "--momentum", "0.9", "--nesterov", "--lr", "0.01", "--schedule", "warmup(3 steps) then cosine(to: 1e-5)"],
      ["--optimizer", "sgd", "--momentum", "0.5", "--dampening", "0.1", "--weight-decay", "1e-4", "--schedule", "step(every: 1 epoch)"],
      ["--optimizer", "rmsprop", "--centered", "--momentum", "0.1", "--alpha", "0.95"],
      ["--optimizer", "adam", "--amsgrad", "--clip-norm", "1"],
      ["--optimizer", "adamw", "--beta1", "0.8", "--label-smoothing", "0.1", "--validation", "0"],
    ]
    for (index, variant) in variants.enumerated() {
      let outcome = try glissade(
        ["train", "--data", data.path, "--model", "mlp", "--batch-size", "32", "--epochs", "2", "--out", folder.path("\(index)")] + variant)
      #expect(outcome.status == 0, "\(variant): \(outcome)")
      let summary = try JSONValue.read(path: folder.path("\(index)/summary.json"))
      #expect(try #require(summary["test_accuracy"]?.doubleValue) > 0.5, "\(variant): \(outcome)")
      #expect((summary["validation_loss"] == .null) == variant.contains("--validation"))
    }
  }

  @Test func aBareCommandTrainsLeNetIntoAFreshFolder() throws {
    // Fashion-MNIST's layout, so that no package is needed.
    let pictures = try PictureFolder(side: 28, training: 300, test: 50)
    let datasets = try TemporaryFolder()
    try FileManager.default.createSymbolicLink(atPath: datasets.path("fashion-mnist"), withDestinationPath: pictures.path)
    let outcome = try glissade("train", environment: ["GLISSADE_DATASETS": datasets.path], directory: folder.path)
    #expect(outcome.status == 0, "\(outcome)")
    let run = try #require(folder.names("runs").first)
    #expect(run.hasSuffix("-lenet"))
    let summary = try JSONValue.read(path: folder.path("runs/\(run)/summary.json"))
    #expect(summary["epochs"] == 5 && summary["model"] == "lenet" && summary["dataset"] == "fashion-mnist")
  }

  @Test func anEarlierRunIsReplacedAsAWhole() throws {
    #expect(try train().status == 0)
    let outcome = try train("--epochs", "1", "--replace")
    #expect(outcome.status == 0 && outcome.output.contains("held an earlier run, which this one replaces"), "\(outcome)")
    #expect(try JSONValue.read(path: folder.path("run/summary.json"))["epochs"] == 1)
  }

  @Test func limitTakesTheFirstSamples() throws {
    let outcome = try train("--limit", "60")
    #expect(outcome.output.contains("54 training, 6 validation and 10 test samples"), "\(outcome)")
  }

  @Test func explainPrintsThePlanAndTrainsNothing() throws {
    let outcome = try train("--explain")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    for text in [
      "one training step of mlp, batch size 32", "matmul", "layers.0", "[32, 512]", "adam", " launches, ", "FLOP", "arena ",
      "without sharing", "least µs", "measured µs", "bound by", "the least time of a step by the model", "a step was measured to take",
      "what sets it: ", "optimizers ",
    ] {
      #expect(outcome.output.contains(text), "\(text)")
    }
    #expect(folder.names().isEmpty)
  }

  @Test func explainKnowsDevicesThatAreNotHere() throws {
    let outcome = try train("--explain", "--as", "rx-7600")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    for text in [
      "as rx-7600, AMD Radeon RX 7600", "a prediction, nothing was run", "kernels for a gpu", "matmul_local", "least µs", "launches, ",
    ] {
      #expect(outcome.output.contains(text), "\(text)")
    }
    #expect(!outcome.output.contains("measured") && folder.names().isEmpty)
    expectComplaint(try train("--as", "h100"), status: 2, "--as is for --explain")
    expectComplaint(try train("--explain", "--as", "h10"), status: 2, "unknown published device 'h10'; did you mean 'h100'?")
  }
}
