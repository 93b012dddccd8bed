import ArgumentParser
import Glissade

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `glissade evaluate`.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "evaluate", abstract: "Evaluate a trained model on a test set.")

  @Option(name: .customLong("run"), help: "The folder of a run.")
  var runPath: String

  @Option(help: "Of the kind that the run was trained on: its test part, or all of it. (default: what the run held out of its own)")
  var data: String?

  @Option(help: "Only these of the model's classes, as in animals,food; a comma in a name is written \\,. (default: all that are there)")
  var classes: String?

  @OptionGroup var labels: LabelOptions

  @OptionGroup var device: DeviceOptions

  @Option(parsing: .unconditional, help: "Samples in a step. (default: the run's)")
  var batchSize: Int?

  @Option(parsing: .unconditional, help: "Only N test samples, the first ones (of pictures some of each class).")
  var limit: Int?

  @Flag(help: "The model of the epoch with the lowest validation loss instead of the last one.")
  var best = false

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    if let batchSize, batchSize < 1 { throw Misuse("--batch-size is \(batchSize), and it has to be at least 1") }
    if let limit, limit < 1 { throw Misuse("--limit is \(limit), and it has to be at least 1") }
    _ = try device.request()
    let folder = RunFolder(runPath)
    guard exists(runPath) else { throw Failure("\(runPath): no such run folder") }
    let run = try RunDescription(contentsOf: folder.optionsPath)
    let source = data ?? run.data
    let chosen = try NameList.names(classes, of: "--classes")
    let test =
      try run.heldOutPictures(source, labels: labels, classes: chosen, limit: limit)
      ?? DataSource(name: source).loadTest(for: run, limit: limit)

    let model = try run.makeModel()
    let known = LayerPath.parameters(of: model).map { (path: $0.path, shape: $0.parameter.shape) }
    let modelPath = best ? folder.bestPath : folder.modelPath
    let state = try ModelState(contentsOf: modelPath, for: known)
    var options = TrainingOptions()
    options.batchSize = batchSize ?? run.batchSize
    options.loss = run.table?.lossOfValues ?? .crossEntropy(labelSmoothing: run.labelSmoothing)
    options.isExact = run.isExact
    let selection = try device.open()
    let trainer = Trainer(model: model, options: options)
    if let deviation = run.table?.deviation {
      let report = try trainer.predictions(for: test, state: state, on: selection.device).multiplied(by: deviation)
      return try print(report, source, selection)
    }
    let result = try trainer.evaluation(of: test, state: state, on: selection.device)
    guard result.loss.isFinite else { throw Failure("the loss of \(modelPath) on \(source) is not finite") }
    try print(result, test.count, source, selection)
  }

  private func print(_ report: RegressionReport, _ source: String, _ selection: DeviceSelection) throws {
    guard json else {
      try Terminal.print("\(selection.line)\n\(report.line)  (\(report.samples) samples of \(source))\n")
      return
    }
    let result: JSONValue = [
      "run": .string(runPath), "data": .string(source), "samples": .integer(Int64(report.samples)), "values": report.json,
      "device": .string(selection.device.information.description), "device_reason": .string(selection.reason),
    ]
    try Terminal.print(result.text(pretty: true))
  }

  private func print(_ evaluation: Evaluation, _ count: Int, _ source: String, _ selection: DeviceSelection) throws {
    guard json else {
      let (accuracy, loss) = (Text.percent(evaluation.accuracy), Text.fixed(evaluation.loss, 4))
      let text = "test accuracy \(accuracy)  test loss \(loss)  (\(count) samples of \(source))"
      let lines = [selection.line, text] + (evaluation.report.map { ReportText($0).lines } ?? [])
      try Terminal.print(lines.joined(separator: "\n") + "\n")
      return
    }
    let result: JSONValue = [
      "run": .string(runPath), "data": .string(source), "samples": .integer(Int64(count)), "loss": .number(evaluation.loss),
      "accuracy": .number(evaluation.accuracy), "report": evaluation.report?.json ?? .null,
      "device": .string(selection.device.information.description), "device_reason": .string(selection.reason),
    ]
    try Terminal.print(result.text(pretty: true))
  }
}
