import ArgumentParser
import Glissade
import GlissadeFormats

/// `glissade recipe`.
typealias RecipeCommand = UsingRecipe<RecipeWriting>

/// What `glissade recipe` has of its own.
struct RecipeWriting: RecipeUse {
  static let configuration = CommandConfiguration(
    commandName: "recipe", abstract: "Print, check and compare recipes: what decides a training.",
    discussion: """
      With the folder of a run, prints the run's recipe: everything in force, which 'glissade train --recipe' trains again. Without, \
      prints a complete recipe to begin from, for the options that are given. Nothing is trained. docs/options.md is the reference of \
      what a recipe may say.
      """)

  @Argument(help: "The folder of a run, or a recipe; with --diff, two of these.", completion: .run)
  var runs: [String] = []

  @Option(
    help: ArgumentHelp("Look through a recipe, and print everything in it that makes no sense.", valueName: "file"),
    completion: .recipeFile)
  var check: String?

  @Flag(help: "Print what differs between two runs or recipes, an option a line.")
  var diff = false

  @Flag(help: .hidden)
  var reference = false

  func run(_ given: GivenOptions) throws {
    if reference { return try Terminal.print(OptionsPage.text) }
    if let option = given.all.first.flatMap({ Recipe.declaration($0.name)?.optionName }), check != nil || diff {
      throw Misuse("--\(option) would change a recipe, and \(check == nil ? "--diff compares" : "--check looks through") what is there")
    }
    if let check { return try look(through: check) }
    if diff { return try compare() }
    if runs.count > 1 { throw Misuse("recipe takes one run, and \(runs.count) are given; --diff compares two") }
    let document = try runs.first.map(RecipeFile.document)
    var recipe = document?.recipe ?? Recipe()
    try given.apply(to: &recipe)
    try recipe.check()
    let kind = document?.kind ?? recipe.dataSource.kind
    let complete = recipe.completed(for: kind)
    let left = Recipe.ofData.filter { name in
      !complete.isGiven(name) && (Recipe.declaration(name)?.isFor(complete, kind) ?? false)
    }
    let heading = [
      runs.first.map { "The recipe of \(printable($0)): everything in force, defaults included." }
        ?? "A recipe with everything that is in force, defaults included.",
      "'glissade train --recipe FILE' trains it, and options change what it says."
        + (left.isEmpty ? "" : " What is not here follows from the data: \(left.joined(separator: ", "))."),
    ]
    try Terminal.print(complete.text(heading: heading))
  }

  /// Tells everything in a recipe that makes no sense.
  private func look(through path: String) throws {
    if !runs.isEmpty || diff { throw Misuse("--check takes one recipe, and nothing else with it") }
    let (bytes, name) = try RecipeFile.bytes(isFolder(path) ? RunFolder.existing(path).recipePath : path)
    let (recipe, read) = Recipe.read(bytes, path: name)
    let names = Set(read.map(\.name))
    var lines = read.map(\.description)
    do { lines += try recipe.problems().filter { !names.contains($0.name) }.map(\.description) } catch { lines.append("\(error)") }
    guard !lines.isEmpty else { return try Terminal.print("\(printable(name)) makes sense\n") }
    try Terminal.print(lines.map { Text.line($0) }.joined(separator: "\n") + "\n")
    throw Failure("\(name): \(lines.count) mistake\(lines.count == 1 ? "" : "s")")
  }

  /// Tells what differs between two.
  private func compare() throws {
    guard runs.count == 2 else { throw Misuse("--diff takes two runs or recipes, and \(runs.count) are given") }
    let recipes = try runs.map { path in
      let document = try RecipeFile.document(path)
      return document.recipe.completed(for: document.kind)
    }
    let lines = recipes[0].differences(from: recipes[1]).map { "\($0.name): \(printable($0.one)) -> \(printable($0.other))\n" }
    try Terminal.print(lines.joined())
  }
}
