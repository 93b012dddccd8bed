import GlissadeData
import GlissadeFormats
import GlissadeLayers
import GlissadeModels
import GlissadeOptimizers
import GlissadePictures
import GlissadePlanning
import GlissadeWeights

extension Recipe {
  /// Sees whether all of it makes sense together, as far as that shows before the data is read.
  /// - Throws: `RecipeError` for the first thing that makes none, `DataError` for a folder that is not there.
  public func check() throws {
    if let problem = try problems().first { throw problem }
  }

  /// All that makes no sense.
  /// - Throws: `DataError` for a folder that is not there, where options are about what is in it.
  public func problems() throws -> [RecipeError] {
    var found: [RecipeError] = []
    let kind = dataSource.kind
    func note(_ name: String, _ problem: RecipeValueError) { found.append(error(name, problem)) }
    for declaration in Self.declarations where isGiven(declaration.name) {
      do throws(RecipeValueError) { try declaration.check(declaration.value(in: self)) } catch { note(declaration.name, error) }
      guard let need = declaration.needs, !need.isMet(by: self, on: kind) else { continue }
      switch need {
      case .pictures, .picturesOrTables:
        if !exists(self.data), !DataSource.knownNames.contains(self.data) { throw DataError.missingFolder(path: self.data, hint: nil) }
      // In a file a switch can be turned off and what goes with it be left for another time, as in the recipes of earlier runs.
      case .option(let name) where spelling(of: declaration.name) == .file && isGiven(name): continue
      default: break
      }
      // A switch that is off is off for all.
      if let flag = declaration.value(in: self) as? Bool, !flag { continue }
      note(declaration.name, .sentence(need.objection(self, spelling(of: declaration.name))))
    }
    do throws(RecipeError) { _ = try rule() } catch { found.append(error) }
    checkDivision(kind, note)
    checkEnsemble(note)
    checkLoss(note)
    found += problemsOfGroups()
    if kind == .table { checkTable(note) }
    if kind == .pictures { checkSize(note) }
    if self.multiLabel { checkMultiLabel(note) }
    if let name = self.pretrained {
      do { _ = try PublishedWeights.named(name, for: self.model) } catch let error as UnpublishedWeights {
        note("pretrained", .sentence(error.objection))
      }
    }
    checkSteps(note)
    do { try (try? self.augment.augmentations)?.pictures.validate() } catch { note("augment", .sentence("makes no sense: \(error)")) }
    checkBlocks(note)
    checkEffects(note)
    if let last = self.unfreezeAt?.steps.last, last.epoch > self.epochs {
      note("unfreeze_at", .sentence("\(last.epoch) comes after the last epoch, \(self.epochs)"))
    }
    return found
  }

  /// What stands between layers.
  private func checkBlocks(_ note: (String, RecipeValueError) -> Void) {
    if self.model == LayerList.modelName, self.layers == nil {
      note(
        "model",
        .sentence("is \(self.model), and \(spelling(of: "model").name("layers")) has to say which; 'glissade layers' lists what there is"))
    }
    if self.model == "mlp", self.norm == .instance {
      let others = BlockDesign.Norm.allCases.filter { $0 != .instance }.map(\.rawValue).joined(separator: ", ")
      note("norm", .sentence("is instance, which is of each channel's pixels, and mlp has none; for it there are \(others)"))
    }
  }

