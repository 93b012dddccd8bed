import ArgumentParser
import Glissade

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where something runs.
struct DeviceOptions: ParsableArguments {
  @Option(help: "auto (the best GPU that passes its self-test, otherwise the CPU), cpu, opencl, or a device of 'glissade devices'.")
  var device = "auto"

  @Option(parsing: .unconditional, help: "Threads of the CPU device. (default: GLISSADE_THREADS, or all cores)")
  var threads: Int?

  /// Checks what can be checked without looking for devices.
  func request() throws(Misuse) -> DeviceRequest {
    if let threads, !(1...1024).contains(threads) { throw Misuse("--threads is \(threads), and it has to be from 1 to 1024") }
    guard let request = DeviceRequest(device) else {
      let forms = ["auto", "cpu", "opencl", "opencl:P.D"]
      if device.lowercased().hasPrefix("opencl:") {
        throw Misuse("unknown device '\(device)'; an OpenCL device is named by two numbers, platform and device, as in 'opencl:0.0'")
      }
      // By letters 'gpu' is near 'cpu', which nobody means by it.
      if ["gpu", "cuda", "cl"].contains(device.lowercased()) {
        throw Misuse("unknown device '\(device)'; did you mean 'opencl'? (\(forms.joined(separator: ", ")))")
      }
      throw .unknown("device", device, among: forms)
    }
    return request
  }

  /// Opens the device.
  /// - Throws: `Misuse` for a number that no device has; what `DeviceSelection.open` throws for one that does not work.
  func open() throws -> DeviceSelection {
    let request = try request()
    // Training that moves to the CPU later finds the number there.
    if let threads { setenv("GLISSADE_THREADS", "\(threads)", 1) }
    do {
      let selection = try DeviceSelection.open(request, threads: threads)
      if let warning = (selection.device as? OpenCLDevice)?.tuning.warning {
        Terminal.write("glissade: \(Text.line(warning))\n", to: STDERR_FILENO)
      }
      return selection
    } catch let error as DeviceSelectionError {
      if case .openCLDevice = request, !OpenCLDiscovery().candidates.isEmpty { throw Misuse(error.description) }
      throw error
    }
  }
}

extension DeviceSelection {
  /// One line: what it is and why it is this one.
  var line: String {
    let information = device.information
    return "device: \(information.identifier), \(information.name), \(information.platform) (\(Text.line(reason)))"
  }
}
