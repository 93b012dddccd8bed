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
    let outcome = values.withUnsafeMutableBytes { bytes in
      Result { () throws(DeviceError) in try read(buffer, at: offset, into: bytes) }
    }
    try outcome.get()
    return values
  }
}
