import GlissadeFormats
import GlissadeLayers
import GlissadeOptimizers
import GlissadeRecipes
import GlissadeTraining
import GlissadeWeights

/// What a recipe says of pretrained weights, with the file that they are in.
package struct FinetuneSettings {
  private let recipe: Recipe
  /// The file with the weights to begin from, the folder of a run, or the name of published weights.
  package let pretrained: String
  /// What was in that file, in short: a run that goes on is held against it.
  package let pretrainedChecksum: UInt32
  /// The file that these were found in; `nil` where they are not needed: a run that goes on has all in its checkpoint, or keeps what it began
  /// with. Those of earlier versions do not keep that, and need it while they have no checkpoint, or are to stay close to it.
  package let weightsFile: String?
  /// What the run that goes on began with, where its folder keeps that.
  private let startFile: String?
  /// Whether the head's first values were drawn, rather than in the file; `nil` where nobody has said yet: before the file is read, and in runs
  /// of earlier versions.
  package var hasNewHead: Bool?

  /// What is meant of it.
  package var tensors: WeightsPart { WeightsPart(key: recipe.key, prefix: recipe.prefix) }

  /// - Parameter fetch: brings published weights, where these are needed and not there.
  /// - Returns: `nil` for a training that begins with drawn weights.
  /// - Throws: `Failure` for weights that are needed and not there; what fetching throws.
  package init?(_ recipe: Recipe, resuming earlier: EarlierRun?, fetch: (PublishedWeights) throws -> String = fetched) throws {
    guard let pretrained = recipe.pretrained else { return nil }
    self.recipe = recipe
    self.pretrained = pretrained
    func found(_ file: String) throws -> (UInt32, String?) { (try FileChecksum.crc32(path: file), file) }
    let published = try PublishedWeights.named(pretrained, for: recipe.model)
    hasNewHead = earlier?.document.hasNewHead
    guard let earlier else {
      (pretrainedChecksum, weightsFile) = try found(published.map(fetch) ?? Self.path(pretrained))
      startFile = nil
      return
    }
    // Of several trainings, all began with the same.
    let series = RunFolder(earlier.folder).isRun ? nil : TrainingSeries.Kind.found(in: earlier.folder)
    let folder = series?.folder(1, in: earlier.folder) ?? RunFolder(earlier.folder)
    let kept = earlier.document.pretrainedChecksum
    startFile = exists(folder.startPath) ? folder.startPath : nil
    let isNeeded =
      startFile == nil && (recipe.drawsToStart || folder.checkpoints.isEmpty) || earlier.namedAnew.contains("pretrained")
    if let kept, !isNeeded {
      (pretrainedChecksum, weightsFile) = (kept, nil)
      return
    }
    guard published != nil || exists(pretrained) else {
      let reason = recipe.drawsToStart ? "--stay-close draws the parameters to these weights" : "the run has no checkpoint yet"
      throw Failure("\(pretrained): no such file, and it is needed to go on: \(reason); --pretrained says where it is now")
    }
    _ = try published.map(fetch)
    // A run that began with another run began with its best model, or its last one.
    let files = try Self.candidates(recipe).map(found)
    (pretrainedChecksum, weightsFile) = try files.first { $0.0 == kept } ?? files.first ?? found(weightsPath(pretrained))
  }

  /// What is trained when, for people.
  package func lines(_ options: TrainingOptions, _ model: any LayerWithHead) -> [String] {
    let weights = LayerPath.parameters(of: model).filter { $0.parameter.role == .weight }
    func count(_ groups: [ParameterGroup]) -> Int {
      weights.filter { weight in groups.contains { $0.takes(weight.path) } }.reduce(0) { $0 + $1.parameter.shape.count }
    }
    let all = weights.reduce(0) { $0 + $1.parameter.shape.count }
    let first = count(options.groups)
    var parts = ["\(first) parameters trained, \(all - first) frozen"]
    parts += options.laterPhases.map { "\(count($0.groups)) trained from epoch \($0.firstEpoch) on" }
    return [parts.joined(separator: "; ")]
  }

  /// What the run began with, as its folder keeps it; for the member of an ensemble that has not begun what the first one began with, but for
  /// a new head, of which each member draws its own.
  /// - Returns: `nil` where it does not.
  /// - Throws: `FormatError`, and `StateError` for a file that is not this model's.
  package func keptStart(of model: some Layer) throws -> ModelState? {
    guard let startFile else { return nil }
    let parameters = LayerPath.parameters(of: model)
    var state = try ModelState(contentsOf: startFile, for: parameters.map { (path: $0.path, shape: $0.parameter.shape) })
    guard recipe.trainingSeed != recipe.seed else { return state }
    let head = LayerPath.headPaths(of: model)
    for (path, parameter) in parameters where head.contains(path) {
      func drawn(_ seed: UInt64) -> [Float] {
        var values = [Float](repeating: 0, count: parameter.shape.count)
        values.withUnsafeMutableBufferPointer { parameter.initializer.fill($0, seed: seed, path: path) }
        return values
      }
      guard let place = state.parameters.firstIndex(where: { $0.path == path }),
        state.parameters[place].values == drawn(recipe.seed)
      else { continue }
      state.parameters[place].values = drawn(recipe.trainingSeed)
    }
    return state
  }

  /// The file with the weights: of a run, the model that it is used with, or what this run has begun with.
  /// - Throws: `Failure` for a file that is not there, or has changed.
  package func weights() throws -> String {
    if let weightsFile { return weightsFile }
    let candidates = Self.candidates(recipe)
    if let path = try candidates.first(where: { try exists($0) && FileChecksum.crc32(path: $0) == pretrainedChecksum }) { return path }
    throw Failure("\(pretrained) does not hold the weights that the run began with; --pretrained says where they are now")
  }

  /// The files that a recipe's `pretrained` may stand for, the one that is usually meant first.
  package static func candidates(_ recipe: Recipe) -> [String] {
    guard let path = recipe.pretrained else { return [] }
    if let published = try? PublishedWeights.named(path, for: recipe.model) {
      return (try? WeightsCache.standard()).map { [$0.path(of: published)] } ?? []
    }
    guard isFolder(path) else { return [path] }
    let folder = RunFolder(path)
    let models = folder.usualModel == .best ? [RunFolder.Model.best, .last] : [.last]
    return models.map { folder.path(of: $0) }.filter(exists)
  }

  /// Brings published weights without a word.
  package static func fetched(_ weights: PublishedWeights) throws -> String { try WeightsCache.standard().file(of: weights) }

  /// The file with the weights at a path.
  /// - Throws: `Failure` where there is none, with the name that was perhaps meant.
  private static func path(_ path: String) throws -> String {
    if !exists(path), !path.contains("/"), let name = Nearest.to(path, among: try PublishedWeights.all().map(\.name)) {
      throw Failure("\(path): no such file; did you mean '\(name)', weights that are published?")
    }
    return try weightsPath(path)
  }
}
