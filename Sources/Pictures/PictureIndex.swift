import Glibc
import GlissadeFormats

/// Finds a folder's pictures by what tables call them.
struct PictureIndex {
  enum Match {
    case found(Int), missing
    /// Two that may be meant.
    case ambiguous(String, String)
  }

  private let folder: String
  /// The folder that the table lies in.
  private let tableFolder: String
  private let pictures: [FolderScan.Found]
  private var byIdentity: [FileIdentity: Int] = [:]
  /// By the last part of the path, and by that without its suffix.
  private var byName: [String: [Int]] = [:]
  private var byStem: [String: [Int]] = [:]

  init(_ scan: FolderScan, in folder: String, table: String) {
    self.folder = folder
    tableFolder = table.lastIndex(of: "/").map { String(table[...$0]) } ?? ""
    pictures = scan.pictures
    for (index, picture) in pictures.enumerated() {
      if byIdentity[picture.identity] == nil { byIdentity[picture.identity] = index }
      let name = Self.last(picture.path)
      byName[name, default: []].append(index)
      byStem[Self.stem(name), default: []].append(index)
    }
  }

  /// The picture of a name: a path from the table's folder or the pictures', or the end of one; the suffix may be missing.
  func find(_ name: String) -> Match {
    guard !name.isEmpty else { return .missing }
    let name = name.contains("\\") ? String(name.map { $0 == "\\" ? "/" : $0 }) : name
    // What is there, but not in the folder, is not looked for by the end of its path.
    for place in name.hasPrefix("/") ? [name] : ["\(folder)/\(name)", tableFolder + name] {
      if let identity = FileIdentity(place), isFile(place) { return byIdentity[identity].map { .found($0) } ?? .missing }
    }
    let last = Self.last(name)
    for candidates in [byName[last] ?? [], byStem[last] ?? []] {
      let parts = name.split(separator: "/").filter { $0 != "." }.dropLast()
      let fitting = candidates.filter { Self.fits(relative($0).split(separator: "/").dropLast(), parts) }
      let nearest = fitting.filter { relative($0).split(separator: "/").count == parts.count + 1 }
      let chosen = nearest.count == 1 ? nearest : fitting
      if chosen.count == 1 { return .found(chosen[0]) }
      if chosen.count > 1 { return .ambiguous(pictures[chosen[0]].path, pictures[chosen[1]].path) }
    }
    return .missing
  }

  private func isFile(_ path: String) -> Bool {
    var information = stat()
    return PathBytes.with(path) { stat($0, &information) } == 0 && information.st_mode & S_IFMT == S_IFREG
  }

  private func relative(_ index: Int) -> Substring { pictures[index].path.dropFirst(folder.count) }

  /// Whether one of two paths is the end of the other.
  private static func fits(_ a: ArraySlice<Substring>, _ b: ArraySlice<Substring>) -> Bool {
    zip(a.reversed(), b.reversed()).allSatisfy { $0 == $1 }
  }

  private static func last(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

  private static func stem(_ name: String) -> String { name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name }
}