  /// What somebody asked for here and would have no effect beside something else; in files such things may be left for another time.
  private func checkEffects(_ note: (String, RecipeValueError) -> Void) {
    func isAskedFor(_ name: String) -> Bool { isGiven(name) && origin(of: name) == .commandLine }
    if self.pretrained != nil, isAskedFor("initialization") {
      note("initialization", .sentence("has no effect beside --pretrained: weights start as they are there, and a new head's as PyTorch's"))
    }
    if self.pretrained != nil, isAskedFor("dropout"), let rate = try? HeadDesign(self.head.text, classes: 2).dropout {
      note("dropout", .sentence("has no effect beside --head \(self.head.text), whose rate of dropout is \(rate)"))
    }
    if !self.decayBiases, isAskedFor("decay_biases"), !decaysBiasesOtherwise {
      note(
        "decay_biases",
        .whole(
          "--no-decay-biases has no effect without a decay that biases and norms would have: --weight-decay is 0 with "
            + "\(self.optimizer), and neither --l1 nor --l2 is given"))
    }
    if let entry = Optimizers.named(self.optimizer), let usual = entry.rule as? SGD, let rule = try? rule() as? SGD {
      // A name that says what the numbers take back.
      if usual.isNesterov, !rule.isNesterov {
        note("nesterov", .sentence("is off, and \(entry.name) is descent with it; without it there is momentum"))
      } else if usual.momentum != 0, rule.momentum == 0 {
        note("momentum", .sentence("is 0, and \(entry.name) is descent with it; without it there is \(SGD.name)"))
      }
    }
    if isAskedFor("dampening"), let rule = try? rule() as? SGD, rule.dampening != 0, rule.momentum == 0 {
      note("dampening", .sentence("is \(rule.dampening), and has no effect without --momentum, which is 0"))
    }
  }

  /// What a step does: momentum that a schedule moves, averages of weights.
  private func checkSteps(_ note: (String, RecipeValueError) -> Void) {
    if self.schedule.movesMomentum, let rule = try? rule(), let takes = try? rule.takesMomentum(), !takes {
      note("schedule", .sentence("moves momentum, and \(self.optimizer) has none, or is set to have none"))
    }
    if self.optimizer == LBFGS.name {
      checkDescent(note)
    } else if (self.group?.rules ?? []).contains(where: {
      $0.settings.contains { $0.name == GroupRules.optimizer && $0.text == LBFGS.name }
    }) {
      note(
        "group",
        .sentence(
          "says optimizer \(LBFGS.name), whose steps are those of all parameters together: \(spelling(of: "group").name("optimizer")) names it"
        ))
    }
    if self.ema != nil, self.swa != nil {
      note("swa", .sentence("cannot be given with \(spelling(of: "swa").name("ema")): there is one average of weights"))
    } else if let first = self.swa, first > self.epochs {
      note("swa", .sentence("is \(first), which comes after the last epoch, \(self.epochs)"))
    }
  }

  /// L-BFGS minimises one function, the loss over all samples, by steps of all parameters together, and nothing may be done to its gradient.
  private func checkDescent(_ note: (String, RecipeValueError) -> Void) {
    if let rule = try? rule() as? LBFGS, !rule.takesMiniBatches {
      func unless(_ name: String) -> String { "unless \(spelling(of: name).name("mini_batches")) is given" }
      if self.batchSize != .all {
        note(
          "batch_size",
          .sentence(
            "is \(self.batchSize.recipeText), and it has to be all with \(LBFGS.name), \(unless("batch_size")): \(LBFGS.whyWhole)"))
      }
      let isAugmented = (try? self.augment.augmentations).map { !$0.pictures.isEmpty || $0.mixing != nil } ?? false
      let changing = [("augment", isAugmented), ("sampling", self.sampling == .balanced)] + randomLayers.map { ($0, true) }
      if self.model == LayerList.modelName, let layer = self.layers?.randomLayer {
        note("layers", .sentence("has \(layer), which is not for \(LBFGS.name), \(unless("layers")): \(LBFGS.whySame)"))
      }
      for (name, isThere) in changing where isThere {
        note(name, .sentence("is not for \(LBFGS.name), \(unless(name)): \(LBFGS.whySame)"))
      }
    }
    for (name, isThere) in [("layer_decay", self.layerDecay != nil), ("backbone_lr", hasOwnBackboneRate)] where isThere {
      note(name, .sentence("is not for \(LBFGS.name), whose steps are those of all parameters together, with one rate"))
    }
    for setting in (self.group?.rules ?? []).flatMap(\.settings) where !Self.groupSettingsOfDescent.contains(setting.name) {
      note(
        "group",
        .sentence(
          "says \(setting.name), and with \(LBFGS.name) a group may say \(Self.groupSettingsOfDescent.joined(separator: ", ")): its steps are "
            + "those of all parameters together"))
    }
    let others = [
      ("clip_norm", self.clipNorm != nil), ("clip_value", self.clipValue != nil), ("clip_ratio", self.clipRatio != nil),
      ("max_norm", self.maxNorm != nil), ("reduction", self.reduction != .mean), ("ema", self.ema != nil), ("swa", self.swa != nil),
      ("stay_close", self.stayClose > 0),
    ]
    for (name, isThere) in others where isThere {
      note(name, .sentence("is not for \(LBFGS.name), whose line search needs the loss and the loss's own gradient"))
    }
  }

