import Glissade

extension RunDescription {
  /// The pictures that a run's model is evaluated on: of its own folder those that were held out, of another its test part or all.
  /// - Parameters:
  ///   - source: the folder.
  ///   - classes: only these; all that the model knows, when nil.
  ///   - limit: only so many of them.
  /// - Returns: `nil` for a run that was not trained on a folder of pictures.
  func heldOutPictures(_ source: String, classes: [String]?, limit: Int?) throws -> (any Dataset)? {
    guard let pictures else {
      if classes != nil { throw Misuse("--classes is for folders of pictures, and the run's data is none") }
      return nil
    }
    // A run's own data may hold classes that were not chosen for it.
    let isOwn = source == data
    let folder = try PictureFolder(path: source, knownClasses: classNames, classes: isOwn ? nil : classes, leavesUnknownOut: isOwn)
    var list = folder.test ?? folder.pictures
    if isOwn {
      let split = try folder.split(validation: pictures.validation, test: pictures.test, seed: pictures.seed, fold: pictures.fold)
      list = split.test.count > 0 ? split.test : split.validation
    }
    if let classes { list = try list.selecting(classes: classes) }
    folder.notes.forEach(Terminal.note)
    guard list.count > 0 else { throw Failure("nothing of \(source) was held out from the training, so there is nothing to evaluate on") }
    if let limit { list = try list.spread(over: limit) }
    return try PictureDataset(
      list, pipeline: try picturePipeline(), loading: loading(threads: nil, unreadableShare: pictures.unreadableShare))
  }
}
