import Glissade

/// What decides a fine-tuning beside what decides every training.
struct FinetuneSettings {
  /// The file with the weights to begin from.
  var pretrained: String
  /// What is meant of it.
  var tensors: WeightsChoice
  /// What was in that file, in short: a run that goes on is held against it.
  var pretrainedChecksum: UInt32
  /// The file that these were found in; `nil` where they are not needed: a run that goes on has them in its checkpoint, unless it is to stay
  /// close to what it began with.
  var weightsFile: String?
  /// The new head, as `HeadDesign` reads it.
  var head: String
  /// What is frozen at first; `nil` for nothing.
  var freeze: ParameterSelection?
  /// What is trained from which epoch on, in the order of epochs.
  var unfreezing: [(epoch: Int, what: ParameterSelection)]
  /// The learning rate of the backbone.
  var backboneRate: Rate
  /// α of the penalty on the backbone's distance to its pretrained weights.
  var stayClose: Float
  var pictures: PictureSettings

  /// A learning rate, or a share of the head's.
  enum Rate: CustomStringConvertible {
    case absolute(Double)
    case factor(Double)

    /// - Throws: `Misuse` for a text that is neither `1e-4` nor `0.1x`.
    init(_ text: String) throws(Misuse) {
      let number = text.hasSuffix("x") ? String(text.dropLast()) : text
      guard let value = Double(number), value > 0, value.isFinite else {
        throw Misuse("--backbone-lr is '\(text)', and it has to be a learning rate as 1e-4, or a multiple of the head's as 0.1x")
      }
      self = text.hasSuffix("x") ? .factor(value) : .absolute(value)
    }

    func value(of rate: Double) -> Double {
      switch self {
      case .absolute(let value): value
      case .factor(let factor): factor * rate
      }
    }

    var description: String {
      switch self {
      case .absolute(let value): "\(value)"
      case .factor(let factor): "\(factor)x"
      }
    }
  }

  /// Reads `4`, or `4:blocks.10-15,8:backbone`.
  /// - Throws: `Misuse` for another form, or epochs out of order.
  static func unfreezing(_ text: String) throws -> [(epoch: Int, what: ParameterSelection)] {
    var result: [(epoch: Int, what: ParameterSelection)] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let pieces = part.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard let epoch = Int(pieces[0]), epoch > (result.last?.epoch ?? 1) else {
        throw Misuse(
          "--unfreeze-at is '\(text)', and it has to be an epoch above 1, as 4, or several in their order, as 4:layer4,8:backbone")
      }
      result.append((epoch, try ParameterSelection(pieces.count > 1 ? String(pieces[1]) : "all")))
    }
    return result
  }

  /// The groups of the first epoch, and the phases after it. Head and backbone are apart, and what is unfrozen later is apart from what was
  /// trained before, so that each has its own learning rate and its own count of steps.
  /// - Throws: `SelectionError` for patterns that do not fit the model, `Misuse` where nothing is left to train or to unfreeze.
  func groups(
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
        if !isHead { rule.learningRate = backboneRate.value(of: optimizer.learningRate) }
        groups.append(ParameterGroup(rule, schedule: schedule, stayClose: isHead ? 0 : stayClose) { part.contains($0) })
      }
      trained.formUnion(new)
    }
    add(all.subtracting(try freeze?.paths(in: model) ?? []))
    guard !groups.isEmpty else { throw Misuse("--freeze \(freeze?.description ?? "") leaves nothing to train in the first epoch") }
    let first = groups
    var later: [TrainingPhase] = []
    for (epoch, what) in unfreezing {
      let before = trained.count
      add(try what.paths(in: model).intersection(all))
      guard trained.count > before else { throw Misuse("--unfreeze-at \(epoch) unfreezes nothing: '\(what)' is trained before") }
      later.append(TrainingPhase(firstEpoch: epoch, groups: groups))
    }
    return (first, later)
  }

  /// What is trained when, for people.
  func lines(_ options: TrainingOptions, _ model: any LayerWithHead) -> [String] {
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
  func weights() throws -> String {
    if let weightsFile { return weightsFile }
    let candidates = Self.candidates(pretrained)
    if let path = try candidates.first(where: { try exists($0) && FileChecksum.crc32(path: $0) == pretrainedChecksum }) { return path }
    throw Failure("\(pretrained) does not hold the weights that the run began with; --pretrained says where they are now")
  }

  /// The files that a path may stand for, the one that is usually meant first.
  static func candidates(_ path: String) -> [String] {
    guard isFolder(path) else { return [path] }
    let folder = RunFolder(path)
    let models = folder.usualModel == .best ? [RunFolder.Model.best, .last] : [.last]
    return models.map { folder.path(of: $0) }.filter(exists)
  }

  /// Members of `options.json`.
  var json: [JSONMember] {
    KeptPath.json("pretrained", pretrained) + [
      JSONMember("pretrained_checksum", .integer(Int64(pretrainedChecksum)))
    ] + tensors.json + [
      JSONMember("head", .string(head)),
      JSONMember("freeze", freeze.map { .string("\($0)") } ?? .null),
      JSONMember(
        "unfreeze_at", unfreezing.isEmpty ? .null : .string(unfreezing.map { "\($0.epoch):\($0.what)" }.joined(separator: ";"))),
      JSONMember("backbone_lr", .string("\(backboneRate)")), JSONMember("stay_close", .float(stayClose)),
    ] + pictures.json
  }
}
