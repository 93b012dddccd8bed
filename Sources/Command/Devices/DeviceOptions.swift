import ArgumentParser
import Glissade

/// Where something runs.
struct DeviceOptions: ParsableArguments {
  @Option(help: .of("device"), completion: .of("device"))
  var device: String?

  @Option(parsing: .unconditional, help: .of("threads"))
  var threads: Int?

  /// Checks what can be checked without looking for devices.
  /// - Throws: `RecipeError`, as training would.
  func request() throws(RecipeError) -> DeviceRequest { try recipe().device }

  private func recipe() throws(RecipeError) -> Recipe {
    var recipe = Recipe()
    if let device { try recipe.set("device", to: .one(device), from: .commandLine) }
    if let threads { try recipe.set("threads", to: .one("\(threads)"), from: .commandLine) }
    return recipe
  }

  /// Opens the device.
  /// - Throws: `Misuse` for a number that no device has; what `DeviceSelection.open` throws for one that does not work.
  func open() throws -> DeviceSelection { try DeviceSelection.opened(request(), threads: threads, note: Terminal.note) }
}
