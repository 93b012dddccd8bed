import GlissadeFormats
import GlissadeTraining
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Whose a folder is, and who may fill it.
struct RunFolderTests {
  let folder: TemporaryFolder
  var run: RunFolder { RunFolder(folder.path) }

  init() throws { folder = try TemporaryFolder() }

  private func conflict(_ use: RunFolder.Use, reading inputs: String...) -> RunFolderConflict.Reason? {
    do throws(RunFolderConflict) {
      try run.check(for: use, reading: inputs)
      return nil
    } catch { return error.reason }
  }

  private func putRecipe() throws { _ = try folder.put("recipe.yaml", Array("# a run\nglissade: 1\n".utf8)) }

  @Test func namesOfARun() {
    let own = [
      "summary.json", "report.html", "metrics.csv", "model.safetensors", "best.safetensors", "recipe.yaml", "facts.json", "options.json",
      "checkpoint-12.safetensors",
      "checkpoint-12.safetensors.damaged", "events.out.tfevents.17.glissade", ".glissade-1f.tmp",
    ]
    #expect(own.allSatisfy(RunFolder.isOwn))
    let others = [
      "notes.txt", "checkpoint-best.safetensors", "checkpoint-12.pth", "events.out.tfevents.17.host", "model.safetensors.bak",
      "Metrics.csv",
    ]
    #expect(!others.contains(where: RunFolder.isOwn))
  }

  @Test func removingARunLeavesTheFilesOfOthers() throws {
    try putRecipe()
    let others = ["checkpoint-best.safetensors", "events.out.tfevents.17.host", "notes.txt"]
    for name in others + ["metrics.csv", "best.safetensors", "events.out.tfevents.17.glissade", "checkpoint-3.safetensors.damaged"] {
      _ = try folder.put(name, [1])
    }
    #expect(run.removeRun())
    // The recipe stays until the next run's takes its place, so that the folder is a run's at every instant.
    #expect(folder.names == (others + ["recipe.yaml"]).sorted())
  }

  @Test func aFolderThatIsNoRunsIsNotFilledOverSomebodysFiles() throws {
    _ = try folder.put("notes.txt", [1])
    #expect(conflict(.begin) == nil)
    _ = try folder.put("metrics.csv", [1])
    #expect(conflict(.begin) == .isNoRun(file: "metrics.csv"))
    #expect(conflict(.replace) == .isNoRun(file: "metrics.csv"))
    _ = try folder.put("options.json", Array(#"{"learning_rate": 1}"#.utf8))
    #expect(conflict(.replace) == .isNoRun(file: "metrics.csv"))
    // So did version 0.1.0 mark its runs.
    _ = try folder.put("options.json", Array(#"{"glissade_version": "0.1.0"}"#.utf8))
    #expect(conflict(.replace) == nil)
    _ = try folder.put("recipe.yaml", Array("bread: 1\n".utf8))
    #expect(conflict(.replace) == .isNoRun(file: "metrics.csv"))
    try putRecipe()
    #expect(conflict(.replace) == nil)
    #expect(conflict(.begin) == .holdsRun)
    #expect(conflict(.resume) == nil)
  }

  @Test func whatARunReadsIsFoundByWhateverPath() throws {
    try putRecipe()
    let weights = try folder.put("model.safetensors", [1])
    #expect(conflict(.replace, reading: weights) == .isRead(file: "model.safetensors", as: weights))
    let other = try TemporaryFolder()
    for (name, make) in [("link", symlink), ("hard", link)] {
      try #require(make(weights, other.file(name)) == 0)
      for use in [RunFolder.Use.begin, .replace, .resume] {
        #expect(conflict(use, reading: other.file(name)) == .isRead(file: "model.safetensors", as: other.file(name)))
      }
    }
    let around = "\(folder.path)/../\(folder.path.split(separator: "/").last ?? "")/model.safetensors"
    #expect(conflict(.replace, reading: around) == .isRead(file: "model.safetensors", as: around))
    #expect(conflict(.replace, reading: try other.put("model.safetensors", [1])) == nil)
  }

  @Test func aFolderOfTheDataIsNoRuns() throws {
    _ = try folder.put("0.jpg", [1])
    #expect(conflict(.begin, reading: folder.path) == .isData(folder.path))
    let above = "\(folder.path)/.."
    #expect(conflict(.begin, reading: above) == .isData(above))
    // A run's own folder among the data harms nobody.
    try putRecipe()
    #expect(conflict(.replace, reading: above) == nil)
  }

  @Test func newFoldersAreNobodyElses() async throws {
    let path = folder.file("x")
    let paths = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<8 { group.addTask { try RunFolder.makeNew(path).path } }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(paths == Set([path] + (2...8).map { "\(path)-\($0)" }))
    for path in paths { rmdir(path) }
  }

  @Test func aFolderInUseIsLocked() throws {
    var lock: RunFolderLock? = try run.lock()
    #expect(lock?.objection == nil)
    #expect(throws: RunFolderError.self) { _ = try run.lock() }
    lock = nil
    #expect(try run.lock().objection == nil)
    #expect(folder.names.isEmpty)
  }
}
