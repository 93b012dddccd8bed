import GlissadeData

/// What becomes of a picture on its way into a network, the same for training and evaluation but for the augmentations.
///
/// In evaluation: resized, so that its shorter side is `resize`, and of that the middle, `size` × `size`. In training: what
/// `augmentations` say, in that order, with the middle where none of them chooses another part. Then (value / 255 − mean) / deviation.
public struct PicturePipeline: Equatable, Sendable {
  /// The side of the square that the network sees.
  public var size: Int
  /// The length that the shorter side is brought to before the middle is cut out; at least `size`.
  public var resize: Int
  /// What happens to pictures in training, in order.
  public var augmentations: [Augmentation]
  /// How bytes become numbers.
  public var normalization: Normalization

  /// Creates a pipeline.
  /// - Parameters:
  ///   - size: the side of the square that the network sees; 224 by default.
  ///   - resize: the shorter side before the middle is cut out; size · 8/7 by default, 256 for 224. Where it is `size`, whole square
  ///     pictures are seen.
  ///   - augmentations: what happens to pictures in training; nothing by default.
  ///   - normalization: three means and deviations; ImageNet's by default.
  public init(size: Int = 224, resize: Int? = nil, augmentations: [Augmentation] = [], normalization: Normalization = .imageNet) {
    self.size = size
    self.resize = resize ?? size + size / 7
    self.augmentations = augmentations
    self.normalization = normalization
  }

  /// Looks for numbers that make no sense.
  /// - Throws: `DataError.invalidArgument`, which names the first.
  public func validate() throws(DataError) {
    guard (1...16_384).contains(size) else { throw .invalidArgument(name: "size", value: "\(size)", requirement: "1 … 16384") }
    guard (size...16_384).contains(resize) else {
      throw .invalidArgument(name: "resize", value: "\(resize)", requirement: "\(size) … 16384, at least the size")
    }
    guard normalization.mean.count == 3 else {
      throw .wrongSize(what: "normalisation of pictures (channels)", found: normalization.mean.count, expected: 3)
    }
    try augmentations.validate()
  }
}

extension [Augmentation] {
  /// - Throws: `DataError.invalidArgument` for numbers out of range, and for an order in which they cannot be.
  package func validate() throws(DataError) {
    for (index, augmentation) in enumerated() {
      try augmentation.validate()
      if augmentation.choosesPart, self[..<index].contains(where: { !$0.isFree }) {
        throw .invalidArgument(
          name: "augmentation \(index + 1)", value: "\(augmentation)",
          requirement: "the first that changes the picture's part or its colours, and the only one that chooses a part")
      }
    }
  }
}

extension Normalization {
  /// Mean and standard deviation of ImageNet's training pictures, as the published networks expect them: (0.485, 0.456, 0.406) and
  /// (0.229, 0.224, 0.225) for red, green and blue.
  public static let imageNet = three((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))

  /// Mean and standard deviation ½: −1 … 1.
  public static let half = three((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))

  private static func three(_ mean: (Float, Float, Float), _ deviation: (Float, Float, Float)) -> Normalization {
    // Constants that satisfy the initialiser; were they changed into nonsense, values are only scaled.
    (try? Normalization(mean: [mean.0, mean.1, mean.2], deviation: [deviation.0, deviation.1, deviation.2])) ?? .unit(channels: 3)
  }
}
