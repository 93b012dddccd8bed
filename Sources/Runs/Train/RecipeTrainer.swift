import GlissadeData
import GlissadeDevices
import GlissadeRecipes
import GlissadeTraining

extension Trainer {
  /// A training as a recipe describes it: data, model, pretrained weights and all that decides how. `fit(out:)` then does what
  /// `glissade train` does with the same recipe, and ends with the same bytes.
  ///
  /// ```swift
  /// var recipe = Recipe()
  /// recipe.data = "cifar10/"
  /// recipe.model = "resnet18"
  /// let result = try Trainer(recipe).fit(out: "runs/a")
  /// ```
  /// - Parameters:
  ///   - recipe: checked first, as a whole.
  ///   - note: is told, in lines, what should be known of the data: what of it is left out, say.
  /// - Throws: `RecipeError` and `RunMisuse` for a recipe that makes no sense, what keeps the data and the weights from being read, and
  ///   `RunFailure` for what keeps the model from being trained on them.
  public init(_ recipe: Recipe, note: @escaping (String) -> Void = { _ in }) throws {
    try recipe.check()
    try self.init(TrainingRequest(recipe, resuming: nil, file: nil), note: note)
  }

  /// The training of a run that was stopped, in whatever way: `fit()` goes on with it in its folder, and ends with the bytes that it would
  /// have ended with.
  /// - Parameters:
  ///   - folder: the run's.
  ///   - note: is told, in lines, what should be known of the data.
  ///   - change: changes the recipe: more epochs, another device, where the data lies now. What decides the result has to stay as it was.
  /// - Throws: what keeps the run from being read, `RunMisuse` and `RunFailure` for what keeps it from going on.
  public init(
    resuming folder: String, note: @escaping (String) -> Void = { _ in }, change: (inout Recipe) throws -> Void = { _ in }
  ) throws {
    var recipe = Recipe()
    try change(&recipe)
    let earlier = try EarlierRun(folder, namedAnew: Set(Recipe.places.filter { recipe.isGiven($0) }))
    var whole = earlier.recipe
    try change(&whole)
    try whole.check()
    try self.init(TrainingRequest(whole, resuming: earlier, file: nil), note: note)
  }

  private init(_ request: TrainingRequest, note: @escaping (String) -> Void) throws {
    if let series = TrainingSeries(request.recipe) {
      let (option, number, count) = (series.kind.countOption, series.kind.numberOption, series.count)
      throw Misuse("\(option) is \(count), and a trainer trains one model: \(number) has to say which of the \(count)")
    }
    let training = try RecipeTraining(request, note: note)
    self = training.trainer
    origin = training
  }

  /// The recipe that the trainer was made from, with everything in force; `nil` for one that was made otherwise.
  public var recipe: Recipe? { made?.recipe }

  /// The samples of the recipe's data: to train on, to be checked with after each epoch, and to be measured with at the end; `nil` for a trainer
  /// that was made from no recipe.
  public var data: (training: any Dataset, validation: (any Dataset)?, test: (any Dataset)?)? {
    made.map { ($0.training, $0.validation, $0.test) }
  }

  private var made: RecipeTraining? { origin as? RecipeTraining }

  /// Trains all models of a recipe that has folds (`kfold`), one after another, each with another part of the data held out.
  /// - Parameters:
  ///   - recipe: with `kfold`, and without `fold`.
  ///   - out: the folder that gets a folder for each, and `folds.json` with what they come to.
  ///   - replaces: whether runs that are in that folder go.
  ///   - report: is told how it goes, in lines.
  ///   - observe: is told what happens in each.
  ///   - shouldStop: asked before each step.
  /// - Returns: what came of each that was trained to its end.
  /// - Throws: what keeps one from starting, and what stopped it.
  @discardableResult
  public static func fitFolds(
    of recipe: Recipe, out: String, replaces: Bool = false, report: @escaping (String) -> Void = { _ in },
    observe: @escaping (TrainingEvent) -> Void = { _ in }, shouldStop: @escaping () -> Bool = { false }
  ) throws -> [Result] {
    try recipe.check()
    guard let series = TrainingSeries(recipe), series.kind == .folds else {
      throw Misuse("the recipe has \(recipe.kfold == nil ? "no kfold" : "a fold"), and all folds are to be trained")
    }
    return try fit(series, recipe, out, replaces, RunWatch(report: report, observe: observe, shouldStop: shouldStop))
  }

