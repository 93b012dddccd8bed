extension DeviceSelection {
  /// Does something on the device or, where that was chosen automatically and has too little memory for it, on the CPU.
  /// - Parameters:
  ///   - observe: is told why it is the CPU.
  ///   - body: what to do, from its beginning.
  /// - Throws: what `body` throws; `DeviceError` where the CPU cannot be opened.
  public func withRoom<Result>(_ observe: (_ reason: String) -> Void, _ body: (DeviceSelection) throws -> Result) throws -> Result {
    do { return try body(self) } catch let error as DeviceError where mayFallBack && error.isLackOfMemory {
      let reason = "\(error.description); the CPU computes it"
      observe(reason)
      return try body(DeviceSelection(device: try CPUDevice(), reason: reason, mayFallBack: false))
    }
  }
}