  /// What parameter groups may have for themselves under L-BFGS: what is part of the function.
  private static let groupSettingsOfDescent = [WeightSettings.weightDecay, GroupRules.l1, GroupRules.l2]

  /// Options by which layers draw random numbers in training.
  private var randomLayers: [String] {
    let rates: [(String, Float)] = [
      ("dropout", design.dropout), ("dropconnect", design.dropConnect), ("spatial_dropout", design.spatialDropout),
      ("pool", design.pool == .fractional ? 1 : 0), ("drop_path", self.dropPath),
    ]
    let head = self.pretrained == nil ? nil : try? HeadDesign(self.head.text, classes: 2).dropout
    return rates.filter { $0.1 > 0 }.map(\.0) + (head.map { $0 > 0 } == true ? ["head"] : [])
  }

  /// Whether a pretrained backbone has another learning rate than the head.
  private var hasOwnBackboneRate: Bool {
    guard self.pretrained != nil, let rule = try? rule() else { return false }
    return self.backboneLR.value(of: rule.learningRate) != rule.learningRate
  }

  private func checkDivision(_ kind: DataSource.Kind, _ note: (String, RecipeValueError) -> Void) {
    if let kfold = self.kfold {
      if let fold = self.fold, !(1...kfold).contains(fold) {
        note("fold", .sentence("is \(fold), and it has to be from 1 to \(kfold), the number of folds"))
      }
      if isGiven("validation") {
        note(
          "validation",
          .sentence("cannot be given with \(spelling(of: "validation").name("kfold")), which holds out 1/\(kfold) of the data"))
      }
    }
    guard kind == .pictures, self.test + self.validation >= 1 else { return }
    let other = spelling(of: isGiven("test") ? "test" : "validation")
    if isGiven("test") {
      note("test", .sentence("is \(self.test), and it has to be at least 0, and below 1 together with \(other.name("validation"))"))
    } else {
      note(
        "validation",
        .sentence(
          "is \(self.validation), and has to be below 1 together with \(other.name("test")), which is \(self.test) unless it is given"))
    }
  }

  private func checkEnsemble(_ note: (String, RecipeValueError) -> Void) {
    if let count = self.ensemble {
      if self.kfold != nil {
        note(
          "ensemble", .sentence("cannot be given with \(spelling(of: "ensemble").name("kfold")): either is several trainings in one folder")
        )
      }
      if let member = self.member, member > count {
        note("member", .sentence("is \(member), and it has to be from 1 to \(count), the number of models"))
      }
    }
    if self.snapshots, !self.schedule.restarts {
      let name = spelling(of: "snapshots").name("schedule")
      note(
        "snapshots",
        .sentence("needs a schedule that goes in cycles, as \(name) 'cosine-restarts(period: 5 epochs)', and it is '\(self.schedule)'"))
    }
  }

  private func checkLoss(_ note: (String, RecipeValueError) -> Void) {
    guard let loss = self.loss else { return }
    if self.task == .regression, !loss.name.isOfMarks, let objection = lossOfNumbersObjection { note("loss", .sentence(objection)) }
    if self.labelSmoothing > 0, !loss.name.isOfDistributions {
      let names = LossChoice.Name.allCases.filter(\.isOfDistributions).map(\.rawValue).joined(separator: ", ")
      note("label_smoothing", .sentence("is for \(names), whose labels can be distributions, and the loss is \(loss.recipeText)"))
    }
  }

  /// Why the loss is none of numbers that are predicted; `nil` where it is one.
  private var lossOfNumbersObjection: String? {
    guard let loss = self.loss, !loss.name.isOfValues else { return nil }
    let names = LossChoice.Name.allCases.filter(\.isOfValues).map(\.rawValue).joined(separator: ", ")
    return "is \(loss.recipeText), a loss of classes, and numbers are to be predicted; for those there are \(names)"
  }

