import GlissadeDevices
import GlissadeFormats
import GlissadeLayers
import GlissadeModels
import GlissadeOptimizers
import GlissadeRecipes
import GlissadeTensors
import GlissadeTraining
import GlissadeWeights

/// A search in a folder: its trials are ordinary runs in `trial-001/`, `trial-002/` …, and `sweep.json` beside them says what the search is and what
/// has come of it so far. That is written anew after each result, and a trial that was stopped goes on from its checkpoint, so that a search goes
/// on after whatever ended it, to the table that it would have come to.
package final class Sweep {
  /// Who watches it.
  package struct Watch {
    /// Is told how it goes, in lines.
    package var report: (String) -> Void = { _ in }
    /// Is told what should be known whoever listens.
    package var note: (String) -> Void = { _ in }
    /// Is told what happens in the trial at hand.
    package var observe: (TrainingEvent) -> Void = { _ in }
    /// Asked before each step.
    package var shouldStop: () -> Bool = { false }
    /// Called once there will be something to save.
    package var willTrain: () -> Void = {}
    /// Brings published weights.
    package var fetch: (PublishedWeights) throws -> String = FinetuneSettings.fetched

    package init() {}
  }

  package private(set) var plan: SweepPlan
  package let folder: RunFolder
  package private(set) var results: SweepResults
  /// What the test data says of the best trial, once that is known: its number, and the members of its summary.
  package private(set) var tested: (trial: Int, values: [JSONMember])?
  /// Seconds that it has taken, on all its stretches.
  package private(set) var seconds = 0.0
  private let lock: RunFolderLock
  private let watch: Watch
  private var cache = SweepCache()

  /// A search that begins.
  /// - Parameters:
  ///   - plan: checked.
  ///   - out: its folder; default a new one.
  /// - Throws: `Misuse` for a folder that it must not have, `RunFolderError` for one that cannot be made or is in use.
  package init(_ plan: SweepPlan, out: String?, watch: Watch) throws {
    self.plan = plan
    self.watch = watch
    results = SweepResults(plan.metric)
    if let out {
      folder = RunFolder(out)
      try Self.check(folder, plan, watch)
      try folder.prepare()
    } else {
      folder = try RunFolder.makeNew("runs/\(Text.timestamp())-sweep")
    }
    lock = try folder.lock()
    try Self.check(folder, plan, watch)
    try save()
  }

  /// A search that goes on.
  /// - Parameters:
  ///   - path: its folder.
  ///   - trials: how many there are to be; default as many as there were to be.
  /// - Throws: `Failure` for a folder that holds none, `Misuse` where there cannot be so many.
  package init(resuming path: String, trials: Int? = nil, watch: Watch) throws {
    folder = RunFolder(path)
    guard exists(folder.sweepPath) else {
      throw Failure(
        "\(path) holds no sweep: there is no \(folder.sweepPath)\(folder.isRun ? "; 'glissade train --resume' goes on with a run" : "")")
    }
    lock = try folder.lock()
    self.watch = watch
    let json = try JSONValue.read(path: folder.sweepPath)
    // The first trial knows where its data lies, seen from wherever.
    let first = RunFolder("\(path)/\(Self.name(ofTrial: 1))")
    plan = try SweepPlan(json, path: folder.sweepPath, begun: first.holdsRun ? try EarlierRun(first.path).recipe : nil)
    results = SweepResults(plan.metric)
    for entry in json["results"]?.arrayValue ?? [] {
      guard let result = SweepResult(entry), (1...plan.trials.count).contains(result.trial) else {
        throw Failure("\(folder.sweepPath): 'results' are not what a sweep has written")
      }
      results.add(result)
    }
    seconds = json["seconds"]?.doubleValue ?? 0
    if let trial = json["tested"]?["trial"]?.integerValue, let values = json["tested"]?["values"]?.members { tested = (trial, values) }
    if let trials { try plan.extend(to: trials) }
    folder.removeUnfinishedFiles()
    try save()
  }

  private static func check(_ folder: RunFolder, _ plan: SweepPlan, _ watch: Watch) throws {
    let path = folder.path
    guard exists(path) else { return }
    if exists(folder.sweepPath) {
      throw Misuse("output folder \(path) holds an earlier sweep; --resume \(path) goes on with it, or --out names another folder")
    }
    if folder.isRun { throw Misuse("output folder \(path) holds a run, and a sweep needs a folder of its own: name another --out") }
    if let name = folder.names.first(where: { $0.hasPrefix(trialPrefix) }) {
      throw Misuse("output folder \(path) holds \(name), as a sweep calls its trials, and is no sweep's; take another folder")
    }
    let request = try TrainingRequest(plan.trials[0].recipe, resuming: nil, file: nil, fetch: watch.fetch)
    do throws(RunFolderConflict) { try folder.check(for: .begin, reading: request.inputs) } catch { throw Misuse("\(error)") }
  }

  private static let trialPrefix = "trial-"

  /// What a trial's folder is called.
  package static func name(ofTrial number: Int) -> String {
    let digits = "\(number)"
    return trialPrefix + String(repeating: "0", count: max(3 - digits.count, 0)) + digits
  }

  /// A trial's folder.
  package func runFolder(_ number: Int) -> RunFolder { RunFolder("\(folder.path)/\(Self.name(ofTrial: number))") }

  /// The best of what can be compared; `nil` while there is none.
  package var best: SweepResult? { results.ranked(plan.strategy.finalists(results)).first }

  // MARK: Searching

  /// Why a search ended.
  package enum Ending: Equatable {
    /// There is nothing left to try.
    case complete
    /// Its time was over.
    case time
  }

  /// Trains what there is to be trained.
  /// - Parameter limit: the time that all of it may take, its earlier stretches included.
  /// - Returns: why it ended.
  /// - Throws: `Interrupted` once somebody stopped it, after everything was saved; `Failure` where no trial came to anything; what no other
  ///   trial would get around either.
  package func run(limit: TimeSpan? = nil) throws -> Ending {
    let clock = ContinuousClock()
    let (start, before) = (clock.now, seconds)
    func elapsed() -> Double {
      let passed = start.duration(to: clock.now).components
      return before + Double(passed.seconds) + Double(passed.attoseconds) * 1e-18
    }
    func isTimeOver() -> Bool { limit.map { elapsed() >= $0.seconds } ?? false }
    let epochs = plan.trials.map(\.recipe.epochs)
    var ending = Ending.complete
    while let next = plan.strategy.next(results, epochs: epochs) {
      if isTimeOver() {
        ending = .time
        break
      }
      if watch.shouldStop() {
        watch.note("\(progress); --resume \(folder.path) goes on")
        throw Interrupted()
      }
      watch.report("trial \(next.trial) of \(plan.trials.count): \(plan.text(of: next.trial))\(till(next))")
      let result: SweepResult?
      do { result = try train(next.trial, to: next.budget, isTimeOver) } catch {
        seconds = elapsed()
        // What began with a mistake is not in the way of the same search without it.
        if error is Interrupted || hasBegun { try? save() } else { folder.removeSweep() }
        if error is Interrupted { watch.note("\(progress); --resume \(folder.path) goes on") }
        throw error
      }
      seconds = elapsed()
      guard let result else {
        try save()
        ending = .time
        break
      }
      results.add(result)
      try save()
      watch.report(line(of: result))
    }
    try conclude(ending)
    return ending
  }

  /// Whether anything was trained.
  private var hasBegun: Bool { !results.all.isEmpty || plan.trials.indices.contains { exists(runFolder($0 + 1).path) } }

  private func till(_ next: (trial: Int, budget: Int)) -> String {
    next.budget < plan.trials[next.trial - 1].recipe.epochs ? " to epoch \(next.budget)" : ""
  }

  private var progress: String {
    let done = results.latest.count
    return "\(done) of \(plan.trials.count) trials \(done == 1 ? "has" : "have") come to something"
  }

  /// Trains a trial up to an epoch, which may be its last.
  /// - Returns: what it came to; `nil` where the time was over before.
  private func train(_ number: Int, to budget: Int, _ isTimeOver: @escaping () -> Bool) throws -> SweepResult? {
    let folder = runFolder(number)
    let isResumed = folder.holdsRun
    let whole = plan.trials[number - 1].recipe.epochs
    // A process may have been killed between the epoch and the note of it.
    if isResumed, budget < whole, let record = folder.newestCheckpoint().checkpoint?.record, record.epochs.count >= budget {
      return SweepResult(trial: number, budget: budget, record, plan.metric)
    }
    do {
      let (training, place) = try prepare(number, isResumed: isResumed)
      try checkMetric(of: training)
      var pause: String?
      var watch = runWatch
      let observe = watch.observe
      watch.observe = { event in
        switch event {
        case .epoch(let row) where row.epoch < whole && row.epoch >= budget: pause = "paused after epoch \(row.epoch) by the sweep"
        case .epoch(let row) where row.epoch < whole && isTimeOver(): pause = "paused after epoch \(row.epoch): the sweep's time is over"
        // It ended early, in order.
        case .testing: pause = nil
        default: break
        }
        observe(event)
      }
      watch.shouldStop = { [outer = self.watch.shouldStop] in pause != nil || outer() }
      watch.wasStopped = watch.shouldStop
      watch.reasonToStop = { pause }
      let outcome = try training.fit(in: place, on: cache.device(training, watch.note), watch)
      if let error = outcome.result.failure {
        guard Self.isOfTrial(error) else { throw error }
        return failed(number, budget, error)
      }
      if !outcome.wasFinished, pause == nil, self.watch.shouldStop() { throw Interrupted() }
      let record = outcome.result.record
      if pause != nil, record.epochs.count < budget { return nil }
      return SweepResult(trial: number, budget: budget, record, plan.metric)
    } catch  where Self.isOfTrial(error) { return failed(number, budget, error) }
  }

  private func failed(_ number: Int, _ budget: Int, _ error: any Error) -> SweepResult {
    var result = SweepResult(trial: number, budget: budget)
    result.failure = Text.line("\(error)", limit: 300)
    return result
  }

  /// Whether something is the matter with one trial, and another may well come to something.
  private static func isOfTrial(_ error: any Error) -> Bool {
    switch error {
    // The data has changed.
    case TrainingError.cannotResume: false
    case is TrainingError, is ShapeError, is MemoryError, is HeadError, is OptimizerError, is SelectionError, is RecipeError,
      is ScheduleError, is LayerListError:
      true
    case let error as DeviceError: error.isLackOfMemory
    default: false
    }
  }

  /// A training and its place.
  private func prepare(_ number: Int, isResumed: Bool) throws -> (RecipeTraining, RunPlace) {
    let path = runFolder(number).path
    let earlier = isResumed ? try EarlierRun(path) : nil
    let request = try TrainingRequest(
      earlier?.recipe ?? plan.trials[number - 1].recipe, resuming: earlier, file: nil, fetch: watch.fetch)
    let place = try RunPlace(out: isResumed ? nil : path, replaces: false, resume: isResumed ? path : nil, request, note: watch.note)
    var training = try RecipeTraining(request, data: try cache.data(request, watch.note))
    training.measuresTest = false
    return (training, place)
  }

  private var runWatch: RunWatch {
    var run = RunWatch()
    (run.note, run.observe, run.willTrain) = (watch.note, watch.observe, watch.willTrain)
    return run
  }

  /// - Throws: `Misuse` for a metric that trainings on the data have not.
  private func checkMetric(of training: RecipeTraining) throws {
    let metric = plan.metric
    if metric.needsValidation, training.validation == nil {
      throw Misuse("--metric \(metric.rawValue) needs validation data, and there is none; train_loss does without")
    }
    let told: Loss.Measure = training.run.deviations.isEmpty ? .accuracy : .meanAbsoluteError
    guard let wanted = metric.told, wanted != told else { return }
    let known = EarlyStopping.Measure.allCases.filter { $0.told == nil || $0.told == told }.map(\.rawValue)
    throw Misuse("--metric \(metric.rawValue) is none of this data; there are \(known.joined(separator: ", "))")
  }

  // MARK: The end

  private func conclude(_ ending: Ending) throws {
    if let best {
      // What is not trained to its end may yet change, and the test data is for once.
      if best.budget == plan.trials[best.trial - 1].recipe.epochs, tested?.trial != best.trial { try measure(best.trial) }
      try save()
    } else if ending == .complete {
      let first = results.all.compactMap(\.failure).first.map { "; the first: \($0)" } ?? ""
      throw Failure("none of the \(plan.trials.count) trials came to a result\(first)")
    }
  }

  /// Measures the model that a trial keeps with the test data.
  private func measure(_ number: Int) throws {
    var (training, place) = try prepare(number, isResumed: true)
    guard training.test != nil else { return }
    training.measuresTest = true
    var watch = runWatch
    (watch.shouldStop, watch.wasStopped) = (self.watch.shouldStop, self.watch.shouldStop)
    let outcome = try training.fit(in: place, on: cache.device(training, watch.note), watch, measuringAgain: true)
    if let error = outcome.result.failure { throw error }
    if watch.wasStopped() {
      self.watch.note("the best trial is not measured yet; --resume \(folder.path) goes on")
      throw Interrupted()
    }
    let summary = try JSONValue.read(path: outcome.folder.summaryPath)
    let kept = ["test_loss", "test_accuracy", "test_values"].compactMap { key in
      summary[key].flatMap { $0 == .null ? nil : JSONMember(key, $0) }
    }
    tested = (number, kept)
  }

  // MARK: Files

  /// Writes what there is: first of all, what the search is.
  private func save() throws {
    var members = plan.members
    members += [
      JSONMember("results", .array(results.all.map(\.json))), JSONMember("seconds", .number(seconds)),
      JSONMember("best_trial", best.map { .integer(Int64($0.trial)) } ?? .null),
      JSONMember("tested", tested.map { ["trial": .integer(Int64($0.trial)), "values": .object($0.values)] } ?? .null),
      JSONMember("glissade_version", .string(Version.number)),
    ]
    try JSONValue.object(members).write(path: folder.sweepPath)
    guard !results.all.isEmpty else { return }
    try writeFiles()
  }
}

