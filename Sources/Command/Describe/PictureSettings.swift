import Glissade

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What is to be made of a folder of pictures.
struct PictureSettings {
  /// Where the classes stand, unless they are folders.
  var labels: LabelTable?
  /// Only these classes; all where `nil`.
  var classes: [String]?
  /// The side of the square that the network sees.
  var size: Int
  var augmentations: AugmentationList
  /// Share of the pictures that is held out to measure with at the end.
  var testShare: Double
  var threads: Int?
  /// Behind what is transparent.
  var background: Picture.Colour
  /// The share that may be left out because it cannot be read.
  var unreadableShare: Double
  /// For people: `--augment` as it was given.
  var augmentationText: String

  /// Whether pictures differ from epoch to epoch.
  var isAugmented: Bool { !augmentations.pictures.isEmpty || augmentations.mixing != nil }

  /// Lists, divides and decodes the pictures; those that cannot be used are named on standard error.
  /// - Parameters:
  ///   - path: the folder.
  ///   - validation: the share that is checked after each epoch, where the folder has no such part.
  ///   - seed: of the division and the augmentations.
  ///   - limit: at most so many to train on and a sixth as many to check and to measure with, of all classes.
  ///   - fold: what is checked after each epoch in place of the share, in one of several trainings.
  func load(_ path: String, validation: Double, seed: UInt64, limit: Int? = nil, fold: Fold? = nil) throws -> LoadedData {
    let folder = try PictureFolder(path: path, labels: labels, classes: classes)
    let split = try folder.split(validation: validation, test: testShare, seed: seed, fold: fold)
    folder.notes.forEach(Terminal.note)
    let pipeline = PicturePipeline(size: size, augmentations: augmentations.pictures)
    let loading = PictureLoading(threads: threads, unreadableShare: unreadableShare, background: background)
    func dataset(_ list: PictureList, limit: Int?, isTraining: Bool) throws -> PictureDataset? {
      guard list.count > 0 else { return nil }
      let list = try limit.map { try list.spread(over: $0) } ?? list
      let dataset = try PictureDataset(list, pipeline: pipeline, isTraining: isTraining, seed: seed, loading: loading)
      for problem in dataset.unreadable { Terminal.note("left out: \(problem.description)") }
      return dataset
    }
    guard let training = try dataset(split.training, limit: limit, isTraining: !pipeline.augmentations.isEmpty) else {
      throw Failure("\(path) has no pictures to train on")
    }
    let wanted = try limit.map { try split.training.spread(over: $0) } ?? split.training
    if let label = Set(wanted.labels).subtracting(training.labels).min() {
      throw Failure("\(path): none of the pictures of the class '\(printable(folder.classNames[Int(label)]))' can be read")
    }
    let sixth = limit.map { max($0 / 6, 1) }
    return LoadedData(
      training: training, validation: try dataset(split.validation, limit: sixth, isTraining: false), isSplit: true,
      test: try dataset(split.test, limit: sixth, isTraining: false), normalization: pipeline.normalization)
  }

  /// Members of `options.json`.
  var json: [JSONMember] {
    [
      JSONMember("augment", .string(augmentationText)), JSONMember("size", .integer(Int64(size))), JSONMember("test", .number(testShare)),
      JSONMember("background", .string(background.text)), JSONMember("unreadable", .number(unreadableShare)),
    ] + (labels?.json ?? [])
  }
}

extension PictureList {
  /// Some of the pictures, at even distances: lists go class by class, so that the first ones would be of one class.
  func spread(over count: Int) throws(DataError) -> PictureList {
    guard count < self.count else { return self }
    return try selecting((0..<count).map { $0 * self.count / count })
  }
}

extension AugmentationList {
  /// What happens to whole batches, drawn by a seed.
  func mixing(seed: UInt64) -> BatchMixing? {
    var mixing = mixing
    mixing?.seed = seed
    return mixing
  }
}
