/// What identifies a dataset without keeping it: its size, its classes, and hashes of its labels, of its samples' names where they have any,
/// and of some of its samples.
public struct DatasetFingerprint: Hashable, Sendable {
  public var count: Int
  public var sampleShape: [Int]
  public var classNames: [String]
  /// Hash of all labels, and of the numbers to be predicted where there are such.
  public var labels: UInt64
  /// Hash of all names and of the samples that were looked at.
  public var contents: UInt64

  /// How many samples are looked at; they are spread evenly.
  static let samples = 16

  public init(count: Int, sampleShape: [Int], classNames: [String], labels: UInt64, contents: UInt64) {
    self.count = count
    self.sampleShape = sampleShape
    self.classNames = classNames
    self.labels = labels
    self.contents = contents
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
    let looked = min(data.count, Self.samples)
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
    self.init(
      count: data.count, sampleShape: data.sampleShape, classNames: data.classNames, labels: labelHash.value, contents: contentHash.value)
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
    if contents != other.contents { result.append("other samples") }
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

/// In the manner of FNV-1a, but eight bytes at a time: against accidents, not against malice.
private struct ContentHash {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    var offset = 0
    while offset + 8 <= bytes.count {
      mix(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset += 8
    }
    while offset < bytes.count {
      mix(UInt64(bytes[offset]))
      offset += 1
    }
    mix(UInt64(bytes.count))
  }

  private mutating func mix(_ word: UInt64) {
    value = (value ^ word) &* 0x0000_0100_0000_01b3
    value ^= value >> 32
  }
}
