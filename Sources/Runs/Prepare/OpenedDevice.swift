import GlissadeDevices

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension DeviceSelection {
  /// Opens a device.
  /// - Parameter note: is told what there is to warn of.
  /// - Throws: `Misuse` for a number that no device has; what `open` throws for one that does not work.
  package static func opened(_ request: DeviceRequest, threads: Int?, note: (String) -> Void) throws -> DeviceSelection {
    // Training that moves to the CPU later finds the number there.
    if let threads { setenv("GLISSADE_THREADS", "\(threads)", 1) }
    do {
      let selection = try DeviceSelection.open(request, threads: threads)
      if let warning = (selection.device as? OpenCLDevice)?.tuning.warning { note(warning) }
      return selection
    } catch let error as DeviceSelectionError {
      if case .openCLDevice = request, !OpenCLDiscovery().candidates.isEmpty { throw Misuse(error.description) }
      throw error
    }
  }

  /// One line: what it is and why it is this one.
  package var line: String {
    let information = device.information
    return "device: \(information.identifier), \(information.name), \(information.platform) (\(Text.line(reason)))"
  }
}
