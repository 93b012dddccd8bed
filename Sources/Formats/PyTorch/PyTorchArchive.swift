import Synchronization

/// Reads the archives that `torch.save` writes since version 1.6: a pickle in `data.pkl` and a file for each storage in `data/`, all in one
/// folder.
struct PyTorchArchive: StorageContent {
  let isBigEndian: Bool
  private let archive: ZipArchive
  /// By storage.
  private let entries: [ZipEntry]
  private let verified: Verified

  /// Which storages' checksums have been compared.
  private final class Verified: Sendable {
    let flags: Mutex<[Bool]>
    init(count: Int) { flags = Mutex(Array(repeating: false, count: count)) }
  }

  /// Opens an archive and reads its pickle.
  static func open(_ file: InputFile) throws(FormatError) -> PyTorchFile {
    let archive = try ZipArchive(file: file)
    let root = try findRoot(archive)
    guard let pickle = archive.entry(named: root + "/data.pkl") else { throw malformed(file, "no data.pkl in it") }
    let limit = PickleInterpreter.memoryLimit(for: file)
    let reader: ByteReader
    if pickle.isDeflated {
      guard pickle.size <= limit else { throw malformed(file, "its pickle claims \(pickle.size) bytes, and \(limit) are the limit") }
      reader = ByteReader(file: file, bytes: try archive.content(of: pickle))
    } else {
      try archive.verify(pickle)
      reader = ByteReader(file: file, range: pickle.offset..<pickle.offset + UInt64(pickle.size))
    }
    var interpreter = PickleInterpreter(reader: reader, memoryLimit: limit)
    let value = try interpreter.next()
    let content = try PyTorchArchive(archive, root: root, storages: interpreter.heap.storages)
    return try PyTorchFile(path: file.path, root: value, heap: interpreter.heap, content: content, fileSize: file.size)
  }

  private init(_ archive: ZipArchive, root: String, storages: [PickledStorage]) throws(FormatError) {
    var entries: [ZipEntry] = []
    for storage in storages {
      guard let entry = archive.entry(named: "\(root)/data/\(storage.key)") else {
        throw Self.malformed(archive.file, "storage \(printable(storage.key)) is not in it")
      }
      guard entry.size == storage.byteCount else {
        throw Self.malformed(
          archive.file, "storage \(printable(storage.key)) has \(entry.size) bytes, and the pickle says \(storage.byteCount)")
      }
      entries.append(entry)
    }
    isBigEndian = try Self.byteOrderIsBig(archive, root: root)
    self.archive = archive
    self.entries = entries
    verified = Verified(count: entries.count)
  }

  private static func malformed(_ file: InputFile, _ text: String) -> FormatError { ZipArchive.malformed(file, text) }

  /// The folder that everything is in.
  private static func findRoot(_ archive: ZipArchive) throws(FormatError) -> String {
    var roots: [String] = []
    for entry in archive.entries {
      let parts = entry.name.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.count == 2 else { continue }
      if parts[1] == "constants.pkl" {
        throw malformed(
          archive.file, "a TorchScript archive, which holds a program; in PyTorch, save the model's state_dict() with torch.save instead")
      }
      if parts[1] == "data.pkl" { roots.append(String(parts[0])) }
    }
    guard let root = roots.first, roots.count == 1 else {
      throw malformed(archive.file, roots.isEmpty ? otherArchive(archive) : "an archive with more than one data.pkl")
    }
    return root
  }

  /// What an archive is that is none of PyTorch's.
  private static func otherArchive(_ archive: ZipArchive) -> String {
    let names = archive.entries.map(\.name)
    let reason = "an archive without a folder with data.pkl in it, so not one of PyTorch's"
    if names.isEmpty { return reason + ": it is empty" }
    if names.contains(where: { $0.hasSuffix(".npy") }) { return reason + ": NumPy's arrays (.npz), which are not read" }
    if names.contains("model.weights.h5") { return reason + ": a Keras model (.keras), which is not read" }
    if let weights = names.first(where: { name in WeightsFile.usualSuffixes.contains { name.hasSuffix($0) } }) {
      return reason + ": \(printable(weights)) is in it; unpack it and name that"
    }
    return reason + ": it holds \(names.prefix(3).map { printable($0) }.joined(separator: ", "))\(names.count > 3 ? ", …" : "")"
  }

  private static func byteOrderIsBig(_ archive: ZipArchive, root: String) throws(FormatError) -> Bool {
    guard let entry = archive.entry(named: root + "/byteorder") else { return false }
    guard entry.size <= 16 else { throw malformed(archive.file, "its byte order is \(entry.size) bytes long") }
    let text = String(decoding: try archive.content(of: entry), as: UTF8.self)
    guard text == "little" || text == "big" else {
      throw malformed(archive.file, "its byte order is \"\(printable(text))\"; known are little and big")
    }
    return text == "big"
  }

  func readsInPieces(_ storage: Int) -> Bool { !entries[storage].isDeflated }

  func read(_ storage: Int, from first: Int, into destination: UnsafeMutableRawBufferPointer) throws(FormatError) {
    let entry = entries[storage]
    if destination.count == entry.size { return try archive.read(entry, into: destination) }
    if entry.isDeflated {
      let content = try archive.content(of: entry)
      content.withUnsafeBytes { destination.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[first..<first + destination.count])) }
      return
    }
    // A part has no checksum of its own. The whole is looked at when its first part is asked for.
    if !verified.flags.withLock({ $0[storage] }) {
      try archive.verify(entry)
      verified.flags.withLock { $0[storage] = true }
    }
    try archive.file.read(into: destination, at: entry.offset + UInt64(first))
  }
}
