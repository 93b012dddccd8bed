import Glissade

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// One training by the command: data, model and trainer, and what is written where.
struct TrainingJob {
  /// With everything in force.
  let request: TrainingRequest
  let run: RunDescription
  private let training: any Dataset
  private let validation: (any Dataset)?
  private let test: (any Dataset)?
  private let trainer: Trainer
  private let preparation: Duration
  /// What training begins with, unless it is the initialisers' values: read when it is needed.
  private let initial: () throws -> ModelState?
  /// What there is to say of the model.
  private let notes: [String]

  /// - Throws: `TrainingError.batchSize` for a batch that the data cannot fill; what splitting the data and loading weights throws;
  ///   `SelectionError` for parameters that the model has not got.
  init(_ request: TrainingRequest, data: LoadedData) throws {
    test = data.test
    preparation = data.preparation
    (training, validation) =
      data.isSplit
      ? (data.training, data.validation)
      : try data.training.divided(request.recipe.validation, fold: request.recipe.chosenFold, seed: request.recipe.seed)
    let request = request.settled(samples: training.count, data: data)
    self.request = request
    let recipe = request.recipe
    run = RunDescription(recipe, data)
    guard recipe.batchSize <= training.count else { throw TrainingError.batchSize(recipe.batchSize, samples: training.count) }
    let made = try run.makeModel()
    var options = try request.trainingOptions(for: run, made)
    let groups = [recipe.line(of: options)].compactMap { $0 }
    guard let finetuning = request.finetuning else {
      trainer = Trainer(model: made, options: options)
      (initial, notes) = ({ nil }, data.notes + groups)
      return
    }
    guard let model = made as? any LayerWithHead else { throw Failure("\(recipe.model) has no head that could be replaced") }
    let shape = Shape(run.input)
    func pretrained() throws -> PretrainedModel {
      try PretrainedModel.load(
        finetuning.tensors.open(finetuning.weights()), (recipe.model, model), sampleShape: shape, seed: recipe.seed)
    }
    // A run that goes on has all in its checkpoint but where its parameters are drawn to.
    let known = finetuning.weightsFile == nil ? nil : try pretrained()
    if recipe.drawsToStart { options.anchor = try (known ?? pretrained()).state }
    if !(request.pictures?.isAugmented ?? false) { options.featureCache = FeatureCache() }
    trainer = Trainer(model: model, options: options)
    initial = { try (known ?? pretrained()).state }
    notes =
      data.notes + (known?.lines(finetuning.pretrained, classes: run.classNames.count) ?? []) + finetuning.lines(options, model)
      + groups
  }

  /// The plan of one training step, for people, with what each launch takes at least and what it took.
  func explanation(on selection: DeviceSelection) throws -> String {
    let device = selection.device
    let spread = try widest(on: device)
    let explanation = try trainer.explanation(of: training, on: device, figures: try DeviceFigures.known(of: device))
    let note = explanation.plan.mixingNote.map { "\n\($0)\n\(spread)" } ?? ""
    let objection = explanation.objection.map { "not measured: \(Text.line($0))\n" } ?? ""
    return "\(selection.line)\n\(text(of: explanation, for: device.profile))\(objection)\(note)"
  }

  /// The same for a device that is known by its published figures: nothing is run.
  func explanation(as published: PublishedDevice) throws -> String {
    let explanation = try trainer.explanation(of: training, as: published)
    return "as \(published.name), \(published.title), by published figures: a prediction, nothing was run\n"
      + text(of: explanation, for: published.profile)
  }

  private func text(of explanation: StepExplanation, for profile: DeviceProfile) -> String {
    let (plan, cost) = (explanation.plan, explanation.cost)
    let batch = trainer.options.batchSize
    let title = "one training step of \(recipe.model), batch size \(batch), \(explanation.parameterCount) parameters"
    let variant =
      "kernels for a \(profile.style.rawValue): register tiles of \(plan.tile ?? profile.tile), work cut for \(profile.workers) workers"
    let table = plan.table(beside: cost.columns(measured: explanation.measured))
    return "\(title)\n\(variant)\n\n\(table)\n\(cost.summary(of: plan, measured: explanation.measured, step: explanation.step))"
  }

