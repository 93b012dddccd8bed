import Glibc

/// A folder with a dataset in the layout of MNIST: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte`
/// and `t10k-labels-idx1-ubyte`, each plain or with `.gz`.
public struct IDXFolder: Sendable {
  /// The two parts of such a dataset.
  public enum Part: String, CaseIterable, Sendable {
    /// The samples to learn from.
    case training = "train"
    /// The samples to measure with.
    case test = "t10k"
  }

  /// The folder.
  public let path: String
  /// A name for every class; where nil, the classes are 0 … the largest label of the training part.
  public let classNames: [String]?
  /// How bytes become numbers; scaled to 0 … 1 where nil.
  public let normalization: Normalization?
  /// The images' [height, width, channels]; anything where nil.
  public let expectedShape: [Int]?
  /// What errors about missing files advise.
  public let hint: String?

  /// Names a folder; nothing is read yet.
  /// - Parameters:
  ///   - path: the folder.
  ///   - classNames: a name for every class; found from the training labels when nil.
  ///   - normalization: one mean and deviation; only scales when nil.
  ///   - expectedShape: [height, width, 1] that images must have; any when nil.
  ///   - hint: what errors about a missing folder or file advise.
  public init(
    path: String, classNames: [String]? = nil, normalization: Normalization? = nil, expectedShape: [Int]? = nil, hint: String? = nil
  ) {
    self.path = path
    self.classNames = classNames
    self.normalization = normalization
    self.expectedShape = expectedShape
    self.hint = hint
  }

  /// Whether images of either part are there.
  public var holdsImages: Bool { Part.allCases.contains { (try? find($0, "images", rank: 3)) != nil } }

  /// Reads one part of the dataset.
  /// - Throws: `DataError` when the folder or a file is missing, unreadable, truncated, corrupt or of another kind, when images and
  ///   labels differ in number, or a label is out of range. All files are named in it.
  public func load(_ part: Part) throws(DataError) -> ImageDataset {
    try checkFolder()
    let labelPath = try find(part, "labels", rank: 1)
    let labelFile = try IDXFile(path: labelPath, magic: IDXFile.labels)
    let labels = labelFile.bytes.map { Int32($0) }
    let names: [String]
    if let classNames { names = classNames } else { names = try inferClassNames(part, labels) }
    try checkLabels(labels, classes: names.count, source: labelPath)

    let imagePath = try find(part, "images", rank: 3)
    let images = try IDXFile(path: imagePath, magic: IDXFile.images)
    let shape = [images.dimensions[1], images.dimensions[2], 1]
    if let expectedShape, shape != expectedShape { throw .wrongShape(source: imagePath, found: shape, expected: expectedShape) }
    guard images.dimensions[0] == labels.count else {
      throw .countMismatch(images: imagePath, imageCount: images.dimensions[0], labels: labelPath, labelCount: labels.count)
    }
    return try ImageDataset(
      pixels: images.bytes, sampleShape: shape, labels: labels, classNames: names, normalization: normalization, source: imagePath)
  }

  /// The training part decides for both, so that a test part without the last class still fits the same network.
  private func inferClassNames(_ part: Part, _ labels: [Int32]) throws(DataError) -> [String] {
    var largest = labels.max() ?? 0
    if part != .training {
      let training = try IDXFile(path: find(.training, "labels", rank: 1), magic: IDXFile.labels)
      largest = training.bytes.max().map { Int32($0) } ?? 0
    }
    return (0...Int(largest)).map(String.init)
  }

  private func checkFolder() throws(DataError) {
    var information = stat()
    guard stat(path, &information) == 0 else {
      let code = errno
      if code == ENOENT || code == ENOTDIR { throw .missingFolder(path: path, hint: hint) }
      throw .unreadable(path: path, message: String(cString: strerror(code)))
    }
    guard information.st_mode & S_IFMT == S_IFDIR else { throw .notAFolder(path: path) }
  }

  private func find(_ part: Part, _ what: String, rank: Int) throws(DataError) -> String {
    let name = "\(part.rawValue)-\(what)-idx\(rank)-ubyte"
    // The last name is what some archives unpack to.
    let names = [name, name + ".gz", "\(part.rawValue)-\(what).idx\(rank)-ubyte"]
    var information = stat()
    for name in names {
      // Anything but "not there" is left for the reader to report with its reason.
      if stat(path + "/" + name, &information) == 0 || errno != ENOENT { return path + "/" + name }
    }
    throw .missingFile(folder: path, tried: names, hint: hint)
  }
}
