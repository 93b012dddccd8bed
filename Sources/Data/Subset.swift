/// Some samples of another dataset, in an order of their own.
public struct Subset<Base: Dataset>: Dataset {
  /// The dataset the samples belong to.
  public let base: Base
  /// Which samples of `base`, in order.
  public let indices: [Int]
  /// The label of every sample of the subset.
  public let labels: [Int32]

  /// Number of samples.
  public var count: Int { indices.count }
  /// Shape of one sample.
  public var sampleShape: [Int] { base.sampleShape }
  /// A name for every class, in label order; classes without samples in the subset stay.
  public var classNames: [String] { base.classNames }
  /// What the samples are labelled with.
  public var targets: TargetKind { base.targets }
  /// The tensors that a sample consists of.
  public var inputs: [SampleField] { base.inputs }
  /// The base's weights of the samples.
  public var sampleWeights: [Float]? { base.sampleWeights.map { weights in indices.map { weights[$0] } } }
  /// The base's changes.
  public var changes: String? { base.changes }

  /// Creates a subset.
  /// - Throws: `DataError.indexOutOfRange` when an index is no sample of `base`.
  public init(of base: Base, indices: [Int]) throws(DataError) {
    let count = base.count
    for index in indices where index < 0 || index >= count { throw .indexOutOfRange(index: index, count: count) }
    self.init(base, checked: indices)
  }

  init(_ base: Base, checked indices: [Int]) {
    self.base = base
    self.indices = indices
    let labels = base.labels
    self.labels = indices.map { labels[$0] }
  }

  /// Writes samples and labels; see `Dataset`.
  /// - Throws: `DataError` when an index is out of range, a buffer too small, or the base fails.
  public func gather(
    _ indices: ArraySlice<Int>, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
  ) throws(DataError) {
    try gather(indices, epoch: 0, into: features, labels: labels)
  }

  /// Writes samples and labels as they are in an epoch; see `Dataset`.
  /// - Throws: `DataError` when an index is out of range, a buffer too small, or the base fails.
  public func gather(
    _ indices: ArraySlice<Int>, epoch: Int, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
  ) throws(DataError) {
    try checkGather(indices, features: features, labels: labels)
    let size = sampleSize
    // One sample at a time: a slice of the own index list costs no allocation, a list of translated indices would.
    for (position, index) in indices.enumerated() {
      try base.gather(
        self.indices[index...index], epoch: epoch,
        into: UnsafeMutableBufferPointer(rebasing: features[position * size..<(position + 1) * size]),
        labels: UnsafeMutableBufferPointer(rebasing: labels[position...position]))
    }
  }

  /// The base's name for the sample.
  public func name(ofSample index: Int) -> String? { indices.indices.contains(index) ? base.name(ofSample: indices[index]) : nil }

  /// The base's place of the sample.
  public func place(ofSample index: Int) -> String? { indices.indices.contains(index) ? base.place(ofSample: indices[index]) : nil }

  /// The base's hashes of the samples; see `Dataset`.
  /// - Throws: `DataError` when an index is out of range, or the base fails.
  public func contentHashes(ofSamples indices: [Int]) throws(DataError) -> [UInt64]? {
    for index in indices where !self.indices.indices.contains(index) { throw .indexOutOfRange(index: index, count: count) }
    return try base.contentHashes(ofSamples: indices.map { self.indices[$0] })
  }

  /// Writes the numbers that are to be predicted; see `Dataset`.
  /// - Throws: `DataError` when an index is out of range, the buffer too small, or the base fails.
  public func gatherValues(_ indices: ArraySlice<Int>, into values: UnsafeMutableBufferPointer<Float>) throws(DataError) {
    let (count, width) = (count, targets.valueCount)
    for index in indices where index < 0 || index >= count { throw .indexOutOfRange(index: index, count: count) }
    guard values.count >= indices.count * width else {
      throw .destinationTooSmall(what: "values", capacity: values.count, needed: indices.count * width)
    }
    for (position, index) in indices.enumerated() {
      try base.gatherValues(
        self.indices[index...index], into: UnsafeMutableBufferPointer(rebasing: values[position * width..<(position + 1) * width]))
    }
  }

  /// Writes one of several inputs; see `Dataset`.
  /// - Throws: `DataError` when an index is out of range, the buffer too small, or the base fails.
  public func gather(
    _ indices: ArraySlice<Int>, epoch: Int, input: Int, into elements: UnsafeMutableRawBufferPointer
  ) throws(DataError) {
    try eachSample(indices, elements) { (sample, part) throws(DataError) in
      try base.gather(sample, epoch: epoch, input: input, into: part)
    }
  }

  /// Writes one of the targets; see `Dataset`.
  /// - Throws: `DataError` when an index is out of range, the buffer too small, or the base fails.
  public func gather(_ indices: ArraySlice<Int>, target: Int, into elements: UnsafeMutableRawBufferPointer) throws(DataError) {
    try eachSample(indices, elements) { (sample, part) throws(DataError) in try base.gather(sample, target: target, into: part) }
  }

  /// One sample at a time, as `gather` goes.
  private func eachSample(
    _ indices: ArraySlice<Int>, _ elements: UnsafeMutableRawBufferPointer,
    _ body: (_ sample: ArraySlice<Int>, _ part: UnsafeMutableRawBufferPointer) throws(DataError) -> Void
  ) throws(DataError) {
    guard !indices.isEmpty else { return }
    let bytes = elements.count / indices.count
    for (position, index) in indices.enumerated() {
      guard self.indices.indices.contains(index) else { throw .indexOutOfRange(index: index, count: count) }
      try body(
        self.indices[index...index], UnsafeMutableRawBufferPointer(rebasing: elements[position * bytes..<(position + 1) * bytes]))
    }
  }

  /// A subset of this subset, taken from the base directly.
  /// - Throws: `DataError.indexOutOfRange`.
  public func subset(_ indices: [Int]) throws(DataError) -> Subset<Base> {
    for index in indices where index < 0 || index >= count { throw .indexOutOfRange(index: index, count: count) }
    return Subset(base, checked: indices.map { self.indices[$0] })
  }

  /// The first `count` samples of this subset, taken from the base directly.
  public func prefix(_ count: Int) -> Subset<Base> {
    Subset(base, checked: Array(indices.prefix(max(0, count))))
  }
}

extension Dataset {
  /// The samples at some indices, in that order; the data are shared.
  /// - Throws: `DataError.indexOutOfRange`.
  public func subset(_ indices: [Int]) throws(DataError) -> Subset<Self> {
    try Subset(of: self, indices: indices)
  }

  /// The first `count` samples, or all where there are fewer; none for a negative count.
  public func prefix(_ count: Int) -> Subset<Self> {
    Subset(self, checked: Array(0..<min(max(0, count), self.count)))
  }
}
