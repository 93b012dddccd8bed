import GlissadeData
import GlissadeFormats
import GlissadeLayers
import GlissadeModels
import GlissadePictures
import GlissadeRecipes
import GlissadeTensors
import GlissadeTraining

/// What has to be known of a run to use its model: read back from what its folder says.
package struct RunDescription {
  package var data: String
  /// Where that is, in a run that is read back.
  package var keptData: KeptPath?
  /// Whether the run took only some of its data.
  package var isLimited = false
  package var model: String
  package var batchSize: Int
  /// What is evaluated at once of a run that was trained on all samples at once.
  private static let usualBatch = 128
  package var labelSmoothing: Float
  /// What was chosen for classes; `nil` for cross-entropy.
  package var lossOfClasses: LossChoice?
  /// Of a model for which that can be chosen: what stands between its layers.
  package var design = BlockDesign()
  /// Residual networks: how often the last block is left out while training.
  package var dropPath: Float = 0
  /// [height, width, channels]; [features] for a table.
  package var input: [Int]
  package var classNames: [String]
  package var normalization: Normalization
  /// What a table's columns become, where the data is one.
  package var table: TableDescription?
  /// mlp: features of the hidden layers, where they were chosen.
  package var hidden: [Int]?
  /// The network, where it was given layer by layer.
  package var layers: LayerList?
  /// The head, where the network was given another.
  package var head: String?
  /// Whether its convolutions mix no pixels beyond their filter's reach.
  package var isExact = false
  /// Whether it is pictures of which each has any number of labels; `classNames` are these then.
  package var isMultiLabel = false
  /// What is held out of a folder of pictures, where the data is one.
  package var pictures: HeldOut?
  /// What changes pictures in training, one by one.
  package var augmentations: [Augmentation] = []

  /// Shares of the pictures, and the seed that chooses them.
  package struct HeldOut {
    package var validation: Double
    package var test: Double
    package var seed: UInt64
    /// What was held out in place of the first share, in one of several trainings.
    package var fold: Fold?
    /// Behind what is transparent.
    package var background: Picture.Colour
    /// The share that may be unreadable.
    package var unreadableShare: Double
    /// Where the classes stand, unless they are folders.
    package var labels: LabelTable?
  }

  package init(
    data: String, model: String, batchSize: Int, labelSmoothing: Float, input: [Int], classNames: [String],
    normalization: Normalization, table: TableDescription? = nil, hidden: [Int]? = nil, head: String? = nil
  ) {
    (self.data, self.model, self.batchSize, self.labelSmoothing) = (data, model, batchSize, labelSmoothing)
    (self.input, self.classNames, self.normalization, self.table) = (input, classNames, normalization, table)
    (self.hidden, self.head) = (hidden, head)
  }

  /// What the run minimises.
  package var loss: Loss {
    if isMultiLabel { return lossOfClasses?.ofMarks ?? .binaryCrossEntropyWithLogits }
    return table?.lossOfValues ?? lossOfClasses?.ofClasses(smoothing: labelSmoothing) ?? .crossEntropy(labelSmoothing: labelSmoothing)
  }

  /// The same as a recipe calls it.
  package var lossChoice: LossChoice {
    lossOfClasses ?? (isMultiLabel ? .usualOfMarks : table?.deviation == nil ? .usualOfClasses : .usualOfValues)
  }

  /// Whether what is told are labels, each of which a sample has or has not.
  package var areMarks: Bool { isMultiLabel || table?.areMarks == true }

  /// The deviation of each value that is predicted, in which errors are measured; none for classes, 1 for each label.
  package var deviations: [Double] { isMultiLabel ? classNames.map { _ in 1 } : table?.deviations ?? [] }

  /// The model that the run trains.
  /// - Throws: `Failure` for a name that this version does not know, `LayerListError` for layers that do not take the samples.
  package func makeModel() throws -> any Layer {
    if model == LayerList.modelName, layers == nil { throw Failure("the run's model is one of layers, and its recipe does not say which") }
    guard let model = try network() else {
      throw Failure("the run's model is '\(self.model)', and this version knows \(Recipe.modelNames.joined(separator: ", "))")
    }
    return try head.map { try model.replacingHead(by: HeadDesign($0, classes: outputs)) } ?? model
  }

  /// A regression has an output for each value that it predicts.
  private var outputs: Int { table.flatMap { $0.deviation == nil ? nil : $0.deviations.count } ?? classNames.count }

  /// The model with a head of its own.
  private func network() throws(LayerListError) -> (any LayerWithHead)? {
    let shape = Shape(input)
    if model == LayerList.modelName { return try layers?.network(input: shape, outputs: outputs, initialization: design.initialization) }
    if model == "mlp", hidden != nil || table != nil {
      return MLP([shape.count] + (hidden ?? [512, 256]) + [outputs], design)
    }
    return ModelZoo.make(model, input: shape, classes: outputs, design: design, dropPath: dropPath)
  }

  /// What becomes of a picture before the model sees it.
  /// - Throws: `Failure` for a model of something else.
  package func picturePipeline() throws(Failure) -> PicturePipeline {
    guard input.count == 3, input[0] == input[1], input[2] == 3 else {
      throw Failure("the run's model takes samples of \(Shape(input)), and pictures are [side, side, 3]")
    }
    return PicturePipeline(size: input[0], normalization: normalization)
  }

  /// How pictures are read for the model: as they were in training.
  package func loading(threads: Int?, unreadableShare: Double) -> PictureLoading {
    PictureLoading(threads: threads, unreadableShare: unreadableShare, background: pictures?.background ?? .white)
  }
}

