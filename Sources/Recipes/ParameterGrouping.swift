import GlissadeLayers
import GlissadeModels
import GlissadeOptimizers
import GlissadeTensors
import GlissadeTraining

extension Recipe {
  /// How a model's parameters are divided: the groups of the first epoch, and the phases after it.
  ///
  /// What is trained alike from the same epoch on is one group. Of a pretrained network head and backbone are apart, and what is unfrozen
  /// later is apart from what was trained before, so that each has its own count of steps. A weight's learning rate is `lr`; in the backbone
  /// of a pretrained network `backbone_lr`; where `group` says a number, that number, and where it says a multiple, that of `lr`. All but
  /// such a number are multiplied by `layer_decay` for each block between the weight and the answer (`LayerPath.distancesFromHead`).
  /// - Parameter model: with the head that it is trained with.
  /// - Throws: `SelectionError` for patterns that do not fit the model; `RecipeError` where nothing is left to train or to unfreeze, and
  ///   for numbers that make no sense.
  public func groups(of model: any Layer) throws -> (first: [ParameterGroup], later: [TrainingPhase]) {
    let weights = try WeightSettings(self, model)
    let all = Set(weights.paths)
    var trained = Set<String>()
    var groups: [ParameterGroup] = []
    func add(_ paths: Set<String>) {
      groups += weights.groups(of: paths.intersection(all).subtracting(trained))
      trained.formUnion(paths.intersection(all))
    }
    add(all.subtracting(try self.freeze?.paths(in: model) ?? []))
    guard !groups.isEmpty else {
      throw error("freeze", .sentence("\(self.freeze?.description ?? "") leaves nothing to train in the first epoch"))
    }
    let first = groups
    var later: [TrainingPhase] = []
    for step in self.unfreezeAt?.steps ?? [] {
      let before = trained.count
      add(try step.what.paths(in: model))
      guard trained.count > before else {
        throw error("unfreeze_at", .sentence("\(step.epoch) unfreezes nothing: '\(step.what)' is trained before"))
      }
      later.append(TrainingPhase(firstEpoch: step.epoch, groups: groups))
    }
    return (first, later)
  }

  /// Whether biases and norms would be drawn to 0 if `decay_biases` were on: by the optimizer, or one that a group names, or by a penalty. What
  /// a group says of decay counts in any case.
  var decaysBiasesOtherwise: Bool {
    if self.l1 != 0 || self.l2 != 0 { return true }
    guard let base = try? rule() else { return true }
    let named = (self.group?.rules ?? []).flatMap(\.settings).filter { $0.name == GroupRules.optimizer }
    return ([base] + named.compactMap { Optimizers.named($0.text)?.rule }).contains { rule in
      WeightSettings.decay(of: WeightSettings.rule(rule, for: [1])) != 0
    }
  }

  /// Whether anything is drawn to the weights that the training begins with.
  public var drawsToStart: Bool {
    guard self.pretrained != nil else { return false }
    return self.stayClose > 0
      || (self.group?.rules ?? []).contains { $0.settings.contains { $0.name == GroupRules.stayClose && Float($0.text) ?? 0 > 0 } }
  }

  /// What a group's settings make of the optimizer and of what else it has.
  /// - Parameter shape: the weight's; `nil` where any is meant.
  /// - Throws: `RecipeError` for what that optimizer has not.
  fileprivate func apply(
    _ settings: [GroupRules.Setting], to weight: inout WeightSettings.Weight, base: any Optimizer, shape: Shape? = nil
  ) throws(RecipeError) {
    var usual = base.learningRate
    // What the optimizer has that people named, and a companion may have not.
    var named = Optimizers.named(self.optimizer)?.rule ?? base
    if let name = settings.first(where: { $0.name == GroupRules.optimizer })?.text, let entry = Optimizers.named(name) {
      named = entry.rule
      weight.rule = shape.map { WeightSettings.rule(entry.rule, for: $0) } ?? entry.rule
      usual = weight.rule.learningRate
    }
    for setting in settings {
      let isRate = setting.name == GroupRules.rate
      if setting.name == GroupRules.optimizer { continue }
      if let path = Self.ofWeight[setting.name] {
        weight[keyPath: path] = Float(setting.text) ?? 0
      } else if setting.name == GroupRules.maximumNorm {
        weight.maximumNorm = Float(setting.text)
      } else if isRate, setting.text.hasSuffix("x") {
        weight.rule.learningRate = (Double(setting.text.dropLast()) ?? 1) * usual
        weight.isRateGiven = false
      } else {
        guard let parameter = Self.hyperparameters(of: weight.rule).first(where: { $0.name == setting.name }) else {
          if let matrices = named as? any MatrixOptimizer,
            let parameter = Self.hyperparameters(of: matrices).first(where: { $0.name == setting.name })
          {
            // What only matrices have is no matter for vectors, but for what is said there of these.
            let changed = Double(setting.text).map { parameter.setting(.number($0), in: matrices) } as? any MatrixOptimizer
            if let rate = changed?.companion.learningRate, rate != matrices.companion.learningRate {
              (weight.rule.learningRate, weight.isRateGiven) = (rate, true)
            }
            continue
          }
          throw error("group", .sentence("says \(setting.name), which \(Self.objection(setting.name, weight.rule))"))
        }
        if isRate { weight.isRateGiven = true }
        if let value = Double(setting.text) { weight.rule = parameter.setting(.number(value), in: weight.rule) }
        if let flag = Bool(setting.text) { weight.rule = parameter.setting(.flag(flag), in: weight.rule) }
      }
    }
  }

