import ArgumentParser
import Glissade

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where something runs.
struct DeviceOptions: ParsableArguments {
  @Option(help: .of("device"))
  var device = "auto"

  @Option(parsing: .unconditional, help: .of("threads"))
  var threads: Int?

  /// Checks what can be checked without looking for devices.
  /// - Throws: `RecipeError`, as training would.
  func request() throws(RecipeError) -> DeviceRequest { try recipe().device }

  private func recipe() throws(RecipeError) -> Recipe {
    var recipe = Recipe()
    try recipe.set("device", to: .one(device), from: .commandLine)
    if let threads { try recipe.set("threads", to: .one("\(threads)"), from: .commandLine) }
    return recipe
  }

  /// Opens the device.
  /// - Throws: `Misuse` for a number that no device has; what `DeviceSelection.open` throws for one that does not work.
  func open() throws -> DeviceSelection { try DeviceSelection.opened(request(), threads: threads) }
}

extension DeviceSelection {
  /// Opens a device, and says what there is to warn of.
  /// - Throws: `Misuse` for a number that no device has; what `open` throws for one that does not work.
  static func opened(_ request: DeviceRequest, threads: Int?) throws -> DeviceSelection {
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

  /// One line: what it is and why it is this one.
  var line: String {
    let information = device.information
    return "device: \(information.identifier), \(information.name), \(information.platform) (\(Text.line(reason)))"
  }
}
