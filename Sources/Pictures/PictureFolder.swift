import GlissadeData
import GlissadeFormats
import GlissadeRandom

/// A folder of pictures, a folder in it for each class.
///
/// A class is called as its folder, and has all pictures in it, at any depth: JPEG, PNG, WebP and TIFF files, by their usual suffixes in any
/// case, or, where the suffix says nothing, by how the content begins. Where the folder holds one called `train` and one called `val` or `test`, these
/// are the parts, and the classes are the folders in them; other usual names (`training`, `valid`, `dev`, `testing`, …) do as well, in any
/// case, with words such as `_set` beside them. Hidden files, and what systems put into folders, are passed over; what else is left out is
/// counted in `leftOut`. Classes and files are ordered by the bytes of their names, which need not be UTF-8 (see `printable`), and folders
/// without pictures are no classes. Symbolic links are followed, but not back to a folder that they lie in.
public struct PictureFolder: Sendable {
  /// The folder.
  public let path: String
  /// The classes, in label order.
  public let classNames: [String]
  /// The pictures, or those of the part to train on.
  public let pictures: PictureList
  /// The pictures of the part that validates; nil where the folder has none.
  public let validation: PictureList?
  /// The pictures of the test part; nil where the folder has none.
  public let test: PictureList?
  /// What is left out.
  public let leftOut: LeftOut
  /// Of the classes that a model knows, those without a picture here.
  public let absentClasses: [String]
  /// Where they are not: the part that is measured with, otherwise the one to train on.
  private let absentFrom: String
  /// Pictures that stand in two classes, or in two parts, because links lead to one file: a line for each kind.
  public let repetitions: [String]

  /// Lists a folder to train on; no picture is read yet.
  /// - Parameters:
  ///   - path: the folder.
  ///   - labels: a table with the classes, where they are not folders: then all pictures that it names are taken, wherever in the folder they
  ///     are, and there are no parts.
  ///   - classes: only these classes, and in this order; all, by name, when nil.
  /// - Throws: `DataError` when the folder is missing or holds no pictures in folders; when a class that was asked for is not there; when
  ///   there are fewer than two classes; and, unless classes are chosen, when a class holds nothing that can be read, when two classes
  ///   differ only in how Unicode composes their names, or when the folders look like parts of the data rather than classes.
  public init(path: String, labels: LabelTable? = nil, classes: [String]? = nil) throws(DataError) {
    if let labels, labels.takesSeveral {
      self.init(path, try MarkedPictures(path, labels: labels, choosing: classes))
      return
    }
    let layout = try Self.layout(path, labels)
    let training = layout.training
    let choice = ClassChoice(layout)
    try choice.checkAnything()
    let names: [String]
    if let classes {
      names = try choice.choose(classes)
      guard names.count > 1 else { throw choice.tooFew(names) }
    } else {
      try choice.checkWhole()
      names = training.classes.map(\.name)
    }
    for part in [layout.validation, layout.test].compactMap({ $0 }) where classes == nil {
      if let other = part.classes.first(where: { ClassChoice.place(of: $0.name, in: names) == nil }) {
        throw .empty(what: "\(part.path): the class '\(printable(other.name))' has no pictures to train on")
      }
    }
    self.init(layout, names, leavingOthersOut: false)
  }

  /// Lists a folder for a model that knows some classes: labels are the model's.
  /// - Parameters:
  ///   - path: the folder.
  ///   - knownClasses: the model's classes, in its order.
  ///   - labels: a table with the classes, where they are not folders.
  ///   - classes: only these of them; all when nil.
  ///   - leavesUnknownOut: whether classes that the model does not know are counted in `leftOut` rather than refused. Where classes are chosen,
  ///     others are expected, and neither is done.
  /// - Throws: `DataError` when the folder is missing or holds no pictures of these classes, and for classes that the model does not know.
  public init(
    path: String, knownClasses: [String], labels: LabelTable? = nil, classes: [String]? = nil, leavesUnknownOut: Bool = false
  ) throws(DataError) {
    if let labels, labels.takesSeveral {
      self.init(path, try MarkedPictures(path, labels: labels, known: knownClasses, ignoresOthers: leavesUnknownOut))
      return
    }
    let layout = try Self.layout(path, labels, needsTraining: false)
    let choice = ClassChoice(layout, of: layout.test ?? layout.training)
    try choice.checkAnything()
    try choice.checkKnown(knownClasses, choosing: classes, leavesUnknownOut: leavesUnknownOut)
    self.init(layout, knownClasses, choosing: classes, leavingOthersOut: classes == nil)
  }

  private static func layout(_ path: String, _ labels: LabelTable?, needsTraining: Bool = true) throws(DataError) -> FolderLayout {
    guard let labels else { return try FolderLayout(path, needsTraining: needsTraining) }
    return try FolderLayout(path, labels: labels)
  }

