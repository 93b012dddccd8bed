import GlissadeData
import GlissadeDevices
import GlissadeFormats
import GlissadeLayers
import GlissadeRecipes
import GlissadeTensors
import GlissadeTraining

/// What came of a training that left a folder.
package struct RunOutcome {
  package var result: Trainer.Result
  package let folder: RunFolder
  /// Whether there was nothing left to do.
  package var wasFinished = false
  /// Whether what is left after a failure is saved.
  package var isSaved = true
}

extension RecipeTraining {
  /// Trains, saving after every epoch and at the end, however it comes.
  /// - Parameters:
  ///   - place: where the run's folder is, or is to be.
  ///   - selection: the device.
  ///   - watch: who is told.
  ///   - again: whether a run that is over is measured once more, since it was not measured with the test data.
  /// - Throws: what kept training from starting. What happened later is in the result's `failure`.
  package func fit(in place: RunPlace, on selection: DeviceSelection, _ watch: RunWatch, measuringAgain again: Bool = false) throws
    -> RunOutcome
  {
    let (folder, lock) = try place.claim()
    // What cannot start leaves no folder either.
    var isBegun = place.isResumed
    defer { if !isBegun { place.giveUp() } }
    let progress = RunProgressFile(folder)
    defer { progress.remove() }
    var watch = watch
    let observe = watch.observe
    watch.observe = { event in
      progress.note(event)
      observe(event)
    }
    let files = RunFiles(folder: folder, lock: lock, request: request, loss: run.lossChoice.recipeText)
    let samples = try RunSamples(training: training, validation: validation, test: test)
    var checkpoint: TrainingCheckpoint?
    if place.isResumed {
      let resumption = try Resumption(folder, now: files.document(run))
      resumption.notes.forEach(watch.note)
      checkpoint = resumption.checkpoint
      checkpoint?.record.bestBy = trainer.options.earlyStopping?.measure ?? .validationLoss
      if !again, resumption.isFinished(folder, trainer.options), let checkpoint {
        return RunOutcome(result: result(of: checkpoint, in: folder), folder: folder, wasFinished: true)
      }
      // Before anything of the run is touched.
      if let checkpoint {
        try trainer.check(checkpoint, training: training, validation: validation)
      } else {
        try check(samples, in: folder)
      }
      if let record = checkpoint?.record { checkpoint?.best = best(of: folder, record) }
      try files.resume(run, checkpoint, samples)
      watch.report(selection.line)
      resumption.lines(folder, on: selection, epochs: recipe.epochs).forEach(watch.report)
    } else {
      watch.report(selection.line)
    }
    // An earlier run stays until nothing keeps this one from starting any more, and what cannot start leaves no run.
    let start = checkpoint == nil ? try initial() : nil
    func begin() throws {
      guard !isBegun else { return }
      if try files.begin(run, samples, from: start) { watch.report("\(folder.path) held an earlier run, which this one replaces") }
      isBegun = true
    }
    watch.willTrain()
    let result: Trainer.Result
    do {
      result = try fit(
        on: selection, watch, from: start, resuming: checkpoint, willStart: begin,
        checkpoint: { try files.save($0, run) },
        snapshot: { snapshot in
          try files.save(snapshot)
          watch.report("snapshot \(snapshot.number) is kept, of epoch \(snapshot.epoch)")
        })
    } catch {
      var record = checkpoint?.record ?? RunRecord()
      record.device = selection.device.information.description
      record.deviceReason = selection.reason
      if isBegun { files.saveWhatIsPossible(nil, record, failure: error) }
      throw error
    }
    return try conclude(result, files, on: selection.device, isStopped: watch.wasStopped(), reason: watch.reasonToStop())
  }

  /// Saves what came of it.
  private func conclude(
    _ result: Trainer.Result, _ files: RunFiles, on device: any Device, isStopped: Bool, reason: String?
  ) throws -> RunOutcome {
    var outcome = RunOutcome(result: result, folder: files.folder)
    if isStopped, outcome.result.record.interruption != nil, let reason { outcome.result.record.interruption = reason }
    if let error = result.failure {
      outcome.isSaved = files.saveWhatIsPossible(result.state, result.record, failure: error)
      return outcome
    }
    if isStopped {
      try files.save(result.state, result.record)
      try files.save(result.checkpoint, run)
    }
    try look(closerAt: &outcome.result, on: device, isStopped: isStopped)
    try files.finish(outcome.result.record)
    return outcome
  }

  /// What a run has come to that was over before.
  private func result(of checkpoint: TrainingCheckpoint, in folder: RunFolder) -> Trainer.Result {
    var record = checkpoint.record
    record.stopReason = record.reasonToStop(trainer.options)
    return Trainer.Result(
      record: record, state: checkpoint.state, best: best(of: folder, checkpoint.record), checkpoint: checkpoint, failure: nil)
  }

  /// Whether the data is what the run had, where no checkpoint says so.
  /// - Throws: `Failure` where it is not.
  private func check(_ samples: RunSamples?, in folder: RunFolder) throws {
    guard exists(folder.samplesPath), let samples, try RunSamples(contentsOf: folder.samplesPath) != samples else { return }
    throw Failure("the data of the run has changed: \(recipe.data) holds other samples, or in another order")
  }

  /// The best model so far of a run that goes on; `nil` where it is not there, or of another epoch than the checkpoint says.
  private func best(of folder: RunFolder, _ record: RunRecord) -> ModelState? {
    guard let epoch = record.bestEpoch?.epoch, exists(folder.bestPath), folder.epochOfBest ?? epoch == epoch else { return nil }
    return try? ModelState(contentsOf: folder.bestPath, for: parameters)
  }

  private var parameters: [(path: String, shape: Shape)] {
    LayerPath.parameters(of: trainer.model).map { (path: $0.path, shape: $0.parameter.shape) }
  }
}
