import Glibc
import GlissadeData
import GlissadeFormats

/// What lies in folders, in an order that no locale changes: by the bytes of the names.
enum FolderListing {
  enum Kind {
    case folder, file
    /// A link that leads nowhere.
    case brokenLink
    /// A pipe, a socket or a device.
    case special
  }

  struct Entry {
    /// As `PathBytes` has it.
    var name: String
    var kind: Kind
    var identity: FileIdentity
    /// Whether it may be reached by another path: it is a link, or a file with several names.
    var mayBeElsewhere: Bool
  }

  /// One folder's visible entries, symbolic links followed. What systems keep beside pictures, such as `Thumbs.db`, counts as hidden.
  static func entries(_ path: String) throws(DataError) -> [Entry] {
    guard let folder = PathBytes.with(path, { opendir($0) }) else { throw problem(path) }
    defer { closedir(folder) }
    var entries: [Entry] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { PathBytes.text($0.prefix { $0 != 0 }) }
      guard !name.hasPrefix("."), !FileSuffix.ofSystems.contains(name.lowercased()) else { continue }
      let isLink = entry.pointee.d_type == UInt8(DT_LNK) || entry.pointee.d_type == UInt8(DT_UNKNOWN)
      var information = stat()
      guard PathBytes.with("\(path)/\(name)", { stat($0, &information) }) == 0 else {
        entries.append(Entry(name: name, kind: .brokenLink, identity: FileIdentity(information), mayBeElsewhere: false))
        continue
      }
      let kind: Kind =
        switch information.st_mode & S_IFMT {
        case S_IFDIR: .folder
        case S_IFREG: .file
        default: .special
        }
      let hasNames = kind == .file && information.st_nlink > 1
      entries.append(Entry(name: name, kind: kind, identity: FileIdentity(information), mayBeElsewhere: isLink || hasNames))
    }
    return entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// Throws unless the path is a folder.
  static func check(_ path: String) throws(DataError) {
    var information = stat()
    guard PathBytes.with(path, { stat($0, &information) }) == 0 else { throw problem(path) }
    guard information.st_mode & S_IFMT == S_IFDIR else { throw .notAFolder(path: path) }
  }

  private static func problem(_ path: String) -> DataError {
    let code = errno
    if code == ENOENT { return .missingFolder(path: path, hint: FileIdentity.isLink(path) ? "it is a link that leads nowhere" : nil) }
    return .unreadable(path: path, message: String(cString: strerror(code)))
  }
}
