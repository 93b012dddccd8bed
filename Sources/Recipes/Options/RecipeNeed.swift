import GlissadeFormats
import GlissadeOptimizers

/// Who has an option.
public enum RecipeNeed: Sendable {
  /// Trainings on folders of pictures.
  case pictures
  /// Trainings on pictures of any kind: folders of them, and files of images.
  case images
  /// Trainings on tables.
  case tables
  /// Trainings whose data is a folder of pictures or a table.
  case picturesOrTables
  /// Trainings of certain models.
  case models([String])
  /// Trainings by certain optimizers.
  case optimizers([String])
  /// Trainings for which another option is given, and is no switch that is off.
  case option(String)

  /// The option that decides.
  var deciding: String {
    switch self {
    case .pictures, .images, .tables, .picturesOrTables: "data"
    case .models: "model"
    case .optimizers: "optimizer"
    case .option(let name): name
    }
  }

  /// Whether a recipe is one of these.
  func isMet(by recipe: Recipe, on data: DataSource.Kind) -> Bool {
    switch self {
    case .pictures: data == .pictures
    case .images: data != .table
    case .tables: data == .table
    case .picturesOrTables: data != .images
    case .models(let names): names.contains(recipe.model)
    case .optimizers(let names): names.contains(recipe.optimizer)
    case .option(let name): recipe.isOn(name)
    }
  }

  /// Whether it depends on what the data is.
  var isOfData: Bool {
    switch self {
    case .pictures, .images, .tables, .picturesOrTables: true
    case .models, .optimizers, .option: false
    }
  }

  /// Why an option has no place in a recipe.
  func objection(_ recipe: Recipe, _ spelling: RecipeSpelling) -> String {
    func have(_ names: [String]) -> String {
      let who = names.count == 1 ? "\(names[0]) has" : "\(names.dropLast().joined(separator: ", ")) and \(names[names.count - 1]) have"
      return "; \(who) it"
    }
    let data = "\(spelling.name("data")) \(recipe.data) is none"
    return switch self {
    case .pictures: "is for folders of pictures, and \(data)"
    case .images: "is for pictures, and \(spelling.name("data")) \(recipe.data) is a table"
    case .picturesOrTables: "is for folders of pictures and for tables, and \(data)"
    case .tables: "is for tables, and \(data): \(DataSource.tableNames)"
    case .models(let names): "is no option of \(recipe.model)\(have(names))"
    case .optimizers(let names): "is no option of \(recipe.optimizer)\(have(names))"
    case .option(let name): "is for \(spelling.name(name)), and that is \(recipe.isGiven(name) ? "off" : "not given")"
    }
  }

  /// Who that is, for the reference.
  public var text: String {
    switch self {
    case .pictures: "folders of pictures"
    case .images: "pictures"
    case .tables: "tables"
    case .picturesOrTables: "folders of pictures, tables"
    case .models(let names), .optimizers(let names): names.joined(separator: ", ")
    case .option(let name): "with `\(name)`"
    }
  }
}

/// How options are spelt where somebody gave them.
enum RecipeSpelling {
  case commandLine
  case file

  func name(_ name: String) -> String {
    switch self {
    case .commandLine: "--" + String(name.map { $0 == "_" ? "-" : $0 })
    case .file: name
    }
  }
}
