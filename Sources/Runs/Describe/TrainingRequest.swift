import GlissadeData
import GlissadeLayers
import GlissadeModels
import GlissadePictures
import GlissadeRecipes
import GlissadeTraining
import GlissadeWeights

/// A training as it was asked for: its recipe, and what has to be known of the run that goes on, where one does.
package struct TrainingRequest {
  package var recipe: Recipe
  /// The run that goes on.
  package var earlier: EarlierRun?
  /// The file that the recipe is from.
  package let file: String?
  /// The options that the data has decided.
  package private(set) var fromData: [String] = []
  /// What is trained of a pretrained network, where one is.
  package var finetuning: FinetuneSettings?

  /// Rows cost little, so that an epoch of a table has at least so many steps.
  private static let stepsOfTable = 8

  /// - Parameters:
  ///   - before: a run that began with the same weights, where none goes on.
  ///   - fetch: brings published weights, where these are needed and not there.
  /// - Throws: what keeps the pretrained weights from being read.
  package init(
    _ recipe: Recipe, resuming earlier: EarlierRun?, file: String?, weightsOf before: EarlierRun? = nil,
    fetch: (PublishedWeights) throws -> String = FinetuneSettings.fetched
  ) throws {
    self.recipe = recipe
    self.earlier = earlier
    self.file = file
    finetuning = try FinetuneSettings(recipe, resuming: earlier ?? before, fetch: fetch)
  }

  /// What happens to pictures and images in training; nothing for a recipe that would not pass its own check.
  private var augmentations: AugmentationList? { try? recipe.augment.augmentations }

  /// Whether samples differ from epoch to epoch.
  package var isAugmented: Bool { augmentations.map { !$0.pictures.isEmpty || $0.mixing != nil } ?? false }

  /// The training part, limited where that was asked for, and the test part.
  /// - Parameters:
  ///   - withColumns: whether a table's columns are looked at one by one, for people; default not.
  ///   - note: is told what people should know of what is left out.
  package func loadData(withColumns: Bool = false, _ note: (String) -> Void) throws -> LoadedData {
    let (source, limit) = (recipe.dataSource, recipe.limit)
    switch source.kind {
    case .table:
      var loaded = try TableSettings(recipe).load(withColumns: withColumns)
      if let limit { (loaded.training, loaded.test) = (loaded.training.firstSamples(limit), loaded.test?.firstSamples(max(limit / 6, 1))) }
      return loaded
    case .pictures:
      return try PictureSettings(recipe).load(note)
    case .images:
      var (training, test) = try source.loadPictures()
      if let limit { (training, test) = (try training.first(limit), try test.first(max(limit / 6, 1))) }
      let changes = try recipe.augment.augmentations.pictures
      let augmented =
        changes.isEmpty ? nil : try AugmentedImages(training, augmentations: changes, seed: recipe.trainingSeed, threads: recipe.threads)
      return LoadedData(training: training, augmented: augmented, test: test, normalization: training.normalization)
    }
  }

  /// The request where the data has decided what was left to it: the batch size, and the hidden layers of a network for a table. A run that
  /// goes on has what it began with. Everything in force is given then.
  /// - Parameters:
  ///   - samples: to train on.
  ///   - data: what was loaded.
  package func settled(samples: Int, data: LoadedData) -> TrainingRequest {
    var result = self
    let table = data.table
    if !recipe.isGiven("batch_size"), case .samples(let usual) = recipe.batchSize {
      result.fromData.append("batch_size")
      result.recipe.batchSize = .samples(
        TrainingOptions.batchSize(forSamples: samples, usual: usual, steps: table == nil ? 1 : Self.stepsOfTable))
    }
    // Earlier versions did not write what they had, which was no other than for pictures.
    if let table, recipe.model == "mlp", recipe.hidden == nil, earlier == nil {
      result.fromData.append("hidden")
      result.recipe.hidden = SizeList(MLP.hiddenSizes(forSamples: samples, features: table.encoding.width))
    }
    if let earlier { result.fromData += earlier.document.fromData.filter { !result.fromData.contains($0) } }
    result.recipe = result.recipe.completed(for: data.kind)
    return result
  }

  /// One of several trainings.
  /// - Parameters:
  ///   - number: which, from 1.
  ///   - kind: of what.
  ///   - folder: of its run, where that goes on.
  package func part(_ number: Int, of kind: TrainingSeries.Kind, resuming folder: String?) throws -> TrainingRequest {
    var recipe = recipe
    switch kind {
    case .folds: recipe.fold = number
    case .members: recipe.member = number
    }
    var earlier: EarlierRun?
    if let folder {
      let run = EarlierRun(try RunDocument(of: RunFolder(folder)), in: folder, namedAnew: self.earlier?.namedAnew ?? [])
      for name in Recipe.ofData { recipe.take(name, from: run.document.recipe) }
      earlier = run
    }
    // One that has not begun begins with what the first one began with.
    var result = try TrainingRequest(recipe, resuming: earlier, file: file, weightsOf: self.earlier)
    result.earlier = earlier
    return result
  }

  /// The files and folders that the training reads.
  package var inputs: [String] {
    var paths = [recipe.dataSource.folder]
    for path in [recipe.labels, file] { if let path, path != "-" { paths.append(path) } }
    if let pretrained = recipe.pretrained, !PublishedWeights.isName(pretrained) { paths.append(pretrained) }
    paths += FinetuneSettings.candidates(recipe)
    return paths
  }

  /// The trainer's options.
  /// - Parameters:
  ///   - run: what the data turned out to be.
  ///   - model: that is trained.
  /// - Throws: as `Recipe.groups(of:)`.
  package func trainingOptions(for run: RunDescription, _ model: any Layer) throws -> TrainingOptions {
    var options = TrainingOptions()
    (options.groups, options.laterPhases) = try recipe.groups(of: model)
    options.epochs = recipe.epochs
    options.microBatch = recipe.microBatch
    options.seed = recipe.trainingSeed
    options.loss = run.loss.reducing(by: recipe.reduction)
    if run.areMarks { options.metrics = [.labelAccuracy, .microF1] }
    options.valueUnit = run.table?.deviation ?? 1
    options.classWeights = recipe.classWeights
    options.sampling = recipe.sampling
    options.mixing = augmentations?.mixing(seed: recipe.trainingSeed)
    options.clipping = GradientClipping(norm: recipe.clipNorm, value: recipe.clipValue, ratio: recipe.clipRatio)
    options.average = recipe.ema.map { .exponential(decay: $0) } ?? recipe.swa.map { .stochastic(firstEpoch: $0) }
    options.isExact = recipe.exact
    options.earlyStopping = recipe.earlyStop
    options.timeLimit = recipe.maxTime?.duration
    options.checkpointSteps = recipe.checkpointEvery
    if recipe.monitor { options.monitor = HealthMonitor(interval: recipe.monitorEvery, takesHistograms: recipe.tensorboard) }
    return options
  }
}

extension Recipe {
  /// Whether it is a training on pictures, as it says where everything in force is given.
  package var isOfPictures: Bool { isGiven("size") || dataSource.isPictureFolder }
}

extension Dataset {
  /// The first samples.
  fileprivate func firstSamples(_ limit: Int) -> any Dataset { prefix(limit) }
}

extension ImageDataset {
  /// The first images, in memory of their own.
  package func first(_ limit: Int) throws(DataError) -> ImageDataset {
    guard limit < count else { return self }
    return try ImageDataset(
      pixels: Array(pixels.prefix(limit * sampleSize)), sampleShape: sampleShape, labels: Array(labels.prefix(limit)),
      classNames: classNames,
      normalization: normalization)
  }
}
