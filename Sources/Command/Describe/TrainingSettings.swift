import Glissade

/// Everything that decides a training, defaults included.
struct TrainingSettings {
  var data: String
  var model: String
  var epochs: Int
  var optimizer: any Optimizer
  var schedule: Schedule
  var batchSize: Int
  /// Whether the batch size is a default, which gives way to data that is too small for it.
  var batchSizeGivesWay = false
  var device: DeviceRequest
  var threads: Int?
  var seed: UInt64
  var validation: Double
  var clippingNorm: Float?
  var labelSmoothing: Float
  var dropout: Float?
  var limit: Int?
  /// What is to be made of a table, where the data is one.
  var table: TableSettings?
  /// What is to be made of a folder of pictures, where the data is one.
  var pictures: PictureSettings?
  /// mlp: features of the hidden layers.
  var hidden: [Int]?
  var classWeights: ClassWeights?
  var sampling = TrainingOptions.Sampling.shuffled
  /// What is trained of a pretrained network, where one is.
  var finetuning: FinetuneSettings?
  /// The fold that is held out in place of a share, where the training is one of several.
  var fold: Fold?
  /// The run's folder, where it is known.
  var folder: String?
  /// The folder of the run that goes on, where one does.
  var resumed: String?
  /// Whether convolutions mix no pixels beyond their filter's reach.
  var isExact = false
  /// How the run is kept.
  var saving = Saving()
  /// What the command was given, so that it can be given it again.
  var command = GivenArguments()

  /// Rows cost little, so that an epoch of a table has at least so many steps.
  private static let stepsOfTable = 8

  /// How often a run is saved, and what else it writes.
  struct Saving {
    /// Steps between checkpoints, beside those after each epoch.
    var checkpointSteps: Int?
    /// Checkpoints that are kept.
    var kept = 2
    /// Whether there are event files for TensorBoard.
    var writesEvents = false
  }

  /// The training part, limited where that was asked for, and the test part.
  func loadData() throws -> LoadedData {
    if let table {
      var loaded = try table.load(data, validation: validation, seed: seed, fold: fold)
      if let limit { (loaded.training, loaded.test) = (loaded.training.firstSamples(limit), loaded.test?.firstSamples(max(limit / 6, 1))) }
      return loaded
    }
    if let pictures { return try pictures.load(data, validation: validation, seed: seed, limit: limit, fold: fold) }
    var (training, test) = try DataSource(name: data).loadPictures()
    if let limit { (training, test) = (try training.first(limit), try test.first(max(limit / 6, 1))) }
    return LoadedData(training: training, test: test, normalization: training.normalization)
  }

  /// The settings where the data has decided what was left to it: the batch size, and the hidden layers of a network for a table. A run that
  /// goes on has what it began with.
  /// - Parameters:
  ///   - samples: to train on.
  ///   - table: what the data's columns become, where it is a table.
  func settled(samples: Int, table: TableDescription?) -> TrainingSettings {
    var result = self
    let earlier = resumed.flatMap { try? JSONValue.read(path: RunFolder($0).optionsPath) }
    if batchSizeGivesWay {
      result.batchSize =
        earlier?["batch_size"]?.integerValue
        ?? TrainingOptions.batchSize(forSamples: samples, usual: batchSize, steps: table == nil ? 1 : Self.stepsOfTable)
    }
    if let table, hidden == nil {
      // Earlier versions did not write what they had, which was no other than for pictures.
      result.hidden =
        earlier.map { $0["hidden"]?.arrayValue?.compactMap(\.integerValue) }
        ?? MLP.hiddenSizes(forSamples: samples, features: table.encoding.width)
    }
    return result
  }

  /// The files and folders that the training reads.
  var inputs: [String] {
    let labels = (finetuning?.pictures ?? pictures)?.labels?.path
    return [DataSource(name: data).folder] + [labels].compactMap(\.self)
      + (finetuning.map { [$0.pretrained] + FinetuneSettings.candidates($0.pretrained) } ?? [])
  }

