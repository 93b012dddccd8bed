import GlissadeRecipes
import GlissadeTraining

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where a training leaves what it makes: a folder that it may have, and that nobody else has meanwhile.
package final class RunPlace {
  /// The folder. Where a new one is to be made, its name is certain once it is claimed.
  package private(set) var path: String
  private let use: RunFolder.Use
  private let isNew: Bool
  /// What the training reads.
  private let inputs: [String]
  /// Taken at once where the folder is there already, so that nobody waits for data in vain.
  private var lock: RunFolderLock?
  /// Of one of several trainings: the place of all of them.
  private let parent: RunPlace?
  /// Of one of several trainings: which, from 1.
  private let fold: Int?
  /// Folders of trainings that go when this one begins.
  private var others: [RunFolder] = []

  /// Whether the run that is there goes on.
  package var isResumed: Bool { use == .resume }

  /// Is told what people should know of the folder.
  private let note: (String) -> Void

  /// - Parameters:
  ///   - out: `--out`.
  ///   - replaces: `--replace`.
  ///   - resume: `--resume`.
  ///   - folds: how many trainings there are to be, each in a folder of its own in this one; `nil` where this is the folder of one.
  ///   - request: the training.
  ///   - note: is told what people should know of the folder.
  /// - Throws: `Misuse` where the run must not have the folder, `RunFolderError` where it is in use; nothing is touched then.
  package init(
    out: String?, replaces: Bool, resume: String?, folds: Int? = nil, _ request: TrainingRequest, note: @escaping (String) -> Void
  ) throws {
    self.note = note
    if replaces, out == nil { throw Misuse("--replace is for the folder that --out names") }
    use = resume != nil ? .resume : replaces ? .replace : .begin
    path = resume ?? out ?? "runs/\(Text.timestamp())-\(request.recipe.model)"
    isNew = resume == nil && out == nil
    inputs = request.inputs
    (parent, fold) = (nil, nil)
    guard !isNew, isFolder(path) else { return }
    lock = try RunFolder(path).lock()
    if folds == nil { try check(RunFolder(path), for: use) } else { try checkFolds() }
  }

  private init(fold: Int, in folder: RunFolder, of parent: RunPlace, for use: RunFolder.Use) {
    path = folder.path
    self.fold = fold
    self.use = use
    isNew = false
    inputs = parent.inputs
    self.parent = parent
    note = parent.note
  }

  /// The place of one of several trainings.
  /// - Parameter number: which, from 1. When the first one begins, those go that are to be replaced.
  package func fold(_ number: Int) -> RunPlace {
    let folder = FoldTraining.folder(number, in: path)
    let place = RunPlace(fold: number, in: folder, of: self, for: use == .resume && !folder.holdsRun ? .begin : use)
    if number == 1, use == .replace { place.others = FoldTraining.folders(in: path) }
    return place
  }

  /// Makes the folder, unless it is there, and takes it, so that no other training writes there meanwhile.
  /// - Throws: `RunFolderError` where it cannot be made or is in use, `Misuse` where the run must not have it.
  package func claim() throws -> (folder: RunFolder, lock: RunFolderLock) {
    if let parent, let fold { path = FoldTraining.folder(fold, in: try parent.claim().folder.path).path }
    let folder = isNew && lock == nil ? try RunFolder.makeNew(path) : RunFolder(path)
    path = folder.path
    try folder.prepare()
    if let lock { return (folder, lock) }
    let lock = try folder.lock()
    self.lock = lock
    // Once more: another training may have come and gone since.
    if parent == nil || !isResumed { try check(folder, for: use) }
    if let objection = lock.objection {
      note("\(path) cannot be locked (\(objection)); see to it that no other training writes there")
    }
    for other in others where other.path != path && other.holdsRun {
      other.removeRun(withRecipe: true)
    }
    return (folder, lock)
  }

  private func check(_ folder: RunFolder, for use: RunFolder.Use) throws(Misuse) {
    do throws(RunFolderConflict) { try folder.check(for: use, reading: inputs) } catch {
      throw Misuse(error.reason == .holdsRun ? "\(error)\(way)" : "\(error)")
    }
  }

  private var way: String { "; --replace puts this one in its place, and --resume \(path) goes on with it" }

  /// Looks at the folders of all trainings.
  private func checkFolds() throws(Misuse) {
    if RunFolder(path).isRun {
      throw Misuse("\(path) holds a run, and --kfold needs a folder of its own: name another --out")
    }
    let folders = FoldTraining.folders(in: path)
    guard folders.contains(where: \.holdsRun) else { return try check(RunFolder(path), for: use) }
    if use == .begin { throw Misuse("output folder \(path) holds earlier runs\(way)") }
    for folder in folders { try check(folder, for: use == .resume && !folder.holdsRun ? .begin : use) }
  }
}