  /// Pictures with any number of labels: there are no parts, and no classes.
  private init(_ path: String, _ marked: MarkedPictures) {
    self.path = path
    classNames = marked.pictures.classNames
    pictures = marked.pictures
    (validation, test) = (nil, nil)
    leftOut = marked.leftOut
    absentClasses = classNames.indices.filter { label in
      !stride(from: label, to: marked.pictures.marks?.count ?? 0, by: marked.pictures.classNames.count).contains {
        marked.pictures.marks?[$0] == 1
      }
    }.map { marked.pictures.classNames[$0] }
    absentFrom = path
    repetitions = []
  }

  private init(_ layout: FolderLayout, _ names: [String], choosing: [String]? = nil, leavingOthersOut: Bool) {
    var leftOut = layout.leftOut
    var repetitions = Repetitions()
    func list(_ part: PartListing, _ purpose: PicturePart) -> PictureList {
      leftOut.add(part.leftOut)
      var classes: [Int: [ClassListing]] = [:]
      let listings = part.classes + part.vanished
      let chosen = choosing.map { ClassChoice.places(of: listings, in: $0) }
      for (index, (listing, place)) in zip(listings, ClassChoice.places(of: listings, in: names)).enumerated() {
        let isChosen = chosen.map { $0[index] != nil } ?? true
        if let place, isChosen {
          classes[place, default: []].append(listing)
          leftOut.add(listing.leftOut)
        } else if leavingOthersOut, listing.pictures.isEmpty {
          leftOut.add(listing.leftOut)
        } else if leavingOthersOut {
          leftOut.add(.unknownClasses, listing.path.isEmpty ? listing.name : listing.path, count: listing.pictures.count)
        }
      }
      var (paths, labels) = ([String](), [Int32]())
      for label in names.indices {
        for listing in classes[label] ?? [] {
          paths += listing.pictures.map(\.path)
          labels += Array(repeating: Int32(label), count: listing.pictures.count)
          repetitions.add(listing, label: label, part: purpose)
        }
      }
      return PictureList(paths, labels, names)
    }
    path = layout.path
    classNames = names
    pictures = list(layout.training, .training)
    validation = layout.validation.map { list($0, .validation) }
    test = layout.test.map { list($0, .test) }
    self.leftOut = leftOut
    let present = Set((test ?? pictures).labels)
    absentClasses = names.indices.filter { !present.contains(Int32($0)) }.map { names[$0] }.filter { name in
      choosing.map { ClassChoice.place(of: name, in: $0) != nil } ?? true
    }
    absentFrom = (layout.test ?? layout.training).path
    self.repetitions = repetitions.lines
  }

  /// What people should know of the folder, a line each: what is left out, what stands in two classes, and which classes are not there.
  public var notes: [String] {
    var notes = leftOut.isEmpty ? [] : ["left out: \(leftOut)"]
    notes += repetitions
    if !absentClasses.isEmpty {
      let names = absentClasses.prefix(5).map { printable($0) }.joined(separator: ", ") + (absentClasses.count > 5 ? ", …" : "")
      notes.append("\(absentFrom): no pictures of \(absentClasses.count) of \(classNames.count) classes (\(names))")
    }
    return notes
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
  ///   - fold: in place of the share, the fold that is held out to check with (see `KFold`); for folders without such a part.
  /// - Throws: `DataError.invalidArgument` unless both shares are at least 0 and together below 1, and where there cannot be such a fold.
  public func split(validation: Double, test: Double, seed: UInt64, fold: Fold? = nil) throws(DataError) -> PictureSplit {
    let validation = fold == nil ? validation : 0
    if fold != nil, self.validation != nil {
      throw .invalidArgument(
        name: "the fold", value: "one of the pictures of \(path)", requirement: "of a folder that has no part for validation")
    }
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
    if let fold {
      let (labels, classes) = (result.training.labels, result.training.classNames.count)
      let (training, held) = try KFold.division(labels: labels, classCount: classes, fold: fold, seed: seed)
      (result.training, result.validation) = (try result.training.selecting(training), try result.training.selecting(held))
    }
    return result
  }

  /// All pictures in a folder, at any depth and whatever their class, by name, and what is left out.
  /// - Throws: `DataError` when the folder cannot be read.
  public static func contents(of path: String) throws(DataError) -> (pictures: [String], leftOut: LeftOut) {
    try FolderListing.check(path)
    let scan = try FolderScan(path)
    return (scan.pictures.map(\.path), scan.leftOut)
  }

  /// All pictures in a folder, at any depth and whatever their class, by name.
  /// - Throws: `DataError` when the folder cannot be read.
  public static func pictures(in path: String) throws(DataError) -> [String] { try contents(of: path).pictures }
}

extension PictureList {
  /// No pictures, of the same classes.
  fileprivate var none: PictureList { PictureList([], [], classNames, marks: marks == nil ? nil : []) }
}
