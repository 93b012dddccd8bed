import GlissadeData
import GlissadeFormats

/// Files of pictures, each with its class, or with any number of labels.
public struct PictureList: Equatable, Sendable {
  /// The files.
  public let paths: [String]
  /// The class of each, in 0 ..< classNames.count.
  public let labels: [Int32]
  /// A name for every class, in label order.
  public let classNames: [String]
  /// Where a picture has any number of labels: 1 for each that it has, 0 for each that it has not, in the order of `classNames`, picture by picture.
  /// Then `labels` are 0. `nil` for pictures of one class each.
  public let marks: [Float]?

  /// Number of pictures.
  public var count: Int { paths.count }

  /// Creates a list.
  /// - Throws: `DataError` when there are not as many labels as paths, or a label is out of range.
  public init(paths: [String], labels: [Int32], classNames: [String]) throws(DataError) {
    guard paths.count == labels.count else { throw .wrongSize(what: "labels of pictures", found: labels.count, expected: paths.count) }
    for (index, label) in labels.enumerated() where label < 0 || Int(label) >= classNames.count {
      throw .labelOutOfRange(source: "pictures", index: index, value: Int(label), classes: classNames.count)
    }
    self.init(paths, labels, classNames)
  }

  /// Creates a list of pictures with any number of labels.
  /// - Parameters:
  ///   - paths: the files.
  ///   - marks: 1 or 0 for each label of each picture; see the property.
  ///   - labelNames: the labels.
  /// - Throws: `DataError` when there are not as many marks as there have to be, or one is neither 1 nor 0.
  public init(paths: [String], marks: [Float], labelNames: [String]) throws(DataError) {
    guard marks.count == paths.count * labelNames.count else {
      throw .wrongSize(what: "labels of pictures", found: marks.count, expected: paths.count * labelNames.count)
    }
    if let wrong = marks.first(where: { $0 != 0 && $0 != 1 }) {
      throw .invalidArgument(name: "a label's mark", value: "\(wrong)", requirement: "1 or 0")
    }
    self.init(paths, Array(repeating: 0, count: paths.count), labelNames, marks: marks)
  }

  init(_ paths: [String], _ labels: [Int32], _ classNames: [String], marks: [Float]? = nil) {
    self.paths = paths
    self.labels = labels
    self.classNames = classNames
    self.marks = marks
  }

  /// The marks of one picture.
  func marks(of index: Int) -> ArraySlice<Float> {
    marks?[(index * classNames.count)..<((index + 1) * classNames.count)] ?? []
  }

  /// The pictures at some places, in that order.
  /// - Throws: `DataError.indexOutOfRange`.
  public func selecting(_ indices: [Int]) throws(DataError) -> PictureList {
    for index in indices where !paths.indices.contains(index) { throw .indexOutOfRange(index: index, count: count) }
    return PictureList(
      indices.map { paths[$0] }, indices.map { labels[$0] }, classNames, marks: marks == nil ? nil : indices.flatMap { self.marks(of: $0) })
  }

  /// The pictures of some classes, in their order; labels stay as they are.
  /// - Throws: `DataError.empty` for a class that is not among the list's.
  public func selecting(classes: [String]) throws(DataError) -> PictureList {
    let chosen = try self.labels(of: classes)
    return try selecting(labels.indices.filter { chosen.contains(labels[$0]) })
  }

  /// The labels of some classes.
  /// - Throws: `DataError.empty` for a class that is not among the list's.
  public func labels(of classes: [String]) throws(DataError) -> Set<Int32> {
    var chosen: Set<Int32> = []
    for name in classes {
      guard let place = ClassChoice.place(of: name, in: classNames) else {
        throw .empty(
          what: "no class '\(printable(name))'; there are \(classNames.prefix(20).map { printable($0) }.joined(separator: ", "))")
      }
      chosen.insert(Int32(place))
    }
    return chosen
  }

  /// Divides the pictures, every class in proportion; see `TrainingSplit`.
  /// - Parameters:
  ///   - fraction: the share that is held out, in [0, 1).
  ///   - seed: equal seeds give equal splits.
  /// - Throws: `DataError.invalidArgument` for another fraction.
  public func split(holdingOut fraction: Double, seed: UInt64) throws(DataError) -> (rest: PictureList, heldOut: PictureList) {
    let split = try TrainingSplit(labels: labels, classCount: classNames.count, validationFraction: fraction, seed: seed)
    return (try selecting(split.training), try selecting(split.validation))
  }
}

/// Pictures to train on, to check with after each epoch, and to measure with at the end.
public struct PictureSplit: Equatable, Sendable {
  /// To train on.
  public var training: PictureList
  /// To check with after each epoch; may be empty.
  public var validation: PictureList
  /// To measure with at the end; may be empty.
  public var test: PictureList
}
