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
struct Training<Door: TrainingDoor>: RecipeUse {
  static var configuration: CommandConfiguration { Door.configuration }

  @OptionGroup(title: EssentialSection.title) var places: TrainingPlaces

  @Flag(help: "Put this run in the place of the one that --out names: the files of that run are removed.")
  var replace = false

  @Flag(help: "Print the plan of one step instead of training: each launch with the least time that it can take and what it took.")
  var explain = false

  @OptionGroup var published: PublishedDeviceOption

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  @Flag(help: "Show the training on the whole screen, as 'glissade watch' does; q leaves that, and training goes on.")
  var live = false

  func run(_ given: GivenOptions) throws {
    if live, quiet { throw Misuse("--live shows the training, and --quiet wants nothing to be shown") }
    let request = try request(given)
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
  private func request(_ given: GivenOptions) throws -> TrainingRequest {
    let (out, resume) = (places.out, places.resume)
    if let out, out.isEmpty { throw Misuse("--out is empty, and it has to name a folder") }
    if resume != nil, out != nil { throw Misuse("--out cannot be given with --resume: the run goes on in its own folder") }
    if resume != nil, places.recipe != nil { throw Misuse("--recipe cannot be given with --resume: the run goes on with its own") }
    let earlier = try resume.map { try EarlierRun($0, namedAnew: Set(given.all.map(\.name))) }
    let recipe: Recipe
    if var own = earlier?.recipe {
      try given.apply(to: &own)
      recipe = own
    } else {
      recipe = try given.recipe(from: places.recipe)
    }
    if let missing = Door.needed.first(where: { !recipe.isGiven($0) }) {
      throw Misuse("missing expected argument '\(Recipe.declaration(missing).map { "--\($0.optionName) <\($0.optionName)>" } ?? missing)'")
    }
    try recipe.check()
    let report = FetchReport(line: quiet ? nil : { Terminal.write($0 + "\n", to: STDOUT_FILENO) }, isQuiet: quiet)
    return try TrainingRequest(recipe, resuming: earlier, file: places.recipe, fetch: report.file)
  }
}
