import Foundation
import GlissadeFormats
import TestSupport
import Testing

/// Pictures with any number of labels each: `--multi-label`.
struct MultiLabelTests {
  private let folder: CommandLineTests.TemporaryFolder

  /// Squares of which the left half may be red, the right half blue, each or both or none.
  init() throws {
    folder = try CommandLineTests.TemporaryFolder()
    var (lists, columns) = ("file,labels\n", "file,blue,red\n")
    try FileManager.default.createDirectory(atPath: folder.path("data"), withIntermediateDirectories: true)
    for number in 0..<80 {
      let (isRed, isBlue) = (number % 2 == 0, number / 2 % 2 == 0)
      let pixels = (0..<12 * 12).flatMap { place -> [UInt8] in
        let noise = UInt8(truncatingIfNeeded: (place * 7 + number * 13) % 50)
        let isLeft = place % 12 < 6
        return [isLeft && isRed ? 200 + noise : noise, noise, !isLeft && isBlue ? 200 + noise : noise]
      }
      try Data(HandmadePicture.png(width: 12, height: 12, pixels: pixels)).write(
        to: URL(fileURLWithPath: folder.path("data/\(number).png")))
      lists += "\(number).png,\([isRed ? "red" : nil, isBlue ? "blue" : nil].compactMap { $0 }.joined(separator: ";"))\n"
      columns += "\(number).png,\(isBlue ? 1 : 0),\(isRed ? 1 : 0)\n"
    }
    for (name, text) in [("lists", lists), ("columns", columns)] {
      try text.write(toFile: folder.path("\(name).csv"), atomically: true, encoding: .utf8)
    }
  }

  private func train(_ more: String..., table: String = "lists", out: String = "run") throws -> Outcome {
    try glissade(
      [
        "train", "--data", folder.path("data"), "--labels", folder.path("\(table).csv"), "--model", "mlp", "--size", "8", "--epochs", "12",
        "--batch-size", "8", "--device", "cpu", "--test", "0.25", "--replace", "--out", folder.path(out),
      ] + more)
  }

  private func json(_ arguments: String...) throws -> JSONValue {
    let outcome = try glissade(arguments + ["--device", "cpu", "--json"])
    try #require(outcome.status == 0, "\(outcome)")
    return try JSONValue.parse(Array(outcome.output.utf8))
  }

  @Test("Labels are learnt, measured and predicted each by itself") func whole() throws {
    let outcome = try train("--multi-label", "--lr", "0.01")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(outcome.output.contains("test mean average precision ") && outcome.output.contains("\nLABEL "), "\(outcome)")
    let summary = try JSONValue.read(path: folder.path("run/summary.json"))
    let labels = try #require(summary["labels"])
    #expect(try #require(labels["mean_average_precision"]?.doubleValue) > 0.9 && labels["labels"]?.arrayValue?.count == 2, "\(outcome)")
    #expect(try #require(summary["metrics"]?["micro_f1"]?["validation"]?.doubleValue) > 0.8)
    let table = try String(contentsOfFile: folder.path("run/metrics.csv"), encoding: .utf8)
    #expect(table.contains("validation_label_accuracy") && table.contains("validation_micro_f1"))
    let page = try String(contentsOfFile: folder.path("run/report.html"), encoding: .utf8)
    #expect(page.contains("<h2>Labels</h2>") && page.contains("<bdi>red</bdi>") && !page.contains("Predictions of"))
    let options = try runOptions(folder.path("run"))
    #expect(options["classes"] == ["blue", "red"] && options["multi_label"] == true)

    let found = try json("evaluate", "--run", folder.path("run"))
    #expect(found["labels"] == labels && found["samples"] == 20)
    let other = try json(
      "evaluate", "--run", folder.path("run"), "--data", folder.path("data"), "--labels", folder.path("columns.csv"), "--all")
    #expect(other["samples"] == 80)

    let seen = try json("evaluate", "--run", folder.path("run"), "--tta", "2", "--augment", "flip,crop")
    #expect(seen["views"] == 2 && seen["unchanged"]?["labels"] == labels && seen["labels"]?["labels"]?.arrayValue?.count == 2)

    let files = ["0", "1", "2", "3"].map { folder.path("data/\($0).png") }
    let predicted = try json("predict", "--run", folder.path("run"), files[0], files[1], files[2], files[3])
    let sets = (predicted.arrayValue ?? []).map { Set(($0["labels"]?.arrayValue ?? []).compactMap(\.stringValue)) }
    #expect(sets == [["red", "blue"], ["blue"], ["red"], []], "\(predicted.text())")
    let text = try glissade("predict", "--run", folder.path("run"), files[1], files[3], "--device", "cpu")
    #expect(text.output.contains("1.png: blue ") && text.output.contains("3.png: none of the labels (the likeliest is "), "\(text)")
    let all = try glissade("predict", "--run", folder.path("run"), files[3], "--device", "cpu", "--threshold", "0")
    #expect(all.output.contains("red ") && all.output.contains("blue "), "\(all)")
    let export = try glissade("convert", folder.path("run"), folder.path("net.onnx"))
    #expect(export.status == 0 && export.output.contains("its outputs are the probabilities of each label"), "\(export)")

    // It goes on, and columns of 1 and 0 are the same to it.
    #expect(try glissade("train", "--resume", folder.path("run"), "--epochs", "13").status == 0)
    #expect(try train("--multi-label", "--lr", "0.01", table: "columns", out: "columns").status == 0)
    let again = try JSONValue.read(path: folder.path("columns/summary.json"))
    #expect(again["labels"] == labels)
  }

