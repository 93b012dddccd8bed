import GlissadeData
import GlissadeFormats
import GlissadeRandom

/// A folder of pictures, a folder in it for each class.
///
/// A class is called as its folder, and has all JPEG and PNG files in it, at any depth. Where the folder holds `train` (or `training`),
/// `val` (`valid`, `validation`) and `test` folders, in any case, at least `train` and another, these are the parts, and the classes are
/// the folders in them. Hidden files, files with other suffixes and files outside of all classes are passed over. Classes and files are
/// ordered by the bytes of their names, and folders without pictures are no classes.
public struct PictureFolder: Sendable {
  /// The folder.
  public let path: String
  /// The classes, in label order.
  public let classNames: [String]
  /// The pictures, or those of the part `train`.
  public let pictures: PictureList
  /// The pictures of the part that validates; nil where the folder has none.
  public let validation: PictureList?
  /// The pictures of the test part; nil where the folder has none.
  public let test: PictureList?

  private enum Part: CaseIterable {
    case training, validation, test

    var names: [String] {
      switch self {
      case .training: ["train", "training"]
      case .validation: ["val", "valid", "validation"]
      case .test: ["test"]
      }
    }
  }

  /// Lists a folder; no picture is read yet.
  /// - Parameters:
  ///   - path: the folder.
  ///   - classes: only these classes, and in this order; all, by name, when nil.
  /// - Throws: `DataError` when the folder is missing or holds no pictures in folders, or a class that was asked for is not there.
  public init(path: String, classes: [String]? = nil) throws(DataError) {
    try FolderListing.check(path)
    let entries = try FolderListing.entries(path)
    func folder(_ part: Part) -> String? {
      entries.first { $0.kind == .folder && part.names.contains($0.name.lowercased()) }.map { "\(path)/\($0.name)" }
    }
    var folders = [Part.training: path]
    if let training = folder(.training), folder(.validation) != nil || folder(.test) != nil {
      folders[.training] = training
      folders[.validation] = folder(.validation)
      folders[.test] = folder(.test)
    }
    var found: [Part: [(name: String, pictures: [String])]] = [:]
    for (part, folder) in folders { found[part] = try Self.classes(folder) }
    let training = found[.training] ?? []
    let names = try Self.choose(classes, among: training.map(\.name), in: folders[.training] ?? path)
    var lists: [Part: PictureList] = [:]
    for (part, folder) in folders {
      // Where classes were chosen, others are expected.
      lists[part] = try Self.list(found[part] ?? [], names, in: folder, refusesOthers: classes == nil)
    }
    self.path = path
    classNames = names
    pictures = lists[.training] ?? PictureList([], [], names)
    validation = lists[.validation]
    test = lists[.test]
    guard pictures.count > 0 else { throw .empty(what: "\(folders[.training] ?? path): no pictures") }
  }

  /// The three parts of a training: the folder's own where it has them, otherwise chosen at random with every class in proportion.
  ///
  /// What is held out is a pure function of the file list and the seed. The test part is taken first, then the validation part from the
  /// rest, so that the test part is the same whatever is held out for validation.
  ///
  /// - Parameters:
  ///   - validation: the share of the pictures that is held out to check with; of no account where the folder has such a part.
  ///   - test: the share that is held out to measure with; of no account where the folder has such a part.
  ///   - seed: equal seeds give equal splits.
  /// - Throws: `DataError.invalidArgument` unless both shares are at least 0 and together below 1.
  public func split(validation: Double, test: Double, seed: UInt64) throws(DataError) -> PictureSplit {
    for (name, share) in [("validation", validation), ("test", test)] where !(share >= 0 && share < 1) {
      throw .invalidArgument(name: name, value: "\(share)", requirement: "at least 0 and below 1")
    }
    guard validation + test < 1 else {
      throw .invalidArgument(name: "validation + test", value: "\(validation + test)", requirement: "below 1, so that something is left")
    }
    var result = PictureSplit(
      training: pictures, validation: self.validation ?? pictures.none, test: self.test ?? pictures.none)
    var left = 1.0
    if self.test == nil, test > 0 {
      (result.training, result.test) = try result.training.split(holdingOut: test, seed: seed)
      left -= test
    }
    if self.validation == nil, validation > 0 {
      // Another seed, so that the two choices have nothing to do with each other.
      let seed = seed ^ Philox4x32.stream(named: "validation split")
      (result.training, result.validation) = try result.training.split(holdingOut: validation / left, seed: seed)
    }
    return result
  }

  /// All pictures in a folder, at any depth and whatever their class, by name: jpg, jpeg and png in any case.
  /// - Throws: `DataError` when the folder cannot be read.
  public static func pictures(in path: String) throws(DataError) -> [String] {
    try FolderListing.check(path)
    return try FolderListing.pictures(path)
  }

  /// The folders in a folder that hold pictures.
  private static func classes(_ path: String) throws(DataError) -> [(name: String, pictures: [String])] {
    var classes: [(name: String, pictures: [String])] = []
    var loose = 0
    for entry in try FolderListing.entries(path) {
      switch entry.kind {
      case .folder:
        let pictures = try FolderListing.pictures("\(path)/\(entry.name)")
        if !pictures.isEmpty { classes.append((entry.name, pictures)) }
      case .file: loose += FolderListing.isPicture(entry.name) ? 1 : 0
      }
    }
    if classes.isEmpty {
      let problem = loose > 0 ? "\(loose) pictures lie in it, but none in a folder" : "no jpg, jpeg or png file"
      throw .empty(what: "\(path): \(problem); pictures have to be in a folder for each class")
    }
    return classes
  }

  private static func choose(_ wanted: [String]?, among names: [String], in path: String) throws(DataError) -> [String] {
    guard let wanted else { return names }
    guard !wanted.isEmpty else { throw .invalidArgument(name: "classes", value: "[]", requirement: "at least one") }
    for (index, name) in wanted.enumerated() {
      guard names.contains(name) else {
        let hint = Nearest.to(name, among: names).map { "did you mean '\($0)'?" } ?? "there are " + names.prefix(20).joined(separator: ", ")
        throw .empty(what: "\(path): no class '\(name)'; \(hint)")
      }
      guard !wanted[..<index].contains(name) else {
        throw .invalidArgument(name: "classes", value: wanted.joined(separator: ","), requirement: "without repetition")
      }
    }
    return wanted
  }

  private static func list(
    _ classes: [(name: String, pictures: [String])], _ names: [String], in path: String, refusesOthers: Bool
  ) throws(DataError) -> PictureList {
    if refusesOthers, let other = classes.first(where: { !names.contains($0.name) }) {
      throw .empty(what: "\(path): the class '\(other.name)' has no pictures to train on")
    }
    var (paths, labels) = ([String](), [Int32]())
    for (label, name) in names.enumerated() {
      let pictures = classes.first { $0.name == name }?.pictures ?? []
      paths += pictures
      labels += Array(repeating: Int32(label), count: pictures.count)
    }
    return PictureList(paths, labels, names)
  }
}

extension PictureList {
  /// No pictures, of the same classes.
  fileprivate var none: PictureList { PictureList([], [], classNames) }
}