  /// Trains all models of a recipe that has an ensemble, one after another, each with a seed of its own.
  /// - Parameters:
  ///   - recipe: with `ensemble`, and without `member`.
  ///   - out: the folder that gets a folder for each, and `ensemble.json` with what they come to.
  ///   - replaces: whether runs that are in that folder go.
  ///   - report: is told how it goes, in lines.
  ///   - observe: is told what happens in each.
  ///   - shouldStop: asked before each step.
  /// - Returns: what came of each that was trained to its end: `Ensemble(results.map { $0.best ?? $0.state }, of: .classes)`.
  /// - Throws: what keeps one from starting, and what stopped it.
  @discardableResult
  public static func fitEnsemble(
    of recipe: Recipe, out: String, replaces: Bool = false, report: @escaping (String) -> Void = { _ in },
    observe: @escaping (TrainingEvent) -> Void = { _ in }, shouldStop: @escaping () -> Bool = { false }
  ) throws -> [Result] {
    try recipe.check()
    guard let series = TrainingSeries(recipe), series.kind == .members else {
      throw Misuse("the recipe has \(recipe.ensemble == nil ? "no ensemble" : "a member"), and all members are to be trained")
    }
    return try fit(series, recipe, out, replaces, RunWatch(report: report, observe: observe, shouldStop: shouldStop))
  }

  private static func fit(
    _ series: TrainingSeries, _ recipe: Recipe, _ out: String, _ replaces: Bool, _ watch: RunWatch
  ) throws -> [Result] {
    let (report, shouldStop) = (watch.report, watch.shouldStop)
    let request = try TrainingRequest(recipe, resuming: nil, file: nil)
    let place = try RunPlace(out: out, replaces: replaces, resume: nil, series: series.kind, request, note: report)
    var results: [Result] = []
    do {
      try series.run(request, in: place, report: report, note: report) { request, place in
        let training = try RecipeTraining(request, note: report)
        let result = try training.fit(in: place, on: try training.openDevice(report), watch).result
        if let failure = result.failure { throw failure }
        if shouldStop() { throw Interrupted() }
        results.append(result)
      }
    } catch is Interrupted {}
    return results
  }

  /// Trains as the recipe says.
  /// - Parameters:
  ///   - out: the folder that the run is to leave, as `glissade train` leaves one; default none. A run that goes on has its own.
  ///   - replaces: whether a run that is in that folder goes.
  ///   - selection: the device; default that of the recipe.
  ///   - report: is told how it goes, in lines.
  ///   - observe: is told what happens.
  ///   - shouldStop: asked before each step; training then ends with what it has, and a run can go on later.
  /// - Returns: what came of it, the last sound state where something failed on the way.
  /// - Throws: `TrainingError.noData` for a trainer that was made from no recipe, and what keeps training from starting.
  @discardableResult
  public func fit(
    out: String? = nil, replaces: Bool = false, on selection: DeviceSelection? = nil, report: @escaping (String) -> Void = { _ in },
    observe: @escaping (TrainingEvent) -> Void = { _ in }, shouldStop: @escaping () -> Bool = { false }
  ) throws -> Result {
    guard let training = made else { throw TrainingError.noData }
    let watch = RunWatch(report: report, observe: observe, shouldStop: shouldStop)
    let earlier = training.request.earlier?.folder
    if earlier != nil, out != nil { throw Misuse("out cannot be given for a run that goes on: it does so in its own folder") }
    let place =
      out == nil && earlier == nil
      ? nil : try RunPlace(out: out, replaces: replaces, resume: earlier, training.request, note: report)
    let device = try selection ?? training.openDevice(report)
    return try place.map { try training.fit(in: $0, on: device, watch).result } ?? training.fit(on: device, watch)
  }
}