extension RunDescription {
  /// Samples of a step that evaluates.
  private static func batch(of recipe: Recipe) -> Int {
    let size = recipe.batchSize.count(of: usualBatch)
    return min(size, recipe.microBatch ?? size)
  }

  /// Of a training that has its data.
  /// - Parameter recipe: with everything in force.
  package init(_ recipe: Recipe, _ data: LoadedData) {
    self.init(
      data: recipe.data, model: recipe.model, batchSize: Self.batch(of: recipe),
      labelSmoothing: recipe.labelSmoothing, input: data.training.sampleShape,
      classNames: data.labelNames ?? data.training.classNames,
      normalization: data.normalization, table: data.table, hidden: recipe.hidden?.sizes,
      head: recipe.pretrained == nil ? nil : recipe.head.text)
    (design, layers, lossOfClasses) = (recipe.design, recipe.layers, recipe.loss)
    dropPath = recipe.dropPath
    isMultiLabel = data.labelNames != nil
    augmentations = (try? recipe.augment.augmentations.pictures) ?? []
  }

  /// Reads what a run's folder says.
  /// - Throws: `FormatError` for a file that cannot be read, `RecipeError` for a recipe that makes no sense, `Failure` for facts that lack
  ///   something.
  package init(of folder: RunFolder) throws {
    let document = try RunDocument(of: folder)
    let (recipe, facts) = (document.recipe, document.facts)
    let path = exists(folder.recipePath) ? folder.factsPath : folder.optionsPath
    func value<Value>(_ key: String, _ read: (JSONValue) -> Value?) throws(Failure) -> Value {
      guard let value = facts[key].flatMap(read) else { throw Failure("\(path): '\(key)' is missing or of the wrong kind") }
      return value
    }
    func numbers(_ key: String) throws(Failure) -> [Float] {
      try value(key) { $0.arrayValue?.compactMap { $0.doubleValue.map { Float($0) } } }
    }
    self.init(
      data: recipe.data, model: recipe.model, batchSize: Self.batch(of: recipe),
      labelSmoothing: recipe.labelSmoothing,
      input: try value("input") { $0.arrayValue?.compactMap(\.integerValue) },
      classNames: try value("classes") { $0.arrayValue?.compactMap(\.stringValue) },
      normalization: try Normalization(mean: numbers("mean"), deviation: numbers("deviation")), hidden: recipe.hidden?.sizes,
      head: recipe.pretrained == nil ? nil : recipe.head.text)
    (design, layers, lossOfClasses) = (recipe.design, recipe.layers, recipe.loss)
    keptData = KeptPath("data", document)
    isLimited = recipe.limit != nil
    isExact = recipe.exact
    isMultiLabel = recipe.multiLabel
    augmentations = try recipe.augment.augmentations.pictures
    if recipe.isGiven("size") {
      let labels = KeptPath("labels", document).map { kept in
        LabelTable(
          path: kept.found(from: folder.path) ?? kept.absolute ?? kept.given, fileColumn: recipe.fileColumn,
          labelColumn: recipe.labelColumn, missingShare: recipe.unreadable, takesSeveral: recipe.multiLabel,
          separator: recipe.labelSeparator?.byte)
      }
      pictures = HeldOut(
        validation: recipe.validation, test: recipe.test, seed: recipe.seed, fold: recipe.chosenFold, background: recipe.background,
        unreadableShare: recipe.unreadable, labels: labels)
    }
    if let table = facts["table"], table != .null {
      self.table = try TableDescription(table, held: (validation: recipe.validation, test: recipe.test), path: path)
      self.table?.fold = recipe.chosenFold
    }
    let isRight = input.count == (table == nil ? 3 : 1) && input.allSatisfy { (1...1 << 24).contains($0) }
    guard isRight, !classNames.isEmpty || table?.deviation != nil else {
      throw Failure("\(path): 'input' or 'classes' makes no sense")
    }
  }
}