  @Test("An ensemble's labels are the mean of its members'") func ensemble() throws {
    #expect(try train("--multi-label", "--ensemble", "2", "--quiet", "--epochs", "4").status == 0)
    let found = try json("evaluate", "--run", folder.path("run"))
    #expect(found["members"]?.arrayValue?.count == 2 && found["labels"]?["micro_f1"]?.doubleValue != nil)
    let file = folder.path("data/0.png")
    func probability(_ run: String) throws -> Double {
      try #require(try json("predict", "--run", folder.path(run), file).arrayValue?.first?["probabilities"]?["red"]?.doubleValue)
    }
    #expect(abs(try probability("run") - (probability("run/member-1") + probability("run/member-2")) / 2) < 1e-5)
  }

  @Test func mistakes() throws {
    expectComplaint(
      try train("--multi-label", "--loss", "mse"), status: 2, "--loss is mse", "there are bce, hinge, squared_hinge, binary_hinge, focal")
    expectComplaint(
      try train("--multi-label", "--sampling", "balanced"), status: 2, "--sampling is for classes, of which a picture has one")
    expectComplaint(try train("--multi-label", "--class-weights", "balanced"), status: 2, "--class-weights is for classes")
    expectComplaint(try train("--multi-label", "--label-smoothing", "0.1"), status: 2, "--label-smoothing is for classes")
    expectComplaint(
      try glissade("train", "--data", folder.path("data"), "--multi-label"), status: 2,
      "--multi-label is for --labels, and that is not given")
    expectComplaint(try train("--label-separator", ";"), status: 2, "--label-separator is for --multi-label")
    expectComplaint(try train(table: "columns", out: "x"), status: 1, "which column has the classes has to be said")
    #expect(try train("--multi-label", "--epochs", "1", "--quiet").status == 0)
    expectComplaint(
      try glissade("evaluate", "--run", folder.path("run"), "--classes", "red"), status: 2, "--classes is for models of classes")
    expectComplaint(
      try glissade("predict", "--run", folder.path("run"), folder.path("data/1.png"), "--threshold", "2"), status: 2, "--threshold is 2.0")
    expectComplaint(
      try glissade("predict", "--run", folder.path("run"), folder.path("data/1.png"), "--top", "2"), status: 2,
      "--top is for models of classes")
    try "file,labels\n1.png,red;green\n".write(toFile: folder.path("green.csv"), atomically: true, encoding: .utf8)
    expectComplaint(
      try glissade(
        "evaluate", "--run", folder.path("run"), "--data", folder.path("data"), "--labels", folder.path("green.csv"), "--all"),
      status: 1, "the label 'green' is none of the model's: blue, red")
  }
}
