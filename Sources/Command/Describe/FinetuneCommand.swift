import ArgumentParser
import Glissade

/// `glissade finetune`.
struct FinetuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "finetune", abstract: "Teach a pretrained network the classes of a folder of pictures.",
    discussion: """
      Takes a network's weights from PyTorch or from a run, gives it a new head for the folder's classes, and trains what is not frozen. \
      Frozen layers compute what they compute in evaluation: their batch norms keep their statistics. While the whole backbone is frozen and \
      pictures are not augmented, its features are computed once. The run folder is that of 'glissade train'.
      """)

  @Option(help: ArgumentHelp("One of \(ModelZoo.names.joined(separator: ", "))."))
  var model = "efficientnet-lite0"

  @Option(help: "The weights to begin from: a PyTorch checkpoint, a safetensors file, or the folder of a run.")
  var pretrained: String

  @OptionGroup var tensors: WeightsChoice

  @Option(help: "A folder of pictures (JPEG, PNG, WebP, TIFF) with a folder in it for each class.")
  var data: String

  @Option(help: "The new head: dense, or features of hidden layers and a rate of dropout, as in 256,dropout(0.2).")
  var head = "dense"

  @Option(help: "What is not trained at first: backbone, head, or paths as in blocks.0-5,**.bias. (default: nothing)")
  var freeze: String?

  @Option(help: "The epoch from which everything is trained, as in 4; or what is trained from when, as in 4:blocks.10-15,8:backbone.")
  var unfreezeAt: String?

  @Option(help: "Learning rate of the backbone: a number, or a multiple of the head's, as in 0.1x.")
  var backboneLr = "0.1x"

  @Option(parsing: .unconditional, help: "How strongly the backbone is drawn to its pretrained weights (L2-SP).")
  var stayClose: Float = 0

  @Option(parsing: .unconditional, help: "How often the training data is gone through.")
  var epochs = 10

  @Option(help: "sgd, rmsprop, adam or adamw.")
  var optimizer = "adam"

  @Option(parsing: .unconditional, help: "Samples in a step. (default: 32; less for small data)")
  var batchSize: Int?

  @OptionGroup var device: DeviceOptions

  @Option(parsing: .unconditional, help: "Seed of the head, shuffles, the division of the pictures, dropout and augmentation.")
  var seed: UInt64 = 1

  @Option(
    parsing: .unconditional,
    help: "Share of the pictures that is checked after each epoch, unless the folder has such a part. (default: 0.2)")
  var validation: Double?

  @OptionGroup var common: RunOptions

  @OptionGroup(title: "Pictures") var pictures: PictureOptions

  @OptionGroup(title: "Unbalanced classes") var balance: BalanceOptions

  @OptionGroup(title: "Small data") var folds: FoldOptions

  @OptionGroup(title: "Checkpoints") var checkpoints: CheckpointOptions

  @OptionGroup(title: "Optimizer options") var hyperparameters: HyperparameterOptions

  func run() throws {
    var settings = try settings()
    let finetuning = try finetuneSettings()
    settings.finetuning = finetuning
    let count = folds.fold == nil ? folds.kfold : nil
    let place = try RunPlace(out: common.out, replaces: common.replace, resume: checkpoints.resume, folds: count, settings)
    func train(_ settings: TrainingSettings, in place: RunPlace) throws {
      let data = try LoadedData.timed {
        try finetuning.pictures.load(self.data, validation: settings.validation, seed: seed, fold: settings.fold)
      }
      let job = try TrainingJob(settings: settings, finetuning: finetuning, data: data)
      try job.run(on: try device.open(), in: place, isQuiet: common.quiet)
    }
    guard let count else { return try train(settings, in: place) }
    try FoldTraining(count: count, place: place, isQuiet: common.quiet).run(settings, train: train)
  }

  /// The share of the pictures that is held out; what a fold is where there are folds.
  private var heldOut: Double { folds.kfold.map { 1 / Double($0) } ?? validation ?? 0.2 }

  /// What every training has, checked as far as it can be without data and device.
  private func settings() throws -> TrainingSettings {
    guard ModelZoo.names.contains(model) else { throw Misuse.unknown("model", model, among: ModelZoo.names) }
    try Misuse.check("--epochs", epochs, (1...1_000_000).contains(epochs), "from 1 to 1000000")
    if let batchSize { try Misuse.check("--batch-size", batchSize, batchSize > 0, "at least 1") }
    if let validation { try Misuse.check("--validation", validation, validation >= 0 && validation < 1, "at least 0 and below 1") }
    try folds.check(validation: validation)
    try Misuse.check("--stay-close", stayClose, stayClose >= 0 && stayClose.isFinite, "a number of at least 0")
    if data.isEmpty { throw Misuse("--data is empty, and it has to name a folder") }
    try common.check()
    let saving = try checkpoints.saving(out: common.out)
    return TrainingSettings(
      data: data, model: model, epochs: epochs, optimizer: try hyperparameters.optimizer(optimizer),
      schedule: try Schedule(common.schedule),
      batchSize: batchSize ?? 32, batchSizeGivesWay: batchSize == nil, device: try device.request(), threads: device.threads, seed: seed,
      validation: heldOut,
      clippingNorm: common.clipNorm, labelSmoothing: common.labelSmoothing, classWeights: try balance.weights(),
      sampling: try balance.chosenSampling(),
      fold: folds.chosen, resumed: checkpoints.resume, isExact: common.exact, saving: saving, command: .current)
  }

  /// What is in the weights, in short, and their file, where it is needed. A run that goes on has what it began with in its checkpoint, so
  /// that the file may be gone, unless the run is to stay close to it or names it anew.
  private func weights() throws -> (checksum: UInt32, file: String?) {
    func found(_ file: String) throws -> (UInt32, String?) { (try FileChecksum.crc32(path: file), file) }
    guard let resume = checkpoints.resume else { return try found(weightsPath(pretrained)) }
    // Of several trainings, all began with the same.
    let folder = exists(RunFolder(resume).optionsPath) ? RunFolder(resume) : FoldTraining.folder(1, in: resume)
    let kept = try JSONValue.read(path: folder.optionsPath)["pretrained_checksum"]?.integerValue.flatMap { UInt32(exactly: $0) }
    let isNeeded = stayClose > 0 || folder.checkpoints.isEmpty || GivenArguments.namedAnew.contains("pretrained")
    if let kept, !isNeeded { return (kept, nil) }
    guard exists(pretrained) else {
      let reason = stayClose > 0 ? "--stay-close draws the parameters to these weights" : "the run has no checkpoint yet"
      throw Failure("\(pretrained): no such file, and it is needed to go on: \(reason); --pretrained says where it is now")
    }
    // A run that began with another run began with its best model, or its last one.
    let files = try FinetuneSettings.candidates(pretrained).map(found)
    return try files.first { $0.0 == kept } ?? files.first ?? found(weightsPath(pretrained))
  }

  private func finetuneSettings() throws -> FinetuneSettings {
    do {
      _ = try HeadDesign(head, classes: 1)
      let later = try unfreezeAt.map(FinetuneSettings.unfreezing) ?? []
      if let last = later.last, last.epoch > epochs {
        throw Misuse("--unfreeze-at \(last.epoch) comes after the last epoch, \(epochs)")
      }
      let pictures = try pictures.settings(model: model, validation: heldOut, test: 0, threads: device.threads)
      let weights = try weights()
      return FinetuneSettings(
        pretrained: pretrained, tensors: tensors, pretrainedChecksum: weights.checksum, weightsFile: weights.file, head: head,
        freeze: try freeze.map { try ParameterSelection($0) }, unfreezing: later,
        backboneRate: try FinetuneSettings.Rate(backboneLr), stayClose: stayClose, pictures: pictures)
    } catch let error as HeadError { throw Misuse("--head: \(error)") } catch let error as SelectionError { throw Misuse("\(error)") }
  }
}
