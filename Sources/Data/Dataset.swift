/// Samples for supervised learning: each a float32 array of one common shape with a label, or with numbers to be predicted; or several named
/// tensors of either element type, compared with several (`TensorDataset` has such in memory).
///
/// A dataset is a value that any thread may read. It decides how samples are stored (bytes, files, formulas); training sees only
/// `gather`, which writes the samples asked for, one after another, ready for the device.
public protocol Dataset: Sendable {
  /// Number of samples.
  var count: Int { get }
  /// Shape of one sample, channels last: [28, 28, 1] for a grey image, [n] for a row of a table.
  var sampleShape: [Int] { get }
  /// A name for every class, in label order.
  var classNames: [String] { get }
  /// The label of every sample, each in 0 ..< `classCount`; 0 everywhere where `targets` are values.
  var labels: [Int32] { get }
  /// What the samples are labelled with: classes, unless a dataset says otherwise.
  var targets: TargetKind { get }
  /// The tensors that a sample consists of, in order; default one, `features`, of float32 and of `sampleShape`. Where there are several, or one
  /// of another type, each is written by `gather(_:epoch:input:into:)`, and `sampleShape` is the first one's.
  var inputs: [SampleField] { get }
  /// How much each sample counts in training's loss, beside its class: finite numbers, none below 0. `nil`, the default, has all count alike.
  var sampleWeights: [Float]? { get }
  /// What changes its samples from epoch to epoch, in words that hold all its numbers; `nil`, the default, for samples that are always the same.
  /// A training goes on only with the same changes, and nothing of changing samples is kept from epoch to epoch.
  var changes: String? { get }

  /// Writes samples and labels, in the order of the indices, from the beginning of the two buffers.
  /// - Parameters:
  ///   - indices: which samples; may repeat.
  ///   - features: room for at least indices.count · sampleSize numbers.
  ///   - labels: room for at least indices.count labels.
  /// - Throws: `DataError` when an index is out of range, a buffer too small, or the source cannot be read.
  func gather(
    _ indices: ArraySlice<Int>, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
  ) throws(DataError)

  /// Where people find a sample, such as its file; `nil`, the default, where it has no name.
  func name(ofSample index: Int) -> String?

  /// The same for people alone, where a name would not say it: the line of a file that holds many samples. Default the name. What identifies
  /// samples goes by names, since a line is another one as soon as something is put in front of it.
  func place(ofSample index: Int) -> String?

  /// A hash of what each sample is made of, wherever it lies and whatever it is called, by which it is known again in other data: of a
  /// picture's file, an image's pixels, a row's values with what is predicted. `nil`, the default, for data that has none; it should cost
  /// little beside reading the samples.
  /// - Parameter indices: which samples.
  /// - Throws: `DataError` when an index is out of range or the source cannot be read.
  func contentHashes(ofSamples indices: [Int]) throws(DataError) -> [UInt64]?

  /// The same for one epoch: a dataset that changes its samples at random does it differently in each, as a pure function of epoch and
  /// sample. All others need not define it.
  /// - Parameter epoch: from 0.
  func gather(
    _ indices: ArraySlice<Int>, epoch: Int, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
  ) throws(DataError)

  /// Writes the numbers that are to be predicted, where `targets` are values: as many for each sample as there are names.
  /// - Parameters:
  ///   - indices: which samples; may repeat.
  ///   - values: room for at least indices.count · targets.valueCount numbers.
  /// - Throws: `DataError` when an index is out of range, the buffer too small, or the source cannot be read.
  func gatherValues(_ indices: ArraySlice<Int>, into values: UnsafeMutableBufferPointer<Float>) throws(DataError)

  /// Writes one of several inputs, in the order of the indices. Datasets of one tensor of float32 need not define it.
  /// - Parameters:
  ///   - indices: which samples; may repeat.
  ///   - epoch: from 0; see `gather(_:epoch:into:labels:)`.
  ///   - input: its place in `inputs`.
  ///   - elements: room for indices.count of them, of four bytes an element.
  /// - Throws: `DataError` when an index is out of range, the buffer too small, or the source cannot be read.
  func gather(_ indices: ArraySlice<Int>, epoch: Int, input: Int, into elements: UnsafeMutableRawBufferPointer) throws(DataError)

  /// Writes one of the tensors that samples are labelled with, where `targets` are tensors; as `gather(_:epoch:input:into:)` does.
  func gather(_ indices: ArraySlice<Int>, target: Int, into elements: UnsafeMutableRawBufferPointer) throws(DataError)
}

extension Dataset {
  /// One tensor of float32.
  public var inputs: [SampleField] { [SampleField(SampleField.featuresName, sampleShape)] }

