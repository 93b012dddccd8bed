import GlissadeData

/// Pictures in files as samples [size, size, 3]: decoded once where memory allows, and prepared by a `PicturePipeline` on several threads.
///
/// In training each sample's augmentations are drawn from the seed, the epoch and the picture's place in the list, so that they are the
/// same for any number of threads and wherever an epoch is entered.
public struct PictureDataset: Dataset {
  /// What is done with the pictures.
  public let pipeline: PicturePipeline
  /// Whether augmentations are applied.
  public let isTraining: Bool
  /// The seed of the augmentations.
  public let seed: UInt64
  /// The label of every sample.
  public let labels: [Int32]

  private let source: PictureSource
  /// The places of the samples in the source's list.
  private let places: [Int]
  private let renderer: PictureRenderer
  /// Whether augmentations are drawn from the picture itself, and not from its place.
  private let drawsByContent: Bool

  /// Number of samples: the pictures that can be read.
  public var count: Int { places.count }
  /// [size, size, 3].
  public var sampleShape: [Int] { [pipeline.size, pipeline.size, 3] }
  /// A name for every class, in label order; none where pictures have any number of labels, which are values of 1 and 0.
  public var classNames: [String] { source.list.marks == nil ? source.list.classNames : [] }
  /// Classes, or where pictures have any number of labels a value of 1 or 0 for each label.
  public var targets: TargetKind { source.list.marks == nil ? .classes : .values(names: source.list.classNames) }
  /// The augmentations and their seed, where they are applied.
  public var changes: String? { isTraining ? Augmentation.changes(pipeline.augmentations, seed) : nil }
  /// The pictures of the list that cannot be used; they are no samples.
  public var unreadable: [PictureError] { source.unreadable }
  /// Bytes of decoded pictures in memory.
  public var keptBytes: Int { source.keptBytes }

  /// Decodes pictures, as many as may be kept in memory, and looks at the headers of the others.
  ///
  /// - Parameters:
  ///   - list: the files and their classes.
  ///   - pipeline: what is done with them.
  ///   - isTraining: whether the pipeline's augmentations are applied; false by default.
  ///   - seed: the seed of the augmentations; 0 by default.
  ///   - loading: threads, memory, limits, and how many pictures may be unreadable.
  /// - Throws: `DataError.invalidArgument` for a pipeline that makes no sense, `.tooManyUnreadable` with the first reasons.
  public init(
    _ list: PictureList, pipeline: PicturePipeline, isTraining: Bool = false, seed: UInt64 = 0, loading: PictureLoading = PictureLoading()
  ) throws(DataError) {
    try pipeline.validate()
    let source = try PictureSource(list, form: StoredForm(pipeline, isTraining: isTraining), loading: loading)
    self.init(source, source.readable, pipeline, isTraining, seed)
  }

  private init(
    _ source: PictureSource, _ places: [Int], _ pipeline: PicturePipeline, _ isTraining: Bool, _ seed: UInt64, drawsByContent: Bool = false
  ) {
    self.drawsByContent = drawsByContent
    self.source = source
    self.places = places
    self.pipeline = pipeline
    self.isTraining = isTraining
    self.seed = seed
    let all = source.list.labels
    labels = places.map { all[$0] }
    renderer = PictureRenderer(pipeline: pipeline)
  }

  /// The samples at some indices, in that order; what is in memory is shared.
  /// - Throws: `DataError.indexOutOfRange`.
  public func selecting(_ indices: [Int]) throws(DataError) -> PictureDataset {
    for index in indices where !places.indices.contains(index) { throw .indexOutOfRange(index: index, count: count) }
    return PictureDataset(source, indices.map { places[$0] }, pipeline, isTraining, seed, drawsByContent: drawsByContent)
  }

  /// The same samples with the pipeline's augmentations in one view of as many as are wanted, for test-time augmentation. What a view changes
  /// is drawn from its number and the picture itself, so that it is the same wherever the picture stands and whatever else there is. What is
  /// in memory is shared; datasets for training keep what every augmentation needs, so views are best asked of those.
  /// - Parameter number: which; equal numbers are equal views.
  public func view(_ number: Int) -> PictureDataset {
    PictureDataset(source, places, pipeline, true, UInt64(truncatingIfNeeded: number), drawsByContent: true)
  }

  /// The file of a sample; nil where there is no such sample.
  public func name(ofSample index: Int) -> String? {
    places.indices.contains(index) ? source.list.paths[places[index]] : nil
  }

  /// Hashes of the pictures' files; see `Dataset`.
  /// - Throws: `DataError` when an index is out of range or a file cannot be read.
  public func contentHashes(ofSamples indices: [Int]) throws(DataError) -> [UInt64]? {
    for index in indices where !places.indices.contains(index) { throw .indexOutOfRange(index: index, count: count) }
    return try source.hashes(of: indices.map { places[$0] })
  }

  /// Writes samples and labels as they are in epoch 0; see `Dataset`.
  /// - Throws: `DataError` when an index is out of range, a buffer too small, or a picture cannot be read.
  public func gather(
    _ indices: ArraySlice<Int>, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
  ) throws(DataError) {
    try gather(indices, epoch: 0, into: features, labels: labels)
  }

  /// Writes samples and labels as they are in an epoch; see `Dataset`.
  /// - Throws: `DataError` when an index is out of range, a buffer too small, or a picture cannot be read.
  public func gather(
    _ indices: ArraySlice<Int>, epoch: Int, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
  ) throws(DataError) {
    try checkGather(indices, features: features, labels: labels)
    guard let target = features.baseAddress else { return }
    for (position, index) in indices.enumerated() { labels[position] = self.labels[index] }
    let problems = Problems(count: indices.count)
    let size = sampleSize
    source.threads.each(indices.count) { position in
      let place = places[indices[indices.startIndex + position]]
      problems.catching(position) { () throws(PictureError) in
        let picture = try source.picture(place)
        let sample = drawsByContent ? AugmentationDraws.sample(of: picture.pixels[...]) : place
        let draws = isTraining ? AugmentationDraws(seed: seed, epoch: drawsByContent ? 0 : epoch, sample: sample) : nil
        try renderer.render(picture, path: source.list.paths[place], draws: draws, into: target + position * size)
      }
    }
    // The first in the batch, whichever thread was first.
    if let error = problems.found.lazy.compactMap({ $0 }).first { throw error.dataError }
  }

  /// Writes 1 for each label that a sample has, 0 for each that it has not; see `Dataset`.
  /// - Throws: `DataError` when an index is out of range, or the buffer too small.
  public func gatherValues(_ indices: ArraySlice<Int>, into values: UnsafeMutableBufferPointer<Float>) throws(DataError) {
    let width = targets.valueCount
    for index in indices where !places.indices.contains(index) { throw .indexOutOfRange(index: index, count: count) }
    guard values.count >= indices.count * width else {
      throw .destinationTooSmall(what: "values", capacity: values.count, needed: indices.count * width)
    }
    for (position, index) in indices.enumerated() {
      for (label, mark) in source.list.marks(of: places[index]).enumerated() { values[position * width + label] = mark }
    }
  }
}
