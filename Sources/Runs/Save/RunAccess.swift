import GlissadeRecipes
import GlissadeTraining

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Finding a run, and the model that it is used with.
extension RunFolder {
  /// The folder of a run that is there.
  /// - Parameter orSeveral: whether several may be named, for what is said of a folder of runs.
  /// - Throws: `Failure` that says what is there instead, and which runs lie in it.
  package static func existing(_ path: String, orSeveral: Bool = false) throws(Failure) -> RunFolder {
    let folder = RunFolder(path)
    if folder.isRun { return folder }
    guard exists(path) else { throw Failure("\(path): no such run folder") }
    guard isFolder(path) else {
      let parent = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
      let around = parent.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : parent
      throw Failure("\(path) is a file, and a run is a folder" + (RunFolder(around).isRun ? "; did you mean \(around)?" : ""))
    }
    throw Failure(absence(path, orSeveral: orSeveral))
  }

  /// That a folder is no run, for people.
  private static func absence(_ path: String, orSeveral: Bool) -> String {
    let names = runs(in: path)
    guard !names.isEmpty else {
      if exists(RunFolder(path).sweepPath) { return "\(path) is a sweep, and none of its trials has begun" }
      return "\(path) is no run's folder: there is no recipe.yaml in it"
    }
    let base = path.hasSuffix("/") ? String(path.dropLast()) : path
    // The last ones are the newest where names begin with their time.
    let shown = names.suffix(5).map { "\(base)/\($0)" }.joined(separator: ", ")
    let what = names.count > 5 ? "\(names.count) runs, the last of them" : names.count == 1 ? "a run" : "runs"
    let folder = RunFolder(base)
    let page = exists(folder.sweepPagePath) ? " (\(folder.sweepPagePath) is its page)" : ""
    let kind = exists(folder.sweepPath) ? "is a sweep\(page) and" : "is no run itself, but"
    return "\(path) \(kind) holds \(what): \(shown); name \(names.count == 1 ? "it" : orSeveral ? "one, or several" : "one")"
  }

  /// The file with one of the run's models.
  /// - Throws: `Failure` where it is not there.
  package func file(of model: Model) throws(Failure) -> String {
    if exists(path(of: model)) { return path(of: model) }
    if model == .best, exists(modelPath) {
      throw Failure("\(path) has no best epoch, because it has no validation data; leave --best out for the model of the last epoch")
    }
    if model == .average, exists(modelPath) {
      throw Failure("\(path) has no average of its weights: its training had neither --ema nor --swa")
    }
    if !members.isEmpty {
      throw Failure("\(path) has no model of its own, but \(members.count) members, which 'evaluate' and 'predict' average")
    }
    throw Failure("\(path) has no model yet: no epoch of it is over; --resume \(path) goes on with it")
  }
}

/// The file with the weights: the path itself, or the model that a run is used with.
/// - Throws: `Failure` for a folder that is no run's, or has no model yet.
package func weightsPath(_ path: String) throws(Failure) -> String {
  guard isFolder(path) else { return path }
  let folder = RunFolder(path)
  // A model alone, without its run, is weights like any others.
  if !folder.isRun, exists(folder.modelPath) { return folder.modelPath }
  if !folder.isRun, let failure = WeightsPart.othersIn(path) { throw failure }
  return try RunFolder.existing(path).file(of: folder.usualModel)
}