  /// The layer that reads what spreads farthest, of those that mix pixels, for people.
  private func widest(on device: any Device) throws -> String {
    func ratio(_ spread: Spread) -> Double { spread.usual > 0 ? Double(spread.largest) / spread.usual : 0 }
    let spreads = try trainer.spreads(in: training, on: device)
    guard let widest = spreads.max(by: { ratio($0.spread) < ratio($1.spread) }) else { return "" }
    let remedy = widest.spread.isWide ? ": too far for it, --exact is worth its time" : ""
    return "in the first step \(widest.layer) reads numbers up to \(widest.spread)\(remedy)\n"
  }

  /// Trains, saving after every epoch and at the end, however it comes.
  /// - Parameters:
  ///   - selection: where.
  ///   - place: where the run's folder is, or is to be.
  ///   - isQuiet: whether only errors are printed.
  /// - Throws: what kept training from starting; `Failure` for what stopped it, `Interrupted` after Ctrl-C.
  func run(on selection: DeviceSelection, in place: RunPlace, isQuiet: Bool) throws {
    let (folder, lock) = try place.claim()
    let files = RunFiles(folder: folder, lock: lock, request: request)
    let samples = try RunSamples(training: training, validation: validation, test: test)
    let reporter = TrainingReporter(isQuiet: isQuiet, epochs: recipe.epochs, measure: trainer.options.loss.measure)
    var checkpoint: TrainingCheckpoint?
    if place.isResumed {
      let resumption = try Resumption(folder, now: files.document(run))
      for note in resumption.notes { Terminal.write("glissade: \(Text.line(note))\n", to: STDERR_FILENO) }
      if resumption.isFinished(folder, epochs: recipe.epochs) {
        return reporter.line("\(folder.path) is finished: all \(recipe.epochs) epochs are done; a larger --epochs goes on")
      }
      checkpoint = resumption.checkpoint
      // Before anything of the run is touched.
      if let checkpoint {
        try trainer.check(checkpoint, training: training, validation: validation)
      } else {
        try check(samples, in: folder)
      }
      if let record = checkpoint?.record { checkpoint?.best = best(of: folder, record) }
      try files.resume(run, checkpoint, samples)
      reporter.line(selection.line)
      resumption.lines(folder, on: selection, epochs: recipe.epochs).forEach(reporter.line)
    } else {
      reporter.line(selection.line)
    }
    // An earlier run stays until nothing keeps this one from starting any more, and what cannot start leaves no run.
    var isBegun = place.isResumed
    func begin() throws {
      guard !isBegun else { return }
      if try files.begin(run, samples) { reporter.line("\(folder.path) held an earlier run, which this one replaces") }
      isBegun = true
    }
    Interruption.arm()
    let result: Trainer.Result
    do {
      result = try trainer.fit(
        training, validation: validation, test: test, on: selection, from: checkpoint == nil ? try initial() : nil, resuming: checkpoint,
        start: ProcessStart.instant, preparation: preparation, willStart: begin,
        observe: { event in
          if case .started(let start) = event { ([title(start)] + notes).forEach(reporter.line) }
          reporter.report(event)
        }, checkpoint: { try files.save($0, run) }, shouldStop: { reporter.noticesInterruption() })
    } catch {
      var record = checkpoint?.record ?? RunRecord()
      record.device = selection.device.information.description
      record.deviceReason = selection.reason
      if isBegun { files.saveWhatIsPossible(nil, record, failure: error) }
      if case .loneSample(let samples, _, let better, _)? = error as? TrainingError, samples > 1 {
        throw Failure("\(error) (--batch-size \(better))")
      }
      if error is MemoryError { throw Failure("\(error)\(wayOfMemory)") }
      if (error as? DeviceError)?.isLackOfMemory == true { throw Failure("\(error) (\(memoryOptions.joined(separator: ", ")))") }
      throw error
    }
    reporter.clear()
    try conclude(result, files, reporter, on: selection.device)
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

  private var recipe: Recipe { request.recipe }

  private var parameters: [(path: String, shape: Shape)] {
    LayerPath.parameters(of: trainer.model).map { (path: $0.path, shape: $0.parameter.shape) }
  }

  /// What takes less memory.
  private var wayOfMemory: String {
    let options = ["--batch-size"] + (recipe.isOfPictures ? ["--size"] : []) + (recipe.hidden == nil ? [] : ["--hidden"])
    return "; a smaller \(options.joined(separator: " or ")) takes less, and so does a smaller --model"
  }

  /// The options that a device's memory depends on.
  private var memoryOptions: [String] {
    let slots = trainer.options.groups.first?.optimizer.stateSlots ?? 0
    return ["--batch-size", "--model"] + (slots == 0 ? [] : ["--optimizer sgd"]) + (recipe.pretrained == nil ? [] : ["--freeze"])
  }

  private func conclude(_ result: Trainer.Result, _ files: RunFiles, _ reporter: TrainingReporter, on device: any Device) throws {
    let path = files.folder.path
    if let error = result.failure {
      let isSaved = files.saveWhatIsPossible(result.state, result.record, failure: error)
      let epochs = result.record.epochs.count
      let saved = "the last good state, \(epochs) epoch\(epochs == 1 ? "" : "s") done, is saved in \(path)"
      throw Failure("\(Text.line("\(error)"))\(isSaved ? "; \(saved)" : "")")
    }
    if Interruption.isRequested {
      try files.save(result.state, result.record)
      try files.save(result.checkpoint, run)
    }
    var record = result.record
    // What was measured, and what the run is used with from now on.
    let state = result.best ?? result.state
    if let deviation = run.table?.deviation, let test, !Interruption.isRequested {
      record.regression = try trainer.predictions(for: test, state: state, on: device).multiplied(by: deviation)
    }
    try files.finish(record)
    if Interruption.isRequested {
      reporter.line("\(result.record.interruption ?? "interrupted after the last step"); saved in \(path)")
      throw Interrupted()
    }
    if let divergence = record.divergence { reporter.warn("\(divergence); \(remedies)") }
    if result.best != nil, let line = record.lineOfBest { reporter.line(line) }
    if let report = record.regression {
      reporter.line("\(report.line)  (\(test?.count ?? 0) samples)")
      return reporter.line("saved in \(path)")
    }
    if let test {
      reporter.line(
        "test accuracy \(Text.percent(record.testAccuracy))  test loss \(Text.fixed(record.testLoss, 4))  (\(test.count) samples)")
    } else if let deviation = run.table?.deviation, let validation {
      let report = try trainer.predictions(for: validation, state: state, on: device).multiplied(by: deviation)
      reporter.line("\(report.line(of: "validation"))  (\(validation.count) samples)")
    } else if let validation, let measured = record.epochs.first(where: { $0.epoch == record.testedEpoch }) {
      let (accuracy, loss) = (Text.percent(measured.validationAccuracy), Text.fixed(measured.validationLoss, 4))
      reporter.line("validation accuracy \(accuracy)  validation loss \(loss)  (\(validation.count) samples)")
    }
    // Of one of several trainings there is too much to be said.
    if recipe.fold == nil, let report = record.report { ReportText(report).lines.forEach(reporter.line) }
    reporter.line("saved in \(path)")
  }

  /// What helps against a loss that grows.
  private var remedies: String {
    var remedies = ["a lower --lr than \(recipe.text(of: "lr") ?? "now")"]
    if recipe.clipNorm == nil { remedies.append("--clip-norm 1") }
    remedies.append("--schedule 'warmup(100 steps) then constant'")
    return "try " + remedies.dropLast().joined(separator: ", ") + " or " + (remedies.last ?? "")
  }

  private func title(_ start: TrainingEvent.Start) -> String {
    let unit = run.table == nil ? "samples" : "rows"
    let samples = "\(start.trainingSamples) training, \(start.validationSamples) validation and \(test?.count ?? 0) test \(unit)"
    let steps = "batch size \(recipe.batchSize), \(start.stepsPerEpoch) step\(start.stepsPerEpoch == 1 ? "" : "s") per epoch"
    let hidden = recipe.hidden.map { ", hidden layers of \($0.sizes.map(String.init).joined(separator: ","))" } ?? ""
    return "\(recipe.model): \(start.parameters) parameters\(hidden); \(samples) of \(recipe.data); \(steps)"
  }
}

extension Dataset {
  /// The samples to train on, and those that are held out.
  fileprivate func divided(_ share: Double, fold: Fold?, seed: UInt64) throws -> (training: any Dataset, validation: (any Dataset)?) {
    if let fold {
      let (training, held) = try KFold.division(labels: labels, classCount: classCount, fold: fold, seed: seed)
      return (try subset(training), try subset(held))
    }
    let split = try split(validationFraction: share, seed: seed)
    return (try subset(split.training), split.validation.isEmpty ? nil : try subset(split.validation))
  }
}
