import ArgumentParser
import Glissade

/// A command that has every option of recipes.
protocol RecipeArguments {
  /// What ends a training early, as far as the command has it.
  associatedtype Stopping: RecipeSection
  var essentials: SectionArguments<EssentialSection> { get }
  var training: SectionArguments<TrainingSection> { get }
  var device: SectionArguments<DeviceSection> { get }
  var pretrained: SectionArguments<PretrainedSection> { get }
  var folds: SectionArguments<FoldSection> { get }
  var ensembles: SectionArguments<EnsembleSection> { get }
  var stopping: SectionArguments<Stopping> { get }
  var saving: SectionArguments<SavingSection> { get }
  var optimizers: SectionArguments<OptimizerSection> { get }
  var groups: SectionArguments<GroupSection> { get }
  var regularization: SectionArguments<RegularizationSection> { get }
  var balance: SectionArguments<BalanceSection> { get }
  var table: SectionArguments<TableSection> { get }
  var pictures: SectionArguments<PictureSection> { get }
}

extension RecipeArguments {
  /// What was given.
  var given: [(name: String, text: String)] {
    essentials.given + training.given + device.given + pretrained.given + folds.given + ensembles.given + stopping.given + saving.given
      + optimizers.given
      + groups.given + regularization.given
      + balance.given + table.given + pictures.given
  }

  /// Changes a recipe by what was given.
  /// - Throws: `RecipeError`.
  func apply(to recipe: inout Recipe) throws(RecipeError) {
    for (name, text) in given { try recipe.set(name, to: .one(text), from: .commandLine) }
    recipe.dropWhatDoesNotFit()
  }
}
