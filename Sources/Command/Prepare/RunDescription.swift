import Glissade

/// What has to be known of a run to use its model: read back from `options.json`.
struct RunDescription {
  var data: String
  /// Where that is, in a run that is read back.
  var keptData: KeptPath?
  /// Whether the run took only some of its data.
  var isLimited = false
  var model: String
  var batchSize: Int
  var labelSmoothing: Float
  var dropout: Float?
  /// [height, width, channels]; [features] for a table.
  var input: [Int]
  var classNames: [String]
  var normalization: Normalization
  /// What a table's columns become, where the data is one.
  var table: TableDescription?
  /// mlp: features of the hidden layers, where they were chosen.
  var hidden: [Int]?
  /// The head, where the network was given another.
  var head: String?
  /// Whether its convolutions mix no pixels beyond their filter's reach.
  var isExact = false
  /// What is held out of a folder of pictures, where the data is one.
  var pictures: HeldOut?

  /// Shares of the pictures, and the seed that chooses them.
  struct HeldOut {
    var validation: Double
    var test: Double
    var seed: UInt64
    /// What was held out in place of the first share, in one of several trainings.
    var fold: Fold?
    /// Behind what is transparent.
    var background: Picture.Colour
    /// The share that may be unreadable.
    var unreadableShare: Double
    /// Where the classes stand, unless they are folders.
    var labels: LabelTable?
  }

  /// The model that the run trains.
  /// - Throws: `Failure` for a name that this version does not know.
  func makeModel() throws -> any Layer {
    let shape = Shape(input)
    // A regression has one output for the value that it predicts.
    let outputs = table?.deviation == nil ? classNames.count : 1
    if model == "mlp", hidden != nil || table != nil { return MLP([shape.count] + (hidden ?? [512, 256]) + [outputs]) }
    if model == "lenet", let dropout { return LeNet(input: shape, classes: classNames.count, dropout: dropout) }
    guard let model = ModelZoo.make(model, input: shape, classes: classNames.count) else {
      throw Failure("the run's model is '\(self.model)', and this version knows \(ModelZoo.names.joined(separator: ", "))")
    }
    return try head.map { try model.replacingHead(by: HeadDesign($0, classes: classNames.count)) } ?? model
  }

  /// What becomes of a picture before the model sees it.
  /// - Throws: `Failure` for a model of something else.
  func picturePipeline() throws(Failure) -> PicturePipeline {
    guard input.count == 3, input[0] == input[1], input[2] == 3 else {
      throw Failure("the run's model takes samples of \(Shape(input)), and pictures are [side, side, 3]")
    }
    return PicturePipeline(size: input[0], normalization: normalization)
  }

  /// How pictures are read for the model: as they were in training.
  func loading(threads: Int?, unreadableShare: Double) -> PictureLoading {
    PictureLoading(threads: threads, unreadableShare: unreadableShare, background: pictures?.background ?? .white)
  }
}

extension RunDescription {
  /// Reads `options.json`.
  /// - Throws: `FormatError` for a file that cannot be read, `Failure` for one that lacks something.
  init(contentsOf path: String) throws {
    let json = try JSONValue.read(path: path)
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    func value<Value>(_ key: String, _ read: (JSONValue) -> Value?) throws(Failure) -> Value {
      guard let value = json[key].flatMap(read) else { throw Failure("\(path): '\(key)' is missing or of the wrong kind") }
      return value
    }
    func numbers(_ key: String) throws(Failure) -> [Float] {
      try value(key) { $0.arrayValue?.compactMap { $0.doubleValue.map { Float($0) } } }
    }
    data = try value("data", \.stringValue)
    keptData = KeptPath("data", in: json)
    isLimited = json["limit"]?.integerValue != nil
    model = try value("model", \.stringValue)
    batchSize = try value("batch_size", \.integerValue)
    labelSmoothing = Float(try value("label_smoothing", \.doubleValue))
    dropout = json["dropout"]?.doubleValue.map { Float($0) }
    input = try value("input") { $0.arrayValue?.compactMap(\.integerValue) }
    classNames = try value("classes") { $0.arrayValue?.compactMap(\.stringValue) }
    normalization = try Normalization(mean: numbers("mean"), deviation: numbers("deviation"))
    head = json["head"]?.stringValue
    var fold: Fold?
    if let count = json["kfold"]?.integerValue { fold = try Fold(value("fold", \.integerValue), of: count) }
    isExact = json["exact"]?.boolValue ?? false
    if json["size"]?.integerValue != nil {
      let text = json["seed"]?.stringValue.flatMap { UInt64($0) }
      let seed = try text ?? UInt64(clamping: value("seed", \.integerValue))
      // Runs of earlier versions do not say; it was white.
      let background = json["background"]?.stringValue.flatMap { Picture.Colour($0) } ?? .white
      let unreadable = json["unreadable"]?.doubleValue ?? PictureLoading().unreadableShare
      pictures = HeldOut(
        validation: try value("validation", \.doubleValue), test: try value("test", \.doubleValue), seed: seed, fold: fold,
        background: background, unreadableShare: unreadable, labels: LabelTable(json, of: folder, missing: unreadable))
    }
    if let table = json["table"], table != .null {
      // Earlier versions do not say; it was this share.
      let held = (validation: try value("validation", \.doubleValue), test: json["test"]?.doubleValue ?? TableSplit.testShare)
      self.table = try TableDescription(table, held: held, path: path)
      self.table?.fold = fold
    }
    hidden = json["hidden"]?.arrayValue?.compactMap(\.integerValue)
    let isRight = input.count == (table == nil ? 3 : 1) && input.allSatisfy { (1...1 << 24).contains($0) }
    guard isRight, !classNames.isEmpty || table?.deviation != nil, (hidden ?? []).allSatisfy({ $0 > 0 }), batchSize > 0 else {
      throw Failure("\(path): 'input', 'classes' or 'batch_size' makes no sense")
    }
  }
}
