import ArgumentParser
import Glissade
import GlissadeRecipes

extension CompletionKind {
  /// Folders of runs below what is typed, as a shell offers them; where there are none, folders.
  static var run: CompletionKind { .custom { _, _, prefix in RunCompletion.paths(from: prefix) { $0.isRun } } }

  /// The same for folders of sweeps.
  static var sweep: CompletionKind { .custom { _, _, prefix in RunCompletion.paths(from: prefix) { exists($0.sweepPath) } } }
}

/// Finds the runs that somebody may mean who has typed the beginning of a path.
enum RunCompletion {
  /// How far below the folder that is typed is looked: `runs/first` and `runs/cross/fold-1` are found from `.`.
  private static let depth = 3
  /// How many names of files are read before it is enough: nobody waits for a whole disk.
  private static let budget = 5000

  /// - Parameters:
  ///   - typed: as the shell hands it over, quotes and all.
  ///   - isMeant: which folders are looked for.
  /// - Returns: paths that begin with it, in their order by name.
  static func paths(from typed: String, _ isMeant: (RunFolder) -> Bool) -> [String] {
    let prefix = PlaceCompletion.unquoted(typed)
    let slash = prefix.lastIndex(of: "/").map { prefix.index(after: $0) } ?? prefix.startIndex
    let (folder, begun) = (String(prefix[..<slash]), prefix[slash...])
    var (runs, folders, left) = ([String](), [String](), budget)
    func look(_ place: String, _ levels: Int, _ begun: Substring) {
      for name in names(in: place.isEmpty ? "." : place, &left) where name.hasPrefix(begun) {
        if name.hasPrefix("."), !begun.hasPrefix(".") { continue }
        let path = place + name
        guard isFolder(path) else { continue }
        if levels == depth { folders.append(path) }
        if isMeant(RunFolder(path)) { runs.append(path) }
        if levels > 1 { look(path + "/", levels - 1, "") }
      }
    }
    look(folder, depth, begun)
    return (runs.isEmpty ? folders : runs).sorted()
  }

  /// What a folder holds, as long as there is some of the budget left.
  private static func names(in folder: String, _ left: inout Int) -> [String] {
    guard left > 0 else { return [] }
    let names = folderContents(folder).filter { $0 != "." && $0 != ".." }
    left -= names.count
    return names
  }
}
