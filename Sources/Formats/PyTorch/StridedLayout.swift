/// Where the elements of a tensor are in a storage: element (i, j, …) at offset + i · strides[0] + j · strides[1] + …
struct StridedLayout {
  let shape: [Int]
  let strides: [Int]
  /// Of the first element, in elements.
  let offset: Int

  /// Whether the elements follow each other in row-major order.
  var isContiguous: Bool {
    if shape.contains(0) { return true }
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() where size != 1 {
      if stride != expected { return false }
      expected = expected.multipliedReportingOverflow(by: size).partialValue
    }
    return true
  }

  /// The place of the last element; nil where something is negative or beyond 64 bits. Not for a layout without elements.
  var last: Int? {
    guard offset >= 0 else { return nil }
    var last = offset
    for (size, stride) in zip(shape, strides) {
      guard size >= 1, stride >= 0 else { return nil }
      let (step, tooFar) = (size - 1).multipliedReportingOverflow(by: stride)
      let (sum, overflow) = last.addingReportingOverflow(step)
      if tooFar || overflow { return nil }
      last = sum
    }
    return last
  }

  /// Copies the elements, in row-major order. `source` begins with the element at `offset` and reaches to `last`.
  func gather(_ source: UnsafeRawBufferPointer, elementSize: Int, into destination: UnsafeMutableRawBufferPointer) {
    switch elementSize {
    case 1: gather(source, UInt8.self, into: destination)
    case 2: gather(source, UInt16.self, into: destination)
    case 4: gather(source, UInt32.self, into: destination)
    default: gather(source, UInt64.self, into: destination)
    }
  }

  private func gather<Element: BitwiseCopyable>(
    _ source: UnsafeRawBufferPointer, _: Element.Type, into destination: UnsafeMutableRawBufferPointer
  ) {
    let size = MemoryLayout<Element>.size
    guard let inner = shape.last, let innerStride = strides.last else {
      destination.storeBytes(of: source.loadUnaligned(as: Element.self), as: Element.self)
      return
    }
    var indices = [Int](repeating: 0, count: shape.count)
    var row = 0
    var written = 0
    while written < destination.count {
      for index in 0..<inner {
        let element = source.loadUnaligned(fromByteOffset: (row + index * innerStride) * size, as: Element.self)
        destination.storeBytes(of: element, toByteOffset: written, as: Element.self)
        written += size
      }
      var axis = shape.count - 2
      while axis >= 0 {
        indices[axis] += 1
        row += strides[axis]
        if indices[axis] < shape[axis] { break }
        row -= indices[axis] * strides[axis]
        indices[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}
