import GlissadeOptimizers

/// The optimizers' numbers, as the optimizers list them.
public struct OptimizerSection: RecipeSection {
  public static let title = "Optimizer options"

  public let declarations: [any RecipeDeclaration]

  public init() {
    var names: [String] = []
    for entry in Optimizers.all { for one in entry.hyperparameters where !names.contains(one.name) { names.append(one.name) } }
    declarations = names.compactMap(Self.declaration)
  }

  /// What some are called elsewhere.
  private static let aliases = ["lr": ["learning_rate"], "epsilon": ["eps"]]

  /// The option for all that optimizers have under one name.
  private static func declaration(_ name: String) -> (any RecipeDeclaration)? {
    let all = Optimizers.all.compactMap { entry in
      entry.hyperparameters.first { $0.name == name }.map { (rule: entry.rule, parameter: $0, optimizer: entry.name) }
    }
    guard let first = all.first else { return nil }
    let owners = all.map(\.optimizer)
    let isGeneral = owners.count == Optimizers.all.count
    let help =
      isGeneral
      ? first.parameter.help
      : owners.joined(separator: ", ") + ": " + first.parameter.help.prefix(1).lowercased() + first.parameter.help.dropFirst()
    let needs: RecipeNeed? = isGeneral ? nil : .optimizers(owners)
    guard let range = first.parameter.range else {
      let isUsual = all.filter { $0.parameter.value(of: $0.rule) == .flag(true) }.map(\.optimizer)
      return RecipeOption<Bool>(
        name, default: { $0.standardFlag(name) }, defaultText: isUsual.isEmpty ? nil : "with \(isUsual.joined(separator: ", "))",
        needs: needs, help: help)
    }
    var defaults: [(value: Double, owners: [String])] = []
    for (rule, parameter, owner) in all {
      guard case .number(let value)? = parameter.value(of: rule) else { continue }
      if let place = defaults.firstIndex(where: { $0.value == value }) {
        defaults[place].owners.append(owner)
      } else {
        defaults.append((value, [owner]))
      }
    }
    let text =
      defaults.count == 1
      ? "\(defaults[0].value)".withoutPoint
      : defaults.map { "\($0.owners.joined(separator: ", ")) \("\($0.value)".withoutPoint)" }.joined(separator: "; ")
    // For those that have it not it does not matter what it is, but it has to make sense.
    let other = defaults.first?.value ?? 0
    return RecipeOption<Double>(
      name, default: { $0.standardNumber(name) ?? other }, defaultText: text, range: RecipeRange(range), needs: needs,
      essential: name == "lr" ? 6 : nil, aliases: aliases[name] ?? [], help: help)
  }
}

extension Recipe {
  /// A number of the optimizer where nobody gives another.
  fileprivate func standardNumber(_ name: String) -> Double? {
    guard case .number(let value)? = standard(name) else { return nil }
    return value
  }

  /// A switch of the optimizer where nobody says anything.
  fileprivate func standardFlag(_ name: String) -> Bool { standard(name) == .flag(true) }

  private func standard(_ name: String) -> Hyperparameter.Value? {
    guard let entry = Optimizers.named(self.optimizer) else { return nil }
    return entry.hyperparameters.first { $0.name == name }?.value(of: entry.rule)
  }

  /// The optimizer with its numbers.
  /// - Throws: `RecipeError` for one that is not known, or numbers that make no sense together.
  public func rule() throws(RecipeError) -> any Optimizer {
    guard let entry = Optimizers.named(self.optimizer) else { throw error("optimizer", .unknown(self.optimizer, among: Optimizers.names)) }
    var rule = entry.rule
    for parameter in type(of: rule).hyperparameters {
      switch Recipe.declaration(parameter.name)?.value(in: self) {
      case let value as Double: rule = parameter.setting(.number(value), in: rule)
      case let value as Bool: rule = parameter.setting(.flag(value), in: rule)
      default: break
      }
    }
    do throws(OptimizerError) { try rule.validate() } catch {
      let name = type(of: rule).hyperparameters.first { $0.words == error.option }?.name ?? "optimizer"
      throw self.error(name, .whole("\(error)"))
    }
    return rule
  }
}
