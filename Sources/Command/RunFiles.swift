import Glissade

/// The run folder while a training fills it.
struct RunFiles {
  let folder: RunFolder
  let settings: TrainingSettings

  /// Makes the folder and writes the options.
  /// - Returns: whether an earlier run was there. Its files go, so that a folder never mixes two runs.
  func begin(_ run: RunDescription) throws -> Bool {
    try folder.prepare()
    let earlier = [folder.summaryPath, folder.metricsPath, folder.modelPath].filter(exists)
    earlier.forEach(remove)
    try settings.json(run).write(path: folder.optionsPath)
    return !earlier.isEmpty
  }

  /// After an epoch.
  func save(_ state: ModelState, _ record: RunRecord) throws {
    // Nothing that changes from run to run belongs in here: same seed, same bytes.
    try state.save(to: folder.modelPath, metadata: ["model": settings.model])
    try folder.write(metrics: record.epochs, measure: record.measure)
  }

  /// At the end.
  func finish(_ record: RunRecord, failure: String? = nil) throws {
    let description = RunFolder.Description(model: settings.model, dataset: settings.data, seed: settings.seed, version: Version.number)
    try folder.write(metrics: record.epochs, measure: record.measure)
    try folder.write(summary: record, description, failure: failure)
  }

  /// After a failure, which may well be that nothing can be written.
  /// - Returns: whether everything is saved.
  @discardableResult
  func saveWhatIsPossible(_ state: ModelState?, _ record: RunRecord, failure: any Error) -> Bool {
    var isSaved = true
    do { if let state, !state.parameters.isEmpty { try save(state, record) } } catch { isSaved = false }
    do { try finish(record, failure: Text.line("\(failure)")) } catch { isSaved = false }
    return isSaved
  }
}
