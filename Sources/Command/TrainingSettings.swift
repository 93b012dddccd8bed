import Glissade

/// Everything that decides a training, defaults included.
struct TrainingSettings {
  var data: String
  var model: String
  var epochs: Int
  var optimizer: any Optimizer
  var schedule: Schedule
  var batchSize: Int
  var device: DeviceRequest
  var threads: Int?
  var seed: UInt64
  var validation: Double
  var clippingNorm: Float?
  var labelSmoothing: Float
  var dropout: Float?
  var limit: Int?

  /// The training part, limited where that was asked for, and the test part.
  func loadData() throws -> (training: ImageDataset, test: ImageDataset) {
    let (training, test) = try DataSource(name: data).load()
    guard let limit else { return (training, test) }
    return (try training.first(limit), try test.first(max(limit / 6, 1)))
  }

  /// The trainer's options.
  var trainingOptions: TrainingOptions {
    var options = TrainingOptions(groups: [ParameterGroup(optimizer, schedule: schedule)])
    options.epochs = epochs
    options.batchSize = batchSize
    options.seed = seed
    options.loss = .crossEntropy(labelSmoothing: labelSmoothing)
    options.clippingNorm = clippingNorm
    return options
  }

  /// `options.json`: every option in force, and what the data was like.
  func json(_ run: RunDescription) -> JSONValue {
    var members: [JSONMember] = [
      JSONMember("data", .string(data)), JSONMember("model", .string(model)), JSONMember("epochs", .integer(Int64(epochs))),
      JSONMember("optimizer", .string(type(of: optimizer).name)),
    ]
    members += optimizer.settings
    members += [
      JSONMember("schedule", .string("\(schedule)")), JSONMember("clip_norm", clippingNorm.map { .float($0) } ?? .null),
      JSONMember("batch_size", .integer(Int64(batchSize))), JSONMember("label_smoothing", .float(labelSmoothing)),
      JSONMember("dropout", dropout.map { .float($0) } ?? .null), JSONMember("validation", .number(validation)),
      JSONMember("limit", limit.map { .integer(Int64($0)) } ?? .null),
      JSONMember("seed", Int64(exactly: seed).map { .integer($0) } ?? .string("\(seed)")),
      JSONMember("device", .string("\(device)")), JSONMember("threads", threads.map { .integer(Int64($0)) } ?? .null),
      JSONMember("input", .array(run.input.map { .integer(Int64($0)) })),
      JSONMember("classes", .array(run.classNames.map { .string($0) })),
      JSONMember("mean", .array(run.normalization.mean.map { .float($0) })),
      JSONMember("deviation", .array(run.normalization.deviation.map { .float($0) })),
      JSONMember("glissade_version", .string(Version.number)),
    ]
    return .object(members)
  }
}

extension ImageDataset {
  /// The first images, in memory of their own.
  func first(_ limit: Int) throws(DataError) -> ImageDataset {
    guard limit < count else { return self }
    return try ImageDataset(
      pixels: Array(pixels.prefix(limit * sampleSize)), sampleShape: sampleShape, labels: Array(labels.prefix(limit)),
      classNames: classNames,
      normalization: normalization)
  }
}
