/// A file of named tensors in any format that this library reads, open for reading: safetensors, and the checkpoints of PyTorch in both
/// their forms (the archive that `torch.save` writes since version 1.6, and the stream that it wrote before).
///
/// Opening looks at the content, not at the name, and reads the directory of tensors, not their elements; it checks every length against
/// the file. A PyTorch file is a pickle, a program; here it is read as data, and whatever a dictionary of tensors does not need is refused.
/// Tensors are read one at a time, on demand.
///
///     let file = try WeightsFile(path: "resnet18.pth").stateDictionary().removingPrefix("module.")
///     let weight = try file.floats(of: "conv1.weight")
public struct WeightsFile: Sendable {
  /// How a file is laid out.
  public enum Format: String, Sendable {
    /// A safetensors file.
    case safetensors
    /// A PyTorch checkpoint, the archive of version 1.6 and later.
    case pyTorchArchive = "pytorch"
    /// A PyTorch checkpoint, the stream of versions before 1.6.
    case pyTorchStream = "pytorch-legacy"
  }

  /// How the file is laid out.
  public let format: Format
  /// The tensors in the file's order.
  public let tensors: [WeightsTensor]
  /// The strings that a safetensors file keeps beside its tensors; none for other formats.
  public let metadata: [String: String]
  /// The path the file was opened under.
  public var path: String { source.path }

  private let source: any WeightsSource
  private let indices: [String: Int]

  /// Opens a file and reads its directory.
  /// - Throws: `FormatError` naming the path and the fault.
  public init(path: String) throws(FormatError) {
    let file = try InputFile(path: path)
    switch try FileKind(of: file) {
    case .safetensors:
      let source = try SafetensorsFile(file: file)
      self.init(source, .safetensors, source.tensors.indices.map(source.weightsTensor), metadata: source.metadata)
    case .archive:
      let source = try PyTorchArchive.open(file)
      self.init(source, .pyTorchArchive, source.tensors)
    case .stream:
      let source = try PyTorchStream.open(file)
      self.init(source, .pyTorchStream, source.tensors)
    }
  }

  private init(_ source: any WeightsSource, _ format: Format, _ tensors: [WeightsTensor], metadata: [String: String] = [:]) {
    self.source = source
    self.format = format
    self.tensors = tensors
    self.metadata = metadata
    indices = Dictionary(tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The same file with other tensors in its list: some left out, or under other names.
  func listing(_ tensors: [WeightsTensor]) -> WeightsFile {
    WeightsFile(source, format, tensors, metadata: metadata)
  }

  /// The tensor of a name; nil when the file has none.
  public func tensor(named name: String) -> WeightsTensor? {
    indices[name].map { tensors[$0] }
  }

  /// The elements of a tensor as stored, little-endian and in row-major order.
  /// - Throws: `FormatError` when there is no such tensor or reading fails.
  public func bytes(of name: String) throws(FormatError) -> [UInt8] {
    try source.bytes(of: find(name))
  }

  /// Reads the elements of a tensor as stored into memory of exactly their size.
  /// - Throws: `FormatError` when there is no such tensor, its size differs, or reading fails.
  public func readBytes(of name: String, into destination: UnsafeMutableRawBufferPointer) throws(FormatError) {
    let tensor = try find(name)
    guard destination.count == tensor.byteCount else {
      throw source.fault(tensor, .sizeMismatch(bytes: destination.count, expected: tensor.byteCount))
    }
    try source.read(tensor, from: 0, into: destination)
  }

  /// Reads a floating-point tensor (F32, F64, F16, BF16) as float32; F64 is rounded to nearest.
  /// - Throws: `FormatError` when there is no such tensor, it is not of a floating type, its count differs, or reading fails.
  public func readFloats(of name: String, into destination: UnsafeMutableBufferPointer<Float>) throws(FormatError) {
    try source.readFloats(of: find(name), into: destination)
  }

  /// The elements of a floating-point tensor as float32; see `readFloats(of:into:)`.
  /// - Throws: `FormatError`.
  public func floats(of name: String) throws(FormatError) -> [Float] {
    let tensor = try find(name)
    var values = [Float](repeating: 0, count: tensor.count)
    try values.withUnsafeMutableBufferPointer { (buffer) throws(FormatError) in try source.readFloats(of: tensor, into: buffer) }
    return values
  }

  /// The elements of an integer or BOOL tensor as 64-bit integers.
  /// - Throws: `FormatError` when there is no such tensor, it is of a floating type, a U64 element exceeds 2⁶³ − 1, or reading fails.
  public func integers(of name: String) throws(FormatError) -> [Int64] {
    try source.integers(of: find(name))
  }

  /// The tensors as entries for `SafetensorsWriter` or `PyTorchWriter`, in order and with their types. Elements are read when they are
  /// written, a piece at a time.
  public var entries: [WeightsEntry] {
    tensors.map { tensor in
      WeightsEntry(name: tensor.name, type: tensor.type, shape: tensor.shape) { (writer) throws(FormatError) in
        try source.forEachPiece(of: tensor) { (piece, _) throws(FormatError) in try writer.write(piece) }
      }
    }
  }

  private func find(_ name: String) throws(FormatError) -> WeightsTensor {
    guard let tensor = tensor(named: name) else { throw FormatError(path: path, reason: .tensor(name: name, .missing)) }
    return tensor
  }
}

/// What a file is by its first bytes.
private enum FileKind {
  case safetensors
  case archive
  case stream

  init(of file: InputFile) throws(FormatError) {
    let start = try file.bytes(at: 0, count: Int(min(file.size, 512)))
    if start.isEmpty { throw FormatError(path: file.path, reason: .tooShort(bytes: 0, needed: 8)) }
    var cursor = LittleEndianCursor(start)
    if let length: UInt64 = cursor.number(), length <= file.size - 8, start.count > 8, start[8] == UInt8(ascii: "{") {
      // First of all, because the length in front of the header may look like anything else.
      self = .safetensors
    } else if start.starts(with: [0x50, 0x4b, 0x03, 0x04]) || start.starts(with: [0x50, 0x4b, 0x05, 0x06]) {
      self = .archive
    } else if start.count >= 262, start[257..<262].elementsEqual("ustar".utf8) {
      throw FormatError(
        path: file.path,
        reason: .malformed("a tar archive, the form of PyTorch's first versions, which is not read; load it in PyTorch and save it again"))
    } else if start[0] == 0x80 || Self.isTextPickle(start) {
      self = .stream
    } else if start.count >= 8, start[6] == 0, start[7] == 0 {
      // Such a length, if it is one, is not beyond all bounds; what is wrong with it is said by its reader.
      self = .safetensors
    } else {
      throw FormatError(
        path: file.path, reason: .malformed("neither a safetensors file nor a PyTorch checkpoint, an archive or a stream"))
    }
  }

  /// Protocols 0 and 1 have no mark of their own: they begin with a number, or, where somebody means harm, with a name.
  private static func isTextPickle(_ start: [UInt8]) -> Bool {
    if start.starts(with: "L119547037146038801333356".utf8) { return true }
    guard start[0] == UInt8(ascii: "c") || start[0] == UInt8(ascii: "(") else { return false }
    return start.prefix(64).contains(UInt8(ascii: "\n")) && !start.prefix(16).contains(0)
  }
}
