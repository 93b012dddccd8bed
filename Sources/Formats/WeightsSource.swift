/// Where tensors are read from: what a file format has to offer, and what all of them offer on top of it.
protocol WeightsSource: Sendable {
  /// The path the file was opened under.
  var path: String { get }

  /// Whether a part of the tensor costs no more than its share.
  func readsInPieces(_ tensor: WeightsTensor) -> Bool

  /// Reads elements in row-major order, little-endian, from the given byte on. Where `readsInPieces` is false, only all at once.
  func read(_ tensor: WeightsTensor, from first: Int, into destination: UnsafeMutableRawBufferPointer) throws(FormatError)
}

extension WeightsSource {
  func fault(_ tensor: WeightsTensor, _ fault: TensorFault) -> FormatError {
    FormatError(path: path, reason: .tensor(name: tensor.name, fault))
  }

  func bytes(of tensor: WeightsTensor) throws(FormatError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: tensor.byteCount)
    try bytes.withMemory { (buffer) throws(FormatError) in try read(tensor, from: 0, into: buffer) }
    return bytes
  }

  /// F32, F64, F16 and BF16 as float32; F64 is rounded to nearest.
  func readFloats(of tensor: WeightsTensor, into destination: UnsafeMutableBufferPointer<Float>) throws(FormatError) {
    guard destination.count == tensor.count else {
      throw fault(tensor, .destinationSize(elements: destination.count, expected: tensor.count))
    }
    switch tensor.type {
    case .float32: try read(tensor, from: 0, into: UnsafeMutableRawBufferPointer(destination))
    case .float16: try widen(tensor, into: destination) { Float(Float16(bitPattern: $0)) }
    case .bfloat16: try widen(tensor, into: destination) { Float(bitPattern: UInt32($0) << 16) }
    case .float64:
      try forEachPiece(of: tensor) { (piece, first) throws(FormatError) in
        for index in 0..<piece.count / 8 {
          let bits = piece.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)
          destination[first / 8 + index] = Float(Double(bitPattern: bits))
        }
      }
    default: throw fault(tensor, .notConvertible(from: tensor.type, to: "floating-point numbers"))
    }
  }

  /// Reads 16-bit numbers into the second half of the destination and widens them on the spot, so that no memory but the destination is
  /// needed: element i is read at 2n + 2i before anything is written at 4i or beyond it.
  private func widen(
    _ tensor: WeightsTensor, into destination: UnsafeMutableBufferPointer<Float>, _ body: (UInt16) -> Float
  ) throws(FormatError) {
    let memory = UnsafeMutableRawBufferPointer(destination)
    let half = memory.count / 2
    try read(tensor, from: 0, into: UnsafeMutableRawBufferPointer(rebasing: memory[half...]))
    for index in 0..<destination.count {
      let stored = memory.loadUnaligned(fromByteOffset: half + 2 * index, as: UInt16.self)
      memory.storeBytes(of: body(stored), toByteOffset: 4 * index, as: Float.self)
    }
  }

  /// Integers and BOOL as 64-bit integers.
  func integers(of tensor: WeightsTensor) throws(FormatError) -> [Int64] {
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
    _ tensor: WeightsTensor, _: Stored.Type
  ) throws(FormatError) -> [Int64] {
    let bytes = try bytes(of: tensor)
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

  /// Hands on all bytes of a tensor in order, in pieces of at most 1 MiB where the file allows it; `body` also gets the place of the first.
  func forEachPiece(
    of tensor: WeightsTensor, _ body: (UnsafeRawBufferPointer, Int) throws(FormatError) -> Void
  ) throws(FormatError) {
    let size = readsInPieces(tensor) ? min(tensor.byteCount, 1 << 20) : tensor.byteCount
    var buffer = [UInt8](repeating: 0, count: size)
    var done = 0
    while done < tensor.byteCount {
      let count = min(size, tensor.byteCount - done)
      try buffer.withMemory { (buffer) throws(FormatError) in
        let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        try read(tensor, from: done, into: piece)
        try body(UnsafeRawBufferPointer(piece), done)
      }
      done += count
    }
  }
}
