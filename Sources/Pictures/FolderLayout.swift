import GlissadeData
import GlissadeFormats

/// A folder in a part of the data: a class, if there are pictures in it.
struct ClassListing {
  var name: String
  var path: String
  var pictures: [FolderScan.Found]
  var leftOut: LeftOut
  /// Whether pictures lie in the folder itself.
  var hasOwnPictures: Bool
  /// The folders in it that hold pictures.
  var inner: [String]
  var mayRepeat: Bool
}

/// The folders in one part of the data.
struct PartListing {
  let path: String
  /// Those with pictures.
  private(set) var classes: [ClassListing] = []
  /// Those that hold samples, but none that can be read.
  private(set) var vanished: [ClassListing] = []
  /// What lies in no class.
  private(set) var leftOut = LeftOut()

  /// Classes that do not stand in folders.
  init(_ path: String, labelled classes: [ClassListing]) {
    self.path = path
    self.classes = classes
  }

  /// - Parameters:
  ///   - path: the folder.
  ///   - above: folders that links do not lead into.
  init(_ path: String, above: Set<FileIdentity>) throws(DataError) {
    self.path = path
    for entry in try FolderListing.entries(path) {
      let place = "\(path)/\(entry.name)"
      switch entry.kind {
      case .folder:
        let listing = Self.listing(entry, place, above)
        if !listing.pictures.isEmpty {
          classes.append(listing)
        } else if listing.leftOut.holdsSamples {
          vanished.append(listing)
        } else {
          leftOut.add(.emptyFolders, place)
          leftOut.add(listing.leftOut)
        }
      case .file:
        if FileSuffix.isPicture(entry.name, in: path) { leftOut.add(.outsideClasses, place) } else { leftOut.add(file: place, entry.name) }
      case .brokenLink:
        // What looks like no file may have been a class.
        var lost = ClassListing(
          name: entry.name, path: place, pictures: [], leftOut: LeftOut(), hasOwnPictures: false, inner: [], mayRepeat: false)
        lost.leftOut.add(.brokenLinks, place)
        if FileSuffix.of(entry.name).isEmpty { vanished.append(lost) } else { leftOut.add(lost.leftOut) }
      case .special: leftOut.add(.specialFiles, place)
      }
    }
  }

  private static func listing(_ entry: FolderListing.Entry, _ path: String, _ above: Set<FileIdentity>) -> ClassListing {
    var listing = ClassListing(
      name: entry.name, path: path, pictures: [], leftOut: LeftOut(), hasOwnPictures: false, inner: [], mayRepeat: entry.mayBeElsewhere)
    guard !above.contains(entry.identity) else {
      listing.leftOut.add(.linksBack, path)
      return listing
    }
    do {
      let scan = try FolderScan(path, above: above)
      (listing.pictures, listing.leftOut, listing.inner) = (scan.pictures, scan.leftOut, scan.inner)
      (listing.hasOwnPictures, listing.mayRepeat) = (scan.hasOwnPictures, listing.mayRepeat || scan.mayRepeat)
    } catch { listing.leftOut.add(.unreadableFolders, path) }
    return listing
  }
}

/// How a folder of pictures is laid out: classes, or parts with classes in them.
struct FolderLayout {
  let path: String
  /// What is trained on: the part of that name, or the whole folder.
  let training: PartListing
  let validation: PartListing?
  let test: PartListing?
  /// What lies beside the parts.
  private(set) var leftOut = LeftOut()
  /// Whether classes are folders, rather than in a table of labels.
  let hasFolders: Bool

  init(_ path: String, labelled classes: [ClassListing], leftOut: LeftOut) {
    self.path = path
    self.leftOut = leftOut
    (training, validation, test) = (PartListing(path, labelled: classes), nil, nil)
    hasFolders = false
  }

  /// - Parameter needsTraining: whether parts without one to train on are taken for classes; otherwise the test part, or that which
  ///   validates, stands for it.
  /// - Throws: `DataError` where the folder cannot be read, or its parts are ambiguous.
  init(_ path: String, needsTraining: Bool = true) throws(DataError) {
    try FolderListing.check(path)
    self.path = path
    hasFolders = true
    let above = FileIdentity.ancestors(of: path)
    let entries = try FolderListing.entries(path)
    var parts: [PicturePart: [String]] = [:]
    for entry in entries where entry.kind == .folder {
      if let part = PicturePart(folder: entry.name) { parts[part, default: []].append(entry.name) }
    }
    let isWithoutTraining = !needsTraining && parts[.training] == nil && !parts.isEmpty
    guard parts[.training] != nil && parts.count > 1 || isWithoutTraining else {
      (training, validation, test) = (try PartListing(path, above: above), nil, nil)
      return
    }
    func part(_ part: PicturePart) throws(DataError) -> PartListing? {
      guard let names = parts[part], let name = names.first else { return nil }
      guard names.count == 1 else {
        let list = names.map { "'\(printable($0))'" }.joined(separator: " and ")
        throw .empty(what: "\(path): \(list) both look like the part \(part.purpose); move or rename what is another")
      }
      return try PartListing(Self.unwrapped("\(path)/\(name)", part), above: above)
    }
    let (first, second, third) = (try part(.training), try part(.validation), try part(.test))
    // Beside buses and cars a folder of trains is a class.
    let others = entries.contains { $0.kind == .folder && PicturePart(folder: $0.name) == nil }
    if others, let first, first.classes.isEmpty, first.leftOut[.outsideClasses] > 0 {
      (training, validation, test) = (try PartListing(path, above: above), nil, nil)
      return
    }
    guard let training = first ?? third ?? second else { throw .empty(what: "\(path): no part to train on") }
    (self.training, validation, test) = first == nil ? (training, nil, nil) : (training, second, third)
    for entry in entries where PicturePart(folder: entry.name) == nil || entry.kind != .folder {
      let place = "\(path)/\(entry.name)"
      switch entry.kind {
      case .folder: leftOut.add(.besideParts, place)
      case .file:
        if FileSuffix.isPicture(entry.name, in: path) { leftOut.add(.outsideClasses, place) } else { leftOut.add(file: place, entry.name) }
      case .brokenLink: leftOut.add(.brokenLinks, place)
      case .special: leftOut.add(.specialFiles, place)
      }
    }
  }

  /// Archives are often unpacked into a folder of their own name, as in `seg_train/seg_train`.
  private static func unwrapped(_ path: String, _ part: PicturePart) throws(DataError) -> String {
    let entries = try FolderListing.entries(path).filter { $0.kind == .folder }
    guard entries.count == 1, let only = entries.first, PicturePart(folder: only.name) == part else { return path }
    return "\(path)/\(only.name)"
  }
}
