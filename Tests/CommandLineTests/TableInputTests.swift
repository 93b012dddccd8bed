import Foundation
import GlissadeFormats
import Testing

/// What tables may look like to the command, and what it says of them.
struct TableInputTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func put(_ name: String, _ text: String) throws -> String {
    try text.write(toFile: folder.path(name), atomically: true, encoding: .utf8)
    return folder.path(name)
  }

  private func train(_ data: String, _ target: String, _ options: String...) throws -> Outcome {
    try? FileManager.default.removeItem(atPath: folder.path("run-" + target))
    return try glissade(
      [
        "train", "--data", data, "--target", target, "--hidden", "4", "--epochs", "1", "--batch-size", "8", "--device", "cpu", "--out",
        folder.path("run-" + target),
      ] + options)
  }

  @Test("What each column became is said, and what is left out") func columns() throws {
    let rows = (0..<60).map {
      "\($0);\($0 % 7),5;\(["red", "blue"][$0 % 2]);\(1_700_000_000 + $0 % 9);\($0 == 7 ? "None" : "\($0 % 5),25")\n"
    }
    let data = try put("t.tsv", ";x;colour;seconds;y\n" + rows.joined())
    let outcome = try train(data, "y", "--missing", "drop")
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    let lines = outcome.output.split(separator: "\n")
    #expect(
      lines.contains { $0.hasPrefix("columns: 2 of numbers (x, seconds); 1 of categories (colour 2); predicted is y, a number (mean ") },
      "\(outcome)")
    #expect(lines.contains { $0.hasPrefix("note: the first column has no name and numbers the rows, as pandas writes its index") })
    #expect(lines.contains("note: 1 of 60 rows lacks a value and is left out, the first in line 9 (column 'y')"), "\(outcome)")
    // Mean and deviation are kept in double precision, and seconds are told apart by them.
    let options = try runOptions(folder.path("run-y"))
    let mean = try #require(options["table"]?["inputs"]?.arrayValue?.last?["mean"]?.doubleValue)
    #expect(abs(mean - 1_700_000_004) < 1.5 && mean != mean.rounded())
    #expect(options["table"]?["decimal_commas"] == .bool(true))
    // Another file may have other separators and a word that is not known.
    let other = try put("other.csv", "colour,seconds,x,when\ngreen,1700000003,2.5,2024-01-01\nred,1700000003,2.5,2024-01-01\n")
    let predicted = try glissade("predict", "--run", folder.path("run-y"), other, "--device", "cpu")
    #expect(predicted.status == 0 && predicted.output.split(separator: "\n").count == 2, "\(predicted)")
    #expect(predicted.errorLines.count == 1 && predicted.errors.contains("1 word that the training rows have not counts as no category"))
    expectComplaint(
      try glissade(
        "predict", "--run", folder.path("run-y"), try put("odd.csv", "colour,seconds,x\nred,1,2\nred,3,oops\n"), "--device", "cpu"),
      status: 1, "odd.csv: line 3: column 'x': 'oops' is no number; the model was trained on numbers here")
  }

  @Test("Classes are called as the table calls them") func classes() throws {
    for values in [
      ["20240101", "20240102", "20240103"], ["07", "08", "09"], ["9007199254740992", "9007199254740993", "9007199254740994"],
    ] {
      let data = try put("c.csv", "x,day\n" + (0..<60).map { "\($0 % 7),\(values[$0 % 3])\n" }.joined())
      let outcome = try train(data, "day")
      #expect(outcome.status == 0, "\(outcome)")
      #expect(try runOptions(folder.path("run-day"))["classes"] == .array(values.map { .string($0) }))
      let again = try glissade("evaluate", "--run", folder.path("run-day"), "--device", "cpu", "--json")
      #expect(again.status == 0 && again.output.contains("\"samples\": 12"), "\(again)")
    }
  }

  @Test("A class of one row is trained on, and named") func rareClasses() throws {
    let rows = (0..<60).map { "\($0 % 7),\(["a", "b"][$0 % 2])\n" } + (0..<10).map { "\($0),rare\($0)\n" }
    let data = try put("rare.csv", "x,c\n" + rows.joined())
    for seed in ["1", "2", "3"] {
      let outcome = try train(data, "c", "--seed", seed)
      #expect(outcome.status == 0 && outcome.output.contains("note: 10 classes have a single row, which is trained on"), "\(outcome)")
    }
  }

  @Test("Separators can be named") func delimiters() throws {
    let data = try put("colon.csv", "x:y\n" + (0..<40).map { "\($0 % 7):\($0 % 7).5\n" }.joined())
    expectComplaint(try train(data, "y"), status: 1, "there is no such column; there are x:y", "what --delimiter says")
    #expect(try train(data, "y", "--delimiter", ":").status == 0)
    #expect(try glissade("evaluate", "--run", folder.path("run-y"), "--device", "cpu").status == 0)
    expectComplaint(try train(data, "y", "--delimiter", "ab"), status: 2, "--delimiter is 'ab'")
    expectComplaint(try train(data, "y", "--ignore", "y"), status: 2, "--ignore names 'y', which --target wants")
  }
}
