import GlissadeDevices
import GlissadeRecipes
import GlissadeTraining

extension RecipeTraining {
  /// Tries growing learning rates with what the recipe trains, from what it would begin with; nothing is saved.
  /// - Parameters:
  ///   - selection: the device.
  ///   - options: the rates.
  ///   - observe: is told of each step.
  /// - Throws: what keeps training from starting.
  package func rateRange(
    on selection: DeviceSelection, options: RateRange.Options, observe: (RateRange.Point) -> Void = { _ in }
  ) throws -> RateRange {
    try trainer.rateRange(training, on: selection.device, from: try initial(), options: options, observe: observe)
  }
}
