import GlissadeDevices
import GlissadeFormats
import GlissadeRecipes
import GlissadeTraining

/// Several trainings one after another, each in a folder of its own in one folder, and what they come to: the folds of `--kfold`, or the members
/// of `--ensemble`.
package struct TrainingSeries {
  /// What they are.
  package enum Kind: CaseIterable, Sendable {
    /// Each holds out another part of the data.
    case folds
    /// Each has another seed.
    case members

    /// One of them, for people.
    package var noun: String { self == .folds ? "fold" : "member" }

    /// The option that says how many.
    package var countOption: String { self == .folds ? "kfold" : "ensemble" }

    /// The option that says which of them.
    package var numberOption: String { noun }

    private var prefix: String { noun + "-" }

    /// The run folder of one, from 1.
    package func folder(_ number: Int, in path: String) -> RunFolder { RunFolder("\(path)/\(prefix)\(number)") }

    /// The run folders that are there, in order.
    package func folders(in path: String) -> [RunFolder] {
      RunFolder(path).names.compactMap { name in name.hasPrefix(prefix) ? Int(name.dropFirst(prefix.count)) : nil }.sorted()
        .map { folder($0, in: path) }.filter { isFolder($0.path) }
    }

    /// Where is written what they come to.
    fileprivate func resultsPath(in path: String) -> String {
      self == .folds ? RunFolder(path).foldsPath : RunFolder(path).ensemblePath
    }

    /// How many a recipe wants; `nil` where it is of one training, be it one of several.
    func count(_ recipe: Recipe) -> Int? {
      switch self {
      case .folds: recipe.fold == nil ? recipe.kfold : nil
      case .members: recipe.member == nil ? recipe.ensemble : nil
      }
    }

    /// The kind whose first training lies in a folder.
    package static func found(in path: String) -> Kind? { allCases.first { $0.folder(1, in: path).isRun } }
  }

  package let kind: Kind
  /// How many.
  package let count: Int

  /// What a recipe wants several trainings of; `nil` for one.
  package init?(_ recipe: Recipe) {
    guard let kind = Kind.allCases.first(where: { $0.count(recipe) != nil }), let count = kind.count(recipe) else { return nil }
    (self.kind, self.count) = (kind, count)
  }

  /// What is told of each, by its key in its summary; and whether it is an answer of classes or of values.
  private static let measures = [
    "validation_loss", "validation_accuracy", "validation_mean_absolute_error", "validation_r2", "test_accuracy",
  ]

  /// Trains all of them.
  /// - Parameters:
  ///   - request: for all.
  ///   - place: where their run folders are.
  ///   - report: is told how it goes, in lines.
  ///   - note: is told what to know besides.
  ///   - train: trains one of them.
  /// - Throws: what the training of one throws, with its number.
  package func run(
    _ request: TrainingRequest, in place: RunPlace, report: (String) -> Void, note: (String) -> Void,
    train: (_ request: TrainingRequest, _ place: RunPlace) throws -> Void
  ) throws {
    let there = kind.folders(in: place.path).count
    if place.isResumed, there > count {
      throw Misuse(
        "--\(kind.countOption) is \(count), and \(place.path) has \(there) \(kind.noun)s already: there can be more of them, not fewer")
    }
    for number in 1...count {
      let own = place.part(number, of: kind)
      let part = try request.part(number, of: kind, resuming: own.isResumed ? own.path : nil)
      report("\(kind.noun) \(number) of \(count)")
      do { try train(part, own) } catch let error as Failure { throw Failure("\(kind.noun) \(number): \(error)") } catch is Interrupted {
        note("\(number - 1) of \(count) \(kind.noun)s are done; --resume \(place.path) goes on")
        throw Interrupted()
      }
      // Not before the first one has its folder, so that a refusal leaves what is there.
      try results(upTo: number, in: place.path).write(path: kind.resultsPath(in: place.path))
    }
    try lines(in: place.path).forEach(report)
    if kind == .members { try together(request.recipe, in: place.path, report: report, note: note) }
    report("saved in \(place.path)")
  }

  /// Measures what all reach together, and notes that as well.
  private func together(_ recipe: Recipe, in path: String, report: (String) -> Void, note: (String) -> Void) throws {
    let selection = try DeviceSelection.opened(recipe.device, threads: recipe.threads, note: note)
    guard let found = try EnsembleMeasurement(ofRunsIn: path, on: selection.device) else { return }
    found.lines.prefix(2).forEach(report)
    let results = try results(upTo: count, in: path).members ?? []
    try JSONValue.object(results + [JSONMember("together", .object(found.measured + found.json))]).write(path: kind.resultsPath(in: path))
  }

  private func summary(_ number: Int, in path: String) throws -> JSONValue {
    try JSONValue.read(path: kind.folder(number, in: path).summaryPath)
  }

  /// The mean of a measure over some of them, and the deviation of single ones from it (with n − 1); nothing where one has it not.
  private func spread(of key: String, upTo number: Int, in path: String) throws -> (mean: Double, deviation: Double)? {
    let values = try (1...number).compactMap { try summary($0, in: path)[key]?.doubleValue }
    guard values.count == number, number > 0 else { return nil }
    let mean = values.reduce(0, +) / Double(number)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, number > 1 ? (squares / Double(number - 1)).squareRoot() : 0)
  }

  private func results(upTo number: Int, in path: String) throws -> JSONValue {
    let spreads = try Self.measures.compactMap { key in try spread(of: key, upTo: number, in: path).map { (key, $0) } }
    let parts = try (1...number).map { number -> JSONValue in
      let summary = try summary(number, in: path)
      let measures = Self.measures + ["best_epoch", "best_validation_loss", "divergence"]
      return .object(
        [JSONMember(kind.noun, .integer(Int64(number))), JSONMember("run", .string("\(kind.noun)-\(number)"))]
          + measures.compactMap { key in summary[key].flatMap { $0 == .null ? nil : JSONMember(key, $0) } })
    }
    return .object([
      JSONMember(kind.countOption, .integer(Int64(count))), JSONMember("\(kind.noun)s", .array(parts)),
      JSONMember("mean", .object(spreads.map { JSONMember($0.0, .number($0.1.mean)) })),
      JSONMember("deviation", .object(spreads.map { JSONMember($0.0, .number($0.1.deviation)) })),
      JSONMember("glissade_version", .string(Version.number)),
    ])
  }

  /// All of them and their mean, for people.
  private func lines(in path: String) throws -> [String] {
    func text(_ key: String, _ value: Double) -> String {
      switch key {
      case "validation_accuracy", "test_accuracy": Text.percent(value)
      case "validation_mean_absolute_error": Text.significant(value)
      case "validation_r2": Text.determination(value)
      default: Text.fixed(value, 4)
      }
    }
    let names = [
      "validation_loss": "validation loss", "validation_accuracy": "accuracy", "validation_mean_absolute_error": "error",
      "validation_r2": "R²", "test_accuracy": "test accuracy",
    ]
    let parts = try (1...count).map { number in
      let summary = try summary(number, in: path)
      let values = Self.measures.compactMap { key in summary[key]?.doubleValue.map { "\(names[key] ?? key) \(text(key, $0))" } }
      return "\(kind.noun) \(number)  " + values.joined(separator: "  ")
    }
    let means = try Self.measures.compactMap { key in
      try spread(of: key, upTo: count, in: path).map { "\(names[key] ?? key) \(text(key, $0.mean)) ± \(text(key, $0.deviation))" }
    }
    return parts + ["mean of \(count) \(kind.noun)s ± deviation: " + means.joined(separator: "  ")]
  }
}
