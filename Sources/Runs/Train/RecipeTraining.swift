import GlissadeData
import GlissadeDevices
import GlissadeLayers
import GlissadePictures
import GlissadeRecipes
import GlissadeTensors
import GlissadeTraining

/// One training by a recipe: data, model and trainer, and what it begins with.
package struct RecipeTraining: TrainerOrigin {
  /// With everything in force.
  package let request: TrainingRequest
  package let run: RunDescription
  package let training: any Dataset
  package let validation: (any Dataset)?
  package let test: (any Dataset)?
  package let trainer: Trainer
  /// Whether the test data is measured at the end. Where it is not, the validation data is looked at more closely instead.
  package var measuresTest = true
  /// What training begins with, unless it is the initialisers' values: read when it is needed.
  let initial: () throws -> ModelState?
  let preparation: Duration
  /// What there is to say of data and model.
  package let notes: [String]

  /// - Throws: `TrainingError.batchSize` for a batch that the data cannot fill; what splitting the data and loading weights throws;
  ///   `SelectionError` for parameters that the model has not got.
  package init(_ request: TrainingRequest, data: LoadedData) throws {
    test = data.test
    preparation = data.preparation
    (training, validation) =
      data.isSplit
      ? (data.training, data.validation)
      : try data.divided(request.recipe.validation, fold: request.recipe.chosenFold, seed: request.recipe.seed)
    var request = request.settled(samples: training.count, data: data)
    let recipe = request.recipe
    run = RunDescription(recipe, data)
    try recipe.checkClassWeights(run.classNames)
    let batchSize = recipe.batchSize.count(of: training.count)
    guard batchSize <= training.count else { throw TrainingError.batchSize(batchSize, samples: training.count) }
    let made = try run.makeModel()
    var options = try request.trainingOptions(for: run, made)
    options.batchSize = batchSize
    let steps = (training.count + batchSize - 1) / batchSize
    let groups = [
      recipe.line(of: options),
      recipe.schedule.idleness(
        base: options.groups.first?.optimizer.learningRate ?? 1, stepsPerEpoch: steps, totalSteps: steps * recipe.epochs),
    ].compactMap { $0 }
    guard let finetuning = request.finetuning else {
      trainer = Trainer(model: made, options: options)
      (initial, notes) = ({ nil }, data.notes + groups)
      self.request = request
      return
    }
    guard let model = made as? any LayerWithHead else { throw Failure("\(recipe.model) has no head that could be replaced") }
    let shape = Shape(run.input)
    func pretrained() throws -> PretrainedModel {
      try PretrainedModel.load(
        finetuning.tensors.open(finetuning.weights()), (recipe.model, model), sampleShape: shape, seed: recipe.trainingSeed)
    }
    // A run that goes on has all in its checkpoint but where its parameters are drawn to.
    let known = finetuning.weightsFile == nil ? nil : try pretrained()
    if let known { request.finetuning?.hasNewHead = !known.report.replacedHead.isEmpty }
    self.request = request
    func start() throws -> ModelState { try known?.state ?? finetuning.keptStart(of: model) ?? pretrained().state }
    if recipe.drawsToStart { options.anchor = try start() }
    if !request.isAugmented { options.featureCache = FeatureCache() }
    trainer = Trainer(model: model, options: options)
    initial = start
    notes =
      data.notes + (known?.lines(finetuning.pretrained, classes: run.classNames.count) ?? []) + finetuning.lines(options, model)
      + groups
  }

  /// Reads the data, too.
  /// - Parameter note: is told what people should know of the data.
  package init(_ request: TrainingRequest, note: (String) -> Void) throws {
    try self.init(request, data: try LoadedData.timed { try request.loadData(note) })
  }

  package var recipe: Recipe { request.recipe }

  /// Opens the device that the recipe names.
  package func openDevice(_ note: (String) -> Void) throws -> DeviceSelection {
    try DeviceSelection.opened(recipe.device, threads: recipe.threads, note: note)
  }

  /// Trains, and leaves nothing but what is handed back.
  /// - Throws: what keeps training from starting.
  package func fit(on selection: DeviceSelection, _ watch: RunWatch) throws -> Trainer.Result {
    watch.willTrain()
    var result = try fit(on: selection, watch, from: try initial(), resuming: nil, willStart: {}, checkpoint: nil)
    try look(closerAt: &result, on: selection.device, isStopped: watch.wasStopped())
    return result
  }

  /// Trains, and tells what is trained with what.
  func fit(
    on selection: DeviceSelection, _ watch: RunWatch, from initial: ModelState?, resuming checkpoint: TrainingCheckpoint?,
    willStart: () throws -> Void, checkpoint save: ((TrainingCheckpoint) throws -> Void)?,
    snapshot: ((ModelSnapshot) throws -> Void)? = nil
  ) throws -> Trainer.Result {
    try trainer.fit(
      training, validation: validation, test: measuresTest ? test : nil, on: selection, from: initial, resuming: checkpoint,
      start: watch.start, preparation: preparation, willStart: willStart,
      observe: { event in
        if case .started(let start) = event { ([title(start)] + notes).forEach(watch.report) }
        watch.observe(event)
      }, checkpoint: save, snapshot: recipe.snapshots ? snapshot : nil, shouldStop: watch.shouldStop)
  }

  /// Looks at what was measured at the end sample by sample: how well values are predicted, and the pictures of mistakes.
  func look(closerAt result: inout Trainer.Result, on device: any Device, isStopped: Bool) throws {
    let test = measuresTest ? test : nil
    guard let data = test ?? validation, !isStopped, result.failure == nil else { return }
    if !run.deviations.isEmpty {
      // What was measured, and what the run is used with from now on.
      let state = result.best ?? result.state
      let means = run.table?.encoding.values.map(\.mean) ?? []
      let report = try trainer.predictions(for: data, state: state, on: device).multiplied(by: run.deviations, from: means)
      result.record.predictions = report
      if test != nil { result.record.regression = report }
    }
    if run.input.count == 3 { result.record.report?.illustrate { data.illustration(ofSample: $0, normalizedBy: run.normalization) } }
  }

  private func title(_ start: TrainingEvent.Start) -> String {
    let unit = run.table == nil ? "samples" : "rows"
    let samples = "\(start.trainingSamples) training, \(start.validationSamples) validation and \(test?.count ?? 0) test \(unit)"
    let (batch, part) = (trainer.options.batchSize, trainer.options.microBatch ?? .max)
    let together = part < batch ? " by micro-batches of \(part)" : ""
    let steps = "batch size \(batch)\(together), \(start.stepsPerEpoch) step\(start.stepsPerEpoch == 1 ? "" : "s") per epoch"
    let hidden = recipe.hidden.map { ", hidden layers of \($0.sizes.map(String.init).joined(separator: ","))" } ?? ""
    return "\(recipe.model): \(start.parameters) parameters\(hidden); \(samples) of \(recipe.data); \(steps)"
  }
}

extension LoadedData {
  /// The samples to train on, and those that are held out.
  fileprivate func divided(_ share: Double, fold: Fold?, seed: UInt64) throws -> (training: any Dataset, validation: (any Dataset)?) {
    let (chosen, held): ([Int], [Int])
    if let fold {
      (chosen, held) = try KFold.division(labels: training.labels, classCount: training.classCount, fold: fold, seed: seed)
    } else {
      let split = try training.split(validationFraction: share, seed: seed)
      (chosen, held) = (split.training, split.validation)
    }
    return (try augmented?.selecting(chosen) ?? training.part(chosen), held.isEmpty ? nil : try training.part(held))
  }
}

extension Dataset {
  fileprivate func part(_ indices: [Int]) throws(DataError) -> any Dataset { try subset(indices) }
}
