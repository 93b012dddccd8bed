import GlissadeFormats
import GlissadeRecipes
import GlissadeTraining

/// What a search of options came to: `Trainer.sweep(of:vary:out:)`, `glissade sweep --json`.
public struct SweepOutcome: Sendable {
  /// One training of a search.
  public struct Trial: Hashable, Sendable {
    /// From 1.
    public var number: Int
    /// The folder of its run.
    public var folder: String
    /// What it has of what is varied, by the options' names; nothing of what it has not got.
    public var values: [String: String]
    /// How far it was trained.
    public var status: Status
    /// Epochs that are over.
    public var epochs: Int
    /// The metric in the epoch whose model it keeps: the best one or, where nothing says which that is, the last; `nil` where it failed.
    public var value: Double?
    /// That epoch, from 1.
    public var bestEpoch: Int?
    /// Why it failed; `nil` where it did not.
    public var failure: String?
  }

  /// How far a trial was trained.
  public enum Status: String, Sendable {
    /// To its end.
    case done
    /// As far as it takes to see that others are better.
    case paused
    /// To no result.
    case failed
  }

  /// Where the search is.
  public var folder: String
  /// What trials are compared by.
  public var metric: EarlyStopping.Measure
  /// How many trials there were to be.
  public var planned: Int
  /// Whether there is nothing left to try: neither was its time over nor was it stopped.
  public var isComplete: Bool
  /// Those that came to something, be it a failure, by their numbers.
  public var trials: [Trial]
  /// The best of them; `nil` while none has a result.
  public var best: Trial?
  /// The best one's recipe, with everything in force.
  public var recipe: Recipe?
  /// The loss of the best one's model on the test data; `nil` where there is none, or as long as the search is not complete.
  public var testLoss: Double?
  /// Its accuracy there; `nil` also where values are predicted.
  public var testAccuracy: Double?
  /// Seconds that the search has taken, all its stretches together.
  public var seconds: Double

