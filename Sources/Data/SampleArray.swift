/// Numbers of one field, of many samples, one sample's after another's.
public struct SampleArray: Hashable, Sendable {
  /// The shape of one sample's.
  public var shape: [Int]
  /// All numbers.
  public var elements: Elements

  /// Numbers of either type.
  public enum Elements: Hashable, Sendable {
    /// float32, which are computed with.
    case floats([Float])
    /// int32: class numbers, tokens.
    case integers([Int32])

    /// How many.
    public var count: Int {
      switch self {
      case .floats(let values): values.count
      case .integers(let values): values.count
      }
    }
  }

  /// - Parameters:
  ///   - shape: of one sample's; `[]` for a single number.
  ///   - elements: one sample's after another's.
  public init(shape: [Int], _ elements: Elements) {
    self.shape = shape
    self.elements = elements
  }

  /// Numbers that are computed with.
  /// - Parameters:
  ///   - values: one sample's after another's.
  ///   - shape: of one sample's; default a single number.
  public static func floats(_ values: [Float], shape: [Int] = []) -> SampleArray { SampleArray(shape: shape, .floats(values)) }

  /// Whole numbers: class numbers, tokens.
  /// - Parameters:
  ///   - values: one sample's after another's.
  ///   - shape: of one sample's; default a single number.
  public static func integers(_ values: [Int32], shape: [Int] = []) -> SampleArray { SampleArray(shape: shape, .integers(values)) }

  /// The numbers, where they are float32; otherwise none.
  public var floats: [Float] { if case .floats(let values) = elements { values } else { [] } }
  /// The numbers, where they are int32; otherwise none.
  public var integers: [Int32] { if case .integers(let values) = elements { values } else { [] } }

  /// Elements of one sample's.
  public var size: Int { shape.reduce(1, &*) }

  /// What it is as a field.
  public func field(_ name: String) -> SampleField {
    if case .floats = elements { SampleField(name, shape) } else { SampleField(name, shape, .int32) }
  }

  /// Lends the memory of the numbers.
  public func withBytes<Result, Failure: Error>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Result) throws(Failure) -> Result {
    switch elements {
    case .floats(let values):
      try values.withUnsafeBufferPointer { (values) throws(Failure) in try body(UnsafeRawBufferPointer(values)) }
    case .integers(let values):
      try values.withUnsafeBufferPointer { (values) throws(Failure) in try body(UnsafeRawBufferPointer(values)) }
    }
  }

  /// How many samples it holds.
  /// - Throws: `DataError` where the numbers are no whole samples.
  func sampleCount(_ name: String) throws(DataError) -> Int {
    guard shape.allSatisfy({ $0 > 0 }), let size = checkedProduct(shape) else { throw .badDimensions(path: name, dimensions: shape) }
    guard elements.count % size == 0 else {
      throw .wrongSize(what: name, found: elements.count, expected: (elements.count / size + 1) * size)
    }
    return elements.count / size
  }

  /// Copies some samples' numbers, in the order of the indices, which have to be there.
  func copy(_ indices: ArraySlice<Int>, to target: UnsafeMutableRawBufferPointer) {
    let bytes = 4 * size
    guard var place = target.baseAddress, target.count >= indices.count * bytes else { return }
    withBytes { source in
      guard let source = source.baseAddress else { return }
      for index in indices {
        place.copyMemory(from: source + index * bytes, byteCount: bytes)
        place += bytes
      }
    }
  }
}
