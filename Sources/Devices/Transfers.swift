extension Device {
  /// Copies an array to the device.
  /// - Parameter offset: in elements of 4 bytes.
  public func write<Element>(_ values: [Element], to buffer: any DeviceBuffer, at offset: Int = 0) throws(DeviceError) {
    let outcome = values.withUnsafeBytes { bytes in
      Result { () throws(DeviceError) in try write(bytes, to: buffer, at: offset) }
    }
    try outcome.get()
  }

  /// Copies from the device into a new array.
  /// - Parameters:
  ///   - offset: in elements of 4 bytes.
  ///   - count: how many.
  ///   - filler: any value.
  public func read<Element>(_ buffer: any DeviceBuffer, at offset: Int = 0, count: Int, filler: Element) throws(DeviceError) -> [Element] {
    var values = [Element](repeating: filler, count: count)
    try read(buffer, at: offset, into: &values)
    return values
  }

  /// Copies from the device into all of an array that is there already.
  /// - Parameter offset: in elements of 4 bytes.
  public func read<Element>(_ buffer: any DeviceBuffer, at offset: Int = 0, into values: inout [Element]) throws(DeviceError) {
    let outcome = values.withUnsafeMutableBytes { bytes in
      Result { () throws(DeviceError) in try read(buffer, at: offset, into: bytes) }
    }
    try outcome.get()
  }

  /// Copies one value from the device, without allocating.
  public func read<Element>(_ buffer: any DeviceBuffer, filler: Element) throws(DeviceError) -> Element {
    var value = filler
    let outcome = withUnsafeMutableBytes(of: &value) { bytes in
      Result { () throws(DeviceError) in try read(buffer, at: 0, into: bytes) }
    }
    try outcome.get()
    return value
  }
}
