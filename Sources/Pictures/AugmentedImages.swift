import GlissadeData

/// Images in memory, changed at random in each epoch: what `PictureDataset` does with files, for datasets of images that have one size already.
///
/// Each sample's changes are drawn from the seed, the epoch and the image's place in `images`, so that they are the same for any number of
/// threads, wherever an epoch is entered, and whatever part of the images is chosen. Grey images are changed as pictures of three equal
/// channels and stay grey.
public struct AugmentedImages: Dataset {
  /// The images.
  public let images: ImageDataset
  /// What happens to them, in order.
  public let augmentations: [Augmentation]
  /// The seed of the changes.
  public let seed: UInt64
  /// The label of every sample.
  public let labels: [Int32]

  /// Which images are samples.
  private let places: [Int]
  private let renderer: PictureRenderer
  private let threads: PictureThreads
  /// Whether changes are drawn from the image itself, and not from its place.
  private let drawsByContent: Bool

  /// Number of samples.
  public var count: Int { places.count }
  /// The images' shape.
  public var sampleShape: [Int] { images.sampleShape }
  /// A name for every class, in label order.
  public var classNames: [String] { images.classNames }
  /// The augmentations and their seed.
  public var changes: String? { Augmentation.changes(augmentations, seed) }

  /// Says how images are changed.
  /// - Parameters:
  ///   - images: square ones, grey or in three colours.
  ///   - augmentations: what happens to them, in order; see `PicturePipeline`. A crop goes on by an eighth of the size beyond each side unless
  ///     it says otherwise.
  ///   - seed: the seed of the changes; 0 by default.
  ///   - threads: that share a batch; as many as there are processors when nil.
  /// - Throws: `DataError.invalidArgument` for images that are not square, or have other channels, and for augmentations that make no sense.
  public init(_ images: ImageDataset, augmentations: [Augmentation], seed: UInt64 = 0, threads: Int? = nil) throws(DataError) {
    let shape = images.sampleShape
    guard shape[0] == shape[1] else {
      throw .invalidArgument(name: "augmentation", value: "\(shape[0])×\(shape[1]) images", requirement: "of square images")
    }
    let normalization: Normalization
    switch shape[2] {
    case 1:
      let (mean, deviation) = (images.normalization.mean[0], images.normalization.deviation[0])
      normalization = try Normalization(mean: [mean, mean, mean], deviation: [deviation, deviation, deviation])
    case 3: normalization = images.normalization
    default:
      throw .invalidArgument(
        name: "augmentation", value: "images of \(shape[2]) channels", requirement: "of grey images, or of images in three colours")
    }
    let pipeline = PicturePipeline(size: shape[0], resize: shape[0], augmentations: augmentations, normalization: normalization)
    try pipeline.validate()
    self.init(
      images, Array(0..<images.count), augmentations, seed, PictureRenderer(pipeline: pipeline), try PictureThreads(threads))
  }

  private init(
    _ images: ImageDataset, _ places: [Int], _ augmentations: [Augmentation], _ seed: UInt64, _ renderer: PictureRenderer,
    _ threads: PictureThreads, drawsByContent: Bool = false
  ) {
    self.drawsByContent = drawsByContent
    (self.images, self.places, self.augmentations, self.seed) = (images, places, augmentations, seed)
    (self.renderer, self.threads) = (renderer, threads)
    let all = images.labels
    labels = places.map { all[$0] }
  }

  /// The samples at some indices, in that order; the images are shared.
  /// - Throws: `DataError.indexOutOfRange`.
  public func selecting(_ indices: [Int]) throws(DataError) -> AugmentedImages {
    for index in indices where !places.indices.contains(index) { throw .indexOutOfRange(index: index, count: count) }
    return AugmentedImages(
      images, indices.map { places[$0] }, augmentations, seed, renderer, threads, drawsByContent: drawsByContent)
  }

  /// The same samples in one view of as many as are wanted, for test-time augmentation; see `PictureDataset.view`.
  /// - Parameter number: which; equal numbers are equal views.
  public func view(_ number: Int) -> AugmentedImages {
    AugmentedImages(
      images, places, augmentations, UInt64(truncatingIfNeeded: number), renderer, threads, drawsByContent: true)
  }

  /// Hashes of the images as they are, without changes; see `Dataset`.
  /// - Throws: `DataError.indexOutOfRange`.
  public func contentHashes(ofSamples indices: [Int]) throws(DataError) -> [UInt64]? {
    for index in indices where !places.indices.contains(index) { throw .indexOutOfRange(index: index, count: count) }
    return try images.contentHashes(ofSamples: indices.map { places[$0] })
  }

  /// Writes samples and labels as they are in epoch 0; see `Dataset`.
  /// - Throws: `DataError` when an index is out of range, or a buffer too small.
  public func gather(
    _ indices: ArraySlice<Int>, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
  ) throws(DataError) {
    try gather(indices, epoch: 0, into: features, labels: labels)
  }

  /// Writes samples and labels as they are in an epoch; see `Dataset`.
  /// - Throws: `DataError` when an index is out of range, a buffer too small, or memory is short.
  public func gather(
    _ indices: ArraySlice<Int>, epoch: Int, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
  ) throws(DataError) {
    try checkGather(indices, features: features, labels: labels)
    guard let target = features.baseAddress else { return }
    for (position, index) in indices.enumerated() { labels[position] = self.labels[index] }
    let problems = Problems(count: indices.count)
    threads.each(indices.count) { position in
      problems.catching(position) { () throws(PictureError) in
        try render(places[indices[indices.startIndex + position]], epoch: epoch, into: target + position * sampleSize)
      }
    }
    if let error = problems.found.lazy.compactMap({ $0 }).first { throw error.dataError }
  }

  private func render(_ place: Int, epoch: Int, into target: UnsafeMutablePointer<Float>) throws(PictureError) {
    let (side, size, path) = (sampleShape[0], sampleSize, "the image \(place)")
    let bytes = images.pixels[place * size..<(place + 1) * size]
    let draws = AugmentationDraws(
      seed: seed, epoch: drawsByContent ? 0 : epoch, sample: drawsByContent ? AugmentationDraws.sample(of: bytes) : place)
    if sampleShape[2] == 3 {
      try renderer.render(Picture(side, side, Array(bytes)), path: path, draws: draws, into: target)
      return
    }
    let picture = Picture(side, side, Self.coloured(bytes))
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * size) { (colours) throws(PictureError) in
      guard let base = colours.baseAddress else { throw PictureError(path: path, reason: .noMemory) }
      try renderer.render(picture, path: path, draws: draws, into: base)
      for pixel in 0..<size { target[pixel] = base[3 * pixel] }
    }
  }

  /// Three equal channels.
  private static func coloured(_ grey: ArraySlice<UInt8>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 3 * grey.count) { buffer, count in
      for byte in grey {
        for place in count..<count + 3 { buffer[place] = byte }
        count += 3
      }
    }
  }
}
