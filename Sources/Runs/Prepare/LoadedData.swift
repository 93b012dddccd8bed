import GlissadeData
import GlissadePictures
import GlissadeRecipes
import GlissadeReports

/// What a training gets from where `--data` says.
package struct LoadedData {
  package var training: any Dataset
  /// The same samples as they are trained on, where they are images that change from epoch to epoch.
  package var augmented: AugmentedImages?
  /// What is checked after each epoch, where the data itself or its source has divided it.
  package var validation: (any Dataset)?
  /// Whether `training` and `validation` are divided already.
  package var isSplit = false
  /// What is measured with at the end, if anything.
  package var test: (any Dataset)?
  /// How pictures' bytes become numbers.
  package var normalization: Normalization
  /// What a table's columns become.
  package var table: TableDescription?
  /// What there is to say of a table's columns, where that was asked for.
  package var columns: [PreviewPage.Column] = []
  /// What it is.
  package var kind = DataSource.Kind.images
  /// What people should know of it, in lines.
  package var notes: [String] = []
  /// How long all of this took to be read.
  package var preparation = Duration.zero

  /// The labels, where these are pictures of which each has any number of them.
  package var labelNames: [String]? {
    guard kind == .pictures, case .values(let names) = training.targets else { return nil }
    return names
  }

  /// Reads data, and says how long it took.
  package static func timed(_ read: () throws -> LoadedData) rethrows -> LoadedData {
    let begin = ContinuousClock.now
    var data = try read()
    data.preparation = begin.duration(to: .now)
    return data
  }
}
