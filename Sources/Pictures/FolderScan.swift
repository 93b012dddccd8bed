import GlissadeFormats
import GlissadeData

/// What is found in a folder and the folders in it.
struct FolderScan {
  struct Found {
    var path: String
    var identity: FileIdentity
  }

  /// The pictures, folder by folder, by the bytes of their names.
  private(set) var pictures: [Found] = []
  private(set) var leftOut = LeftOut()
  /// Whether pictures lie in the folder itself.
  private(set) var hasOwnPictures = false
  /// The folders in the folder that hold pictures.
  private(set) var inner: [String] = []
  /// Whether a picture may be reached by another path as well.
  private(set) var mayRepeat = false

  private var visited: Set<FileIdentity>

  /// - Parameters:
  ///   - path: the folder.
  ///   - above: folders that are not entered, though a link leads there.
  /// - Throws: `DataError` where the folder itself cannot be read; of folders in it that is counted.
  init(_ path: String, above: Set<FileIdentity> = []) throws(DataError) {
    visited = above
    if let identity = FileIdentity(path) { visited.insert(identity) }
    try collect(path, depth: 0)
  }

  private mutating func collect(_ path: String, depth: Int) throws(DataError) {
    for entry in try FolderListing.entries(path) {
      let place = "\(path)/\(entry.name)"
      switch entry.kind {
      case .folder:
        guard visited.insert(entry.identity).inserted else {
          leftOut.add(.linksBack, place)
          continue
        }
        let before = pictures.count
        do { try collect(place, depth: depth + 1) } catch { leftOut.add(.unreadableFolders, place) }
        if entry.mayBeElsewhere { mayRepeat = true }
        if depth == 0, pictures.count > before { inner.append(entry.name) }
      case .file:
        if FileSuffix.isPicture(entry.name, in: path) {
          pictures.append(Found(path: place, identity: entry.identity))
          if depth == 0 { hasOwnPictures = true }
          if entry.mayBeElsewhere { mayRepeat = true }
        } else {
          leftOut.add(file: place, entry.name)
        }
      case .brokenLink: leftOut.add(.brokenLinks, place)
      case .special: leftOut.add(.specialFiles, place)
      }
    }
  }
}

extension LeftOut {
  /// Counts a file that is no picture.
  mutating func add(file path: String, _ name: String) {
    let suffix = FileSuffix.of(name)
    add(FileSuffix.otherSamples.contains(suffix) ? .otherKinds : .otherFiles, path, suffix: suffix)
  }
}
