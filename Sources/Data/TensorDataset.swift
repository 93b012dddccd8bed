/// Samples of several named tensors in memory, of any shape and either element type, labelled with classes or with tensors.
///
/// ```swift
/// let data = try TensorDataset(
///   inputs: ["picture": .floats(pixels, shape: [28, 28, 1]), "age": .floats(ages)], labels: labels, classNames: ["well", "ill"])
/// ```
public struct TensorDataset: Dataset {
  public let count: Int
  public let inputs: [SampleField]
  public let targets: TargetKind
  public let labels: [Int32]
  public let classNames: [String]
  public let sampleWeights: [Float]?
  private let inputArrays: [SampleArray]
  private let targetArrays: [SampleArray]

  /// The shape of the first input.
  public var sampleShape: [Int] { inputs[0].shape }

  /// Samples with classes.
  /// - Parameters:
  ///   - inputs: what a model is given, in order, at least one.
  ///   - labels: one for each sample, in 0 ..< classNames.count.
  ///   - classNames: a name for every class.
  ///   - sampleWeights: how much each sample counts in training's loss; default all alike.
  ///   - source: what errors call the data.
  /// - Throws: `DataError` when sizes, shapes, names or labels disagree.
  public init(
    inputs: KeyValuePairs<String, SampleArray>, labels: [Int32], classNames: [String], sampleWeights: [Float]? = nil,
    source: String = "samples"
  ) throws(DataError) {
    try checkLabels(labels, classes: classNames.count, source: source)
    try self.init(Array(inputs), [], labels, classNames, sampleWeights, source)
  }

  /// Samples that are labelled with tensors, or with nothing, where the loss compares with the inputs.
  /// - Parameters:
  ///   - inputs: what a model is given, in order, at least one.
  ///   - targets: what outputs are compared with, in order; default nothing.
  ///   - sampleWeights: how much each sample counts in training's loss; default all alike.
  ///   - source: what errors call the data.
  /// - Throws: `DataError` when sizes, shapes or names disagree.
  public init(
    inputs: KeyValuePairs<String, SampleArray>, targets: KeyValuePairs<String, SampleArray> = [:], sampleWeights: [Float]? = nil,
    source: String = "samples"
  ) throws(DataError) {
    try self.init(Array(inputs), Array(targets), nil, [], sampleWeights, source)
  }

  private init(
    _ inputs: [(key: String, value: SampleArray)], _ targets: [(key: String, value: SampleArray)], _ labels: [Int32]?,
    _ classNames: [String], _ sampleWeights: [Float]?, _ source: String
  ) throws(DataError) {
    guard let first = inputs.first else { throw .empty(what: "\(source): no inputs") }
    count = try first.value.sampleCount("\(first.key) of \(source)")
    for (name, array) in inputs + targets {
      let samples = try array.sampleCount("\(name) of \(source)")
      guard samples == count else { throw .wrongSize(what: "\(name) of \(source), in samples,", found: samples, expected: count) }
    }
    if let labels, labels.count != count { throw .wrongSize(what: "the labels of \(source)", found: labels.count, expected: count) }
    if let sampleWeights { try checkSampleWeights(sampleWeights, count: count, source: source) }
    self.inputs = inputs.map { $0.value.field($0.key) }
    self.targets = labels == nil ? .tensors(targets.map { $0.value.field($0.key) }) : .classes
    self.labels = labels ?? Array(repeating: 0, count: count)
    self.classNames = classNames
    self.sampleWeights = sampleWeights
    inputArrays = inputs.map(\.value)
    targetArrays = targets.map(\.value)
    try requireDistinctFields(source: source)
  }

  /// Writes the first input, bit by bit where it is int32, and labels; see `Dataset`.
  public func gather(
    _ indices: ArraySlice<Int>, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
  ) throws(DataError) {
    try checkGather(indices, features: features, labels: labels)
    for (position, index) in indices.enumerated() { labels[position] = self.labels[index] }
    inputArrays[0].copy(indices, to: UnsafeMutableRawBufferPointer(features))
  }

  /// Writes one of the inputs; see `Dataset`.
  public func gather(
    _ indices: ArraySlice<Int>, epoch: Int, input: Int, into elements: UnsafeMutableRawBufferPointer
  ) throws(DataError) {
    try copy(indices, inputArrays, input, to: elements)
  }

  /// Writes one of the targets; see `Dataset`.
  public func gather(_ indices: ArraySlice<Int>, target: Int, into elements: UnsafeMutableRawBufferPointer) throws(DataError) {
    if targets == .classes {
      try checkIndices(indices)
      return SampleArray.integers(labels).copy(indices, to: elements)
    }
    try copy(indices, targetArrays, target, to: elements)
  }

  private func copy(
    _ indices: ArraySlice<Int>, _ arrays: [SampleArray], _ place: Int, to elements: UnsafeMutableRawBufferPointer
  ) throws(DataError) {
    guard arrays.indices.contains(place) else { throw .indexOutOfRange(index: place, count: arrays.count) }
    try checkIndices(indices)
    let needed = indices.count * 4 * arrays[place].size
    guard elements.count >= needed else { throw .destinationTooSmall(what: "a field, in bytes,", capacity: elements.count, needed: needed) }
    arrays[place].copy(indices, to: elements)
  }

  private func checkIndices(_ indices: ArraySlice<Int>) throws(DataError) {
    for index in indices where index < 0 || index >= count { throw .indexOutOfRange(index: index, count: count) }
  }

  /// Hashes of the samples' numbers, with what they are labelled with; see `Dataset`.
  /// - Throws: `DataError` when an index is out of range.
  public func contentHashes(ofSamples indices: [Int]) throws(DataError) -> [UInt64]? {
    try checkIndices(indices[...])
    return indices.map { index in
      var hash = ContentHash()
      for array in inputArrays + targetArrays {
        let bytes = 4 * array.size
        array.withBytes { hash.add(UnsafeRawBufferPointer(rebasing: $0[index * bytes..<(index + 1) * bytes])) }
      }
      withUnsafeBytes(of: labels[index]) { hash.add($0) }
      return hash.value
    }
  }
}

/// Checks that there is a weight for every sample, finite and not below 0.
func checkSampleWeights(_ weights: [Float], count: Int, source: String) throws(DataError) {
  guard weights.count == count else { throw .wrongSize(what: "the sample weights of \(source)", found: weights.count, expected: count) }
  guard let place = weights.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) else { return }
  throw .invalidArgument(
    name: "the weight of sample \(place) of \(source)", value: "\(weights[place])", requirement: "a finite number, and not below 0")
}
