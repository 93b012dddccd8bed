import ArgumentParser
import Glissade

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `glissade evaluate`.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Evaluate a trained model, or an ensemble, on a test set.",
    discussion: """
      The folder of an ensemble ('glissade train --ensemble'), and that of a run with snapshots, stands for all its models: the mean of their \
      probabilities is measured, each of them by itself, and what is gained. --best and --last name one model of a run.
      """)

  @Option(name: .customLong("run"), help: "The folder of a run, or of an ensemble.", completion: .run)
  var runPath: String

  @Option(
    help: """
      Of the kind that the run was trained on: its test part, or all of it, but for samples that the run was trained on. (default: what \
      the run held out of its own)
      """, completion: .of("data"))
  var data: String?

  @Option(parsing: .unconditional, help: "Samples in a step. (default: the run's)")
  var batchSize: Int?

  @OptionGroup var device: DeviceOptions

  @Option(help: "Only these of the model's classes, as in animals,food; a comma in a name is written \\,. (default: all that are there)")
  var classes: String?

  @OptionGroup var labels: LabelOptions

  @Option(parsing: .unconditional, help: "Only N test samples, the first ones (of pictures some of each class).")
  var limit: Int?

  @Flag(help: "Samples that the run was trained on or validated with, too.")
  var all = false

  @OptionGroup var views: ViewOptions

  @OptionGroup var choice: ModelChoice

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    if let batchSize, batchSize < 1 { throw Misuse("--batch-size is \(batchSize), and it has to be at least 1") }
    if let limit, limit < 1 { throw Misuse("--limit is \(limit), and it has to be at least 1") }
    _ = try device.request()
    try choice.check()
    let models = try RunModels(runPath, wanted: choice.wanted)
    let folder = models.folder
    let run = try RunDescription(of: folder)
    let measured = try EvaluationData(
      of: run, in: folder, named: data, labels: labels.given, classes: chosenClasses(), limit: limit, all: all,
      seen: views.views(of: run), note: Terminal.note)
    let test = measured.data
    let used = models.isEnsemble ? nil : models.kind.map { ModelOfRun(folder, $0) }
    if models.isEnsemble || !measured.views.isEmpty {
      return try device.open().withRoom(Terminal.note) { selection in
        let found = try EnsembleMeasurement(of: models, run, with: measured, batchSize: batchSize, on: selection.device)
        let members = found.json + [JSONMember("report", found.report?.json ?? .null)]
        let lines = found.lines + (used.map { [$0.line] } ?? []) + (found.report.map { ReportText($0).lines } ?? [])
        try print(lines, members, measured, used, selection)
      }
    }

    let model = try run.makeModel()
    guard let used, let modelPath = models.members.first?.path, let state = try models.states(of: model).first else {
      throw Failure("\(runPath) has no model")
    }
    var options = TrainingOptions()
    options.batchSize = batchSize ?? run.batchSize
    options.loss = run.loss
    options.isExact = run.isExact
    let trainer = Trainer(model: model, options: options)
    try device.open().withRoom(Terminal.note) { selection in
      try measure(test, trainer, state, run, measured, used, modelPath, on: selection)
    }
  }

  /// Evaluates, and prints what came of it.
  private func measure(
    _ test: any Dataset, _ trainer: Trainer, _ state: ModelState, _ run: RunDescription, _ measured: EvaluationData, _ used: ModelOfRun,
    _ modelPath: String, on selection: DeviceSelection
  ) throws {
    if case let deviations = run.deviations, !deviations.isEmpty {
      let report = try trainer.predictions(for: test, state: state, on: selection.device).multiplied(by: deviations)
      if let labels = report.labels {
        let line = "\(measured.part.rawValue) \(labels.summary)  (\(measured.text(report.samples)))"
        let members = [JSONMember("values", report.json), JSONMember("labels", labels.json)]
        return try print([line, used.line] + labels.lines, members, measured, used, selection)
      }
      let line = "\(report.line(of: measured.part.rawValue))  (\(measured.text(report.samples)))"
      return try print([line, used.line], [JSONMember("values", report.json)], measured, used, selection)
    }
    let result = try trainer.evaluation(of: test, state: state, on: selection.device)
    guard result.loss.isFinite else { throw Failure("the loss of \(modelPath) on \(measured.source) is not finite") }
    let (accuracy, loss) = (Text.percent(result.accuracy), Text.fixed(result.loss, 4))
    let part = measured.part.rawValue
    let line = "\(part) accuracy \(accuracy)  \(part) loss \(loss)  (\(measured.text(test.count)))"
    let members = [
      JSONMember("loss", .number(result.loss)), JSONMember("accuracy", .number(result.accuracy)),
      JSONMember("report", result.report?.json ?? .null),
    ]
    try print([line, used.line] + (result.report.map { ReportText($0).lines } ?? []), members, measured, used, selection)
  }

  private func chosenClasses() throws(RecipeError) -> [String]? {
    guard let classes else { return nil }
    var recipe = Recipe()
    try recipe.set("classes", to: .one(classes), from: .commandLine)
    return recipe.classes?.names
  }

  /// Which of the run's models is measured.
  private struct ModelOfRun {
    let kind: RunFolder.Model
    /// The epoch that it is of, where that is known.
    let epoch: Int?

    init(_ folder: RunFolder, _ kind: RunFolder.Model) {
      self.kind = kind
      let summary = try? JSONValue.read(path: folder.summaryPath)
      epoch = kind == .best ? folder.epochOfBest ?? summary?["best_epoch"]?.integerValue : summary?["epochs"]?.integerValue
    }

    var line: String {
      let place = epoch.map { " (epoch \($0))" } ?? ""
      if kind == .average { return "of the average of the weights\(place)" }
      return kind == .best ? "of the best model\(place); --last takes that of the last epoch" : "of the last model\(place)"
    }
  }

  private func print(
    _ lines: [String], _ members: [JSONMember], _ measured: EvaluationData, _ model: ModelOfRun?, _ selection: DeviceSelection
  ) throws {
    guard json else { return try Terminal.print(([selection.line] + lines).joined(separator: "\n") + "\n") }
    let result = JSONValue.object(
      [
        JSONMember("run", .string(runPath)), JSONMember("data", .string(measured.source)),
        JSONMember("samples", .integer(Int64(measured.data.count))),
      ] + measured.json + [
        JSONMember("model", .string(model?.kind.rawValue ?? "ensemble")),
        JSONMember("epoch", model?.epoch.map { .integer(Int64($0)) } ?? .null),
      ] + members + [
        JSONMember("device", .string(selection.device.information.description)), JSONMember("device_reason", .string(selection.reason)),
      ])
    try Terminal.print(result.text(pretty: true))
  }
}
