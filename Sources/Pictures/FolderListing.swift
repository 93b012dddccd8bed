import Glibc
import GlissadeData

/// What lies in folders, in an order that no locale changes: by the bytes of the names.
enum FolderListing {
  enum Kind {
    case folder, file
  }

  struct Entry {
    var name: String
    var kind: Kind
  }

  /// One folder's visible files and folders, symbolic links followed; what is neither is left out.
  static func entries(_ path: String) throws(DataError) -> [Entry] {
    guard let folder = opendir(path) else { throw problem(path) }
    defer { closedir(folder) }
    var entries: [Entry] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      guard !name.hasPrefix(".") else { continue }
      var information = stat()
      // A link to nothing is no picture.
      guard stat("\(path)/\(name)", &information) == 0 else { continue }
      switch information.st_mode & S_IFMT {
      case S_IFDIR: entries.append(Entry(name: name, kind: .folder))
      case S_IFREG: entries.append(Entry(name: name, kind: .file))
      default: break
      }
    }
    return entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// All pictures in a folder and the folders in it, by suffix: jpg, jpeg or png in any case. A folder that is met again on the way
  /// down, through a link, is not entered again.
  static func pictures(_ path: String) throws(DataError) -> [String] {
    var found: [String] = []
    var visited: Set<FolderIdentity> = []
    try collect(path, &found, &visited)
    return found
  }

  private static func collect(_ path: String, _ found: inout [String], _ visited: inout Set<FolderIdentity>) throws(DataError) {
    guard let identity = FolderIdentity(path), visited.insert(identity).inserted else { return }
    for entry in try entries(path) {
      switch entry.kind {
      case .folder: try collect("\(path)/\(entry.name)", &found, &visited)
      case .file: if isPicture(entry.name) { found.append("\(path)/\(entry.name)") }
      }
    }
  }

  static func isPicture(_ name: String) -> Bool {
    let name = name.lowercased()
    return [".jpg", ".jpeg", ".png"].contains { name.hasSuffix($0) && name.utf8.count > $0.utf8.count }
  }

  /// Throws unless the path is a folder.
  static func check(_ path: String) throws(DataError) {
    var information = stat()
    guard stat(path, &information) == 0 else { throw problem(path) }
    guard information.st_mode & S_IFMT == S_IFDIR else { throw .notAFolder(path: path) }
  }

  private static func problem(_ path: String) -> DataError {
    let code = errno
    if code == ENOENT { return .missingFolder(path: path, hint: nil) }
    return .unreadable(path: path, message: String(cString: strerror(code)))
  }
}

/// A folder, whatever path leads to it.
private struct FolderIdentity: Hashable {
  private let device: UInt
  private let number: UInt

  init?(_ path: String) {
    var information = stat()
    guard stat(path, &information) == 0 else { return nil }
    device = UInt(information.st_dev)
    number = UInt(information.st_ino)
  }
}
