import ArgumentParser
import Glissade
import GlissadeFormats

/// `glissade sweep`.
typealias SweepCommand = UsingRecipe<Sweeping>

/// What a search has of its own.
struct Sweeping: RecipeUse {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Search for good options of a training: train many, and compare them.",
    discussion: """
      The trials have a recipe in common (--recipe, the options, and defaults) and differ in what --vary names. Each is an ordinary run, in \
      trial-001, trial-002 … of the sweep's folder, which also gets sweep.csv (a row for each), sweep.html (parallel coordinates, scatter plots), \
      best.yaml (the recipe of the best) and sweep.json. They are compared by --metric in the epoch whose model they keep; the test data is \
      measured once, at the end, with the best. Ctrl-C saves and exits with status 130; --resume FOLDER goes on with a sweep that was stopped in \
      whatever way, and comes to the same table.
      """)

  @OptionGroup(title: EssentialSection.title) var search: SearchOptions

  @Flag(help: "Print nothing but errors and the table at the end.")
  var quiet = false

  @Flag(help: "Print what came of it as JSON, and nothing else.")
  var json = false

  /// The clock ends the sweep as a whole, and no trial: --max-time is its own.
  static let leavesOut: Set<String> = [StoppingSection().maxTime.name]

  func run(_ given: GivenOptions) throws {
    let limit = try search.maxTime.map { text in
      do throws(RecipeValueError) { return try TimeSpan(recipeText: text) } catch {
        throw Misuse(error.told(of: "--max-time", noun: "time"))
      }
    }
    let reporter = SweepReporter(isQuiet: quiet || json)
    let sweep = try sweep(given, reporter.watch)
    if search.resume != nil {
      reporter.line("going on with \(sweep.folder.path): \(sweep.results.latest.count) of \(sweep.plan.trials.count) trials")
    }
    let ending: Sweep.Ending
    do { ending = try sweep.run(limit: limit) } catch {
      reporter.clear()
      throw error
    }
    reporter.clear()
    if json { return try Terminal.print(sweep.outcome(isComplete: ending == .complete).json.text(pretty: true)) }
    try Terminal.print((sweep.table() + sweep.conclusion(ending)).joined(separator: "\n") + "\n")
  }

  private func sweep(_ given: GivenOptions, _ watch: Sweep.Watch) throws -> Sweep {
    let (out, recipe, vary, trials) = (search.out, search.recipe, search.vary, search.trials)
    if let out, out.isEmpty { throw Misuse("--out is empty, and it has to name a folder") }
    guard let resume = search.resume else {
      let plan = try SweepPlan(
        try given.recipe(from: recipe), vary: vary, strategy: search.strategy ?? SweepStrategies.names[0],
        metric: search.metric ?? SearchOptions.usualMetric, trials: trials)
      return try Sweep(plan, out: out, watch: watch)
    }
    if resume.isEmpty { throw Misuse("--resume is empty, and it has to name the folder of a sweep") }
    let others = [
      ("recipe", recipe != nil), ("vary", !vary.isEmpty), ("strategy", search.strategy != nil), ("metric", search.metric != nil),
      ("out", out != nil),
    ]
    if let name = others.first(where: \.1)?.0 ?? given.all.first?.name {
      throw Misuse(
        "--\(name.replacing("_", with: "-")) cannot be given with --resume: a sweep goes on with the options that it began with, but for "
          + "--max-time and --trials")
    }
    return try Sweep(resuming: resume, trials: trials, watch: watch)
  }
}

/// Tells people how a search goes: a line for each trial, and on a terminal the bar of the one that is trained.
final class SweepReporter {
  private let isQuiet: Bool
  private var bar: ProgressBar?
  private var measure = Loss.Measure.accuracy
  private var curves = ProgressCurves()
  private var hasNoticed = false

  init(isQuiet: Bool) {
    self.isQuiet = isQuiet
    if !isQuiet, Terminal.isLive(2) { bar = ProgressBar(file: 2) }
  }

  func line(_ text: String) {
    guard !isQuiet else { return }
    bar?.clear()
    Terminal.write(printable(text, limit: .max) + "\n", to: 1)
  }

  func clear() { bar?.clear() }

  var watch: Sweep.Watch {
    var watch = Sweep.Watch()
    watch.report = line
    watch.note = { [self] text in
      clear()
      Terminal.note(text)
    }
    watch.observe = report
    watch.shouldStop = noticesInterruption
    watch.willTrain = Interruption.arm
    watch.fetch = FetchReport(line: isQuiet ? nil : line, isQuiet: isQuiet).file
    return watch
  }

  private func noticesInterruption() -> Bool {
    guard Interruption.isRequested else { return false }
    if !hasNoticed {
      hasNoticed = true
      line("stopping after this step; another Ctrl-C quits without saving")
    }
    return true
  }

  private func report(_ event: TrainingEvent) {
    switch event {
    case .started(let start):
      measure = start.measure
      curves = ProgressCurves()
      bar?.draw(note: "getting ready")
    case .progress(let progress):
      curves.add(progress)
      bar?.draw(progress, measure, curves)
    case .epoch(let row): curves.add(row)
    case .features(let features): bar?.draw(note: features.text)
    case .fellBack(let reason):
      clear()
      Terminal.note(reason)
    case .testing: bar?.draw(note: "evaluating")
    default: break
    }
  }
}
