import Glissade

extension RunDescription {
  /// The pictures that a run's model is evaluated on: of its own folder those that were held out, of another its test part or all.
  /// - Parameters:
  ///   - source: the folder.
  ///   - limit: only so many of them.
  /// - Returns: `nil` for a run that was not trained on a folder of pictures.
  func heldOutPictures(_ source: String, limit: Int?) throws -> (any Dataset)? {
    guard let pictures else { return nil }
    let folder = try PictureFolder(path: source, classes: classNames)
    var list = folder.test ?? folder.pictures
    if source == data {
      let split = try folder.split(validation: pictures.validation, test: pictures.test, seed: pictures.seed)
      list = split.test.count > 0 ? split.test : split.validation
    }
    guard list.count > 0 else { throw Failure("nothing of \(source) was held out from the training, so there is nothing to evaluate on") }
    if let limit { list = try list.spread(over: limit) }
    return try PictureDataset(
      list, pipeline: try picturePipeline(), loading: loading(threads: nil, unreadableShare: pictures.unreadableShare))
  }
}
