import GlissadeData
import GlissadeDevices
import GlissadeFormats
import GlissadePictures
import GlissadeRecipes
import GlissadeReports
import GlissadeTraining

/// A page about a training that has not begun: pictures as the model would see them, a table's columns and what becomes of them, how many
/// samples the classes have, the learning rate, and the model's layers with shapes, parameters and memory. One file of HTML that loads nothing.
///
/// Data, model and plan are those of a training by the same recipe, made in the same way, so that they cannot differ. Nothing is trained.
public struct RecipePreview {
  /// The page.
  public let html: String

  /// - Parameters:
  ///   - recipe: checked first, as a whole. Of several trainings the first is shown.
  ///   - note: is told, in lines, what should be known of the data: what of it is left out, say.
  /// - Throws: as `Trainer(_:note:)`, and what keeps the recipe's device from being opened or the step from being planned.
  public init(of recipe: Recipe, note: (String) -> Void = { _ in }) throws {
    try recipe.check()
    try self.init(of: TrainingRequest(recipe, resuming: nil, file: nil), note: note)
  }

  /// - Parameters:
  ///   - request: a training as it was asked for.
  ///   - published: a device that need not be here, for which the step is planned; default the recipe's.
  package init(of request: TrainingRequest, as published: PublishedDevice? = nil, note: (String) -> Void) throws {
    var request = request
    var notes: [String] = []
    if let series = TrainingSeries(request.recipe) {
      let noun = series.kind.noun
      notes.append("The recipe asks for \(series.count) trainings, one for each \(noun). This is of the first.")
      request = try request.part(1, of: series.kind, resuming: nil)
    }
    func add(_ text: String) {
      notes.append(text)
      note(text)
    }
    let data = try LoadedData.timed { try request.loadData(withColumns: true, add) }
    let training = try RecipeTraining(request, data: data)
    let place = try published.map(TrainingPreview.Place.published) ?? .here(try training.openDevice(note))
    html = try TrainingPreview(training, data, on: place, notes: notes + training.notes).page.html
  }

  /// Writes it, whole or not at all.
  /// - Throws: `FormatError`.
  public func write(to path: String) throws(FormatError) { try AtomicFile.write(path: path, text: html) }
}

/// What a preview shows of a training.
struct TrainingPreview {
  /// What the step is planned for.
  enum Place {
    case here(DeviceSelection)
    case published(PublishedDevice)

    var text: String {
      switch self {
      case .here(let selection): "\(selection.device.information.description) (\(Text.line(selection.reason)))"
      case .published(let device): "\(device.title), by published figures"
      }
    }
  }

  private let training: RecipeTraining
  private let data: LoadedData
  private(set) var page: PreviewPage

  /// Of pictures, all together: so many, and so many bytes of JPEG.
  private static let (mostPictures, mostBytes) = (240, 1_100_000)
  /// Of one class, where there is room: samples, and draws of each that changes from epoch to epoch.
  private static let (changingSamples, stillSamples, mostDraws) = (3, 8, 4)
  /// Classes that are shown.
  private static let mostClasses = 40
  /// Pixels of a picture's longer side.
  private static let side = 128
  private static let mixedSamples = 12
  /// Samples whose values are looked at.
  private static let mostValues = 20_000
  private static let mostValueNames = 12
  private static let ratePoints = 500

  init(_ training: RecipeTraining, _ data: LoadedData, on place: Place, notes: [String]) throws {
    (self.training, self.data) = (training, data)
    page = PreviewPage(subject: "\(training.recipe.model) on \(training.recipe.data)")
    page.notes = notes
    page.version = Version.number
    page.recipe = training.recipe.text(heading: [])
    page.columns = data.columns
    if !names.isEmpty {
      let places = try places(in: samples)
      page.classes = try classes(places)
      try showPictures(places)
    }
    try showMixed()
    page.values = try values()
    page.rates = rates
    let outline: StepOutline
    switch place {
    case .here(let selection): outline = try training.trainer.outline(of: training.training, on: selection.device)
    // Parameters have to be somewhere.
    case .published(let device):
      outline = try training.trainer.outline(of: training.training, on: try CPUDevice(threads: 1), as: device)
    }
    page.layers = outline.layers.map {
      PreviewPage.Layer(
        path: $0.path, type: $0.type, shape: "\($0.shape)", parameters: $0.parameters, trained: $0.trained, bytes: $0.bytes, flops: $0.flops
      )
    }
    page.memory = outline.memory
    page.warnings = [outline.objection.map { "There is no room for it: \($0)." }].compactMap { $0 }
    page.summary = summary(outline)
    page.facts = facts(outline, place)
  }

