import GlissadeFormats
import GlissadeRecipes
import GlissadeReports
import GlissadeTraining

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The run folder while a training fills it.
package final class RunFiles {
  package let folder: RunFolder
  package let request: TrainingRequest
  /// What is minimised, as a recipe calls it.
  private let loss: String
  /// Nobody else writes there while this is kept.
  private let lock: RunFolderLock
  private var events: RunEvents?

  package init(folder: RunFolder, lock: RunFolderLock, request: TrainingRequest, loss: String) {
    self.loss = loss
    self.folder = folder
    self.lock = lock
    self.request = request
  }

  private var recipe: Recipe { request.recipe }

  /// What the folder is to say of the run.
  package func document(_ run: RunDescription) -> RunDocument { RunDocument(request, run, in: folder.path) }

  /// Writes the recipe.
  /// - Parameters:
  ///   - samples: what the run is trained and measured with.
  ///   - start: what it begins with, unless that is drawn.
  /// - Returns: whether an earlier run was there. Its files go, so that a folder never mixes two runs.
  package func begin(_ run: RunDescription, _ samples: RunSamples?, from start: ModelState?) throws -> Bool {
    let replaces = folder.removeRun()
    try document(run).write(to: folder)
    try samples?.save(to: folder.samplesPath)
    // Where it came from may be moved or replaced before there is a checkpoint, or while the run is drawn to it.
    try start?.save(to: folder.startPath, metadata: metadata)
    if recipe.tensorboard { events = try RunEvents(in: folder, recipe, from: nil, time: Self.now) }
    return replaces
  }

  /// Prepares a folder whose run goes on.
  /// - Parameters:
  ///   - checkpoint: where it goes on, with what it has produced so far. What the event file says of later
  ///     steps goes.
  ///   - samples: what the run is trained and measured with.
  package func resume(_ run: RunDescription, _ checkpoint: TrainingCheckpoint?, _ samples: RunSamples?) throws {
    folder.removeUnfinishedFiles()
    // It is written last, so while the run goes on there is none.
    remove(folder.summaryPath)
    remove(folder.reportPath)
    // Of a process that was killed.
    remove(folder.progressPath)
    // A process that was killed may have been an epoch ahead of the checkpoint.
    if checkpoint?.best == nil { remove(folder.bestPath) }
    // Runs of earlier versions have none.
    if !exists(folder.samplesPath) { try samples?.save(to: folder.samplesPath) }
    if recipe.tensorboard { events = try RunEvents(in: folder, recipe, from: checkpoint, time: Self.now) }
    try document(run).write(to: folder)
  }

  /// After an epoch, or some steps. The checkpoint comes last: what it follows from is there then.
  package func save(_ checkpoint: TrainingCheckpoint, _ run: RunDescription) throws {
    let record = checkpoint.record
    if checkpoint.completedBatches == 0, record.epochs.count == checkpoint.completedEpochs {
      try save(checkpoint.state, record)
      if let average = checkpoint.state.averaged { try average.save(to: folder.averagePath, metadata: metadata) }
      try events?.add(record, checkpoint.state, time: Self.now)
      if let best = record.bestEpoch?.epoch, best == record.epochs.last?.epoch {
        try folder.save(best: checkpoint.state, epoch: best, metadata: metadata)
      }
    }
    var checkpoint = checkpoint
    checkpoint.options = document(run).kept
    try folder.save(checkpoint, keeping: recipe.keep)
    // The folds and members that have not begun yet begin with it, too.
    if !recipe.drawsToStart, recipe.kfold == nil, recipe.ensemble == nil { remove(folder.startPath) }
  }

  /// At the end of one of the schedule's cycles. It comes before the checkpoint that it would be missed by.
  package func save(_ snapshot: ModelSnapshot) throws { try folder.save(snapshot, metadata: metadata) }

  private static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// The model and the epochs so far.
  package func save(_ state: ModelState, _ record: RunRecord) throws {
    try state.save(to: folder.modelPath, metadata: metadata)
    try folder.write(record)
  }

  /// Nothing that changes from run to run belongs in here: same seed, same bytes.
  private var metadata: [String: String] { ["model": recipe.model] }

  /// At the end.
  package func finish(_ record: RunRecord, failure: String? = nil) throws {
    let description = RunFolder.Description(
      model: recipe.model, dataset: recipe.data, seed: recipe.seed, version: Version.number, loss: loss)
    try folder.write(record)
    try folder.write(summary: record, description, failure: failure)
    try events?.finish(record, isSuccess: failure == nil && record.interruption == nil, time: Self.now)
    try RunReport(of: folder).write(to: folder.reportPath)
  }

  /// After a failure, which may well be that nothing can be written.
  /// - Returns: whether everything is saved.
  @discardableResult
  package func saveWhatIsPossible(_ state: ModelState?, _ record: RunRecord, failure: any Error) -> Bool {
    var isSaved = true
    do { if let state, !state.parameters.isEmpty { try save(state, record) } } catch { isSaved = false }
    do { try finish(record, failure: Text.line("\(failure)")) } catch { isSaved = false }
    return isSaved
  }
}
