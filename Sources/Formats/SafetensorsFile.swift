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
  public init(path: String) throws(FormatError) {
    file = try InputFile(path: path)
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
    let tensor = try find(name)
    return try file.bytes(at: dataOffset + UInt64(tensor.range.lowerBound), count: tensor.range.count)
  }

  /// Reads the elements of a tensor as stored into memory of exactly their size.
  /// - Throws: `FormatError` when there is no such tensor, its size differs, or reading fails.
  public func readBytes(of name: String, into destination: UnsafeMutableRawBufferPointer) throws(FormatError) {
    let tensor = try find(name)
    guard destination.count == tensor.range.count else {
      throw fault(tensor, .sizeMismatch(bytes: destination.count, expected: tensor.range.count))
    }
    try file.read(into: destination, at: dataOffset + UInt64(tensor.range.lowerBound))
  }

  /// Reads a floating-point tensor (F32, F64, F16, BF16) as float32; F64 is rounded to nearest.
  /// - Throws: `FormatError` when there is no such tensor, it is not of a floating type, its count differs, or reading fails.
  public func readFloats(of name: String, into destination: UnsafeMutableBufferPointer<Float>) throws(FormatError) {
    let tensor = try find(name)
    guard destination.count == tensor.count else {
      throw fault(tensor, .destinationSize(elements: destination.count, expected: tensor.count))
    }
    switch tensor.type {
    case .float32: try readBytes(of: name, into: UnsafeMutableRawBufferPointer(destination))
    case .float64: try convert(tensor, UInt64.self, into: destination) { Float(Double(bitPattern: $0)) }
    case .float16: try convert(tensor, UInt16.self, into: destination) { Float(Float16(bitPattern: $0)) }
    case .bfloat16: try convert(tensor, UInt16.self, into: destination) { Float(bitPattern: UInt32($0) << 16) }
    default: throw fault(tensor, .notConvertible(from: tensor.type, to: "floating-point numbers"))
    }
  }

  /// The elements of a floating-point tensor as float32; see `readFloats(of:into:)`.
  /// - Throws: `FormatError`.
  public func floats(of name: String) throws(FormatError) -> [Float] {
    var values = [Float](repeating: 0, count: try find(name).count)
    try values.withUnsafeMutableBufferPointer { (buffer) throws(FormatError) in try readFloats(of: name, into: buffer) }
    return values
  }

  /// The elements of an integer or BOOL tensor as 64-bit integers.
  /// - Throws: `FormatError` when there is no such tensor, it is of a floating type, a U64 element exceeds 2⁶³ − 1, or reading fails.
  public func integers(of name: String) throws(FormatError) -> [Int64] {
    let tensor = try find(name)
    switch tensor.type {
    case .int64: return try integers(tensor, Int64.self)
    case .int32: return try integers(tensor, Int32.self)
    case .int16: return try integers(tensor, Int16.self)
    case .int8: return try integers(tensor, Int8.self)
    case .uint64: return try integers(tensor, UInt64.self)
    case .uint32: return try integers(tensor, UInt32.self)
    case .uint16: return try integers(tensor, UInt16.self)
    case .uint8, .bool: return try integers(tensor, UInt8.self)
    case .float64, .float32, .float16, .bfloat16: throw fault(tensor, .notConvertible(from: tensor.type, to: "integers"))
    }
  }

  private func integers<Stored: FixedWidthInteger & BitwiseCopyable>(
    _ tensor: SafetensorsTensor, _: Stored.Type
  ) throws(FormatError) -> [Int64] {
    let bytes = try bytes(of: tensor.name)
    var values = [Int64](repeating: 0, count: tensor.count)
    for index in values.indices {
      let stored = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: index * tensor.type.size, as: Stored.self) }
      guard let value = Int64(exactly: stored) else {
        throw fault(tensor, .notConvertible(from: tensor.type, to: "64-bit signed integers"))
      }
      values[index] = value
    }
    return values
  }

  /// Converts in pieces of bounded size, so that a large half-precision tensor needs no second copy.
  private func convert<Stored: BitwiseCopyable>(
    _ tensor: SafetensorsTensor, _: Stored.Type, into destination: UnsafeMutableBufferPointer<Float>, _ body: (Stored) -> Float
  ) throws(FormatError) {
    let size = tensor.type.size
    var done = 0
    while done < destination.count {
      let count = min(destination.count - done, 1 << 18)
      let piece = try file.bytes(at: dataOffset + UInt64(tensor.range.lowerBound + done * size), count: count * size)
      piece.withUnsafeBytes { stored in
        for index in 0..<count {
          destination[done + index] = body(stored.loadUnaligned(fromByteOffset: index * size, as: Stored.self))
        }
      }
      done += count
    }
  }

  private func find(_ name: String) throws(FormatError) -> SafetensorsTensor {
    guard let tensor = tensor(named: name) else { throw FormatError(path: path, reason: .tensor(name: name, .missing)) }
    return tensor
  }

  private func fault(_ tensor: SafetensorsTensor, _ fault: TensorFault) -> FormatError {
    FormatError(path: path, reason: .tensor(name: tensor.name, fault))
  }
}
