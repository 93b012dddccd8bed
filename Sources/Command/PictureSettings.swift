import Glissade

/// What is to be made of a folder of pictures.
struct PictureSettings {
  /// Only these classes; all where `nil`.
  var classes: [String]?
  /// The side of the square that the network sees.
  var size: Int
  var augmentations: AugmentationList
  /// Share of the pictures that is held out to measure with at the end.
  var testShare: Double
  var threads: Int?
  /// For people: `--augment` as it was given.
  var augmentationText: String

  /// Whether pictures differ from epoch to epoch.
  var isAugmented: Bool { !augmentations.pictures.isEmpty || augmentations.mixing != nil }

  /// Lists, divides and decodes the pictures.
  /// - Parameters:
  ///   - path: the folder.
  ///   - validation: the share that is checked after each epoch, where the folder has no such part.
  ///   - seed: of the division and the augmentations.
  /// - Returns: the data, and a line for every picture that cannot be used.
  func load(_ path: String, validation: Double, seed: UInt64) throws -> (data: LoadedPictures, unreadable: [String]) {
    let split = try PictureFolder(path: path, classes: classes).split(validation: validation, test: testShare, seed: seed)
    let pipeline = PicturePipeline(size: size, augmentations: augmentations.pictures)
    let loading = PictureLoading(threads: threads)
    var unreadable: [String] = []
    func dataset(_ list: PictureList, isTraining: Bool) throws -> PictureDataset? {
      guard list.count > 0 else { return nil }
      let dataset = try PictureDataset(list, pipeline: pipeline, isTraining: isTraining, seed: seed, loading: loading)
      unreadable += dataset.unreadable.map(\.description)
      return dataset
    }
    guard let training = try dataset(split.training, isTraining: !pipeline.augmentations.isEmpty) else {
      throw Failure("\(path) has no pictures to train on")
    }
    let data = LoadedPictures(
      training: training, validation: try dataset(split.validation, isTraining: false), test: try dataset(split.test, isTraining: false),
      normalization: pipeline.normalization)
    return (data, unreadable)
  }
}

/// A folder's pictures, divided.
struct LoadedPictures {
  var training: PictureDataset
  var validation: PictureDataset?
  var test: PictureDataset?
  var normalization: Normalization
}

extension AugmentationList {
  /// What happens to whole batches, drawn by a seed.
  func mixing(seed: UInt64) -> BatchMixing? {
    var mixing = mixing
    mixing?.seed = seed
    return mixing
  }
}
