import GlissadeData
import GlissadeFormats
import GlissadeRecipes

/// What a recipe says is to be made of a table.
package struct TableSettings {
  private let recipe: Recipe

  package init(_ recipe: Recipe) { self.recipe = recipe }

  /// The table's parts, with what its columns become as the training rows have it.
  /// - Parameter withColumns: whether the columns are looked at one by one, for people; default not.
  package func load(withColumns: Bool = false) throws -> LoadedData {
    let (categorical, delimiter) = (recipe.categorical?.names ?? [], recipe.delimiter?.byte)
    let (validation, test, seed, fold) = (recipe.validation, recipe.test, recipe.seed, recipe.chosenFold)
    let missing = recipe.missing
    let (table, targets) = try read(recipe.target ?? "", Set(categorical), delimiter)
    let (target, others) = (targets[0], Array(targets.dropFirst()))
    if !others.isEmpty { try recipe.checkSeveralTargets() }
    let task = others.isEmpty ? recipe.task : .regression
    let split = try TableSplit(
      table, target: target, validation: validation, fold: fold, test: test, seed: seed, task: task, missing: missing)
    let encoding = try TableEncoding(
      of: table, rows: split.training, target: target, others: others, areMarks: recipe.loss?.name.isOfMarks == true, task: task,
      missing: missing)
    if case .value = encoding.target { try recipe.checkLossOfNumbers(areSeveral: !others.isEmpty) }
    let description = TableDescription(
      encoding: encoding, categorical: categorical, seed: seed, loss: recipe.loss, validationShare: validation, testShare: test, fold: fold,
      delimiter: delimiter, hasDecimalCommas: table.hasDecimalCommas)
    var loaded = LoadedData(
      training: try encoding.samples(of: table, rows: split.training).data,
      validation: split.validation.isEmpty ? nil : try encoding.samples(of: table, rows: split.validation).data,
      isSplit: true, test: split.test.isEmpty ? nil : try encoding.samples(of: table, rows: split.test).data,
      normalization: .unit(channels: 1), table: description, kind: .table)
    loaded.notes = notes(table, encoding, split)
    if withColumns { loaded.columns = table.columns.map { encoding.look(at: $0, of: table) } }
    return loaded
  }

  /// The table, and the columns to be predicted: one of this name, or several whose names are separated by commas.
  private func read(_ target: String, _ categorical: Set<String>, _ delimiter: UInt8?) throws -> (Table, [String]) {
    func table(_ target: String) throws(DataError) -> Table {
      try Table(
        path: recipe.data, target: target, categorical: categorical, ignored: Set(recipe.ignore?.names ?? []), delimiter: delimiter)
    }
    do throws(DataError) { return (try table(target), [target]) } catch {
      let names = NameText.names(target) ?? []
      guard names.count > 1 else { throw error }
      if names.contains(where: \.isEmpty) {
        throw recipe.error("target", .sentence("is '\(printable(target))', with an empty name in it; names are separated by commas"))
      }
      if let twice = names.enumerated().first(where: { names[..<$0.offset].contains($0.element) })?.element {
        throw recipe.error("target", .sentence("is '\(printable(target))', which names '\(printable(twice))' twice"))
      }
      let table = try table(names[0])
      for name in names.dropFirst() { _ = try table.existingColumn(name) }
      return (table, names)
    }
  }

  /// What people should know of what the table became.
  private func notes(_ table: Table, _ encoding: TableEncoding, _ split: TableSplit) -> [String] {
    let commas = table.hasDecimalCommas ? ["numbers have decimal commas in \(table.path)"] : []
    let notes = table.remarks + commas + encoding.doubts(about: table, rows: split.training) + encoding.losses(of: table)
    return [encoding.summary(ignored: recipe.ignore?.names ?? [])]
      + (notes + [encoding.rareClasses(in: table)].compactMap { $0 }).map { "note: \($0)" }
  }
}