  /// The trainer's options.
  /// - Parameter run: what the data turned out to be.
  func trainingOptions(for run: RunDescription) -> TrainingOptions {
    var options = TrainingOptions(groups: [ParameterGroup(optimizer, schedule: schedule)])
    options.epochs = epochs
    options.batchSize = batchSize
    options.seed = seed
    options.loss = run.table?.lossOfValues ?? .crossEntropy(labelSmoothing: labelSmoothing)
    options.valueUnit = run.table?.deviation ?? 1
    options.classWeights = classWeights
    options.sampling = sampling
    options.mixing = pictures?.augmentations.mixing(seed: seed)
    options.clippingNorm = clippingNorm
    options.isExact = isExact
    options.checkpointSteps = saving.checkpointSteps
    return options
  }

  /// `options.json`: every option in force, and what the data was like.
  func json(_ run: RunDescription) -> JSONValue {
    var members = KeptPath.json("data", data)
    if let folder { members.append(JSONMember(KeptPath.runKey, .string(KeptPath.fromRoot(folder)))) }
    members += [
      JSONMember("model", .string(model)), JSONMember("epochs", .integer(Int64(epochs))),
      JSONMember("optimizer", .string(type(of: optimizer).name)),
    ]
    members += optimizer.settings
    members += finetuning?.json ?? pictures?.json ?? []
    if let table { members.append(JSONMember("test", .number(table.test))) }
    // Only where there is one, so that other runs read as they always have.
    if let fold { members += [JSONMember("kfold", .integer(Int64(fold.count))), JSONMember("fold", .integer(Int64(fold.number)))] }
    members += [
      JSONMember("schedule", .string("\(schedule)")), JSONMember("clip_norm", clippingNorm.map { .float($0) } ?? .null),
      JSONMember("batch_size", .integer(Int64(batchSize))), JSONMember("label_smoothing", .float(labelSmoothing)),
      JSONMember("dropout", dropout.map { .float($0) } ?? .null), JSONMember("validation", .number(validation)),
      JSONMember("limit", limit.map { .integer(Int64($0)) } ?? .null),
      JSONMember("seed", Int64(exactly: seed).map { .integer($0) } ?? .string("\(seed)")),
      JSONMember("device", .string("\(device)")), JSONMember("threads", threads.map { .integer(Int64($0)) } ?? .null),
      JSONMember("input", .array(run.input.map { .integer(Int64($0)) })),
      JSONMember("classes", .array(run.classNames.map { .string($0) })),
      JSONMember("mean", .array(run.normalization.mean.map { .float($0) })),
      JSONMember("deviation", .array(run.normalization.deviation.map { .float($0) })),
      JSONMember("hidden", hidden.map { .array($0.map { .integer(Int64($0)) }) } ?? .null),
      JSONMember("class_weights", classWeights.map(\.json) ?? .null), JSONMember("sampling", .string(sampling.rawValue)),
      JSONMember("table", run.table?.json ?? .null),
      JSONMember("checkpoint_every", saving.checkpointSteps.map { .integer(Int64($0)) } ?? .null),
      JSONMember("keep", .integer(Int64(saving.kept))), JSONMember("tensorboard", .bool(saving.writesEvents)),
      JSONMember("command", .string(command.name)), JSONMember("arguments", .array(command.arguments.map { .string($0) })),
      JSONMember("glissade_version", .string(Version.number)),
    ]
    // Not where it is false: runs of earlier versions have no such option, and go on.
    if isExact { members.append(JSONMember("exact", true)) }
    return .object(members)
  }
}

extension ClassWeights {
  /// As it was asked for.
  fileprivate var json: JSONValue {
    switch self {
    case .balanced: "balanced"
    case .given(let weights): .array(weights.map { .float($0) })
    }
  }
}

extension Dataset {
  /// The first samples.
  fileprivate func firstSamples(_ limit: Int) -> any Dataset { prefix(limit) }
}

extension ImageDataset {
  /// The first images, in memory of their own.
  func first(_ limit: Int) throws(DataError) -> ImageDataset {
    guard limit < count else { return self }
    return try ImageDataset(
      pixels: Array(pixels.prefix(limit * sampleSize)), sampleShape: sampleShape, labels: Array(labels.prefix(limit)),
      classNames: classNames,
      normalization: normalization)
  }
}
