import Foundation
import GlissadeFormats
import Testing

/// Networks given layer by layer.
struct LayersTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func whatThereIsIsListedAndShown() throws {
    let list = try glissade("layers")
    #expect(list.status == 0 && list.output.contains("conv(channels, kernel: 3") && list.output.contains("hardtanh(lower: -1, upper: 1)"))
    let shown = try glissade("layers", "conv(8), relu, global_average_pool", "--input", "9,9,3", "--outputs", "4")
    #expect(shown.status == 0 && shown.output.contains("[7, 7, 8]") && shown.output.contains("260 parameters"), "\(shown)")
    expectComplaint(try glissade("layers", "conf(8)"), status: 2, "layers 'conf(8)': there is no layer 'conf'; did you mean 'conv'?")
    expectComplaint(try glissade("layers", "relu", "--input", "9,9"), status: 2, "--input is '9,9', and it has to be three whole numbers")
    expectComplaint(try glissade("layers", "relu", "--outputs", "0"), status: 2, "--outputs is 0")
  }

  @Test func picturesAreLearntResumedAndExported() throws {
    let data = try PictureFolder()
    let layers =
      "conv(8, padding: 1), batch_norm, relu, max_pool, residual(conv(8, padding: 1), silu, drop: 0.1), flatten, dense(16), prelu"
    let run = folder.path("run")
    let options = ["--data", data.path, "--device", "cpu", "--layers", layers, "--epochs"]
    let whole = try glissade(["train"] + options + ["4", "--out", run])
    #expect(whole.status == 0 && whole.errors.isEmpty, "\(whole)")
    let halved = folder.path("halved")
    #expect(try glissade(["train"] + options + ["2", "--out", halved]).status == 0)
    #expect(try glissade("train", "--resume", halved, "--epochs", "4", "--device", "cpu").status == 0)
    let files = try [run, halved].map { try Data(contentsOf: URL(fileURLWithPath: $0 + "/model.safetensors")) }
    #expect(files[0] == files[1])
    let evaluated = try glissade("evaluate", "--run", run, "--device", "cpu", "--json")
    let summary = try JSONValue.read(path: run + "/summary.json")
    #expect(
      try JSONValue.parse(Array(evaluated.output.utf8))["accuracy"]?.doubleValue == summary["test_accuracy"]?.doubleValue, "\(evaluated)")
    for name in ["run.onnx", "run.pth"] { #expect(try glissade("convert", run, folder.path(name)).status == 0) }
    expectComplaint(
      try glissade("train", "--resume", run, "--layers", "flatten, dense(4)"), status: 2,
      "--layers is 'flatten, dense(4)', and the run has 'conv(8")
  }

  /// What does not fit the data is a trial that failed, among others.
  @Test func searchesVaryThem() throws {
    let data = try PictureFolder(training: 100, test: 20)
    let outcome = try glissade(
      "sweep", "--data", data.path, "--vary", "layers=flatten, dense(8), relu|conv(4), dense(3)|conv(4), relu", "--device", "cpu",
      "--epochs", "1", "--quiet",
      "--out", folder.path("sweep"))
    #expect(outcome.status == 0, "\(outcome)")
    let lines = outcome.output.split(separator: "\n").filter { $0.contains("conv(4), ") || $0.contains("flatten, ") }
    #expect(
      lines.filter { $0.contains("failed") }.count == 1 && lines.first { $0.contains("failed") }?.contains("dense(3)") == true,
      "\(outcome.output)")
  }

  @Test func rowsAreLearntAsLines() throws {
    var text = "a,b,c,d,y\n"
    for row in 0..<240 { text += "\(row % 7),\(row % 5),\(row % 3),\(row % 11),\(row % 7 + row % 3 > 4 ? "more" : "less")\n" }
    let table = folder.path("t.csv")
    try text.write(toFile: table, atomically: true, encoding: .utf8)
    let outcome = try glissade(
      "train", "--data", table, "--target", "y", "--layers", "reshape(4, 1), conv(8, kernel: 2), relu, flatten, dense(16), tanh",
      "--epochs", "30", "--lr",
      "1e-2", "--initialization", "glorot_uniform", "--device", "cpu", "--out", folder.path("run"))
    #expect(outcome.status == 0, "\(outcome)")
    #expect(try #require(JSONValue.read(path: folder.path("run/summary.json"))["test_accuracy"]?.doubleValue) > 0.9)
    expectComplaint(
      try glissade("train", "--data", table, "--target", "y", "--layers", "conv(8)", "--out", folder.path("no")), status: 2,
      "layers 'conv(8)': layer 1, conv(8), of [4]: it takes pictures")
    #expect(!folder.names().contains("no"))
  }

  @Test(
    arguments: [
      (["--model", "layers"], "--model is layers, and --layers has to say which"),
      (["--layers", "conf(8)"], "--layers 'conf(8)': there is no layer"),
      (["--layers", "relu", "--model", "lenet"], "--layers is no option of lenet; layers has it"),
      (["--layers", "relu", "--activation", "tanh"], "--activation is no option of layers; mlp and lenet have it"),
      (["--layers", "relu", "--norm", "batch"], "--norm is no option of layers"),
      (
        ["--layers", "flatten, residual(relu, sequence(dropout(0.5)))", "--optimizer", "lbfgs"],
        "--layers has dropout(0.5), which is not for lbfgs, unless --mini-batches is given"
      ),
      (["--layers", "dense(4, 0.1)", "--optimizer", "lbfgs"], "--layers has dense(4, 0.1), which is not for lbfgs"),
      (["--layers", "flatten, fractional_max_pool", "--optimizer", "lbfgs"], "--layers has fractional_max_pool"),
    ]) func misuse(arguments: [String], problem: String) throws
  {
    expectComplaint(try glissade(["train"] + arguments + ["--out", folder.path("run")]), status: 2, problem)
    #expect(folder.names().isEmpty)
  }
}
