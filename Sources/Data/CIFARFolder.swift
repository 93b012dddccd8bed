import Glibc

/// A folder with CIFAR-10 or CIFAR-100 in the binary version: 32 × 32 colour pictures, each a record of one or two labels and three planes
/// of 1024 bytes. The files may be compressed with gzip.
///
/// CIFAR-10 is `data_batch_1.bin` … `data_batch_5.bin`, `test_batch.bin` and `batches.meta.txt`; CIFAR-100 is `train.bin`, `test.bin`,
/// `fine_label_names.txt` and `coarse_label_names.txt`. A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
public struct CIFARFolder: Sendable {
  /// The two kinds, and with the second which of its two labels is learnt.
  public enum Kind: Equatable, Sendable {
    /// Ten classes.
    case ten
    /// A hundred classes.
    case hundred
    /// CIFAR-100 by its twenty coarse classes.
    case twenty
  }

  /// The two parts of such a dataset.
  public enum Part: Sendable {
    /// The samples to learn from.
    case training
    /// The samples to measure with.
    case test
  }

  /// The folder.
  public let path: String
  /// What it holds.
  public let kind: Kind

  private static let pixels = 1024
  private static let side = 32

  /// Names a folder; nothing is read yet.
  public init(path: String, kind: Kind) {
    self.path = path
    self.kind = kind
  }

  /// Finds out what a folder holds by the names of its files, in itself or in the folder that the archive unpacks to.
  /// - Parameter coarse: whether CIFAR-100 is to be learnt by its twenty coarse classes; false by default.
  /// - Returns: nil where it is no such folder.
  public init?(at path: String, coarse: Bool = false) {
    for (folder, kind) in [
      (path, Kind.ten), (path + "/cifar-10-batches-bin", .ten), (path, coarse ? .twenty : .hundred),
      (path + "/cifar-100-binary", coarse ? .twenty : .hundred),
    ] {
      let files = kind == .ten ? ["data_batch_1.bin", "test_batch.bin"] : ["train.bin", "test.bin"]
      if files.allSatisfy({ Self.find(folder, $0) != nil }) {
        self.init(path: folder, kind: kind)
        return
      }
    }
    return nil
  }

  /// Reads one part.
  /// - Parameter normalization: three means and deviations; only scales to 0 … 1 when nil.
  /// - Throws: `DataError` when a file is missing, unreadable or corrupt, is no whole number of records, or a label is out of range.
  public func load(_ part: Part, normalization: Normalization? = nil) throws(DataError) -> ImageDataset {
    let names = try classNames()
    var (pixels, labels) = ([UInt8](), [Int32]())
    for file in files(part) {
      guard let found = Self.find(path, file) else { throw .missingFile(folder: path, tried: [file, file + ".gz"], hint: nil) }
      try read(found, classes: names.count, &pixels, &labels)
    }
    return try ImageDataset(
      pixels: pixels, sampleShape: [Self.side, Self.side, 3], labels: labels, classNames: names, normalization: normalization, source: path)
  }

  private func files(_ part: Part) -> [String] {
    switch (kind, part) {
    case (.ten, .training): (1...5).map { "data_batch_\($0).bin" }
    case (.ten, .test): ["test_batch.bin"]
    case (_, .training): ["train.bin"]
    case (_, .test): ["test.bin"]
    }
  }

  /// Reads records one by one, so that memory grows only with bytes that are there.
  private func read(_ path: String, classes: Int, _ pixels: inout [UInt8], _ labels: inout [Int32]) throws(DataError) {
    let labelCount = kind == .ten ? 1 : 2
    let size = labelCount + 3 * Self.pixels
    let source = try ByteSource(path: path)
    var record = [UInt8](repeating: 0, count: size)
    var records = 0
    while true {
      let filled = try Self.fill(&record, from: source)
      if filled == 0, records > 0 { return }
      guard filled == size else { throw .truncated(path: path, bytes: records * size + filled, expected: (records + 1) * size) }
      let label = Int(record[kind == .hundred ? 1 : 0])
      guard label < classes else { throw .labelOutOfRange(source: path, index: records, value: label, classes: classes) }
      labels.append(Int32(label))
      try pixels.requireGrowth(by: 3 * Self.pixels, for: path)
      for pixel in labelCount..<(labelCount + Self.pixels) {
        pixels.append(record[pixel])
        pixels.append(record[pixel + Self.pixels])
        pixels.append(record[pixel + 2 * Self.pixels])
      }
      records += 1
    }
  }

  /// The names in the folder's text file, or numbers where there is none.
  private func classNames() throws(DataError) -> [String] {
    let (file, count) =
      switch kind {
      case .ten: ("batches.meta.txt", 10)
      case .hundred: ("fine_label_names.txt", 100)
      case .twenty: ("coarse_label_names.txt", 20)
      }
    guard let found = Self.find(path, file) else { return (0..<count).map(String.init) }
    let source = try ByteSource(path: found)
    var text = [UInt8](repeating: 0, count: 1 << 14)
    let filled = try Self.fill(&text, from: source)
    let names = text[..<filled].split { $0 == 10 || $0 == 13 }.map { String(decoding: $0, as: UTF8.self) }
    guard names.count == count else { throw .wrongSize(what: "\(found) (names of classes)", found: names.count, expected: count) }
    return names
  }

  /// Fills the buffer as far as the source goes, and says how far that was.
  private static func fill(_ buffer: inout [UInt8], from source: ByteSource) throws(DataError) -> Int {
    try buffer.withUnsafeMutableBufferPointer { (buffer) throws(DataError) in
      var filled = 0
      while filled < buffer.count {
        let rest = UnsafeMutableBufferPointer(rebasing: buffer[filled...])
        let count = try source.read(into: UnsafeMutableRawBufferPointer(rest))
        if count == 0 { break }
        filled += count
      }
      return filled
    }
  }

  private static func find(_ folder: String, _ name: String) -> String? {
    ["\(folder)/\(name)", "\(folder)/\(name).gz"].first { access($0, F_OK) == 0 }
  }
}