  /// All count alike.
  public var sampleWeights: [Float]? { nil }

  /// Nothing.
  public var changes: String? { nil }

  /// Nothing can be written that the dataset does not say how to write.
  public func gather(
    _ indices: ArraySlice<Int>, epoch: Int, input: Int, into elements: UnsafeMutableRawBufferPointer
  ) throws(DataError) {
    throw .invalidArgument(
      name: "the dataset", value: "\(Self.self)",
      requirement: "one that defines gather(_:epoch:input:into:), since it has inputs of its own")
  }

  /// Nothing can be written that the dataset does not say how to write.
  public func gather(_ indices: ArraySlice<Int>, target: Int, into elements: UnsafeMutableRawBufferPointer) throws(DataError) {
    throw .invalidArgument(
      name: "the dataset", value: "\(Self.self)", requirement: "one that defines gather(_:target:into:), since its targets are tensors")
  }

  /// No name.
  public func name(ofSample index: Int) -> String? { nil }

  /// The name.
  public func place(ofSample index: Int) -> String? { name(ofSample: index) }

  /// None.
  public func contentHashes(ofSamples indices: [Int]) throws(DataError) -> [UInt64]? { nil }

  /// The same samples in every epoch.
  public func gather(
    _ indices: ArraySlice<Int>, epoch: Int, into features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
  ) throws(DataError) {
    try gather(indices, into: features, labels: labels)
  }

  /// Number of classes.
  public var classCount: Int { classNames.count }

  /// Classes.
  public var targets: TargetKind { .classes }

  /// Nothing: samples with classes have no such numbers.
  public func gatherValues(_ indices: ArraySlice<Int>, into values: UnsafeMutableBufferPointer<Float>) throws(DataError) {}

  /// Elements of one sample: the product of `sampleShape`.
  public var sampleSize: Int { sampleShape.reduce(1, &*) }

  /// The samples and labels at some indices, as they are in an epoch, in new arrays.
  /// - Throws: `DataError`; see `gather(_:into:labels:)`.
  public func gather(_ indices: [Int], epoch: Int = 0) throws(DataError) -> (features: [Float], labels: [Int32]) {
    let (size, overflow) = indices.count.multipliedReportingOverflow(by: sampleSize)
    if overflow { throw .outOfMemory(what: "the samples", bytes: Int.max) }
    var features = [Float](repeating: 0, count: size)
    var labels = [Int32](repeating: 0, count: indices.count)
    try features.withUnsafeMutableBufferPointer { (features) throws(DataError) in
      try labels.withUnsafeMutableBufferPointer { (labels) throws(DataError) in
        try gather(indices[...], epoch: epoch, into: features, labels: labels)
      }
    }
    return (features, labels)
  }

  /// Checks what every `gather` has to check before it writes: indices in range, both destinations large enough.
  /// - Throws: `DataError.indexOutOfRange` or `.destinationTooSmall`.
  public func checkGather(
    _ indices: ArraySlice<Int>, features: UnsafeMutableBufferPointer<Float>, labels: UnsafeMutableBufferPointer<Int32>
  ) throws(DataError) {
    let count = count
    for index in indices where index < 0 || index >= count { throw .indexOutOfRange(index: index, count: count) }
    let (needed, overflow) = indices.count.multipliedReportingOverflow(by: sampleSize)
    guard !overflow, features.count >= needed else {
      throw .destinationTooSmall(what: "features", capacity: features.count, needed: overflow ? Int.max : needed)
    }
    guard labels.count >= indices.count else {
      throw .destinationTooSmall(what: "labels", capacity: labels.count, needed: indices.count)
    }
  }
}

/// The product of dimensions times a count; nil where one is negative or the result overflows.
func checkedProduct(_ dimensions: [Int], times count: Int = 1) -> Int? {
  var product = count
  for dimension in dimensions {
    guard dimension >= 0, case (let next, false) = product.multipliedReportingOverflow(by: dimension) else { return nil }
    product = next
  }
  return count < 0 ? nil : product
}

extension Dataset {
  /// Checks that every label is one of the classes, where samples have classes.
  /// - Parameter source: what errors call the data.
  /// - Throws: `DataError.labelOutOfRange` naming the first sample whose label is none.
  public func requireLabelsInRange(source: String) throws(DataError) {
    guard targets == .classes else { return }
    try checkLabels(labels, classes: classCount, source: source)
  }
}

/// Checks that every label lies in 0 ..< classes.
func checkLabels(_ labels: [Int32], classes: Int, source: String) throws(DataError) {
  for (index, label) in labels.enumerated() where label < 0 || Int(label) >= classes {
    throw .labelOutOfRange(source: source, index: index, value: Int(label), classes: classes)
  }
}