  /// What groups may have beside what optimizers have.
  private static let ofWeight: [String: WritableKeyPath<WeightSettings.Weight, Float> & Sendable] = [
    GroupRules.stayClose: \.stayClose, GroupRules.l1: \.penalty.l1, GroupRules.l2: \.penalty.l2,
  ]

  fileprivate static func hyperparameters(of rule: any Optimizer) -> [Hyperparameter] { type(of: rule).hyperparameters }

  /// Why an optimizer has not some number.
  private static func objection(_ name: String, _ rule: any Optimizer) -> String {
    let owners = Optimizers.all.filter { entry in entry.hyperparameters.contains { $0.name == name } }.map(\.name)
    let have = owners.count == 1 ? "\(owners[0]) has it" : "\(owners.dropLast().joined(separator: ", ")) and \(owners.last ?? "") have it"
    return "is no option of \(type(of: rule).name); \(have)"
  }

  /// What makes no sense in the options that name parameters: patterns that match none of the model, numbers that an optimizer has not.
  func problemsOfGroups() -> [RecipeError] {
    guard isGiven("group") || isGiven("freeze") || isGiven("unfreeze_at"), let base = try? rule() else { return [] }
    var found: [RecipeError] = []
    func look(_ name: String, _ selection: ParameterSelection, _ model: any Layer) {
      do throws(SelectionError) { _ = try selection.paths(in: model) } catch { found.append(self.error(name, .whole("\(error)"))) }
    }
    let model = usualModel
    for rule in self.group?.rules ?? [] {
      if let model { look("group", rule.parameters, model) }
      if self.pretrained == nil, rule.settings.contains(where: { $0.name == GroupRules.stayClose }) {
        found.append(error("group", .sentence("says \(GroupRules.stayClose), which is for pretrained weights, and there are none")))
      }
      do throws(RecipeError) {
        var weight = WeightSettings.Weight(rule: base)
        try apply(rule.settings, to: &weight, base: base)
        try check(weight.rule)
      } catch { found.append(error) }
    }
    guard let model else { return found }
    if let freeze = self.freeze { look("freeze", freeze, model) }
    for step in self.unfreezeAt?.steps ?? [] { look("unfreeze_at", step.what, model) }
    return found
  }

  /// - Throws: `RecipeError` for an optimizer of a group whose numbers make no sense together.
  fileprivate func check(_ rule: any Optimizer) throws(RecipeError) {
    do throws(OptimizerError) { try rule.validate() } catch { throw self.error("group", .sentence("makes no sense: \(error)")) }
  }

  /// The model with samples and classes as they often are: its parameters have the paths that they have with any others.
  private var usualModel: (any Layer)? {
    let inner = self.hidden?.sizes ?? [64, 32]
    // Whether layers take such samples is seen once there are samples.
    if self.model == LayerList.modelName { return nil }
    let model: (any LayerWithHead)? =
      self.model == "mlp" ? MLP([8] + inner + [2], design) : ModelZoo.make(self.model, input: [32, 32, 3], classes: 10, design: design)
    guard let model, self.pretrained != nil, let head = try? HeadDesign(self.head.text, classes: 2) else { return model }
    return (try? model.replacingHead(by: head)) ?? model
  }
}

/// What each of a model's weights is trained with.
struct WeightSettings {
  struct Weight {
    var rule: any Optimizer
    var stayClose: Float = 0
    var penalty = WeightPenalty()
    var maximumNorm: Float?
    /// Whether the learning rate is one that somebody gave for just these.
    var isRateGiven = false
  }

  /// In the model's order.
  let paths: [String]
  private var weights: [String: Weight] = [:]
  private let head: Set<String>
  private let schedule: Schedule
  /// Whether head and backbone are apart in any case.
  private let isPretrained: Bool

