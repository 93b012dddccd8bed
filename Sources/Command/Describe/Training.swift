import ArgumentParser
import Glissade

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A door to training: `glissade train`, `glissade finetune`.
protocol TrainingDoor: Sendable {
  static var configuration: CommandConfiguration { get }
  /// Options that have to be given.
  static var needed: [String] { get }
}

/// Everything that trains: by a recipe, what is different from it, and where the run is to be.
///
/// The groups stand here rather than in a group of their own, because the parser looks through each group of a group several times.
struct Training<Door: TrainingDoor>: ParsableCommand, RecipeArguments {
  static var configuration: CommandConfiguration { Door.configuration }

  @OptionGroup(title: EssentialSection.title) var essentials: SectionArguments<EssentialSection>

  @OptionGroup(title: EssentialSection.title) var places: TrainingPlaces

  @OptionGroup(title: TrainingSection.title) var training: SectionArguments<TrainingSection>

  @OptionGroup(title: DeviceSection.title) var device: SectionArguments<DeviceSection>

  @Flag(help: "Put this run in the place of the one that --out names: the files of that run are removed.")
  var replace = false

  @Flag(help: "Print the plan of one step instead of training: each launch with the least time that it can take and what it took.")
  var explain = false

  @OptionGroup var published: PublishedDeviceOption

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  @Flag(help: "Show the training on the whole screen, as 'glissade watch' does; q leaves that, and training goes on.")
  var live = false

  @OptionGroup(title: PretrainedSection.title) var pretrained: SectionArguments<PretrainedSection>

  @OptionGroup(title: FoldSection.title) var folds: SectionArguments<FoldSection>

  @OptionGroup(title: EnsembleSection.title) var ensembles: SectionArguments<EnsembleSection>

  @OptionGroup(title: StoppingSection.title) var stopping: SectionArguments<StoppingSection>

  @OptionGroup(title: SavingSection.title) var saving: SectionArguments<SavingSection>

  @OptionGroup(title: OptimizerSection.title) var optimizers: SectionArguments<OptimizerSection>

  @OptionGroup(title: GroupSection.title) var groups: SectionArguments<GroupSection>

  @OptionGroup(title: RegularizationSection.title) var regularization: SectionArguments<RegularizationSection>

  @OptionGroup(title: BalanceSection.title) var balance: SectionArguments<BalanceSection>

  @OptionGroup(title: TableSection.title) var table: SectionArguments<TableSection>

  @OptionGroup(title: PictureSection.title) var pictures: SectionArguments<PictureSection>

  func run() throws {
    if live, quiet { throw Misuse("--live shows the training, and --quiet wants nothing to be shown") }
    let request = try request()
    let recipe = request.recipe
    if let published = try published.device() {
      guard explain else { throw Misuse("--as is for --explain: nothing can be trained on a device that is not here") }
      return try Terminal.print(try TrainingJob(request).explanation(as: published))
    }
    if explain {
      let job = try TrainingJob(request)
      return try Terminal.print(try job.explanation(on: try job.openDevice()))
    }
    let series = TrainingSeries(recipe)
    let place = try RunPlace(out: places.out, replaces: replace, resume: places.resume, series: series?.kind, request, note: Terminal.note)
    func train(_ request: TrainingRequest, in place: RunPlace) throws {
      let job = try TrainingJob(request)
      try job.run(on: try job.openDevice(), in: place, isQuiet: quiet, isLive: live)
    }
    guard let series else { return try train(request, in: place) }
    func report(_ line: String) { if !quiet { Terminal.write(line + "\n", to: STDOUT_FILENO) } }
    try series.run(request, in: place, report: report, note: Terminal.note, train: train)
  }

  /// What is to be trained, checked as far as it can be without data and device.
  private func request() throws -> TrainingRequest {
    let (out, resume) = (places.out, places.resume)
    if let out, out.isEmpty { throw Misuse("--out is empty, and it has to name a folder") }
    if resume != nil, out != nil { throw Misuse("--out cannot be given with --resume: the run goes on in its own folder") }
    if resume != nil, places.recipe != nil { throw Misuse("--recipe cannot be given with --resume: the run goes on with its own") }
    let earlier = try resume.map { try EarlierRun($0, namedAnew: Set(given.map(\.name))) }
    let recipe = try recipe(after: earlier)
    if let missing = Door.needed.first(where: { !recipe.isGiven($0) }) {
      throw Misuse("missing expected argument '\(Recipe.declaration(missing).map { "--\($0.optionName) <\($0.optionName)>" } ?? missing)'")
    }
    try recipe.check()
    let report = FetchReport(line: quiet ? nil : { Terminal.write($0 + "\n", to: STDOUT_FILENO) }, isQuiet: quiet)
    return try TrainingRequest(recipe, resuming: earlier, file: places.recipe, fetch: report.file)
  }

  /// The recipe of a file or of the run that goes on, changed by the options that are given.
  /// - Throws: `RecipeError`, and what keeps the file from being read.
  private func recipe(after earlier: EarlierRun?) throws -> Recipe {
    var recipe = try earlier?.recipe ?? places.recipe.map(RecipeFile.read) ?? Recipe()
    try apply(to: &recipe)
    return recipe
  }
}
