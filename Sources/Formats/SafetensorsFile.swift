#if _endian(big)
  #error("safetensors data are little-endian and are read and written in the machine's byte order")
#endif

/// A safetensors file, open for reading.
///
/// Opening reads and checks the whole header: its length against the file, strict JSON, known types, shapes whose size does not
/// overflow, and data ranges that cover the data exactly, without overlap or gap, as the reference implementation demands. No size from
/// the file is believed before that, so a hostile file costs no memory. Tensors are read one at a time, on demand.
///
/// Format: https://github.com/huggingface/safetensors
public final class SafetensorsFile: Sendable {
  /// The tensors, in the order of their data.
  public let tensors: [SafetensorsTensor]
  /// The strings under `__metadata__`.
  public let metadata: [String: String]
  /// The path the file was opened under.
  public var path: String { file.path }

  private let file: InputFile
  private let dataOffset: UInt64
  private let indices: [String: Int]

  /// Opens a file and checks its header.
  /// - Throws: `FormatError` naming the path and the fault.
  public convenience init(path: String) throws(FormatError) {
    try self.init(file: InputFile(path: path))
  }

  init(file: InputFile) throws(FormatError) {
    let path = file.path
    self.file = file
    guard file.size >= 8 else { throw FormatError(path: path, reason: .tooShort(bytes: file.size, needed: 8)) }
    let length = try file.bytes(at: 0, count: 8).reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    let limit = min(file.size - 8, SafetensorsHeader.longest)
    guard length <= limit else { throw FormatError(path: path, reason: .headerLength(declared: length, limit: limit)) }
    let text = try file.bytes(at: 8, count: Int(length))
    let json: JSONValue
    do throws(JSONError) {
      json = try JSONValue.parse(text)
    } catch {
      throw FormatError(path: path, reason: .json(error))
    }
    dataOffset = 8 + length
    let header = try SafetensorsHeader(path: path, json: json, dataBytes: Int(file.size - dataOffset))
    tensors = header.tensors
    metadata = header.metadata
    var indices: [String: Int] = [:]
    for (index, tensor) in header.tensors.enumerated() { indices[tensor.name] = index }
    self.indices = indices
  }

  /// The header entry of a tensor; nil when the file has none of that name.
  public func tensor(named name: String) -> SafetensorsTensor? {
    indices[name].map { tensors[$0] }
  }

  /// The elements of a tensor as stored, little-endian.
  /// - Throws: `FormatError` when there is no such tensor or reading fails.
  public func bytes(of name: String) throws(FormatError) -> [UInt8] {
    try bytes(of: find(name))
  }

  /// Reads the elements of a tensor as stored into memory of exactly their size.
  /// - Throws: `FormatError` when there is no such tensor, its size differs, or reading fails.
  public func readBytes(of name: String, into destination: UnsafeMutableRawBufferPointer) throws(FormatError) {
    let tensor = try find(name)
    guard destination.count == tensor.byteCount else {
      throw fault(tensor, .sizeMismatch(bytes: destination.count, expected: tensor.byteCount))
    }
    try read(tensor, from: 0, into: destination)
  }

  /// Reads a floating-point tensor (F32, F64, F16, BF16) as float32; F64 is rounded to nearest.
  /// - Throws: `FormatError` when there is no such tensor, it is not of a floating type, its count differs, or reading fails.
  public func readFloats(of name: String, into destination: UnsafeMutableBufferPointer<Float>) throws(FormatError) {
    try readFloats(of: find(name), into: destination)
  }

  /// The elements of a floating-point tensor as float32; see `readFloats(of:into:)`.
  /// - Throws: `FormatError`.
  public func floats(of name: String) throws(FormatError) -> [Float] {
    let tensor = try find(name)
    var values = [Float](repeating: 0, count: tensor.count)
    try values.withUnsafeMutableBufferPointer { (buffer) throws(FormatError) in try readFloats(of: tensor, into: buffer) }
    return values
  }

  /// The elements of an integer or BOOL tensor as 64-bit integers.
  /// - Throws: `FormatError` when there is no such tensor, it is of a floating type, a U64 element exceeds 2⁶³ − 1, or reading fails.
  public func integers(of name: String) throws(FormatError) -> [Int64] {
    try integers(of: find(name))
  }

  /// Reads the whole file and compares it with the checksum that `SafetensorsWriter` put into its last tensor.
  /// - Throws: `FormatError` when there is no such tensor at the end, the checksum is another one, or reading fails.
  public func checkChecksum(_ name: String) throws(FormatError) {
    guard let last = tensors.last, last.name == name, last.type == .uint32, last.count == 1 else {
      throw FormatError(path: path, reason: .malformed("there is no checksum at its end"))
    }
    let end = dataOffset + UInt64(last.range.lowerBound)
    var checksum = Checksum()
    var piece = [UInt8](repeating: 0, count: Int(min(end, 1 << 20)))
    var offset: UInt64 = 0
    while offset < end {
      let count = Int(min(end - offset, UInt64(piece.count)))
      try piece.withMemory { (memory) throws(FormatError) in
        let part = UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
        try file.read(into: part, at: offset)
        checksum.add(UnsafeRawBufferPointer(part))
      }
      offset += UInt64(count)
    }
    let stored = try file.bytes(at: end, count: 4).reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
    if stored != checksum.value { throw FormatError(path: path, reason: .malformed("its content does not match its checksum")) }
  }

  private func find(_ name: String) throws(FormatError) -> WeightsTensor {
    guard let index = indices[name] else { throw FormatError(path: path, reason: .tensor(name: name, .missing)) }
    return weightsTensor(index)
  }
}

extension SafetensorsFile: WeightsSource {
  /// A tensor as the common directory of all formats describes it.
  func weightsTensor(_ index: Int) -> WeightsTensor {
    let tensor = tensors[index]
    return WeightsTensor(
      name: tensor.name, keys: [tensor.name], type: tensor.type, shape: tensor.shape, byteCount: tensor.range.count, index: index)
  }

  func readsInPieces(_ tensor: WeightsTensor) -> Bool { true }

  func read(_ tensor: WeightsTensor, from first: Int, into destination: UnsafeMutableRawBufferPointer) throws(FormatError) {
    try file.read(into: destination, at: dataOffset + UInt64(tensors[tensor.index].range.lowerBound + first))
  }
}
