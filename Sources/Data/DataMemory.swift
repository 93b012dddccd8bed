import GlissadeFormats

extension DataError {
  /// Asks for memory before it is taken: an array that cannot have it ends the process.
  /// - Throws: `tooLittleMemory` with what is needed and what there is.
  static func requireMemory(_ bytes: Int, for what: String) throws(DataError) {
    do throws(MemoryError) { try AvailableMemory.require(bytes, for: what) } catch { throw .tooLittleMemory(error) }
  }
}

extension Array {
  /// Asks for the memory that the array takes where it has to grow, which makes it twice as large.
  /// - Throws: `DataError.tooLittleMemory`.
  func requireGrowth(by count: Int, for what: String) throws(DataError) {
    guard self.count + count > capacity else { return }
    try DataError.requireMemory(2 * (self.count + count) * MemoryLayout<Element>.stride, for: what)
  }
}
