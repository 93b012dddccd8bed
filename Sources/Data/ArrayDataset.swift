/// Samples held in memory as float32.
public struct ArrayDataset: Dataset {
  /// Shape of one sample.
  public let sampleShape: [Int]
  /// The label of every sample.
  public let labels: [Int32]
  /// A name for every class, in label order.
  public let classNames: [String]
  /// All numbers, sample by sample.
  public let features: [Float]

  /// Number of samples.
  public var count: Int { labels.count }

  /// Creates a dataset from numbers in memory.
  /// - Parameters:
  ///   - features: the samples one after another.
  ///   - sampleShape: the shape of one, all dimensions positive.
  ///   - labels: one per sample, in 0 ..< classNames.count.
  ///   - classNames: a name for every class.
  ///   - source: what errors call the data.
  /// - Throws: `DataError` when sizes, shape or labels disagree.
  public init(
    features: [Float], sampleShape: [Int], labels: [Int32], classNames: [String], source: String = "samples"
  ) throws(DataError) {
    guard sampleShape.allSatisfy({ $0 > 0 }), let size = checkedProduct(sampleShape, times: labels.count) else {
      throw .badDimensions(path: source, dimensions: sampleShape)
    }
    guard size == features.count else { throw .wrongSize(what: source, found: features.count, expected: size) }
    try checkLabels(labels, classes: classNames.count, source: source)
    self.features = features
    self.sampleShape = sampleShape
    self.labels = labels
    self.classNames = classNames
  }

  /// Writes samples and labels; see `Dataset`.
  /// - Throws: `DataError` when an index is out of range or a buffer too small.
  public func gather(
    _ indices: ArraySlice<Int>, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
  ) throws(DataError) {
    try checkGather(indices, features: features, labels: labels)
    let size = sampleSize
    for (position, index) in indices.enumerated() { labels[position] = self.labels[index] }
    guard var target = features.baseAddress else { return }
    self.features.withUnsafeBufferPointer { source in
      guard let source = source.baseAddress else { return }
      for index in indices {
        target.update(from: source + index * size, count: size)
        target += size
      }
    }
  }
}
