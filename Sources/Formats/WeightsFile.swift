/// A file of named tensors in any format that this library reads, open for reading: safetensors, and the checkpoints of PyTorch in both
/// their forms (the archive that `torch.save` writes since version 1.6, and the stream that it wrote before).
///
/// Opening looks at the content, not at the name, and reads the directory of tensors, not their elements; it checks every length against
/// the file. A PyTorch file is a pickle, a program; here it is read as data: what other classes would make of it is passed over
/// (`opaqueClasses`), and names that run commands are refused. Tensors are read one at a time, on demand.
///
///     let file = try WeightsFile(path: "resnet18.pth").stateDictionary().removingWrappers()
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
  /// Tensors that are described in a way that is not known here, such as sparse ones. None in a safetensors file.
  public let unread: [UnreadTensor]
  /// The classes that a checkpoint has values of beside its tensors. Nothing of them was made or run.
  public let opaqueClasses: [OpaqueClass]
  /// The path the file was opened under.
  public var path: String { source.path }

  private let source: any WeightsSource
  private let indices: [String: Int]

  /// Opens a file and reads its directory.
  /// - Throws: `FormatError` naming the path and the fault.
  public init(path: String) throws(FormatError) {
    let file = try InputFile(path: path)
    switch try WeightsFileKind(of: file) {
    case .safetensors:
      let source = try SafetensorsFile(file: file)
      self.init(source, .safetensors, source.tensors.indices.map(source.weightsTensor), metadata: source.metadata)
    case .archive:
      let source = try PyTorchArchive.open(file)
      self.init(source, .pyTorchArchive, source.tensors, unread: source.unread, opaqueClasses: source.opaqueClasses)
    case .stream:
      let source = try PyTorchStream.open(file)
      self.init(source, .pyTorchStream, source.tensors, unread: source.unread, opaqueClasses: source.opaqueClasses)
    }
  }

  private init(
    _ source: any WeightsSource, _ format: Format, _ tensors: [WeightsTensor], metadata: [String: String] = [:],
    unread: [UnreadTensor] = [], opaqueClasses: [OpaqueClass] = []
  ) {
    self.source = source
    self.format = format
    self.tensors = tensors
    self.metadata = metadata
    self.unread = unread
    self.opaqueClasses = opaqueClasses
    indices = Dictionary(tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The same file with other tensors in its list: some left out, or under other names.
  /// - Parameter change: of a tensor's keys; `nil` leaves it out.
  package func renaming(_ change: ([String]) -> [String]?) -> WeightsFile {
    WeightsFile(
      source, format, tensors.compactMap { tensor in change(tensor.keys).map(tensor.named) }, metadata: metadata,
      unread: unread.compactMap { tensor in change(tensor.keys).map { UnreadTensor(keys: $0, reason: tensor.reason) } },
      opaqueClasses: opaqueClasses)
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
