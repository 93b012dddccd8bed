import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What a run's files are called.
extension RunFolder {
  /// Those that every run may have.
  enum File: String, CaseIterable {
    case summary = "summary.json"
    /// The page about the run.
    case report = "report.html"
    case metrics = "metrics.csv"
    /// What the monitor found, layer by layer.
    case health = "health.csv"
    /// Where it stands while it trains.
    case progress = "progress.json"
    case model = "model.safetensors"
    case best = "best.safetensors"
    case average = "average.safetensors"
    /// What it began with, where that was not drawn and is still needed.
    case start = "start.safetensors"
    case recipe = "recipe.yaml"
    /// What the data turned out to be.
    case facts = "facts.json"
    /// What version 0.1.0 wrote in place of both.
    case options = "options.json"
    case samples = "samples.safetensors"
    /// Of several trainings, in the folder that theirs lie in.
    case folds = "folds.json"
    /// The same of the members of an ensemble.
    case ensemble = "ensemble.json"
    /// Of a search, in the folder that its trials lie in: what it is and what has come of it, its table, its page, and the recipe of the best.
    case sweep = "sweep.json"
    case sweepTable = "sweep.csv"
    case sweepPage = "sweep.html"
    case bestRecipe = "best.yaml"
  }

  func path(_ file: File) -> String { "\(path)/\(file.rawValue)" }

  private static let checkpointPrefix = "checkpoint-"
  private static let checkpointSuffix = ".safetensors"
  /// Behind the name of a checkpoint that is not whole.
  static let damagedSuffix = ".damaged"

  static func checkpointName(step: Int) -> String { "\(checkpointPrefix)\(step)\(checkpointSuffix)" }

  /// The step of a checkpoint, by its name; `nil` where it is none.
  static func checkpointStep(_ name: String) -> Int? {
    guard name.hasPrefix(checkpointPrefix), name.hasSuffix(checkpointSuffix) else { return nil }
    return Int(name.dropFirst(checkpointPrefix.count).dropLast(checkpointSuffix.count))
  }

  /// Whether a run writes or removes files of that name in its folder.
  public static func isOwn(_ name: String) -> Bool {
    if File(rawValue: name) != nil || TensorBoardFile.isOwn(name) || AtomicFile.isUnfinished(name) || memberNumber(name) != nil {
      return true
    }
    return checkpointStep(name.hasSuffix(damagedSuffix) ? String(name.dropLast(damagedSuffix.count)) : name) != nil
  }

  /// Whether there is a run in the folder, by its recipe; or its options, as version 0.1.0 left them.
  public var holdsRun: Bool {
    if let recipe = try? FileBytes.read(path: recipePath, limit: 1 << 20) {
      return recipe.split(separator: UInt8(ascii: "\n")).contains { $0.starts(with: "glissade:".utf8) }
    }
    return (try? JSONValue.read(path: optionsPath))?["glissade_version"]?.stringValue != nil
  }

  /// The file that says that the folder is a run's.
  private var statement: File { (try? FileBytes.read(path: recipePath, limit: 1 << 20)) == nil ? .options : .recipe }

  /// What lies in the folder, sorted.
  public var names: [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { PathBytes.text($0.prefix { $0 != 0 }) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Removes everything that a run writes but its recipe, which the next run replaces, so that the folder never mixes two runs and is one's
  /// at every instant. Files of anybody else stay.
  /// - Parameter withRecipe: whether the recipe goes, too, because no run takes the place; default no.
  /// - Returns: whether there was a run.
  @discardableResult
  public func removeRun(withRecipe: Bool = false) -> Bool {
    let statement = statement.rawValue
    let own = names.filter { Self.isOwn($0) && $0 != statement } + (withRecipe && names.contains(statement) ? [statement] : [])
    let removed = own.filter { unlink("\(path)/\($0)") == 0 && !AtomicFile.isUnfinished($0) }
    return !removed.isEmpty
  }

  /// Takes back that a search began here, of which nothing was trained: its own file, and the folder where nothing else is in it.
  package func removeSweep() {
    unlink(sweepPath)
    rmdir(path)
  }

  /// Removes what a process that was killed had not finished writing.
  public func removeUnfinishedFiles() {
    for name in names where AtomicFile.isUnfinished(name) { unlink("\(path)/\(name)") }
  }
}
