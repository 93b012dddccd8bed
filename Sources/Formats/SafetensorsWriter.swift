/// One tensor to be written to a safetensors file.
public struct SafetensorsEntry {
  /// The name, as in a state dictionary.
  public let name: String
  /// The element type.
  public let type: SafetensorsType
  /// The dimensions, outermost first; empty for a scalar.
  public let shape: [Int]

  let write: (FileWriter) throws(FormatError) -> Void

  /// A tensor whose elements `write` supplies when its turn comes, little-endian, exactly as many bytes as shape and type need. So a
  /// large model never has to lie in memory twice.
  public init(name: String, type: SafetensorsType, shape: [Int], write: @escaping (FileWriter) throws(FormatError) -> Void) {
    self.name = name
    self.type = type
    self.shape = shape
    self.write = write
  }

  /// An F32 tensor.
  public init(name: String, shape: [Int], _ values: [Float]) {
    self.init(name: name, type: .float32, shape: shape) { (writer) throws(FormatError) in try writer.write(elements: values) }
  }

  /// An I32 tensor.
  public init(name: String, shape: [Int], _ values: [Int32]) {
    self.init(name: name, type: .int32, shape: shape) { (writer) throws(FormatError) in try writer.write(elements: values) }
  }

  /// An I64 tensor.
  public init(name: String, shape: [Int], _ values: [Int64]) {
    self.init(name: name, type: .int64, shape: shape) { (writer) throws(FormatError) in try writer.write(elements: values) }
  }

  /// A U8 tensor.
  public init(name: String, shape: [Int], _ values: [UInt8]) {
    self.init(name: name, type: .uint8, shape: shape) { (writer) throws(FormatError) in try writer.write(elements: values) }
  }
}

/// Writes safetensors files.
public enum SafetensorsWriter {
  /// In which order tensors are stored and listed.
  public enum Order: Sendable {
    /// As given.
    case given
    /// By name, compared scalar by scalar.
    case sorted
  }

  /// Writes a file, atomically (see `AtomicFile`); equal arguments give equal bytes.
  ///
  /// The header is padded with spaces so that the data begin at a multiple of 8 bytes, and metadata are sorted by key.
  ///
  /// - Parameters:
  ///   - path: the file to write.
  ///   - entries: the tensors.
  ///   - metadata: strings stored under `__metadata__`, which is left out when there are none.
  ///   - order: as given by default.
  ///   - checksum: the name of one more tensor at the end, U32 of one element: the CRC-32 of every byte before it, header included. Damage
  ///     that leaves the header readable is found by it; see `SafetensorsFile.checkChecksum(_:)`. None by default.
  /// - Throws: `FormatError` when a name occurs twice or is `__metadata__`, a shape is negative or too large, an entry supplies another
  ///   number of bytes than its shape needs, or the file cannot be written.
  public static func write(
    path: String, _ entries: [SafetensorsEntry], metadata: [String: String] = [:], order: Order = .given, checksum: String? = nil
  ) throws(FormatError) {
    var entries = order == .given ? entries : entries.sorted { precedes($0.name, $1.name) }
    if let checksum {
      entries.append(
        SafetensorsEntry(name: checksum, type: .uint32, shape: [1]) { (writer) throws(FormatError) in
          try writer.write(elements: [writer.checksum?.value ?? 0])
        })
    }
    let (header, ranges) = try makeHeader(path: path, entries, metadata)
    try AtomicFile.write(path: path) { (writer) throws(FormatError) in
      if checksum != nil { writer.checksum = Checksum() }
      try writer.write(elements: [UInt64(header.count)])
      try writer.write(header)
      for (entry, range) in zip(entries, ranges) {
        let start = writer.count
        try entry.write(writer)
        let written = writer.count - start
        guard written == UInt64(range.count) else {
          throw FormatError(
            path: path, reason: .tensor(name: entry.name, .sizeMismatch(bytes: Int(written), expected: range.count)))
        }
      }
    }
  }

  private static func makeHeader(
    path: String, _ entries: [SafetensorsEntry], _ metadata: [String: String]
  ) throws(FormatError) -> ([UInt8], [Range<Int>]) {
    var members: [JSONMember] = []
    if !metadata.isEmpty {
      let sorted = metadata.sorted { precedes($0.key, $1.key) }
      members.append(JSONMember(SafetensorsHeader.metadataKey, .object(sorted.map { JSONMember($0.key, .string($0.value)) })))
    }
    var ranges: [Range<Int>] = []
    var names: Set<String> = [SafetensorsHeader.metadataKey]
    var end = 0
    for entry in entries {
      guard names.insert(entry.name).inserted else { throw FormatError(path: path, reason: .tensor(name: entry.name, .badName)) }
      let begin = end
      guard let count = entry.type.byteCount(shape: entry.shape), case (let sum, false) = begin.addingReportingOverflow(count) else {
        throw FormatError(path: path, reason: .tensor(name: entry.name, .badShape(entry.shape)))
      }
      end = sum
      ranges.append(begin..<end)
      let value: JSONValue = [
        "dtype": .string(entry.type.rawValue),
        "shape": .array(entry.shape.map { .integer(Int64($0)) }),
        "data_offsets": [.integer(Int64(begin)), .integer(Int64(end))],
      ]
      members.append(JSONMember(entry.name, value))
    }
    var header = Array(JSONValue.object(members).text().utf8)
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    guard UInt64(header.count) <= SafetensorsHeader.longest else {
      throw FormatError(path: path, reason: .headerLength(declared: UInt64(header.count), limit: SafetensorsHeader.longest))
    }
    return (header, ranges)
  }

  /// Order by Unicode scalars: what "sorted" means in the reference implementation and in Python.
  private static func precedes(_ a: String, _ b: String) -> Bool {
    a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars)
  }
}