  /// As `glissade sweep --json` prints it.
  public var json: JSONValue {
    func number(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
    return [
      "folder": .string(folder), "metric": .string(metric.rawValue), "planned": .integer(Int64(planned)), "complete": .bool(isComplete),
      "seconds": .number(seconds), "trials": .array(trials.map(\.json)), "best": best?.json ?? .null,
      "test_loss": number(testLoss), "test_accuracy": number(testAccuracy),
    ]
  }
}

extension SweepOutcome.Trial {
  fileprivate var json: JSONValue {
    [
      "trial": .integer(Int64(number)), "folder": .string(folder), "status": .string(status.rawValue),
      "values": .object(values.sorted { $0.key < $1.key }.map { JSONMember($0.key, .string($0.value)) }),
      "epochs": .integer(Int64(epochs)), "value": value.map { .number($0) } ?? .null,
      "best_epoch": bestEpoch.map { .integer(Int64($0)) } ?? .null, "failure": failure.map { .string($0) } ?? .null,
    ]
  }
}

extension Sweep {
  /// What it has come to so far.
  package func outcome(isComplete: Bool) -> SweepOutcome {
    let names = plan.space.dimensions.map(\.name)
    func trial(_ result: SweepResult) -> SweepOutcome.Trial {
      let given = zip(names, plan.trials[result.trial - 1].values).compactMap { name, value in value.map { (name, $0) } }
      return SweepOutcome.Trial(
        number: result.trial, folder: runFolder(result.trial).path, values: Dictionary(given, uniquingKeysWith: { $1 }),
        status: status(of: result), epochs: result.epochs, value: result.value, bestEpoch: result.bestEpoch, failure: result.failure)
    }
    let best = best
    let test = tested.flatMap { $0.trial == best?.trial ? JSONValue.object($0.values) : nil }
    return SweepOutcome(
      folder: folder.path, metric: plan.metric, planned: plan.trials.count, isComplete: isComplete, trials: results.latest.map(trial),
      best: best.map(trial), recipe: best.flatMap { try? RunDocument(of: runFolder($0.trial)).recipe },
      testLoss: test?["test_loss"]?.doubleValue, testAccuracy: test?["test_accuracy"]?.doubleValue, seconds: seconds)
  }
}

extension Trainer {
  /// Searches for good options of a training: trains many of one recipe that differ in some options, and compares them, as `glissade sweep` does.
  ///
  /// ```swift
  /// let found = try Trainer.sweep(of: recipe, vary: ["lr=1e-4..1e-2:log", "optimizer=sgd,adam"], trials: 12, out: "runs/search")
  /// if let best = found.recipe { try Trainer(best).fit(out: "runs/best") }
  /// ```
  /// - Parameters:
  ///   - recipe: what all trials have in common.
  ///   - vary: what is varied, an option each: numbers from one to another (`lr=1e-4..1e-2:log`, `dropout=0..0.5`, `lr=1e-4..1e-2:log:5` for
  ///     five of these), or values to choose from (`optimizer=sgd,adam`).
  ///   - strategy: `random`, `grid` or `halving`; default `random`.
  ///   - metric: what trials are compared by; default the loss on the validation data.
  ///   - trials: how many; default the strategy's.
  ///   - limit: the time of the whole search; default none.
  ///   - out: its folder, with a run for each trial, `sweep.csv`, `sweep.html`, `best.yaml` and `sweep.json`; default a new one in `runs`.
  ///   - report: is told how it goes, in lines.
  ///   - observe: is told what happens in each trial.
  ///   - shouldStop: asked before each step; the search ends then, and can go on later.
  /// - Returns: what it came to.
  /// - Throws: `SearchSpaceError`, `RecipeError` and `RunMisuse` for what makes no sense, `RunFailure` where no trial comes to anything, and
  ///   what keeps any from starting.
  public static func sweep(
    of recipe: Recipe, vary: [String], strategy: String? = nil, metric: EarlyStopping.Measure = .validationLoss, trials: Int? = nil,
    limit: TimeSpan? = nil, out: String? = nil, report: @escaping (String) -> Void = { _ in },
    observe: @escaping (TrainingEvent) -> Void = { _ in }, shouldStop: @escaping () -> Bool = { false }
  ) throws -> SweepOutcome {
    let plan = try SweepPlan(
      recipe, vary: vary, strategy: strategy ?? SweepStrategies.names[0], metric: metric.rawValue, trials: trials)
    return try outcome(of: Sweep(plan, out: out, watch: Sweep.Watch(report, observe, shouldStop)), limit)
  }

  /// Goes on with a search that was stopped in whatever way, to what it would have come to.
  /// - Parameters:
  ///   - folder: the search's.
  ///   - trials: how many there are to be; default as many as there were to be. Only random searches may have more.
  ///   - limit: the time of the whole search, its earlier stretches included; default none.
  ///   - report: is told how it goes, in lines.
  ///   - observe: is told what happens in each trial.
  ///   - shouldStop: asked before each step.
  /// - Returns: what it came to.
  /// - Throws: `RunFailure` for a folder that holds no search, `RunMisuse` where there cannot be so many trials, and what stopped it.
  public static func sweep(
    resuming folder: String, trials: Int? = nil, limit: TimeSpan? = nil, report: @escaping (String) -> Void = { _ in },
    observe: @escaping (TrainingEvent) -> Void = { _ in }, shouldStop: @escaping () -> Bool = { false }
  ) throws -> SweepOutcome {
    try outcome(of: Sweep(resuming: folder, trials: trials, watch: Sweep.Watch(report, observe, shouldStop)), limit)
  }

  private static func outcome(of sweep: Sweep, _ limit: TimeSpan?) throws -> SweepOutcome {
    do { return sweep.outcome(isComplete: try sweep.run(limit: limit) == .complete) } catch is Interrupted {
      return sweep.outcome(isComplete: false)
    }
  }
}

extension Sweep.Watch {
  /// Of a program, which is told everything in one place.
  fileprivate init(
    _ report: @escaping (String) -> Void, _ observe: @escaping (TrainingEvent) -> Void, _ shouldStop: @escaping () -> Bool
  ) {
    self.init()
    (self.report, note, self.observe, self.shouldStop) = (report, report, observe, shouldStop)
  }
}
