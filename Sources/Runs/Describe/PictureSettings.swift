import GlissadeData
import GlissadeFormats
import GlissadePictures
import GlissadeRecipes

/// What a recipe says is to be made of a folder of pictures.
package struct PictureSettings {
  private let recipe: Recipe
  private let augmentations: AugmentationList

  /// - Throws: `AugmentationError`, which the recipe's own check would have told before.
  package init(_ recipe: Recipe) throws(AugmentationError) {
    self.recipe = recipe
    augmentations = try recipe.augment.augmentations
  }

  /// Where the classes stand, unless they are folders.
  private var labels: LabelTable? {
    recipe.labels.map {
      LabelTable(
        path: $0, fileColumn: recipe.fileColumn, labelColumn: recipe.labelColumn, missingShare: recipe.unreadable,
        takesSeveral: recipe.multiLabel, separator: recipe.labelSeparator?.byte)
    }
  }

  /// Lists, divides and decodes the pictures; those that cannot be used are named.
  /// - Parameter note: is told what people should know of them.
  package func load(_ note: (String) -> Void) throws -> LoadedData {
    let (path, limit) = (recipe.data, recipe.limit)
    let folder = try PictureFolder(path: path, labels: labels, classes: recipe.classes?.names)
    let split = try folder.split(validation: recipe.validation, test: recipe.test, seed: recipe.seed, fold: recipe.chosenFold)
    folder.notes.forEach(note)
    for (name, part) in [("validation", folder.validation), ("test", folder.test)]
    where part != nil && recipe.isGiven(name) && recipe.origin(of: name) == .commandLine {
      note("--\(name) is of no account: \(printable(path)) has a part of its own for that")
    }
    let pipeline = PicturePipeline(size: recipe.size, augmentations: augmentations.pictures)
    let loading = PictureLoading(threads: recipe.threads, unreadableShare: recipe.unreadable, background: recipe.background)
    func dataset(_ list: PictureList, limit: Int?, isTraining: Bool) throws -> PictureDataset? {
      guard list.count > 0 else { return nil }
      let list = try limit.map { try list.spread(over: $0) } ?? list
      let dataset = try PictureDataset(list, pipeline: pipeline, isTraining: isTraining, seed: recipe.trainingSeed, loading: loading)
      for problem in dataset.unreadable { note("left out: \(problem.description)") }
      return dataset
    }
    guard let training = try dataset(split.training, limit: limit, isTraining: !pipeline.augmentations.isEmpty) else {
      throw Failure("\(path) has no pictures to train on")
    }
    let wanted = try limit.map { try split.training.spread(over: $0) } ?? split.training
    if let label = Set(wanted.labels).subtracting(training.labels).min() {
      throw Failure("\(path): none of the pictures of the class '\(printable(folder.classNames[Int(label)]))' can be read")
    }
    let sixth = limit.map { max($0 / 6, 1) }
    return LoadedData(
      training: training, validation: try dataset(split.validation, limit: sixth, isTraining: false), isSplit: true,
      test: try dataset(split.test, limit: sixth, isTraining: false), normalization: pipeline.normalization, kind: .pictures)
  }
}

extension PictureList {
  /// Some of the pictures, at even distances: lists go class by class, so that the first ones would be of one class.
  package func spread(over count: Int) throws(DataError) -> PictureList {
    guard count < self.count else { return self }
    return try selecting((0..<count).map { $0 * self.count / count })
  }
}

extension AugmentationList {
  /// What happens to whole batches, drawn by a seed.
  package func mixing(seed: UInt64) -> BatchMixing? {
    var mixing = mixing
    mixing?.seed = seed
    return mixing
  }
}
