extension [UInt8] {
  /// The array's memory, for calls that throw `FormatError`: the standard library's `withUnsafeMutableBytes` forgets the type.
  mutating func withMemory<Result>(
    _ body: (UnsafeMutableRawBufferPointer) throws(FormatError) -> Result
  ) throws(FormatError) -> Result {
    try withUnsafeMutableBufferPointer { (buffer) throws(FormatError) in try body(UnsafeMutableRawBufferPointer(buffer)) }
  }
}
