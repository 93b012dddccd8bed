import GlissadeData
import GlissadeFormats

/// The samples of a run by their hashes: what it was trained with, checked with after each epoch, and measured with at the end. By these they
/// are known again in data that was moved, renamed, copied or added to.
package struct RunSamples: Equatable, Sendable {
  package var training: Part
  package var validation: Part
  package var test: Part

  /// Some samples, in their order.
  package struct Part: Equatable, Sendable {
    /// See `Dataset.contentHashes(ofSamples:)`.
    package var hashes: [UInt64]
    package var labels: [Int32]

    package var count: Int { hashes.count }

    package init(hashes: [UInt64] = [], labels: [Int32] = []) {
      self.hashes = hashes
      self.labels = labels
    }

    /// - Returns: `nil` for data without hashes; nothing for no data.
    /// - Throws: `DataError` where samples cannot be read.
    package init?(_ data: (any Dataset)?) throws(DataError) {
      self.init()
      guard let data else { return }
      guard let hashes = try data.contentHashes(ofSamples: Array(0..<data.count)) else { return nil }
      (self.hashes, labels) = (hashes, data.labels)
    }
  }

  /// What a sample was to the run.
  package enum Role: Hashable, Sendable {
    case training, validation, other
  }

  package init(training: Part, validation: Part, test: Part) {
    (self.training, self.validation, self.test) = (training, validation, test)
  }

  /// - Returns: `nil` where one of them has no hashes.
  /// - Throws: `DataError` where samples cannot be read.
  package init?(training: any Dataset, validation: (any Dataset)?, test: (any Dataset)?) throws(DataError) {
    guard let first = try Part(training), let second = try Part(validation), let third = try Part(test) else { return nil }
    self.init(training: first, validation: second, test: third)
  }

  /// What the run's model is measured with: the test part or, where there is none, the one for validation.
  package var heldOut: Part { test.count > 0 ? test : validation }

  /// Whether some samples are those that the run held out: all of them, in their order and with their labels, and besides at most such as
  /// it did not see, because it could not read them.
  /// - Parameters:
  ///   - part: the samples.
  ///   - isLimited: whether the run was given only some of its data, so that any others may be among them.
  package func isHeldOut(_ part: Part, isLimited: Bool = false) -> Bool {
    let wanted = heldOut
    guard wanted.count > 0 else { return false }
    let seen = Set(training.hashes).union(validation.hashes)
    var place = 0
    for (hash, label) in zip(part.hashes, part.labels) {
      if place < wanted.count, hash == wanted.hashes[place], label == wanted.labels[place] {
        place += 1
      } else if !isLimited, seen.contains(hash) {
        return false
      }
    }
    return place == wanted.count
  }

  /// What each sample was to the run.
  /// - Parameters:
  ///   - hashes: of the samples; `nil` for what could not be read, which is none of the run's.
  ///   - countingRepetitions: whether a sample that the run had once is the run's own only once, as it has to be where different samples may
  ///     look alike: rows of a table. Pictures that are alike are one picture.
  package func roles(of hashes: [UInt64?], countingRepetitions: Bool) -> [Role] {
    func counts(_ hashes: [UInt64]) -> [UInt64: Int] { Dictionary(hashes.map { ($0, 1) }, uniquingKeysWith: +) }
    var (trained, checked) = (counts(training.hashes), counts(validation.hashes))
    func take(_ hash: UInt64, _ counts: inout [UInt64: Int]) -> Bool {
      guard let count = counts[hash], count > 0 else { return false }
      if countingRepetitions { counts[hash] = count - 1 }
      return true
    }
    return hashes.map { hash in
      guard let hash else { return .other }
      if take(hash, &trained) { return .training }
      return take(hash, &checked) ? .validation : .other
    }
  }
}

extension RunSamples {
  private static let format = "glissade-samples"
  private static let version = "1"
  private static let checksum = "checksum"

  private var parts: [(name: String, part: Part)] { [("training", training), ("validation", validation), ("test", test)] }

  /// Writes them, whole or not at all, as safetensors: `<part>/hashes` and `<part>/labels`.
  /// - Throws: `FormatError` with the path and the reason.
  package func save(to path: String) throws(FormatError) {
    let entries = parts.flatMap { name, part in
      [
        SafetensorsEntry(name: "\(name)/hashes", shape: [part.count], part.hashes.map { Int64(bitPattern: $0) }),
        SafetensorsEntry(name: "\(name)/labels", shape: [part.count], part.labels),
      ]
    }
    try SafetensorsWriter.write(
      path: path, entries, metadata: ["format": Self.format, "version": Self.version], checksum: Self.checksum)
  }

  /// Reads them.
  /// - Throws: `FormatError` for a file that is damaged, of another kind, or of a version that is not known.
  package init(contentsOf path: String) throws(FormatError) {
    func refusal(_ text: String) -> FormatError { FormatError(path: path, reason: .malformed(text)) }
    let file = try SafetensorsFile(path: path)
    guard file.metadata["format"] == Self.format, file.metadata["version"] == Self.version else {
      throw refusal("not the list of a run's samples, or of a version that is not known")
    }
    try file.checkChecksum(Self.checksum)
    func part(_ name: String) throws(FormatError) -> Part {
      let hashes = try file.integers(of: "\(name)/hashes").map { UInt64(bitPattern: $0) }
      let labels = try file.integers(of: "\(name)/labels").map { Int32(truncatingIfNeeded: $0) }
      guard hashes.count == labels.count else { throw refusal("there are \(hashes.count) hashes and \(labels.count) labels of one part") }
      return Part(hashes: hashes, labels: labels)
    }
    self.init(training: try part("training"), validation: try part("validation"), test: try part("test"))
  }
}