  /// - Throws: as `Recipe.groups(of:)`.
  init(_ recipe: Recipe, _ model: any Layer) throws {
    let base = try recipe.rule()
    head = LayerPath.headPaths(of: model)
    schedule = recipe.schedule
    isPretrained = recipe.pretrained != nil
    let all = LayerPath.parameters(of: model).filter { $0.parameter.role == .weight }
    paths = all.map(\.path)
    let rules = try (recipe.group?.rules ?? []).map { (settings: $0.settings, paths: try $0.parameters.paths(in: model)) }
    let (decay, distances) = (recipe.layerDecay, recipe.layerDecay == nil ? [:] : LayerPath.distancesFromHead(of: model))
    for (path, parameter) in all {
      // What is no matrix belongs to the companion of an optimizer for matrices, and so does what is said of its numbers.
      let base = Self.rule(base, for: parameter.shape)
      var weight = Weight(rule: base)
      if recipe.decayBiases || parameter.shape.rank > 1 { weight.penalty = WeightPenalty(l1: recipe.l1, l2: recipe.l2) }
      weight.maximumNorm = recipe.maxNorm
      if isPretrained, !head.contains(path) {
        weight.rule.learningRate = recipe.backboneLR.value(of: base.learningRate)
        weight.stayClose = recipe.stayClose
      }
      for rule in rules where rule.paths.contains(path) { try recipe.apply(rule.settings, to: &weight, base: base, shape: parameter.shape) }
      let decays = rules.contains { $0.paths.contains(path) && $0.settings.contains { $0.name == Self.weightDecay } }
      if !recipe.decayBiases, !decays, parameter.shape.rank <= 1 { weight.rule = Self.withoutDecay(weight.rule) }
      if let decay, !weight.isRateGiven { for _ in 0..<(distances[path] ?? 0) { weight.rule.learningRate *= decay } }
      try recipe.check(weight.rule)
      weights[path] = weight
    }
  }

  /// What trains a parameter of some shape, where an optimizer may have a companion.
  static func rule(_ rule: any Optimizer, for shape: Shape) -> any Optimizer {
    (rule as? any MatrixOptimizer)?.optimizer(for: shape) ?? rule
  }

  static let weightDecay = "weight_decay"

  /// How strongly an optimizer draws weights to 0.
  static func decay(of rule: any Optimizer) -> Double {
    guard case .number(let decay)? = Recipe.hyperparameters(of: rule).first(where: { $0.name == weightDecay })?.value(of: rule) else {
      return 0
    }
    return decay
  }

  private static func withoutDecay(_ rule: any Optimizer) -> any Optimizer {
    Recipe.hyperparameters(of: rule).first { $0.name == weightDecay }?.setting(.number(0), in: rule) ?? rule
  }

  /// Weights divided by what they are trained with, those of the head first where head and backbone are apart.
  func groups(of wanted: Set<String>) -> [ParameterGroup] {
    let parts = isPretrained ? [paths.filter(head.contains), paths.filter { !head.contains($0) }] : [paths]
    return parts.flatMap { part in
      var groups: [(key: String, weight: Weight, paths: Set<String>)] = []
      for path in part where wanted.contains(path) {
        guard let weight = weights[path] else { continue }
        // What it says of itself is all that it does.
        let key = "\(weight.rule) \(weight.stayClose) \(weight.penalty) \(weight.maximumNorm.map { "\($0)" } ?? "")"
        if let place = groups.firstIndex(where: { $0.key == key }) {
          groups[place].paths.insert(path)
        } else {
          groups.append((key, weight, [path]))
        }
      }
      return groups.map { group in
        ParameterGroup(
          group.weight.rule, schedule: schedule, stayClose: group.weight.stayClose, penalty: group.weight.penalty,
          maximumNorm: group.weight.maximumNorm
        ) { group.paths.contains($0) }
      }
    }
  }
}

extension Recipe {
  /// How parameters are divided in the end, for people; `nil` where none have anything for themselves.
  public func line(of options: TrainingOptions) -> String? {
    let groups = options.laterPhases.last?.groups ?? options.groups
    let rates = groups.map(\.optimizer.learningRate)
    guard isGiven("group") || isGiven("layer_decay") || !self.decayBiases, let least = rates.min(), let most = rates.max() else {
      return nil
    }
    // As float32 has them, and devices: products of shares have sixteen digits.
    let text = least == most ? "the learning rate \(Float(least))" : "learning rates from \(Float(least)) to \(Float(most))"
    return "\(groups.count) group\(groups.count == 1 ? "" : "s") of parameters, with \(text)"
  }
}
