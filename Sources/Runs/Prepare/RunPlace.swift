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
  /// Whether it was not there before.
  private var madeFolder = false
  /// Of one of several trainings: the place of all of them.
  private let parent: RunPlace?
  /// Of one of several trainings: which, from 1.
  private let part: (kind: TrainingSeries.Kind, number: Int)?
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
  ///   - series: what there are to be several trainings of, each in a folder of its own in this one; `nil` where this is the folder of one.
  ///   - request: the training.
  ///   - note: is told what people should know of the folder.
  /// - Throws: `Misuse` where the run must not have the folder, `RunFolderError` where it is in use; nothing is touched then.
  package init(
    out: String?, replaces: Bool, resume: String?, series: TrainingSeries.Kind? = nil, _ request: TrainingRequest,
    note: @escaping (String) -> Void
  ) throws {
    self.note = note
    if replaces, out == nil { throw Misuse("--replace is for the folder that --out names") }
    use = resume != nil ? .resume : replaces ? .replace : .begin
    path = resume ?? out ?? "runs/\(Text.timestamp())-\(request.recipe.model)"
    isNew = resume == nil && out == nil
    inputs = request.inputs
    (parent, part) = (nil, nil)
    guard !isNew, isFolder(path) else { return }
    lock = try RunFolder(path).lock()
    if let series { try check(series) } else { try check(RunFolder(path), for: use) }
  }

  private init(_ number: Int, of kind: TrainingSeries.Kind, in folder: RunFolder, of parent: RunPlace, for use: RunFolder.Use) {
    path = folder.path
    part = (kind, number)
    self.use = use
    isNew = false
    inputs = parent.inputs
    self.parent = parent
    note = parent.note
  }

  /// The place of one of several trainings.
  /// - Parameters:
  ///   - number: which, from 1. When the first one begins, those go that are to be replaced.
  ///   - kind: of what.
  package func part(_ number: Int, of kind: TrainingSeries.Kind) -> RunPlace {
    let folder = kind.folder(number, in: path)
    let place = RunPlace(number, of: kind, in: folder, of: self, for: use == .resume && !folder.holdsRun ? .begin : use)
    if number == 1, use == .replace { place.others = TrainingSeries.Kind.allCases.flatMap { $0.folders(in: path) } }
    return place
  }

  /// Makes the folder, unless it is there, and takes it, so that no other training writes there meanwhile.
  /// - Throws: `RunFolderError` where it cannot be made or is in use, `Misuse` where the run must not have it.
  package func claim() throws -> (folder: RunFolder, lock: RunFolderLock) {
    if let parent, let part { path = part.kind.folder(part.number, in: try parent.claim().folder.path).path }
    let wasThere = access(path, F_OK) == 0
    let folder = isNew && lock == nil ? try RunFolder.makeNew(path) : RunFolder(path)
    madeFolder = madeFolder || !wasThere || folder.path != path
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

  /// Takes away a folder that was made for a training that did not start, where nothing is in it, and likewise the one of its series.
  package func giveUp() {
    if madeFolder { rmdir(path) }
    parent?.giveUp()
  }

  private func check(_ folder: RunFolder, for use: RunFolder.Use) throws(Misuse) {
    do throws(RunFolderConflict) { try folder.check(for: use, reading: inputs) } catch {
      throw Misuse(error.reason == .holdsRun ? "\(error)\(way)" : "\(error)")
    }
  }

  private var way: String { "; --replace puts this one in its place, and --resume \(path) goes on with it" }

  /// Looks at the folders of all trainings.
  private func check(_ series: TrainingSeries.Kind) throws(Misuse) {
    if RunFolder(path).isRun {
      throw Misuse("\(path) holds a run, and --\(series.countOption) needs a folder of its own: name another --out")
    }
    let folders = TrainingSeries.Kind.allCases.flatMap { $0.folders(in: path) }
    guard folders.contains(where: \.holdsRun) else { return try check(RunFolder(path), for: use) }
    if use == .begin { throw Misuse("output folder \(path) holds earlier runs\(way)") }
    for folder in folders { try check(folder, for: use == .resume && !folder.holdsRun ? .begin : use) }
  }
}
