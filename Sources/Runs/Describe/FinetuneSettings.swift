import GlissadeFormats
import GlissadeLayers
import GlissadeOptimizers
import GlissadeRecipes
import GlissadeTraining

/// What a recipe says of pretrained weights, with the file that they are in.
package struct FinetuneSettings {
  private let recipe: Recipe
  /// The file with the weights to begin from, or the folder of a run.
  package let pretrained: String
  /// What was in that file, in short: a run that goes on is held against it.
  package let pretrainedChecksum: UInt32
  /// The file that these were found in; `nil` where they are not needed: a run that goes on has them in its checkpoint, unless it is to stay
  /// close to what it began with.
  package let weightsFile: String?

  /// What is meant of it.
  package var tensors: WeightsPart { WeightsPart(key: recipe.key, prefix: recipe.prefix) }
  /// α of the penalty on the backbone's distance to its pretrained weights.
  package var stayClose: Float { recipe.stayClose }

  /// - Returns: `nil` for a training that begins with drawn weights.
  /// - Throws: `Failure` for weights that are needed and not there.
  package init?(_ recipe: Recipe, resuming earlier: EarlierRun?) throws {
    guard let pretrained = recipe.pretrained else { return nil }
    self.recipe = recipe
    self.pretrained = pretrained
    func found(_ file: String) throws -> (UInt32, String?) { (try FileChecksum.crc32(path: file), file) }
    guard let earlier else {
      (pretrainedChecksum, weightsFile) = try found(weightsPath(pretrained))
      return
    }
    // Of several trainings, all began with the same.
    let folder = RunFolder(earlier.folder).isRun ? RunFolder(earlier.folder) : FoldTraining.folder(1, in: earlier.folder)
    let kept = earlier.document.pretrainedChecksum
    let isNeeded = recipe.stayClose > 0 || folder.checkpoints.isEmpty || earlier.namedAnew.contains("pretrained")
    if let kept, !isNeeded {
      (pretrainedChecksum, weightsFile) = (kept, nil)
      return
    }
    guard exists(pretrained) else {
      let reason = recipe.stayClose > 0 ? "--stay-close draws the parameters to these weights" : "the run has no checkpoint yet"
      throw Failure("\(pretrained): no such file, and it is needed to go on: \(reason); --pretrained says where it is now")
    }
    // A run that began with another run began with its best model, or its last one.
    let files = try Self.candidates(pretrained).map(found)
    (pretrainedChecksum, weightsFile) = try files.first { $0.0 == kept } ?? files.first ?? found(weightsPath(pretrained))
  }

  /// The groups of the first epoch, and the phases after it. Head and backbone are apart, and what is unfrozen later is apart from what was
  /// trained before, so that each has its own learning rate and its own count of steps.
  /// - Throws: `SelectionError` for patterns that do not fit the model, `Misuse` where nothing is left to train or to unfreeze.
  package func groups(
    of model: any LayerWithHead, _ optimizer: any Optimizer, _ schedule: Schedule
  ) throws -> (first: [ParameterGroup], later: [TrainingPhase]) {
    let all = Set(LayerPath.parameters(of: model).filter { $0.parameter.role == .weight }.map(\.path))
    let head = LayerPath.headPaths(of: model)
    var trained = Set<String>()
    var groups: [ParameterGroup] = []
    func add(_ paths: Set<String>) {
      let new = paths.subtracting(trained)
      for (part, isHead) in [(new.intersection(head), true), (new.subtracting(head), false)] where !part.isEmpty {
        var rule = optimizer
        if !isHead { rule.learningRate = recipe.backboneLR.value(of: optimizer.learningRate) }
        groups.append(ParameterGroup(rule, schedule: schedule, stayClose: isHead ? 0 : stayClose) { part.contains($0) })
      }
      trained.formUnion(new)
    }
    add(all.subtracting(try recipe.freeze?.paths(in: model) ?? []))
    guard !groups.isEmpty else { throw Misuse("--freeze \(recipe.freeze?.description ?? "") leaves nothing to train in the first epoch") }
    let first = groups
    var later: [TrainingPhase] = []
    for (epoch, what) in (recipe.unfreezeAt?.steps ?? []).map({ ($0.epoch, $0.what) }) {
      let before = trained.count
      add(try what.paths(in: model).intersection(all))
      guard trained.count > before else { throw Misuse("--unfreeze-at \(epoch) unfreezes nothing: '\(what)' is trained before") }
      later.append(TrainingPhase(firstEpoch: epoch, groups: groups))
    }
    return (first, later)
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

  /// The file with the weights: of a run, the model that it is used with, or what this run has begun with.
  /// - Throws: `Failure` for a file that is not there, or has changed.
  package func weights() throws -> String {
    if let weightsFile { return weightsFile }
    let candidates = Self.candidates(pretrained)
    if let path = try candidates.first(where: { try exists($0) && FileChecksum.crc32(path: $0) == pretrainedChecksum }) { return path }
    throw Failure("\(pretrained) does not hold the weights that the run began with; --pretrained says where they are now")
  }

  /// The files that a path may stand for, the one that is usually meant first.
  package static func candidates(_ path: String) -> [String] {
    guard isFolder(path) else { return [path] }
    let folder = RunFolder(path)
    let models = folder.usualModel == .best ? [RunFolder.Model.best, .last] : [.last]
    return models.map { folder.path(of: $0) }.filter(exists)
  }
}
