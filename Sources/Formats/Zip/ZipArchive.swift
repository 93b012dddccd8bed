/// An archive in the ZIP format, open for reading: stored and deflated entries, archives and entries beyond 4 GiB.
///
/// Opening reads the directory and every entry's own header and refuses what honest archives do not have: entries that overlap or leave the
/// archive, two of one name, headers that contradict each other, names that lead out of a folder, encryption, parts on other disks, and
/// more compressed content than twice the file and 1 MiB.
///
/// Format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
struct ZipArchive {
  let file: InputFile
  let entries: [ZipEntry]
  /// Whether any entry has a checksum; PyTorch can be told to write zeros instead.
  let hasChecksums: Bool
  private let indices: [String: Int]

  init(file: InputFile) throws(FormatError) {
    let end = try ZipEnd(file: file)
    let directory = try file.bytes(at: end.directoryOffset, count: end.directorySize)
    var cursor = LittleEndianCursor(directory)
    var entries: [ZipEntry] = []
    var indices: [String: Int] = [:]
    var places: [Range<UInt64>] = []
    var inflated = 0
    for _ in 0..<end.count {
      let listing = try ZipListing(&cursor, file: file)
      let (entry, place) = try listing.locate(in: file, dataEnd: end.directoryOffset)
      guard indices.updateValue(entries.count, forKey: entry.name) == nil else {
        throw Self.malformed(file, "two entries are named \(printable(entry.name))")
      }
      if entry.isDeflated {
        let (sum, overflow) = inflated.addingReportingOverflow(entry.size)
        let limit = Self.inflationLimit(file)
        guard !overflow, sum <= limit else {
          throw Self.malformed(
            file,
            "its compressed entries claim more than \(limit) bytes of content, twice the file and 1 MiB; store them without compression")
        }
        inflated = sum
      }
      entries.append(entry)
      places.append(place)
    }
    guard cursor.isAtEnd else { throw Self.malformed(file, "the archive's directory is longer than its entries") }
    let order = places.indices.sorted { places[$0].lowerBound < places[$1].lowerBound }
    for (before, after) in zip(order, order.dropFirst()) where places[after].lowerBound < places[before].upperBound {
      throw Self.malformed(file, "entries \(printable(entries[before].name)) and \(printable(entries[after].name)) overlap")
    }
    self.file = file
    self.entries = entries
    self.indices = indices
    hasChecksums = entries.contains { $0.checksum != 0 }
  }

  /// The entry of a name; nil when there is none.
  func entry(named name: String) -> ZipEntry? { indices[name].map { entries[$0] } }

  /// The whole content of an entry, its checksum compared.
  func content(of entry: ZipEntry) throws(FormatError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: entry.size)
    try bytes.withMemory { (buffer) throws(FormatError) in try read(entry, into: buffer) }
    return bytes
  }

  /// Reads the whole content of an entry into memory of exactly its size and compares its checksum.
  func read(_ entry: ZipEntry, into destination: UnsafeMutableRawBufferPointer) throws(FormatError) {
    if entry.isDeflated {
      try Inflation.inflate(entry, of: file, into: destination)
    } else {
      try file.read(into: destination, at: entry.offset)
    }
    try compare(entry, Checksum.of(UnsafeRawBufferPointer(destination)))
  }

  /// Reads through a stored entry to compare its checksum.
  func verify(_ entry: ZipEntry) throws(FormatError) {
    guard hasChecksums else { return }
    var checksum = Checksum()
    var buffer = [UInt8](repeating: 0, count: min(entry.size, 1 << 18))
    var done = 0
    while done < entry.size {
      let count = min(buffer.count, entry.size - done)
      try buffer.withMemory { (buffer) throws(FormatError) in
        let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        try file.read(into: piece, at: entry.offset + UInt64(done))
        checksum.add(UnsafeRawBufferPointer(piece))
      }
      done += count
    }
    try compare(entry, checksum.value)
  }

  private func compare(_ entry: ZipEntry, _ checksum: UInt32) throws(FormatError) {
    guard !hasChecksums || checksum == entry.checksum else {
      throw Self.malformed(file, "entry \(printable(entry.name)) is damaged: its checksum is not the one noted")
    }
  }

  private static func inflationLimit(_ file: InputFile) -> Int { Int(clamping: file.size * 2 + (1 << 20)) }

  static func malformed(_ file: InputFile, _ text: String) -> FormatError { FormatError(path: file.path, reason: .malformed(text)) }
}
