import Glissade

/// What a training gets from where `--data` says.
struct LoadedData {
  var training: any Dataset
  /// What is checked after each epoch, where the data itself or its source has divided it.
  var validation: (any Dataset)?
  /// Whether `training` and `validation` are divided already.
  var isSplit = false
  /// What is measured with at the end, if anything.
  var test: (any Dataset)?
  /// How pictures' bytes become numbers.
  var normalization: Normalization
  /// What a table's columns become.
  var table: TableDescription?
  /// What it is.
  var kind = DataSource.Kind.images
  /// What people should know of it, in lines.
  var notes: [String] = []
  /// How long all of this took to be read.
  var preparation = Duration.zero

  /// Reads data, and says how long it took.
  static func timed(_ read: () throws -> LoadedData) rethrows -> LoadedData {
    let begin = ContinuousClock.now
    var data = try read()
    data.preparation = begin.duration(to: .now)
    return data
  }
}