  private var recipe: Recipe { training.recipe }
  private var samples: any Dataset { training.training }
  private var hasClasses: Bool { samples.targets == .classes }

  // MARK: Words

  private var stepsPerEpoch: Int { (samples.count + training.trainer.options.batchSize - 1) / training.trainer.options.batchSize }

  private func summary(_ outline: StepOutline) -> String {
    let unit = training.run.table == nil ? "samples" : "rows"
    let parts = "\(samples.count) training, \(training.validation?.count ?? 0) validation and \(training.test?.count ?? 0) test \(unit)"
    let what =
      training.run.isMultiLabel
      ? "\(names.count) labels"
      : hasClasses ? "\(samples.classCount) classes" : "\(samples.targets.valueCount) value\(samples.targets.valueCount == 1 ? "" : "s")"
    return "\(parts), \(what); \(outline.parameters) parameters"
      + (outline.trained == outline.parameters ? "" : ", \(outline.trained) of them trained")
  }

  private func facts(_ outline: StepOutline, _ place: Place) -> [(name: String, value: String)] {
    func text(_ name: String) -> String? { recipe.isGiven(name) ? recipe.text(of: name) : nil }
    let options = training.trainer.options
    let steps =
      "\(stepsPerEpoch) step\(stepsPerEpoch == 1 ? "" : "s") of \(options.batchSize) samples"
      + (outline.batchSize < options.batchSize ? ", of which \(outline.batchSize) are computed together" : "")
    let least = outline.leastSeconds.map { ", at least \(Text.significant($0 * 1e3)) ms" } ?? ""
    let rows: [(String, String?)] = [
      ("data", recipe.data), ("model", recipe.model), ("a sample", "\(samples.sampleShape)"),
      ("begins with", recipe.pretrained.map { "the weights of \($0)" } ?? "weights that are drawn"),
      ("epochs", "\(options.epochs), each \(steps)"), ("optimizer", text("optimizer")), ("learning rate", text("lr")),
      ("schedule", text("schedule")), ("augmentation", text("augment")), ("loss", training.run.lossChoice.recipeText),
      ("device", place.text),
      (
        outline.batchSize < options.batchSize ? "a micro-batch" : "a step",
        "\(outline.launches) launches, \(Text.fixed(Double(outline.flops) / 1e6, 1)) MFLOP\(least)"
      ),
      ("reading the data took", "\(Text.fixed(data.preparation / .seconds(1), 1)) s"),
    ]
    return rows.compactMap { name, value in value.map { (name, $0) } }
  }

  // MARK: Classes and pictures

  /// The names of classes, or of labels, of which a sample may have any number; none where values are predicted.
  private var names: [String] { hasClasses ? samples.classNames : training.run.isMultiLabel ? training.run.classNames : [] }

  /// The samples of each class, or with each label.
  private func places(in part: any Dataset) throws -> [[Int]] {
    var places = [[Int]](repeating: [], count: names.count)
    if hasClasses {
      for (place, label) in part.labels.enumerated() { places[Int(label)].append(place) }
    } else {
      var marks = [Float](repeating: 0, count: part.count * names.count)
      try marks.withUnsafeMutableBufferPointer { try part.gatherValues(Array(0..<part.count)[...], into: $0) }
      for (index, mark) in marks.enumerated() where mark > 0.5 { places[index % names.count].append(index / names.count) }
    }
    return places
  }

  private func classes(_ places: [[Int]]) throws -> [PreviewPage.Class] {
    let validation = try training.validation.map { try self.places(in: $0) }
    let test = try training.test.map { try self.places(in: $0) }
    return names.enumerated().map { place, name in
      PreviewPage.Class(name: name, training: places[place].count, validation: validation?[place].count, test: test?[place].count)
    }
  }

