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
  /// What the samples are labelled with.
  public let targets: TargetKind
  /// The numbers to be predicted, sample by sample; none where samples have classes.
  public let values: [Float]
  /// How much each sample counts in training's loss; `nil` where all count alike.
  public private(set) var sampleWeights: [Float]?
  /// The file that samples are lines of, and the line of each, where they are.
  private var source: (path: String, lines: [Int32])?

  /// Number of samples.
  public var count: Int { labels.count }

  /// Creates a dataset from numbers in memory.
  /// - Parameters:
  ///   - features: the samples one after another.
  ///   - sampleShape: the shape of one, all dimensions positive.
  ///   - labels: one per sample, in 0 ..< classNames.count.
  ///   - classNames: a name for every class; default their numbers, up to the largest label.
  ///   - source: what errors call the data.
  /// - Throws: `DataError` when sizes, shape or labels disagree.
  public init(
    features: [Float], sampleShape: [Int], labels: [Int32], classNames: [String]? = nil, source: String = "samples"
  ) throws(DataError) {
    guard sampleShape.allSatisfy({ $0 > 0 }), let size = checkedProduct(sampleShape, times: labels.count) else {
      throw .badDimensions(path: source, dimensions: sampleShape)
    }
    guard size == features.count else { throw .wrongSize(what: source, found: features.count, expected: size) }
    let classNames = classNames ?? (0..<max(Int(labels.max() ?? -1) + 1, 0)).map(String.init)
    try checkLabels(labels, classes: classNames.count, source: source)
    self.features = features
    self.sampleShape = sampleShape
    self.labels = labels
    self.classNames = classNames
    targets = .classes
    values = []
  }

  /// Creates a dataset of samples with numbers to be predicted.
  /// - Parameters:
  ///   - features: the samples one after another.
  ///   - sampleShape: the shape of one, all dimensions positive.
  ///   - values: as many for each sample as there are names, sample by sample.
  ///   - valueNames: what is to be predicted, at least one.
  ///   - source: what errors call the data.
  /// - Throws: `DataError` when sizes or shape disagree, or there is nothing to be predicted.
  public init(
    features: [Float], sampleShape: [Int], values: [Float], valueNames: [String], source: String = "samples"
  ) throws(DataError) {
    guard !valueNames.isEmpty else { throw .empty(what: "\(source): no values to be predicted") }
    guard values.count % valueNames.count == 0 else {
      throw .wrongSize(
        what: "the values of \(source)", found: values.count, expected: (values.count / valueNames.count + 1) * valueNames.count)
    }
    let count = values.count / valueNames.count
    guard sampleShape.allSatisfy({ $0 > 0 }), let size = checkedProduct(sampleShape, times: count) else {
      throw .badDimensions(path: source, dimensions: sampleShape)
    }
    guard size == features.count else { throw .wrongSize(what: source, found: features.count, expected: size) }
    self.features = features
    self.sampleShape = sampleShape
    self.values = values
    labels = Array(repeating: 0, count: count)
    classNames = []
    targets = .values(names: valueNames)
  }

  /// The same samples as lines of a file, so that people find them (`place(ofSample:)`).
  /// - Parameters:
  ///   - path: the file.
  ///   - lines: of each sample, from 1.
  /// - Throws: `DataError.wrongSize` unless there are as many lines as samples.
  public func placed(in path: String, lines: [Int32]) throws(DataError) -> ArrayDataset {
    guard lines.count == count else { throw .wrongSize(what: "lines of \(path)", found: lines.count, expected: count) }
    var result = self
    result.source = (path, lines)
    return result
  }

  /// The same samples, of which some count more than others in training's loss.
  /// - Parameter weights: one for each sample, finite and not below 0.
  /// - Throws: `DataError` unless there is such a weight for every sample.
  public func weighted(by weights: [Float]) throws(DataError) -> ArrayDataset {
    try checkSampleWeights(weights, count: count, source: "the samples")
    var result = self
    result.sampleWeights = weights
    return result
  }

  /// `FILE:LINE`, where samples are lines of a file.
  public func place(ofSample index: Int) -> String? {
    guard let source, source.lines.indices.contains(index) else { return nil }
    return "\(source.path):\(source.lines[index])"
  }

  /// Hashes of the samples' numbers, with their labels or what is to be predicted; see `Dataset`.
  /// - Throws: `DataError` when an index is out of range.
  public func contentHashes(ofSamples indices: [Int]) throws(DataError) -> [UInt64]? {
    let (count, size, width) = (count, sampleSize, targets.valueCount)
    for index in indices where index < 0 || index >= count { throw .indexOutOfRange(index: index, count: count) }
    return features.withUnsafeBufferPointer { features in
      values.withUnsafeBufferPointer { values in
        labels.withUnsafeBufferPointer { labels in
          indices.map { index in
            var hash = ContentHash()
            hash.add(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: features[index * size..<(index + 1) * size])))
            hash.add(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: values[index * width..<(index + 1) * width])))
            hash.add(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: labels[index...index])))
            return hash.value
          }
        }
      }
    }
  }

  /// Writes the numbers to be predicted; see `Dataset`.
  /// - Throws: `DataError` when an index is out of range or the buffer too small.
  public func gatherValues(_ indices: ArraySlice<Int>, into values: UnsafeMutableBufferPointer<Float>) throws(DataError) {
    let (count, width) = (count, targets.valueCount)
    for index in indices where index < 0 || index >= count { throw .indexOutOfRange(index: index, count: count) }
    guard values.count >= indices.count * width else {
      throw .destinationTooSmall(what: "values", capacity: values.count, needed: indices.count * width)
    }
    for (position, index) in indices.enumerated() {
      for place in 0..<width { values[position * width + place] = self.values[index * width + place] }
    }
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
