import Glibc

/// A file or folder, whatever path leads to it.
package struct FileIdentity: Hashable {
  private let device: UInt
  private let number: UInt

  package init(_ information: stat) {
    device = UInt(information.st_dev)
    number = UInt(information.st_ino)
  }

  /// Nil where the path leads nowhere.
  package init?(_ path: String) {
    var information = stat()
    guard PathBytes.with(path, { stat($0, &information) }) == 0 else { return nil }
    self.init(information)
  }

  /// A folder and all folders that it lies in.
  package static func ancestors(of path: String) -> Set<FileIdentity> {
    var result: Set<FileIdentity> = []
    var place = path
    // The root lies in itself.
    while let identity = FileIdentity(place), result.insert(identity).inserted { place += "/.." }
    return result
  }

  /// Whether the path is a symbolic link, wherever that leads.
  package static func isLink(_ path: String) -> Bool {
    var information = stat()
    return PathBytes.with(path) { lstat($0, &information) } == 0 && information.st_mode & S_IFMT == S_IFLNK
  }
}
