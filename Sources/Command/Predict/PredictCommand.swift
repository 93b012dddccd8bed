import ArgumentParser
import Glissade
import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// `glissade predict`.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Say what a trained model sees in pictures, or makes of a table's rows.",
    discussion: """
      Prints the most probable classes of each picture. A folder stands for all pictures in it, at any depth. Pictures that cannot be read \
      are named on standard error; the others are done all the same, and the status is 1 at the end. A model of tables takes tables, which \
      need not have the column that it predicts, and prints a line for each row, named by its line in the file. Of an ensemble, and of a run \
      with snapshots, the members' probabilities are averaged.
      """)

  @Option(name: .customLong("run"), help: "The folder of a run, or of an ensemble.", completion: .run)
  var runPath: String?

  @Option(
    help: "A network as it was published, in place of a run: one that 'glissade train' knows, whose weights --pretrained has.",
    completion: .of("model"))
  var model: String?

  @Option(
    help: "With --model: the weights, a PyTorch checkpoint or a safetensors file, or a name of 'glissade weights', such as imagenet.",
    completion: .of("pretrained"))
  var pretrained: String?

  @Option(parsing: .unconditional, help: "Samples in a step. (default: the run's)")
  var batchSize: Int?

  @OptionGroup var device: DeviceOptions

  @OptionGroup var tensors: WeightsChoice

  @Option(
    help: """
      With --model: a file with the classes' names in the order of the outputs, a line for each or JSON. (default: ImageNet's for 1000 \
      outputs, otherwise numbers)
      """, completion: .file())
  var classNames: String?

  @Argument(help: "Pictures (JPEG, PNG, WebP, TIFF), and folders of pictures; for a run on a table, tables.", completion: .file())
  var files: [String]

  @OptionGroup var views: ViewOptions

  @OptionGroup var choice: ModelChoice

  @Option(parsing: .unconditional, help: "How many classes are printed for each picture or row. (default: \(Self.usualTop))")
  var top: Int?

  @Option(
    parsing: .unconditional,
    help: "Of pictures with any number of labels, those are printed whose probability is at least this. (default: 0.5)")
  var threshold: Double?

  @Flag(help: "Print JSON.")
  var json = false

  static let usualTop = 5

  func run() throws {
    try choice.check()
    if let top, top < 1 { throw Misuse("--top is \(top), and it has to be at least 1") }
    if let batchSize, batchSize < 1 { throw Misuse("--batch-size is \(batchSize), and it has to be at least 1") }
    if let threshold, !(threshold >= 0 && threshold <= 1) { throw Misuse("--threshold is \(threshold), and it has to be from 0 to 1") }
    _ = try device.request()
    let (run, model, states) = try network()
    let seen = try views.views(of: run)
    if threshold != nil, !run.isMultiLabel {
      throw Misuse(
        "--threshold is for models of pictures with any number of labels each, and this one is of \(run.table == nil ? "classes" : "a table")"
      )
    }
    if top != nil, run.table.map({ $0.deviation != nil }) ?? run.isMultiLabel {
      throw Misuse(
        "--top is for models of classes, and this one is of \(run.table == nil ? "pictures with any number of labels each" : "values")")
    }
    if let table = run.table { return try predict(table, run, model, states) }
    let pipeline = try run.picturePipeline()
    let (paths, missing) = Self.expand(files)
    var failed = missing.count
    missing.forEach(Terminal.note)
    var results: [JSONValue] = []
    let size = min(batchSize ?? run.batchSize, max(paths.count, 1))
    let session = try device.open().withRoom(Terminal.note) { selection in
      let session = try TrainingSession(
        model: model, sampleShape: Shape(run.input), batchSize: size, groups: [], device: selection.device, isExact: run.isExact)
      try session.checkRoom(batchSize: size, isTraining: false, states: 1)
      return session
    }
    let ensemble = EnsembleSession(Ensemble(states, of: .of(run)), on: session)
    for start in stride(from: 0, to: paths.count, by: size) {
      let batch = Array(paths[start..<min(start + size, paths.count)])
      let list = try PictureList(paths: batch, labels: batch.map { _ in 0 }, classNames: run.classNames)
      let loading = run.loading(threads: device.threads, unreadableShare: 1)
      let data = try PictureDataset(list, pipeline: pipeline, loading: loading)
      for error in data.unreadable { Terminal.write("glissade: \(Text.line(error.description))\n", to: STDERR_FILENO) }
      failed += data.unreadable.count
      guard data.count > 0 else { continue }
      let all = Array(0..<data.count)
      let changed = try seen?.views(of: list, pipeline, loading) ?? []
      let (output, members) = try ensemble.answers(data.gather(all).features, views: changed.count) { try changed[$0].gather(all).features }
      let classes = run.classNames.count
      for index in 0..<data.count {
        let place = (index * classes)..<((index + 1) * classes)
        if run.isMultiLabel {
          let labels = LabelsOfPicture(output[place], run.classNames, threshold ?? LabelReport.threshold)
          let path = data.name(ofSample: index) ?? ""
          if json {
            results.append(.object([JSONMember("file", .string(path))] + labels.json))
          } else {
            try Terminal.print("\(printable(path)): \(labels.text)\n")
          }
          continue
        }
        let likeliest = Self.likeliest(output[place], top ?? Self.usualTop)
        let agreement = Agreement(members.map { $0[place] }, on: likeliest.first?.label)
        let path = data.name(ofSample: index) ?? ""
        if json {
          results.append(
            .object(
              [JSONMember("file", .string(path)), JSONMember("classes", Self.json(likeliest, run.classNames))] + agreement.json))
        } else {
          try Terminal.print("\(printable(path)): \(Self.text(likeliest, run.classNames))\(agreement.text)\n")
        }
      }
    }
    if json { try Terminal.print(JSONValue.array(results).text(pretty: true)) }
    if failed > 0 { throw Failure("\(failed) of \(paths.count + missing.count) pictures could not be read") }
  }

  /// The network with its numbers, and what it is for.
  private func network() throws -> (run: RunDescription, model: any Layer, states: [ModelState]) {
    switch (runPath, model, pretrained) {
    case (let path?, nil, nil):
      if tensors.isGiven { throw Misuse("--key and --prefix are for --pretrained, and a --run has its own model") }
      if classNames != nil { throw Misuse("--class-names is for --pretrained, and a --run has its own classes") }
      let models = try RunModels(path, wanted: choice.wanted)
      let run = try RunDescription(of: models.folder)
      let model = try run.makeModel()
      return (run, model, try models.states(of: model))
    case (nil, let name?, let weights?):
      if let flag = choice.given { throw Misuse("\(flag) is for a --run") }
      guard ModelZoo.names.contains(name) else { throw Misuse.unknown("model", name, among: ModelZoo.names) }
      return try published(name, weights)
    default: throw Misuse("predict takes either --run, or --model and --pretrained")
    }
  }

  /// A network with its published weights.
  private func published(_ name: String, _ weights: String) throws -> (run: RunDescription, model: any Layer, states: [ModelState]) {
    let size = EfficientNetLite.Size(rawValue: name)?.resolution ?? 224
    let file = try tensors.open(try FetchReport.file(weights, for: name) ?? weights)
    let fitting = FittingModel.all(for: file).fitting.first { $0.name == name }
    guard let classes = fitting?.classes else {
      if fitting != nil {
        throw Failure(
          "\(weights) holds all of \(name) but its head, so it says nothing of classes; 'glissade finetune --model \(name) --pretrained "
            + "\(weights)' teaches it some")
      }
      throw Failure("\(weights) does not hold the weights of \(name) with its head\(PretrainedModel.hint(file))")
    }
    let names: [String]
    if let classNames {
      names = try ClassNames.read(path: classNames)
      guard names.count == classes else {
        throw Failure("\(classNames) has \(names.count) names, and \(weights) has \(classes) classes")
      }
    } else {
      names = classes == ImageNet.classNames.count ? ImageNet.classNames : (0..<classes).map { "\($0)" }
    }
    let run = RunDescription(
      data: weights, model: name, batchSize: 16, labelSmoothing: 0, input: [size, size, 3], classNames: names, normalization: .imageNet)
    guard let model = try run.makeModel() as? any LayerWithHead else { throw Failure("\(name) has no head") }
    let pretrained = try PretrainedModel.load(file, (name, model), sampleShape: Shape(run.input), seed: 0)
    pretrained.notes(weights).forEach(Terminal.note)
    return (run, model, [pretrained.state])
  }

  static func json(_ likeliest: [(label: Int, probability: Double)], _ names: [String]) -> JSONValue {
    .array(likeliest.map { ["class": .string(names[$0.label]), "probability": .number($0.probability)] })
  }

  static func text(_ likeliest: [(label: Int, probability: Double)], _ names: [String]) -> String {
    likeliest.map { "\(printable(names[$0.label])) \(Text.percent($0.probability, 1))" }.joined(separator: "  ")
  }

  /// The files, folders replaced by what is in them; and what is wrong with those that have none.
  private static func expand(_ given: [String]) -> (paths: [String], missing: [String]) {
    var paths: [String] = []
    var missing: [String] = []
    for path in given {
      guard isFolder(path) else {
        paths.append(path)
        continue
      }
      do {
        let found = try PictureFolder.contents(of: path)
        let others = found.leftOut.isEmpty ? nil : "left out: \(found.leftOut)"
        if found.pictures.isEmpty {
          missing.append("\(path): no picture in it that can be read" + (others.map { "; \($0)" } ?? ""))
        } else {
          others.map(Terminal.note)
        }
        paths += found.pictures
      } catch { missing.append("\(error)") }
    }
    return (paths, missing)
  }

  /// The classes with the highest probabilities, softmax of the outputs, the lower number first among equals.
  static func likeliest(_ outputs: ArraySlice<Float>, _ count: Int) -> [(label: Int, probability: Double)] {
    let largest = Double(outputs.max() ?? 0)
    let exponentials = outputs.map { exp(Double($0) - largest) }
    let sum = exponentials.reduce(0, +)
    let order = exponentials.indices.sorted { (-exponentials[$0], $0) < (-exponentials[$1], $1) }
    return order.prefix(count).map { ($0, exponentials[$0] / sum) }
  }
}
