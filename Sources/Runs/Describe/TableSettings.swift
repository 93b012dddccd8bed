import GlissadeData
import GlissadeRecipes

/// What a recipe says is to be made of a table.
package struct TableSettings {
  private let recipe: Recipe

  package init(_ recipe: Recipe) { self.recipe = recipe }

  /// The table's parts, with what its columns become as the training rows have it.
  package func load() throws -> LoadedData {
    let (target, categorical, delimiter) = (recipe.target ?? "", recipe.categorical?.names ?? [], recipe.delimiter?.byte)
    let (validation, test, seed, fold) = (recipe.validation, recipe.test, recipe.seed, recipe.chosenFold)
    let (task, missing) = (recipe.task, recipe.missing)
    let table = try Table(
      path: recipe.data, target: target, categorical: Set(categorical), ignored: Set(recipe.ignore?.names ?? []), delimiter: delimiter)
    let split = try TableSplit(
      table, target: target, validation: validation, fold: fold, test: test, seed: seed, task: task, missing: missing)
    let encoding = try TableEncoding(of: table, rows: split.training, target: target, task: task, missing: missing)
    if case .value = encoding.target { try recipe.checkLossOfNumbers() }
    let description = TableDescription(
      encoding: encoding, categorical: categorical, seed: seed, loss: recipe.loss, validationShare: validation, testShare: test, fold: fold,
      delimiter: delimiter, hasDecimalCommas: table.hasDecimalCommas)
    var loaded = LoadedData(
      training: try encoding.samples(of: table, rows: split.training).data,
      validation: split.validation.isEmpty ? nil : try encoding.samples(of: table, rows: split.validation).data,
      isSplit: true, test: split.test.isEmpty ? nil : try encoding.samples(of: table, rows: split.test).data,
      normalization: .unit(channels: 1), table: description, kind: .table)
    loaded.notes = notes(table, encoding, split)
    return loaded
  }

  /// What people should know of what the table became.
  private func notes(_ table: Table, _ encoding: TableEncoding, _ split: TableSplit) -> [String] {
    let commas = table.hasDecimalCommas ? ["numbers have decimal commas in \(table.path)"] : []
    let notes = table.remarks + commas + encoding.doubts(about: table, rows: split.training) + encoding.losses(of: table)
    return [encoding.summary(ignored: recipe.ignore?.names ?? [])]
      + (notes + [encoding.rareClasses(in: table)].compactMap { $0 }).map { "note: \($0)" }
  }
}
