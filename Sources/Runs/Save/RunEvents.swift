import GlissadeFormats
import GlissadeRecipes
import GlissadeTraining

/// A run's events for TensorBoard: the figures of `metrics.csv` and `health.csv`, how weights and gradients are spread, what is taken for what, and
/// the recipe as hyper-parameters.
final class RunEvents {
  private let file: TensorBoardFile
  /// The step of the last event; an interruption may save an epoch a second time.
  private var last: Int

  /// - Parameters:
  ///   - folder: the run's.
  ///   - recipe: with all in force.
  ///   - checkpoint: where the run goes on: what earlier files say of steps behind it goes; what they lack is told anew as far as it is known.
  init(in folder: RunFolder, _ recipe: Recipe, from checkpoint: TrainingCheckpoint?, time: Double) throws(FormatError) {
    file = try TensorBoardFile(replacingIn: folder.path, time: time, keeping: checkpoint.map { 1...max($0.state.steps, 1) })
    last = file.lastKept ?? 0
    // Anew, too, where a run goes on: it may have other options.
    let start = TensorBoardValue.sessionStart(hyperparameters: recipe.hyperparameters, time: time)
    try file.add(step: 0, time: time, values: [(TensorBoardValue.sessionStartTag, start)])
    guard let record = checkpoint?.record else { return }
    for row in record.epochs { try add(row, record.measure, time: time) }
  }

  /// What is told of an epoch.
  private func add(
    _ row: EpochRecord, _ measure: Loss.Measure, _ more: [(tag: String, value: TensorBoardValue)] = [], time: Double
  ) throws(FormatError) {
    guard row.step > last else { return }
    last = row.step
    try file.add(step: row.step, time: time, values: row.scalars(measure).map { ($0.tag, .scalar($0.value)) } + more)
  }

  /// An epoch that has just ended.
  func add(_ record: RunRecord, _ state: ModelState, time: Double) throws(FormatError) {
    guard let row = record.epochs.last, row.step > last else { return }
    var values: [(tag: String, value: TensorBoardValue)] = state.parameters.map {
      ("weights/\($0.path)", .histogram(Histogram($0.values)))
    }
    values += (row.health?.gradients ?? []).map { ("gradients/\($0.path)", .histogram($0.histogram)) }
    if let picture = record.validationReport?.picture { values.append(("confusion_matrix/validation", .image(picture))) }
    try add(row, record.measure, values, time: time)
  }

  /// The end of the run.
  func finish(_ record: RunRecord, isSuccess: Bool, time: Double) throws(FormatError) {
    let step = max(record.epochs.last?.step ?? 0, last)
    if let report = record.report, let picture = report.picture, record.reportedOn == "test" || record.validationReport == nil {
      try file.add(step: step, time: time, values: [("confusion_matrix/\(record.reportedOn)", .image(picture))])
    }
    // Behind the last step, so that it goes where the run goes on.
    let end = TensorBoardValue.sessionEnd(isSuccess: isSuccess, time: time)
    try file.add(step: step + 1, time: time, values: [(TensorBoardValue.sessionEndTag, end)])
  }
}

extension Recipe {
  /// What is in force, for the hparams plugin.
  fileprivate var hyperparameters: [(name: String, value: TensorBoardValue.HyperparameterValue)] {
    Self.declarations.compactMap { declaration in
      let value = declaration.value(in: self)
      if value.recipeText == "none" || !isGiven(declaration.name) { return nil }
      if let flag = value as? Bool { return (declaration.name, .flag(flag)) }
      return (
        declaration.name, declaration.isNumber ? value.recipeNumber.map { .number($0) } ?? .text(value.recipeText) : .text(value.recipeText)
      )
    }
  }
}