  private mutating func showPictures(_ places: [[Int]]) throws {
    let (samples, normalization) = (samples, training.run.normalization)
    guard Illustration.isPossible(samples.sampleShape, normalization) else { return }
    let changes = try !recipe.augment.augmentations.pictures.isEmpty
    // Some of all classes, at even distances.
    let count = min(page.classes.count, Self.mostClasses)
    let shown = (0..<count).map { $0 * page.classes.count / count }
    var draws = changes ? Self.mostDraws : 1
    var each = changes ? Self.changingSamples : Self.stillSamples
    while count * each * draws > Self.mostPictures, each > 1 { each -= 1 }
    while count * each * draws > Self.mostPictures, draws > 1 { draws -= 1 }
    var bytes = 0
    // One sample of each class after the other, so that all have some when there is no more room.
    for number in 0..<each {
      for label in shown {
        let own = places[label]
        guard number < own.count, bytes < Self.mostBytes else { continue }
        let index = own[number * own.count / min(each, own.count)]
        let pictures = (0..<draws).compactMap {
          samples.illustration(ofSample: index, epoch: $0, normalizedBy: normalization, side: Self.side)
        }
        guard !pictures.isEmpty else { continue }
        bytes += pictures.reduce(0) { $0 + $1.count }
        page.classes[label].samples.append(PreviewPage.Sample(name: samples.place(ofSample: index), draws: pictures))
      }
    }
    page.hasSmallPictures = samples.sampleShape[0] <= 64 && samples.sampleShape[1] <= 64
    let note = [
      changes
        ? "Each group is one sample in the first \(draws) epoch\(draws == 1 ? "" : "s"), as it is changed in each by '\(recipe.text(of: "augment") ?? "")'."
        : "Samples are the same in every epoch: nothing augments them.",
      "What normalises them is undone for showing.",
      count < page.classes.count ? "\(count) of \(page.classes.count) classes are shown." : nil,
      training.run.isMultiLabel ? "A sample may have several labels, and stands with any of them." : nil,
    ]
    page.pictureNote = note.compactMap { $0 }.joined(separator: " ")
  }

  private mutating func showMixed() throws {
    let (shape, normalization) = (samples.sampleShape, training.run.normalization)
    guard training.trainer.options.mixing != nil, hasClasses, Illustration.isPossible(shape, normalization) else { return }
    page.mixed = try training.trainer.firstSamples(of: samples, count: Self.mixedSamples).compactMap { sample in
      Illustration.jpeg(sample.features[...], shape: shape, normalizedBy: normalization, side: Self.side).map { picture in
        (picture, sample.classes.prefix(2).map { "\(Text.percent($0.share, 0)) \(samples.classNames[$0.place])" }.joined(separator: ", "))
      }
    }
  }

  // MARK: Values and rates

  /// Some of the values that are predicted, in their own units.
  private func values() throws -> [(name: String, values: [Double])] {
    guard case .values(let names) = samples.targets, !names.isEmpty, let encoding = training.run.table?.encoding else { return [] }
    let count = min(samples.count, Self.mostValues)
    let chosen = (0..<count).map { $0 * samples.count / count }
    var numbers = [Float](repeating: 0, count: count * names.count)
    try numbers.withUnsafeMutableBufferPointer { try samples.gatherValues(chosen[...], into: $0) }
    return zip(names, encoding.values).enumerated().prefix(Self.mostValueNames).map { place, column in
      (
        column.0,
        (0..<count).map { Double(numbers[$0 * names.count + place]) * column.1.deviation + column.1.mean }
      )
    }
  }

  /// The learning rate of the first group.
  private var rates: [(x: Double, y: Double)] {
    let options = training.trainer.options
    guard let group = options.groups.first else { return [] }
    let total = options.epochs * stepsPerEpoch
    let steps = Array(stride(from: 0, to: total, by: max(total / Self.ratePoints, 1))) + [total - 1]
    return steps.map { step in
      let rate = group.schedule.learningRate(
        base: group.optimizer.learningRate, step: step, stepsPerEpoch: stepsPerEpoch, totalSteps: total)
      return (Double(step) / Double(stepsPerEpoch), rate)
    }
  }
}
