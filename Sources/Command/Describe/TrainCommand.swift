import ArgumentParser
import Glissade

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `glissade train`.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a model and leave a run folder.",
    discussion: """
      The run folder holds summary.json, metrics.csv (a row per epoch), model.safetensors, best.safetensors (the epoch with the lowest \
      validation loss, which is tested and used), samples.safetensors (by which the data is known again), the last checkpoints and \
      options.json. Ctrl-C finishes the step, saves and exits with status 130. --resume FOLDER \
      goes on with a run that was stopped in whatever way, and ends with the bytes that it would have ended with.
      """)

  @Option(help: "fashion-mnist, a folder with IDX files, CIFAR's binary files or a folder of pictures for each class, or a .csv table.")
  var data = "fashion-mnist"

  @Option(help: ArgumentHelp("One of \(ModelZoo.names.joined(separator: ", ")). (default: lenet; mlp for tables)"))
  var model: String?

  @Option(parsing: .unconditional, help: "How often the training data is gone through.")
  var epochs = 5

  @Option(help: "sgd, rmsprop, adam or adamw.")
  var optimizer = "adam"

  @Option(parsing: .unconditional, help: "Samples in a step. (default: 128; less for small data)")
  var batchSize: Int?

  @OptionGroup var device: DeviceOptions

  @Option(parsing: .unconditional, help: "Seed of weights, shuffles, the validation split and dropout.")
  var seed: UInt64 = 1

  @Option(parsing: .unconditional, help: "Share of the training samples that is held out and checked after each epoch. (default: 0.1)")
  var validation: Double?

  @Option(parsing: .unconditional, help: "lenet: dropout rate before the last layer. (default: 0.25)")
  var dropout: Float?

  @Option(
    parsing: .unconditional,
    help: "Only N training samples, the first ones (of pictures some of each class), and a sixth as many to test with.")
  var limit: Int?

  @OptionGroup var common: RunOptions

  @Flag(help: "Print the plan of one step instead of training: each launch with the least time that it can take and what it took.")
  var explain = false

  @OptionGroup var published: PublishedDeviceOption

  @OptionGroup(title: "Small data") var folds: FoldOptions

  @OptionGroup(title: "Checkpoints") var checkpoints: CheckpointOptions

  @OptionGroup(title: "Optimizer options") var hyperparameters: HyperparameterOptions

  @OptionGroup(title: "Unbalanced classes") var balance: BalanceOptions

  @OptionGroup(title: "Tables") var table: TableOptions

  @OptionGroup(title: "Pictures") var pictures: PictureOptions

  func run() throws {
    let settings = try settings()
    func job(_ settings: TrainingSettings) throws -> TrainingJob {
      try TrainingJob(settings: settings, data: try LoadedData.timed { try settings.loadData() })
    }
    let published = try published.device()
    if let published {
      guard explain else { throw Misuse("--as is for --explain: nothing can be trained on a device that is not here") }
      return try Terminal.print(try job(settings).explanation(as: published))
    }
    if explain { return try Terminal.print(try job(settings).explanation(on: try device.open())) }
    let count = folds.fold == nil ? folds.kfold : nil
    let place = try RunPlace(out: common.out, replaces: common.replace, resume: checkpoints.resume, folds: count, settings)
    func train(_ settings: TrainingSettings, in place: RunPlace) throws {
      try job(settings).run(on: try device.open(), in: place, isQuiet: common.quiet)
    }
    guard let count else { return try train(settings, in: place) }
    try FoldTraining(count: count, place: place, isQuiet: common.quiet).run(settings, train: train)
  }

  /// The share of the samples that is held out; what a fold is where there are folds.
  private var heldOut: Double { folds.kfold.map { 1 / Double($0) } ?? validation ?? 0.1 }

  /// All options, checked as far as they can be without data and device.
  private func settings() throws -> TrainingSettings {
    let model = model ?? (DataSource(name: data).isTable ? "mlp" : "lenet")
    guard ModelZoo.names.contains(model) else { throw Misuse.unknown("model", model, among: ModelZoo.names) }
    if dropout != nil, model != "lenet" { throw Misuse("--dropout is no option of \(model); lenet has it") }
    try Misuse.check("--epochs", epochs, (1...1_000_000).contains(epochs), "from 1 to 1000000")
    if let batchSize { try Misuse.check("--batch-size", batchSize, batchSize > 0, "at least 1") }
    if let validation { try Misuse.check("--validation", validation, validation >= 0 && validation < 1, "at least 0 and below 1") }
    try folds.check(validation: validation)
    if let dropout { try Misuse.check("--dropout", dropout, dropout >= 0 && dropout < 1, "at least 0 and below 1") }
    if let limit { try Misuse.check("--limit", limit, limit > 0, "at least 1") }
    if data.isEmpty { throw Misuse("--data is empty, and it has to name a data set or a folder") }
    try common.check()
    let saving = try checkpoints.saving(out: common.out)
    return TrainingSettings(
      data: data, model: model, epochs: epochs, optimizer: try hyperparameters.optimizer(optimizer),
      schedule: try Schedule(common.schedule),
      batchSize: batchSize ?? 128, batchSizeGivesWay: batchSize == nil, device: try device.request(), threads: device.threads, seed: seed,
      validation: heldOut,
      clippingNorm: common.clipNorm,
      labelSmoothing: common.labelSmoothing, dropout: model == "lenet" ? dropout ?? 0.25 : nil, limit: limit,
      table: try table.settings(data: data, model: model, test: pictures.test, isFolded: folds.kfold != nil),
      pictures: try pictures.settings(
        ifPictures: data, model: model, validation: heldOut, threads: device.threads, isFolded: folds.kfold != nil),
      hidden: try table.hiddenSizes(model: model), classWeights: try balance.weights(), sampling: try balance.chosenSampling(),
      fold: folds.chosen, resumed: checkpoints.resume, isExact: common.exact, saving: saving, command: .current)
  }
}
