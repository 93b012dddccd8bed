/// Reads the streams that `torch.save` wrote before version 1.6: pickles of a magic number, the protocol's version, the saving system, the
/// object and the storages' keys, one after the other, then each storage as its count and its elements, little-endian.
struct PyTorchStream: StorageContent {
  let isBigEndian = false
  private let file: InputFile
  /// By storage, where its elements begin.
  private let offsets: [UInt64]

  private static let version = 1001

  /// Opens a stream, reads its pickles and finds its storages.
  static func open(_ file: InputFile) throws(FormatError) -> PyTorchFile {
    let limit = PickleInterpreter.memoryLimit(for: file)
    var interpreter = PickleInterpreter(reader: ByteReader(file: file, range: 0..<file.size), memoryLimit: limit)
    guard case .wideInteger(isMagic: true) = try interpreter.next() else {
      throw malformed(file, "a pickle, but not one of torch.save, which begins with PyTorch's magic number")
    }
    guard case .integer(let version) = try interpreter.next(), version == Self.version else {
      throw malformed(file, "a PyTorch stream of another version than \(Self.version)")
    }
    // The saving system's byte order and sizes, which the storages do not depend on.
    _ = try interpreter.next()
    let root = try interpreter.next()
    let content = try PyTorchStream(file, &interpreter)
    return try PyTorchFile(path: file.path, root: root, heap: interpreter.heap, content: content, fileSize: file.size)
  }

  private init(_ file: InputFile, _ interpreter: inout PickleInterpreter) throws(FormatError) {
    guard case .list(let list) = try interpreter.next() else { throw Self.malformed(file, "the storages' keys are no list") }
    var offsets = [UInt64?](repeating: nil, count: interpreter.heap.storages.count)
    var position = interpreter.reader.position
    for key in interpreter.heap.sequences[list] {
      guard case .string(let key) = key else { throw Self.malformed(file, "a storage's key that is no text") }
      let name = interpreter.heap.strings[key]
      let title = "storage \(printable(name))"
      guard let storage = interpreter.storageIndices[name] else { throw Self.malformed(file, "\(title) belongs to no tensor") }
      guard offsets[storage] == nil else { throw Self.malformed(file, "\(title) is there twice") }
      guard file.size - position >= 8 else {
        throw FormatError(path: file.path, reason: .tooShort(bytes: file.size, needed: position + 8))
      }
      var length = LittleEndianCursor(try file.bytes(at: position, count: 8))
      let count = length.number(UInt64.self) ?? 0
      let described = interpreter.heap.storages[storage]
      guard count == UInt64(described.byteCount / described.elementSize) else {
        throw Self.malformed(
          file, "\(title) has \(count) elements, and its tensors say \(described.byteCount / described.elementSize)")
      }
      position += 8
      guard UInt64(described.byteCount) <= file.size - position else {
        throw FormatError(
          path: file.path,
          reason: .tooShort(bytes: file.size, needed: position.addingReportingOverflow(UInt64(described.byteCount)).partialValue))
      }
      offsets[storage] = position
      position += UInt64(described.byteCount)
    }
    guard position == file.size else {
      throw Self.malformed(file, "\(file.size - position) bytes after the last storage belong to none")
    }
    var complete: [UInt64] = []
    for (offset, storage) in zip(offsets, interpreter.heap.storages) {
      guard let offset else { throw Self.malformed(file, "storage \(printable(storage.key)) is not in it") }
      complete.append(offset)
    }
    self.file = file
    self.offsets = complete
  }

  private static func malformed(_ file: InputFile, _ text: String) -> FormatError {
    FormatError(path: file.path, reason: .malformed(text))
  }

  func readsInPieces(_ storage: Int) -> Bool { true }

  func read(_ storage: Int, from first: Int, into destination: UnsafeMutableRawBufferPointer) throws(FormatError) {
    try file.read(into: destination, at: offsets[storage] + UInt64(first))
  }
}