  /// Sees whether the loss is one of numbers, where the data turned out to have such.
  /// - Parameter areSeveral: whether several are predicted, which may be labels that a sample has or has not.
  /// - Throws: `RecipeError` where it is not.
  package func checkLossOfNumbers(areSeveral: Bool) throws(RecipeError) {
    let areMarks = areSeveral && self.loss?.name.isOfMarks == true
    for (name, isThere) in [("class_weights", self.classWeights != nil), ("sampling", self.sampling == .balanced)] where isThere {
      throw error(
        name,
        .sentence("is for classes, of which a row has one, and \(areMarks ? "labels of yes or no" : "numbers") are to be predicted"))
    }
    if areMarks { return }
    if self.labelSmoothing > 0 { throw error("label_smoothing", .sentence("is for classes, and numbers are to be predicted")) }
    if let objection = lossOfNumbersObjection { throw error("loss", .sentence(objection)) }
  }

  /// Sees whether there is a weight for each class that the data turned out to have.
  /// - Throws: `RecipeError` where there are more or fewer.
  package func checkClassWeights(_ classes: [String]) throws(RecipeError) {
    guard case .given(let weights)? = self.classWeights, weights.count != classes.count else { return }
    let few = 12
    let names = classes.prefix(few).map { printable($0) }.joined(separator: ", ") + (classes.count > few ? ", …" : "")
    throw error(
      "class_weights",
      .sentence(
        "is \(weights.count) number\(weights.count == 1 ? "" : "s"), and there \(classes.count == 1 ? "is 1 class" : "are \(classes.count) classes"), "
          + "each of which needs one: \(names)"))
  }

  /// Sees whether several columns can be predicted.
  /// - Throws: `RecipeError` where one was to be told apart by classes.
  package func checkSeveralTargets() throws(RecipeError) {
    guard self.task == .classification else { return }
    throw error(
      "task",
      .sentence(
        "is classification, and several columns are predicted as numbers, or by losses of yes and no (bce, focal, hinge) as labels of 0 and 1 each"
      ))
  }

  private func checkTable(_ note: (String, RecipeValueError) -> Void) {
    guard let target = self.target, !target.isEmpty else {
      let spelling = spelling(of: "data")
      return note(
        "target",
        .whole("\(spelling.name("data")) \(self.data) is a table: \(spelling.name("target")) has to name the column to be predicted"))
    }
    if self.model != "mlp", self.model != LayerList.modelName {
      note("model", .sentence("\(self.model) is for pictures; mlp is the model for tables, or layers that take features"))
    }
    let (ignored, categorical) = (self.ignore?.names ?? [], self.categorical?.names ?? [])
    let targets = [target] + (NameText.names(target) ?? [])
    if let target = ignored.first(where: targets.contains) {
      note("ignore", .sentence("names '\(target)', which \(spelling(of: "ignore").name("target")) wants to be predicted"))
    }
    if let both = ignored.first(where: categorical.contains) {
      let spelling = spelling(of: "ignore")
      note("ignore", .whole("'\(both)' is named by \(spelling.name("ignore")) and by \(spelling.name("categorical"))"))
    }
  }

  /// What makes no sense where a picture has any number of labels.
  private func checkMultiLabel(_ note: (String, RecipeValueError) -> Void) {
    let option = spelling(of: "multi_label").name("multi_label")
    if let loss = self.loss, !loss.name.isOfMarks {
      let names = LossChoice.Name.allCases.filter(\.isOfMarks).map(\.rawValue).joined(separator: ", ")
      note("loss", .sentence("is \(loss.recipeText), and with \(option) each label is a yes or no by itself; for those there are \(names)"))
    }
    let ofClasses = [
      ("class_weights", self.classWeights != nil), ("sampling", self.sampling == .balanced),
      ("label_smoothing", self.labelSmoothing > 0 && self.loss == nil),
    ]
    for (name, isThere) in ofClasses where isThere {
      note(name, .sentence("is for classes, of which a picture has one, and with \(option) it has any number of labels"))
    }
  }

