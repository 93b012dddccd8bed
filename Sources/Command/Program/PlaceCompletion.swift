import ArgumentParser
import Glissade

extension CompletionKind {
  /// Files and folders, and names beside them.
  static func place(_ names: @escaping @Sendable () -> [String]) -> CompletionKind {
    .custom { _, _, typed in PlaceCompletion.offered(behind: typed, names: names()) }
  }
}

/// Finds what may be meant by the beginning of a name or a path, where a shell cannot do it by itself because names come in beside paths.
enum PlaceCompletion {
  /// - Parameters:
  ///   - typed: as the shell hands it over, quotes and all.
  ///   - names: what may be meant beside paths.
  /// - Returns: names, and paths with a slash behind folders. A folder that is all there is comes with what it holds, so that shells put no blank
  ///   behind it.
  static func offered(behind typed: String, names: [String]) -> [String] {
    let prefix = unquoted(typed)
    var found = paths(from: prefix)
    let fitting = names.filter { $0.hasPrefix(prefix) }
    if fitting.isEmpty, found.count == 1, found[0].hasSuffix("/") { found += paths(from: found[0]) }
    return fitting + found
  }

  /// What somebody has typed, without the quotes that a shell leaves in it.
  static func unquoted(_ typed: String) -> String { typed.filter { $0 != "'" && $0 != "\"" && $0 != "\\" } }

  private static func paths(from prefix: String) -> [String] {
    let slash = prefix.lastIndex(of: "/").map { prefix.index(after: $0) } ?? prefix.startIndex
    let (folder, begun) = (String(prefix[..<slash]), prefix[slash...])
    let names = folderContents(folder.isEmpty ? "." : folder).filter { name in
      name != "." && name != ".." && name.hasPrefix(begun) && (!name.hasPrefix(".") || begun.hasPrefix("."))
    }
    return names.sorted().map { isFolder(folder + $0) ? "\(folder)\($0)/" : folder + $0 }
  }
}
