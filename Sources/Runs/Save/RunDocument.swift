import GlissadeFormats
import GlissadeRecipes
import GlissadeTraining

/// What a run's folder says of the run: its recipe, with everything in force, and facts: what the data turned out to be, and where everything
/// lay.
package struct RunDocument {
  package var recipe: Recipe
  /// An object.
  package var facts: JSONValue

  package init(recipe: Recipe, facts: JSONValue) {
    self.recipe = recipe
    self.facts = facts
  }

  /// Reads it.
  /// - Throws: `FormatError` for files that cannot be read, `RecipeError` for a recipe that makes no sense.
  package init(of folder: RunFolder) throws {
    guard exists(folder.recipePath) else {
      let json = try JSONValue.read(path: folder.optionsPath)
      guard let earlier = RunDocument(earlier: json, path: folder.optionsPath) else {
        throw Failure("\(folder.optionsPath): these are not the options of a run")
      }
      self = earlier
      return
    }
    recipe = try Recipe(contentsOf: folder.recipePath)
    // A process may have been killed before it wrote them.
    facts = exists(folder.factsPath) ? try JSONValue.read(path: folder.factsPath) : .null
    dropUnusedLoss()
  }

  /// Earlier versions wrote a loss of numbers for tables of classes as well, which had no part in those.
  private mutating func dropUnusedLoss() {
    guard let table = facts["table"], table["target"]?["classes"] != nil, table[TableDescription.lossOfClassesKey] == nil else { return }
    recipe.remove("loss")
  }

  /// What a checkpoint keeps of it.
  /// - Returns: `nil` for what is none.
  package init?(kept json: JSONValue, path: String) {
    guard let text = json["recipe"]?.stringValue else {
      self.init(earlier: json, path: path)
      return
    }
    guard let recipe = try? Recipe(yaml: Array(text.utf8), path: path) else { return nil }
    self.init(recipe: recipe, facts: json["facts"] ?? .null)
    dropUnusedLoss()
  }

  private init?(earlier json: JSONValue, path: String) {
    guard let (recipe, facts) = Recipe.earlier(json, path: path) else { return nil }
    self.init(recipe: recipe, facts: facts)
    self.recipe = recipe.completed(for: kind)
  }

  /// What the data is.
  package var kind: DataSource.Kind {
    if facts == .null { return recipe.dataSource.kind }
    if let table = facts["table"], table != .null { return .table }
    return recipe.isGiven("size") ? .pictures : .images
  }

  /// For a checkpoint.
  package var kept: JSONValue { ["recipe": .string(recipe.text()), "facts": facts] }

  /// Writes it.
  /// - Throws: `FormatError`.
  package func write(to folder: RunFolder) throws(FormatError) {
    let heading = [
      "The recipe of this run: everything in force, defaults included. 'glissade train --recipe FILE' trains it again, and options change "
        + "what it says."
    ]
    // First of all, because it says that the folder is a run's.
    try AtomicFile.write(path: folder.recipePath, text: recipe.text(heading: heading))
    // What an earlier version left there in its place.
    remove(folder.optionsPath)
    try facts.write(path: folder.factsPath)
  }

  /// The options that followed from the data.
  package var fromData: [String] { (facts["from_data"]?.arrayValue ?? []).compactMap(\.stringValue) }

  /// What is in the weights that it began with, in short.
  package var pretrainedChecksum: UInt32? { facts[Self.checksumKey]?.integerValue.flatMap { UInt32(exactly: $0) } }

  /// Of a fine-tuning, whether its head's first values were drawn, rather than in these weights; `nil` for others, and for runs of earlier versions.
  package var hasNewHead: Bool? { facts[Self.newHeadKey]?.boolValue }

  /// Of an average of several runs, what was averaged; `nil` for a run that was trained.
  package var average: String? { facts[Self.averageKey]?["of"]?.stringValue }

  package static let averageKey = "average"

  package static let checksumKey = "pretrained_checksum"

  private static let newHeadKey = "new_head"
}

extension RunDocument {
  /// Of a training that has its data.
  /// - Parameters:
  ///   - request: settled.
  ///   - run: what the data turned out to be.
  ///   - folder: the run's, where it is known.
  package init(_ request: TrainingRequest, _ run: RunDescription, in folder: String?) {
    let recipe = request.recipe
    var members = Recipe.places.flatMap { KeptPath.facts($0, recipe) }
    if let folder { members.append(JSONMember(KeptPath.runKey, .string(KeptPath.fromRoot(folder)))) }
    if let finetuning = request.finetuning {
      members.append(JSONMember(Self.checksumKey, .integer(Int64(finetuning.pretrainedChecksum))))
      if let hasNewHead = finetuning.hasNewHead { members.append(JSONMember(Self.newHeadKey, .bool(hasNewHead))) }
    }
    members += [
      JSONMember("input", .array(run.input.map { .integer(Int64($0)) })),
      JSONMember("classes", .array(run.classNames.map { .string($0) })),
      JSONMember("mean", .array(run.normalization.mean.map { .float($0) })),
      JSONMember("deviation", .array(run.normalization.deviation.map { .float($0) })),
      JSONMember("table", run.table?.json ?? .null),
      JSONMember("from_data", .array(request.fromData.map { .string($0) })),
      JSONMember("glissade_version", .string(Version.number)),
    ]
    self.init(recipe: recipe, facts: .object(members))
  }
}
