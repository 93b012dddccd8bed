import GlissadeData
import GlissadePictures
import GlissadeRecipes

/// Test-time augmentation: views of each picture beside the picture as it is, for answers that are averaged.
package struct PictureViews {
  /// How many, beside the picture itself.
  package let count: Int
  /// What changes them.
  package let augmentations: [Augmentation]

  /// So many that nobody wants more.
  private static let most = 100

  /// - Parameters:
  ///   - count: what `--tta` says.
  ///   - list: what `--augment` says; `nil` for what changed pictures in the run's training.
  ///   - run: whose model answers.
  /// - Throws: `Misuse` for models of something else, numbers out of range, and where nothing would change; `RecipeError` for a list that is none.
  package init(_ count: Int, by list: String?, of run: RunDescription) throws {
    guard (1...Self.most).contains(count) else { throw Misuse("--tta is \(count), and it has to be from 1 to \(Self.most)") }
    guard run.table == nil, run.input.count == 3 else { throw Misuse("--tta is for models of pictures, and this one is of a table") }
    var recipe = Recipe()
    if let list { try recipe.set("augment", to: .one(list), from: .commandLine) }
    self.count = count
    augmentations = try list == nil ? run.augmentations : recipe.augment.augmentations.pictures
    guard augmentations.isEmpty else { return }
    guard let list else {
      throw Misuse(
        "--tta changes pictures as the run's training did, which changed none of them; --augment says how, as in --augment flip,crop")
    }
    throw Misuse("--tta needs what changes single pictures, such as flip, and --augment \(list) has nothing of the kind")
  }

  /// The views of pictures in files.
  package func views(of list: PictureList, _ pipeline: PicturePipeline, _ loading: PictureLoading) throws(DataError) -> [PictureDataset] {
    var pipeline = pipeline
    pipeline.augmentations = augmentations
    let pictures = try PictureDataset(list, pipeline: pipeline, isTraining: true, loading: loading)
    return (1...count).map { pictures.view($0) }
  }

  /// The views of some of the images in memory.
  func views(of images: ImageDataset, at places: [Int]) throws(DataError) -> [AugmentedImages] {
    let chosen = try AugmentedImages(images, augmentations: augmentations).selecting(places)
    return (1...count).map { chosen.view($0) }
  }
}
