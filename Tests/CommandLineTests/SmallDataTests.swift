import Foundation
import GlissadeFormats
import Testing

/// Trainings on few rows, and on rows that a training goes wrong with.
struct SmallDataTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A plane with y far from 0, or classes.
  private func table(rows: Int, classes: Bool = false) throws -> String {
    var text = "a,b,y\n"
    for row in 0..<rows {
      let (a, b) = (Double(row * 37 % 101) / 50 - 1, Double(row * 53 % 89) / 44 - 1)
      text += "\(a),\(b),\(classes ? (a > b ? "up" : "down") : "\(1000 + 40 * a - 20 * b)")\n"
    }
    let path = folder.path("table-\(rows).csv")
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func train(_ data: String, _ more: String..., out: String = "run") throws -> Outcome {
    try glissade(["train", "--data", data, "--target", "y", "--device", "cpu", "--replace", "--out", folder.path(out)] + more)
  }

  private func options(_ run: String = "run") throws -> JSONValue { try runOptions(folder.path(run)) }
  private func summary(_ run: String = "run") throws -> JSONValue { try JSONValue.read(path: folder.path(run) + "/summary.json") }

  @Test("Defaults give way to small data, and to its parts") func defaults() throws {
    let data = try table(rows: 60)
    let outcome = try train(data, "--epochs", "2")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(
      outcome.output.contains(
        "hidden layers of 64,32; 43 training, 5 validation and 12 test rows of \(data); batch size 4, 11 steps per epoch"),
      "\(outcome)")
    #expect(try options()["batch_size"] == 4 && options()["hidden"] == [64, 32] && options()["test"] == .number(0.2))
    // What was not given is the same when the run goes on.
    let resumed = try glissade("train", "--resume", folder.path("run"), "--epochs", "3")
    #expect(resumed.status == 0 && resumed.output.contains("batch size 4"), "\(resumed)")
    // What was given stands.
    expectComplaint(
      try train(data, "--batch-size", "64"), status: 2, "batch size 64 cannot be used: it has to be at least 1 and at most 43")
    let chosen = try train(data, "--batch-size", "10", "--hidden", "8", out: "chosen")
    #expect(chosen.status == 0 && chosen.output.contains("batch size 10, 5 steps per epoch"), "\(chosen)")
  }

  @Test("What cannot start leaves no run") func nothingIsLeftOfWhatCannotStart() throws {
    let data = try table(rows: 60, classes: true)
    let outcome = try train(data, "--class-weights", "1,2,3,4,5,6")
    #expect(outcome.status == 2 && outcome.errors.contains("--class-weights is 6 numbers, and there are 2 classes"), "\(outcome)")
    #expect(try train(data, "--epochs", "1").status == 0)
  }

  @Test("Runs of earlier versions go on with the layers that they had") func earlierRuns() throws {
    let data = try table(rows: 60)
    #expect(try train(data, "--hidden", "512,256", "--batch-size", "8", "--epochs", "1").status == 0)
    // They wrote neither the layers nor the share for the test, which nothing could change.
    let arguments = ["train", "--data", data, "--target", "y", "--device", "cpu", "--batch-size", "8", "--epochs", "1"]
    try makeEarlier(folder.path("run"), arguments: arguments, lacking: ["hidden", "test"])
    let resumed = try glissade("train", "--resume", folder.path("run"), "--epochs", "2")
    #expect(resumed.status == 0 && resumed.output.contains("133121 parameters"), "\(resumed)")
  }

  @Test("The share for the test can be chosen, and can be nothing") func testShare() throws {
    let data = try table(rows: 60, classes: true)
    let half = try train(data, "--test", "0.5", "--epochs", "1")
    #expect(half.status == 0 && half.output.contains("27 training, 3 validation and 30 test rows"), "\(half)")
    #expect(try glissade("evaluate", "--run", folder.path("run"), "--device", "cpu").output.contains("(30 samples of"))
    let none = try train(data, "--test", "0", "--epochs", "1", out: "none")
    #expect(none.status == 0 && none.output.contains("54 training, 6 validation and 0 test rows"), "\(none)")
    #expect(none.output.contains("validation accuracy ") && none.output.contains("(6 samples)"), "\(none)")
    #expect(try glissade("evaluate", "--run", folder.path("none"), "--device", "cpu").output.contains("(6 samples of"))
    #expect(try train(data, "--test", "0", "--validation", "0", "--epochs", "1", out: "all").status == 0)
    expectComplaint(
      try glissade("evaluate", "--run", folder.path("all"), "--device", "cpu"), status: 1, "nothing of \(data) was held out")
    expectComplaint(try train(data, "--test", "1"), status: 2, "--test is 1, and it has to be at least 0 and below 1")
    expectComplaint(
      try glissade("train", "--resume", folder.path("none"), "--test", "0.5"), status: 2, "--test is 0.5, and the run has 0.0")
    let values = try train(try table(rows: 50), "--test", "0", "--epochs", "1", out: "values")
    #expect(values.status == 0 && values.output.contains("validation y: mean absolute error "), "\(values)")
    #expect(try summary("values")["test_values"] == .null)
  }

  @Test("Errors of a regression are in its own units, epoch by epoch") func units() throws {
    let outcome = try train(try table(rows: 300), "--epochs", "40")
    let summary = try summary()
    let rows = try String(contentsOfFile: folder.path("run/metrics.csv"), encoding: .utf8).split(separator: "\n")
    #expect(rows.count == 41 && rows[0].contains("validation_mean_absolute_error,validation_r2,"), "\(rows[0])")
    let last = rows[40].split(separator: ",", omittingEmptySubsequences: false).compactMap { Double($0) }
    // Standardised they would be below 1, and y deviates by 26.
    let error = try #require(summary["test_values"]?["y"]?["mean_absolute_error"]?.doubleValue)
    #expect(last[6] > error / 4 && last[6] < error * 4, "\(outcome)")
    #expect(last[7] > 0.5 && summary["validation_r2"]?.doubleValue == last[7])
    #expect(outcome.output.contains("  R² 0."), "\(outcome)")
  }

  @Test("A training that diverged says so and what helps") func divergence() throws {
    // Adam's steps do not grow with the gradients, so that nothing overflows.
    let outcome = try train(try table(rows: 100), "--lr", "30", "--hidden", "8", "--epochs", "3", "--quiet")
    #expect(outcome.status == 0 && outcome.errorLines.count == 1 && outcome.errors.contains("the training diverged: "), "\(outcome)")
    #expect(outcome.errors.contains("try a lower --lr than 30.0, --clip-norm 1 or --schedule"), "\(outcome)")
    #expect(try summary()["divergence"]?.stringValue?.hasPrefix("the training diverged: ") == true)
    #expect(try train(try table(rows: 100), "--epochs", "2", "--quiet", out: "sound").errors.isEmpty)
    #expect(try summary("sound")["divergence"] == .null)
  }

  @Test("Of many short epochs some have a line, and all are in the table") func manyEpochs() throws {
    let outcome = try train(try table(rows: 60), "--epochs", "300", "--hidden", "4")
    let lines = outcome.output.split(separator: "\n").filter { $0.hasPrefix("epoch ") }
    #expect(lines.count < 150 && lines.count >= 11, "\(lines.count)")
    #expect(lines.first?.hasPrefix("epoch 1 ") == true && lines.last?.hasPrefix("epoch 300 ") == true)
    #expect(try String(contentsOfFile: folder.path("run/metrics.csv"), encoding: .utf8).split(separator: "\n").count == 301)
  }

  @Test("A run on a table is described as one") func inspection() throws {
    #expect(try train(try table(rows: 60, classes: true), "--epochs", "1").status == 0)
    let text = try glissade("inspect", folder.path("run")).output
    #expect(text.contains("predicts the class 'y', one of 2 from 2 columns, 2 features:\n  a: numbers, mean "), "\(text)")
    #expect(text.contains("\n1 epoch  loss ") && !text.contains("fits"), "\(text)")
    let run = try #require(try JSONValue.parse(Array(try glissade("inspect", folder.path("run"), "--json").output.utf8))["run"])
    #expect(run["target"] == "y" && run["columns"]?.arrayValue?.count == 2 && run["columns"]?.arrayValue?.first?["kind"] == "number")
    #expect(run["metrics"]?["epochs"] == 1 && run["metrics"]?["test_accuracy"] != nil)
  }

  @Test("Mistakes are named by their lines") func mistakesByLine() throws {
    let data = try table(rows: 60, classes: true)
    let outcome = try train(data, "--epochs", "1", "--lr", "1e-9")
    #expect(outcome.output.contains("\n  \(data):"), "\(outcome)")
  }

  @Test("Probabilities and values leave as they should") func exports() throws {
    let (classes, values) = (try table(rows: 60, classes: true), try table(rows: 50))
    #expect(try train(classes, "--epochs", "1").status == 0 && train(values, "--epochs", "1", out: "values").status == 0)
    let logits = try glissade("convert", folder.path("run"), folder.path("x.onnx"))
    #expect(logits.output.contains("takes the table's own numbers, as float64; its outputs are logits"), "\(logits)")
    let probabilities = try glissade("convert", folder.path("run"), folder.path("p.onnx"), "--probabilities")
    #expect(probabilities.output.contains("its outputs are probabilities"), "\(probabilities)")
    #expect(try glissade("convert", folder.path("values"), folder.path("v.onnx")).output.contains("in the table's own units"))
    expectComplaint(
      try glissade("convert", folder.path("values"), folder.path("w.onnx"), "--probabilities"), status: 2, "--probabilities is for classes")
    expectComplaint(
      try glissade("convert", folder.path("run"), folder.path("w.pth"), "--probabilities"), status: 2, "--probabilities is for .onnx")
    let bare = try glissade("convert", folder.path("run"), folder.path("w.pth"))
    #expect(bare.status == 0 && bare.errors.contains("the network's alone"), "\(bare)")
  }
}
