import Foundation
import GlissadeFormats
import Testing

/// Training on tables, and evaluating what came of it.
struct TableTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Uniform and normal numbers, the same every time.
  private struct Numbers {
    var state: UInt64
    mutating func uniform() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (Double(state >> 33) + 0.5) / 2_147_483_648
    }
    mutating func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * Double.pi * uniform()) }
  }

  /// Friedman's first function (1991): ten inputs, of which five matter, and noise of deviation 1. Its own deviation is 4.9.
  private func friedman(rows: Int, seed: UInt64) throws -> String {
    var numbers = Numbers(state: seed)
    var text = (1...10).map { "x\($0)" }.joined(separator: ",") + ",y\n"
    for _ in 0..<rows {
      let x = (0..<10).map { _ in numbers.uniform() }
      let y = 10 * sin(Double.pi * x[0] * x[1]) + 20 * (x[2] - 0.5) * (x[2] - 0.5) + 10 * x[3] + 5 * x[4] + numbers.normal()
      text += (x + [y]).map { String($0) }.joined(separator: ",") + "\n"
    }
    let path = folder.path("friedman-\(seed).csv")
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  /// Three sorts of flowers that differ in two lengths and in their colours, which overlap a little.
  private func flowers(rows: Int, seed: UInt64 = 1) throws -> String {
    var numbers = Numbers(state: seed)
    var text = "length,width,\"colour, seen\",sort\n"
    for row in 0..<rows {
      // The first sort is rare.
      let sort = row % 10 == 0 ? 0 : 1 + row % 2
      let colours = [["white", "blue"], ["blue", "red"], ["red", "white"]][sort]
      let length = 4 + 2 * Double(sort) + 0.4 * numbers.normal()
      let width = 3 - Double(sort) + 0.4 * numbers.normal()
      let colour = numbers.uniform() < 0.8 ? colours[0] : colours[1]
      text += "\(length),\(row % 97 == 13 ? "NA" : String(width)),\(colour),\(["setosa", "versicolor", "virginica"][sort])\n"
    }
    let path = folder.path("flowers-\(seed).csv")
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func json(_ path: String) throws -> JSONValue { try JSONValue.read(path: path) }

  @Test("A regression comes close to the noise") func regression() throws {
    let data = try friedman(rows: 2000, seed: 1)
    let run = folder.path("run")
    let outcome = try glissade(
      "train", "--data", data, "--target", "y", "--hidden", "64,64", "--epochs", "60", "--batch-size", "32", "--lr", "3e-3", "--schedule",
      "cosine(to: 1e-5)", "--weight-decay", "1e-4", "--device", "cpu", "--out", run)
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    #expect(outcome.output.contains("test y: mean absolute error "), "\(outcome)")
    let summary = try json(run + "/summary.json")
    let report = try #require(summary["test_values"]?["y"])
    // No prediction can be better than the noise, whose deviation is 1 (and root mean square over 400 rows 0.93 to 1.07).
    let error = try #require(report["root_mean_squared_error"]?.doubleValue)
    #expect(error < 1.5 && error > 0.85)
    #expect(try #require(report["r2"]?.doubleValue) > 0.9)
    #expect(summary["test_accuracy"] == .null && summary["validation_accuracy"] == .null)
    let metrics = try String(contentsOfFile: run + "/metrics.csv", encoding: .utf8)
    #expect(metrics.hasPrefix("epoch,step,learning_rate,train_loss,train_mean_absolute_error,validation_loss,"))

    // The same rows again, and others from the same source.
    let again = try glissade("evaluate", "--run", run, "--device", "cpu", "--json")
    let values = try JSONValue.parse(Array(again.output.utf8))
    #expect(values["samples"] == 400)
    let repeated = try #require(values["values"]?["y"]?["root_mean_squared_error"]?.doubleValue)
    #expect(abs(repeated - error) < 1e-6)
    let others = try glissade("evaluate", "--run", run, "--data", try friedman(rows: 500, seed: 2), "--device", "cpu")
    #expect(others.status == 0 && others.output.contains("(500 samples of"), "\(others)")
    expectComplaint(
      try glissade("evaluate", "--run", run, "--data", try flowers(rows: 20)), status: 1, "column 'y': the model needs this column",
      printsNothing: false)
    expectComplaint(try glissade("evaluate", "--run", run, "--data", "fashion-mnist"), status: 2, "the run's model is for tables")
  }

  @Test("Classes are told apart, rare ones too") func classification() throws {
    let data = try flowers(rows: 600)
    let run = folder.path("run")
    let outcome = try glissade(
      "train", "--data", data, "--target", "sort", "--missing", "mean", "--epochs", "20", "--batch-size", "32", "--class-weights",
      "balanced", "--hidden", "16", "--lr", "1e-2", "--device", "cpu", "--out", run)
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
    let summary = try json(run + "/summary.json")
    #expect(try #require(summary["test_accuracy"]?.doubleValue) > 0.93)
    let options = try runOptions(run)
    #expect(options["classes"] == ["setosa", "versicolor", "virginica"] && options["input"] == [5])
    #expect(options["class_weights"] == "balanced" && options["sampling"] == "shuffled" && options["hidden"] == [16])
    #expect(options["table"]?["inputs"]?.arrayValue?.last == ["column": "colour, seen", "words": ["blue", "red", "white"]])
    let again = try glissade("evaluate", "--run", run, "--device", "cpu", "--json")
    let found = try #require(try JSONValue.parse(Array(again.output.utf8))["accuracy"]?.doubleValue)
    #expect(abs(found - (try #require(summary["test_accuracy"]?.doubleValue))) < 1e-9)
    // What a table was trained on goes to other programs as well.
    let exported = try glissade("convert", run, folder.path("model.onnx"))
    #expect(exported.status == 0 && exported.output.contains("(ONNX, operator set 17)"), "\(exported)")
  }

  @Test("Values and classes of rows are predicted without the column that holds them") func predictions() throws {
    let data = try friedman(rows: 600, seed: 1)
    let run = folder.path("run")
    let trained = try glissade(
      "train", "--data", data, "--target", "y", "--hidden", "32", "--epochs", "20", "--batch-size", "32", "--lr", "3e-3", "--device", "cpu",
      "--out", run)
    #expect(trained.status == 0, "\(trained)")
    // The same rows with y, and without: equal predictions, and near to y.
    let rows = try String(contentsOfFile: data, encoding: .utf8).split(separator: "\n").prefix(51).map { $0.split(separator: ",") }
    let short = folder.path("short.csv")
    try rows.map { $0.dropLast().joined(separator: ",") + "\n" }.joined().write(toFile: short, atomically: true, encoding: .utf8)
    func predicted(_ path: String) throws -> [Double] {
      let outcome = try glissade("predict", "--run", run, path, "--device", "cpu", "--json", "--batch-size", "16")
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
      let found = try #require(try JSONValue.parse(Array(outcome.output.utf8)).arrayValue)
      #expect(found.enumerated().allSatisfy { $1["file"] == .string(path) && $1["line"] == .integer(Int64($0 + 2)) && $1["column"] == "y" })
      return found.compactMap { $0["value"]?.doubleValue }
    }
    let found = try predicted(short)
    let all = try predicted(data)
    #expect(found.count == 50 && found == Array(all.prefix(50)))
    let squares = zip(found, rows.dropFirst()).map { ($0 - Double($1.last ?? "")!) * ($0 - Double($1.last ?? "")!) }
    // The deviation of y is 4.9.
    #expect((squares.reduce(0, +) / 50).squareRoot() < 3)

    let flowers = try flowers(rows: 300)
    let sorts = folder.path("sorts")
    let outcome = try glissade(
      "train", "--data", flowers, "--target", "sort", "--missing", "drop", "--epochs", "20", "--batch-size", "16", "--hidden", "16", "--lr",
      "1e-2", "--device", "cpu", "--quiet", "--out", sorts)
    #expect(outcome.status == 0, "\(outcome)")
    let text = try glissade("predict", "--run", sorts, flowers, "--device", "cpu", "--top", "1").output.split(separator: "\n")
    // Line 15 lacks its width, and was dropped.
    #expect(text.first?.hasPrefix("\(flowers):2: setosa ") == true && !text.contains { $0.hasPrefix("\(flowers):15: ") })
    #expect(text.count == 297, "\(text)")
    expectComplaint(
      try glissade("predict", "--run", sorts, data, "--device", "cpu"), status: 1, "column 'length': the model needs this column")
    expectComplaint(
      try glissade("predict", "--run", run, data, "--top", "1"), status: 2, "--top is for models of classes, and this one is of values")
    expectComplaint(try glissade("predict", "--run", sorts, "/no/such.csv"), status: 1, "/no/such.csv: cannot be read")
  }

  @Test func balancedSampling() throws {
    let run = folder.path("run")
    let outcome = try glissade(
      "train", "--data", try flowers(rows: 300), "--target", "sort", "--missing", "drop", "--sampling", "balanced", "--epochs", "2",
      "--batch-size", "16", "--hidden", "8", "--device", "cpu", "--out", run)
    #expect(outcome.status == 0, "\(outcome)")
    #expect(try runOptions(run)["sampling"] == "balanced")
  }

  @Test func mistakes() throws {
    let data = try flowers(rows: 100)
    func train(_ arguments: String...) throws -> Outcome {
      try glissade(["train", "--data", data, "--device", "cpu", "--quiet", "--out", folder.path("run")] + arguments)
    }
    expectComplaint(try train(), status: 2, "--target has to name the column")
    expectComplaint(try train("--target", "kind"), status: 1, data, "column 'kind': there is no such column; there are length, width,")
    expectComplaint(try train("--target", "sort"), status: 1, data, ": line 15: column 'width': a value is missing")
    let numbers = folder.path("numbers.csv")
    try "a,b\n1,2\n3,4\n5,6\n7,9\n".write(toFile: numbers, atomically: true, encoding: .utf8)
    expectComplaint(
      try glissade("train", "--data", numbers, "--target", "a,b", "--device", "cpu", "--out", folder.path("run")), status: 1,
      "numbers.csv: its 2 columns are all to be predicted, and predicting them needs others")
    expectComplaint(try train("--target", "sort", "--model", "lenet"), status: 2, "mlp is the model for tables")
    expectComplaint(try train("--target", "sort", "--task", "regresion"), status: 2, "did you mean 'regression'?")
    expectComplaint(try train("--target", "sort", "--task", "regression", "--missing", "drop"), status: 1, "regression needs numbers")
    expectComplaint(try train("--target", "sort", "--missing", "drop", "--hidden", "0"), status: 2, "--hidden is '0'")
    expectComplaint(
      try train("--target", "sort", "--missing", "drop", "--batch-size", "16", "--class-weights", "1,2"), status: 2,
      "--class-weights is 2 numbers, and there are 3 classes", printsNothing: false)
    expectComplaint(try train("--target", "sort", "--class-weights", "1,x"), status: 2, "--class-weights is '1,x'")
    expectComplaint(try glissade("train", "--target", "sort"), status: 2, "--target is for tables, and --data fashion-mnist is none")
    expectComplaint(try glissade("train", "--data", "/no/such.csv", "--target", "y"), status: 1, "/no/such.csv: cannot be read")
    expectComplaint(try glissade("train", "--model", "lenet", "--hidden", "8"), status: 2, "--hidden is no option of lenet")
  }
}