  /// Networks for large pictures halve them five times.
  private func checkSize(_ note: (String, RecipeValueError) -> Void) {
    let least = Self.smallModels.contains(self.model) ? 1 : 32
    if !(least...4096).contains(self.size) { note("size", .sentence("is \(self.size), and it has to be from \(least) to 4096")) }
  }

  /// As whoever gave an option spells it.
  private func spelling(of name: String) -> RecipeSpelling {
    if case .file? = origin(of: name) { return .file }
    return .commandLine
  }
}

extension Recipe {
  /// Models for small pictures: what they make of larger ones costs much and brings little.
  private static let smallModels: Set = ["mlp", "lenet", "resnet18", LayerList.modelName]

  /// What `data` names.
  public var dataSource: DataSource { DataSource(name: self.data) }

  /// What stands between a model's layers, where that can be chosen.
  public var design: BlockDesign {
    var design = ModelZoo.usualDesign(self.model)
    if self.model == LayerList.modelName { design.initialization = self.initialization }
    guard ModelZoo.withActivations.contains(self.model) else { return design }
    design = BlockDesign()
    (design.activation, design.initialization, design.norm) = (self.activation, self.initialization, self.norm)
    (design.dropout, design.dropConnect) = (self.dropout, self.dropconnect)
    guard self.model != "mlp" else { return design }
    (design.spatialDropout, design.pool, design.squeezeExcitation) = (self.spatialDropout, self.pool, self.squeezeExcitation)
    return design
  }

  /// Whether the optimizer wants the same function in all steps.
  var staysSame: Bool { self.optimizer == LBFGS.name && !isOn("mini_batches") }

  /// The side of the pictures that a model usually sees.
  var usualSize: Int { EfficientNetLite.Size(rawValue: self.model)?.resolution ?? (Self.smallModels.contains(self.model) ? 32 : 224) }

  /// The share that is usually kept for the test.
  var usualTestShare: Double {
    if self.kfold != nil { return 0 }
    return dataSource.isTable ? TableSplit.testShare : self.pretrained == nil ? 0.1 : 0
  }

  /// The seed of weights, shuffles, dropout and augmentation: each member of an ensemble has its own, and the first one that of the recipe, which
  /// the division of the data goes by in all of them.
  public var trainingSeed: UInt64 { self.seed &+ UInt64(max((self.member ?? 1) - 1, 0)) }

  /// The fold that is held out, where the training is one of several.
  public var chosenFold: Fold? {
    guard let count = self.kfold, let number = self.fold else { return nil }
    return try? Fold(number, of: count)
  }

  /// Options and what each takes the place of, which cannot be given with it.
  private static let replacements = [
    ("kfold", "validation"), ("kfold", "ensemble"), ("kfold", "member"), ("ensemble", "kfold"), ("ensemble", "fold"), ("ema", "swa"),
    ("swa", "ema"),
  ]

  /// What a file says falls away where the command line decides otherwise: the momentum of a file, say, where another optimizer is asked for
  /// that has none, and the share for validation where folds are asked for. A run's recipe says everything that was in force.
  public mutating func dropWhatDoesNotFit() {
    func isOfFile(_ name: String) -> Bool { if case .file? = origin(of: name) { true } else { false } }
    for (name, other) in Self.replacements where isGiven(name) && origin(of: name) == .commandLine && isOfFile(other) { remove(other) }
    if self.optimizer == LBFGS.name, origin(of: "optimizer") == .commandLine {
      // What has another default with it; a backbone's rate whatever batches there are.
      let (training, backbone) = (TrainingSection(), PretrainedSection().backboneLR.name)
      for name in (isOn("mini_batches") ? [] : [training.batchSize.name, training.dropout.name])
        + [training.microBatch.name, backbone] where isOfFile(name)
      {
        remove(name)
      }
    }
    let kind = dataSource.kind
    for declaration in Self.declarations {
      guard let need = declaration.needs, isOfFile(declaration.name), !need.isMet(by: self, on: kind),
        origin(of: need.deciding) == .commandLine
      else { continue }
      remove(declaration.name)
    }
  }
}