/// What the trials of a search have in common, so that it is not read and opened anew for each.
private struct SweepCache {
  private var device: (key: String, selection: DeviceSelection)?
  private var data: (key: String, data: LoadedData)?

  mutating func device(_ training: RecipeTraining, _ note: (String) -> Void) throws -> DeviceSelection {
    let recipe = training.recipe
    let key = "\(recipe.device.recipeText) \(recipe.threads.map(String.init) ?? "")"
    if let device, device.key == key { return device.selection }
    let selection = try training.openDevice(note)
    device = (key, selection)
    return selection
  }

  mutating func data(_ request: TrainingRequest, _ note: (String) -> Void) throws -> LoadedData {
    let recipe = request.recipe
    let key = Recipe.declarations.filter { !Self.harmless.contains($0.name) }.map { $0.value(in: recipe).recipeText }.joined(
      separator: "\n")
    if let data, data.key == key { return data.data }
    data = nil
    let loaded = try LoadedData.timed { try request.loadData(note) }
    data = (key, loaded)
    // Others do not wait for it.
    data?.data.preparation = .zero
    return loaded
  }

  /// Options that do not decide what is read.
  private static let harmless: Set<String> = {
    let sections: [any RecipeSection] = [
      OptimizerSection(), RegularizationSection(), BlockSection(), GroupSection(), SavingSection(), StoppingSection(),
    ]
    // Of sections of which others do; what is not here is read anew, which costs time and nothing else.
    let (training, pretrained) = (TrainingSection(), PretrainedSection())
    let options: [any RecipeDeclaration] = [
      training.epochs, training.optimizer, training.schedule, training.clipNorm, training.clipValue, training.clipRatio, training.dropout,
      training.activation, training.initialization, training.batchSize, training.labelSmoothing, DeviceSection().device,
      TableSection().hidden, pretrained.head, pretrained.freeze, pretrained.unfreezeAt, pretrained.backboneLR, pretrained.stayClose,
    ]
    return Set((sections.flatMap(\.declarations) + options).map(\.name))
  }()
}
