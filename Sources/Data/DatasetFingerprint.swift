/// What identifies a dataset without keeping it: its size, its classes, and hashes of its labels and of its samples' contents.
///
/// Where every sample has a hash (`Dataset.contentHashes(ofSamples:)`) it does not matter what the samples are called and where they lie, so
/// that data that was moved is known again; otherwise it goes by the samples' names, where they have any, and by some of the samples.
public struct DatasetFingerprint: Hashable, Sendable {
  /// How many samples.
  public var count: Int
  /// The shape of one sample, channels last.
  public var sampleShape: [Int]
  /// The classes, in label order; none where numbers are predicted.
  public var classNames: [String]
  /// Hash of all labels, and of the numbers to be predicted where there are such.
  public var labels: UInt64
  /// Hash of all names and of the samples that were looked at.
  public var contents: UInt64
  /// Hash of the contents of all samples; `nil` where they have no hashes, and in what earlier versions wrote.
  public var samples: UInt64?

  /// How many samples are looked at; they are spread evenly.
  static let looks = 16

  /// One that was kept: see the properties.
  public init(
    count: Int, sampleShape: [Int], classNames: [String], labels: UInt64, contents: UInt64, samples: UInt64? = nil
  ) {
    self.count = count
    self.sampleShape = sampleShape
    self.classNames = classNames
    self.labels = labels
    self.contents = contents
    self.samples = samples
  }

  /// Looks at a dataset.
  /// - Throws: `DataError` where its samples cannot be read.
  public init(of data: any Dataset) throws(DataError) {
    let labels = data.labels
    var (labelHash, contentHash) = (ContentHash(), ContentHash())
    labels.withUnsafeBytes { labelHash.add($0) }
    for index in 0..<data.count {
      guard let name = data.name(ofSample: index) else { break }
      Array(name.utf8).withUnsafeBytes { contentHash.add($0) }
    }
    let looked = min(data.count, Self.looks)
    for number in 0..<looked {
      let (features, _) = try data.gather([number * data.count / looked])
      features.withUnsafeBytes { contentHash.add($0) }
    }
    let width = data.targets.valueCount
    for start in width > 0 ? Array(stride(from: 0, to: data.count, by: 4096)) : [] {
      let indices = Array(start..<min(start + 4096, data.count))
      var values = [Float](repeating: 0, count: indices.count * width)
      try values.withUnsafeMutableBufferPointer { (values) throws(DataError) in try data.gatherValues(indices[...], into: values) }
      values.withUnsafeBytes { labelHash.add($0) }
    }
    if case .tensors(let fields) = data.targets {
      for (target, field) in fields.enumerated() {
        let values = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 * field.size, alignment: 4)
        defer { values.deallocate() }
        for number in 0..<looked {
          try data.gather([number * data.count / looked], target: target, into: values)
          labelHash.add(UnsafeRawBufferPointer(values))
        }
      }
    }
    data.sampleWeights?.withUnsafeBytes { labelHash.add($0) }
    let samples = try data.contentHashes(ofSamples: Array(0..<data.count)).map { hashes in
      var hash = ContentHash()
      hashes.withUnsafeBytes { hash.add($0) }
      return hash.value
    }
    self.init(
      count: data.count, sampleShape: data.sampleShape, classNames: data.classNames, labels: labelHash.value, contents: contentHash.value,
      samples: samples)
  }

  /// What is different in another dataset, in words; empty where they seem to be the same.
  /// - Parameter other: the dataset of now; this one is that of before.
  public func differences(from other: DatasetFingerprint) -> [String] {
    var result: [String] = []
    if count != other.count { result.append("\(other.count) samples, before \(count)") }
    if sampleShape != other.sampleShape { result.append("samples of \(other.sampleShape), before \(sampleShape)") }
    if classNames != other.classNames { result.append(Self.differences(classNames, other.classNames)) }
    if !result.isEmpty { return result }
    if labels != other.labels { result.append("other labels or values to predict, or samples in another order") }
    let areSame = if let samples, let now = other.samples { samples == now } else { contents == other.contents }
    if !areSame { result.append("other samples") }
    return result
  }

  private static func differences(_ before: [String], _ now: [String]) -> String {
    let (gone, new) = (before.filter { !now.contains($0) }, now.filter { !before.contains($0) })
    func list(_ names: [String]) -> String { names.prefix(5).joined(separator: ", ") + (names.count > 5 ? ", …" : "") }
    if gone.isEmpty && new.isEmpty { return "its classes in another order" }
    return [new.isEmpty ? nil : "new classes \(list(new))", gone.isEmpty ? nil : "without the classes \(list(gone))"].compactMap { $0 }
      .joined(separator: ", ")
  }
}
