import Glissade

extension RunDescription {
  /// The pictures that a run's model is evaluated on: of its own folder those that were held out, of another its test part or all.
  /// - Parameters:
  ///   - source: the folder.
  ///   - labels: where its classes stand; of the run's own folder as in training, when nil.
  ///   - classes: only these; all that the model knows, when nil.
  ///   - limit: only so many of them.
  /// - Returns: `nil` for a run that was not trained on a folder of pictures.
  func heldOutPictures(_ source: String, labels: LabelOptions, classes: [String]?, limit: Int?) throws -> (any Dataset)? {
    guard let pictures else {
      if labels.labels != nil { throw Misuse("--labels is for folders of pictures, and the run's data is none") }
      if classes != nil { throw Misuse("--classes is for folders of pictures, and the run's data is none") }
      return nil
    }
    // A run's own data may hold classes that were not chosen for it.
    let isOwn = source == data
    let table = try labels.table(missing: pictures.unreadableShare) ?? (isOwn ? pictures.labels : nil)
    let folder = try PictureFolder(
      path: source, knownClasses: classNames, labels: table, classes: isOwn ? nil : classes, leavesUnknownOut: isOwn)
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
