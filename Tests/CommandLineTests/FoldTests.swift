import Foundation
import GlissadeFormats
import TestSupport
import Testing

/// `--kfold`: several trainings, each of which holds out another part of the data.
struct FoldTests {
  private let folder: CommandLineTests.TemporaryFolder
  private var out: String { folder.path("out") }

  init() throws { folder = try CommandLineTests.TemporaryFolder() }

  private func table(classes: Bool) throws -> String {
    var text = "a,b,y\n"
    for row in 0..<61 {
      let (a, b) = (Double(row * 37 % 101) / 50 - 1, Double(row * 53 % 89) / 44 - 1)
      text += "\(a),\(b),\(classes ? (a > b ? "up" : "down") : "\(1000 + 40 * a - 20 * b)")\n"
    }
    let path = folder.path("table.csv")
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func train(_ more: String...) throws -> Outcome {
    try glissade(["train", "--target", "y", "--device", "cpu", "--out", out] + more)
  }

  private func results() throws -> JSONValue { try JSONValue.read(path: out + "/folds.json") }

  @Test("Every row is held out once, and the folds have a mean") func tables() throws {
    let outcome = try train("--data", try table(classes: true), "--kfold", "3", "--epochs", "4")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(outcome.output.contains("41 training, 20 validation and 0 test rows"), "\(outcome)")
    #expect(outcome.output.contains("\nmean of 3 folds ± deviation: validation loss "), "\(outcome)")
    let results = try results()
    let folds = try #require(results["folds"]?.arrayValue)
    let accuracies = folds.compactMap { $0["validation_accuracy"]?.doubleValue }
    #expect(folds.count == 3 && accuracies.count == 3)
    let mean = accuracies.reduce(0, +) / 3
    let deviation = (accuracies.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2).squareRoot()
    #expect(abs((results["mean"]?["validation_accuracy"]?.doubleValue ?? 9) - mean) < 1e-12)
    #expect(abs((results["deviation"]?["validation_accuracy"]?.doubleValue ?? 9) - deviation) < 1e-12)
    // A fold is a run, and knows what it held out.
    for (number, accuracy) in accuracies.enumerated() {
      let again = try glissade("evaluate", "--run", "\(out)/fold-\(number + 1)", "--device", "cpu", "--json")
      let found = try JSONValue.parse(Array(again.output.utf8))
      #expect(abs((found["accuracy"]?.doubleValue ?? 9) - accuracy) < 1e-9 && found["samples"] == (number == 0 ? 21 : 20), "\(again)")
    }
  }

  @Test("Of values there are errors in their own units, and R²") func values() throws {
    let outcome = try train("--data", try table(classes: false), "--kfold", "2", "--epochs", "30", "--test", "0.2", "--quiet")
    #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome)")
    let mean = try #require(try results()["mean"])
    #expect(mean["validation_r2"]?.doubleValue != nil && (mean["validation_mean_absolute_error"]?.doubleValue ?? 0) > 1)
    #expect(try JSONValue.read(path: out + "/fold-1/summary.json")["test_values"]?["y"] != nil)
  }

  @Test("What was done stays when the folds go on") func resumption() throws {
    let data = try table(classes: true)
    #expect(try train("--data", data, "--kfold", "2", "--epochs", "2", "--quiet").status == 0)
    let whole = try Data(contentsOf: URL(fileURLWithPath: out + "/fold-2/model.safetensors"))
    // As if it had been killed before the second.
    try FileManager.default.removeItem(atPath: out + "/fold-2")
    try FileManager.default.removeItem(atPath: out + "/folds.json")
    let resumed = try glissade("train", "--resume", out)
    #expect(resumed.status == 0 && resumed.output.contains("fold-1 is finished"), "\(resumed)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: out + "/fold-2/model.safetensors")) == whole)
    #expect(try results()["folds"]?.arrayValue?.count == 2)
    let one = try glissade("train", "--resume", out + "/fold-2", "--epochs", "3")
    #expect(one.status == 0 && one.output.contains("going on with \(out)/fold-2 after 2 epochs of 3"), "\(one)")
    expectComplaint(
      try glissade("train", "--resume", out, "--kfold", "3"), status: 2, "--kfold is 3, and the run has 2", printsNothing: false)
  }

  @Test("Pictures, too, by train and finetune") func pictures() throws {
    for (kind, colour) in [("blue", [40, 60, 200]), ("red", [210, 40, 60])] {
      try FileManager.default.createDirectory(atPath: folder.path("pictures/\(kind)"), withIntermediateDirectories: true)
      for number in 0..<6 {
        let pixels = (0..<24 * 24).flatMap { place in colour.map { UInt8(clamping: $0 + place * (number + 3) % 17) } }
        try Data(HandmadePicture.png(width: 24, height: 24, pixels: pixels)).write(
          to: URL(fileURLWithPath: folder.path("pictures/\(kind)/\(number).png")))
      }
    }
    let common = [
      "--model", "lenet", "--data", folder.path("pictures"), "--size", "16", "--kfold", "3", "--epochs", "1", "--device", "cpu",
    ]
    let trained = try glissade(["train", "--out", out] + common)
    #expect(trained.status == 0 && trained.output.contains("8 training, 4 validation and 0 test samples"), "\(trained)")
    let tuned = try glissade(["finetune", "--pretrained", out + "/fold-1", "--out", folder.path("tuned")] + common)
    #expect(tuned.status == 0 && tuned.output.contains("mean of 3 folds"), "\(tuned)")
    #expect(try glissade("evaluate", "--run", folder.path("tuned/fold-3"), "--device", "cpu").output.contains("(4 samples of"))
  }

  @Test func mistakes() throws {
    let data = try table(classes: true)
    expectComplaint(try train("--data", data, "--kfold", "1"), status: 2, "--kfold is 1, and it has to be from 2 to 10000")
    expectComplaint(try train("--data", data, "--fold", "1"), status: 2, "--fold is for --kfold")
    expectComplaint(try train("--data", data, "--kfold", "3", "--fold", "4"), status: 2, "--fold is 4, and it has to be from 1 to 3")
    expectComplaint(
      try train("--data", data, "--kfold", "3", "--validation", "0.5"), status: 2, "--validation cannot be given with --kfold")
    expectComplaint(
      try train("--data", data, "--kfold", "62"), status: 1, "the number of folds is 62 but must be from 2 to 61", printsNothing: false)
    #expect(try train("--data", data, "--epochs", "1").status == 0)
    expectComplaint(try train("--data", data, "--kfold", "3"), status: 2, "holds a run, and --kfold needs a folder of its own")
  }

  @Test("Earlier folds stay unless they are to be replaced, and then all go") func replacing() throws {
    let data = try table(classes: true)
    #expect(try train("--data", data, "--kfold", "3", "--epochs", "1", "--quiet").status == 0)
    expectComplaint(
      try train("--data", data, "--kfold", "2", "--epochs", "1"), status: 2, "holds earlier runs; --replace puts this one in its place")
    expectComplaint(try train("--data", data, "--epochs", "1"), status: 2, "holds folds.json", "not a run's")
    #expect(try train("--data", data, "--kfold", "2", "--epochs", "1", "--quiet", "--replace").status == 0)
    #expect(folder.names("out/fold-3").isEmpty)
    #expect(try results()["folds"]?.arrayValue?.count == 2)
  }
}
