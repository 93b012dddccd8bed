import GlissadeRecipes
import GlissadeTraining

/// The run that goes on: its folder, and what it said when it stopped.
package struct EarlierRun {
  package let folder: String
  package let document: RunDocument
  /// The options that name anew where something lies that the run was made from.
  package let namedAnew: Set<String>

  package init(_ document: RunDocument, in folder: String, namedAnew: Set<String>) {
    self.document = document
    self.folder = folder
    self.namedAnew = namedAnew
  }

  /// - Parameters:
  ///   - folder: of the run, or of several trainings.
  ///   - given: the options that are given now.
  ///   - isLenient: whether it does not matter that its data is nowhere; default not.
  /// - Throws: `Failure` for a folder that holds no run, or where its data is nowhere; what keeps its recipe from being read.
  package init(_ folder: String, namedAnew given: Set<String> = [], isLenient: Bool = false) throws {
    if folder.isEmpty { throw Misuse("--resume is empty, and it has to name the folder of a run") }
    self.folder = folder
    namedAnew = given.intersection(Recipe.places)
    // The folder of several trainings has no recipe of its own: that of the first one is all of theirs, but for which one it is.
    let series = RunFolder(folder).isRun ? nil : TrainingSeries.Kind.found(in: folder)
    let run = try series?.folder(1, in: folder) ?? RunFolder.existing(folder)
    var document = try RunDocument(of: run)
    if !isLenient, let kind = document.average {
      throw Failure("\(folder) is an average of the \(kind) of several runs and was not trained, so that nothing can go on there")
    }
    if let series {
      document.recipe.remove(series.numberOption)
      // Each has its own.
      for name in document.fromData { document.recipe.remove(name) }
    }
    for name in Recipe.places where !namedAnew.contains(name) {
      guard let kept = KeptPath(name, document) else { continue }
      let found = kept.found(from: run.path)
      if name == "data", found == nil, !isLenient { throw kept.absence(of: "the run's data", name) }
      // Whether weights are needed at all is not known yet.
      let place = found ?? (isLenient ? nil : kept.absolute) ?? kept.given
      if place != kept.given { try document.recipe.set(name, to: .one(place), from: .program) }
    }
    self.document = document
  }

  package var recipe: Recipe { document.recipe }
}
