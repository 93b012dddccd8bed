import GlissadeFormats

/// All that decides a training: its data, model, pretrained weights, optimizer, schedule, length, seed, device, and how it is saved.
///
/// ```swift
/// var recipe = Recipe()
/// recipe.data = "cifar10/"
/// recipe.model = "resnet18"
/// recipe.epochs = 30
/// try recipe.check()
/// ```
///
/// What nobody gives has its default, which may depend on the rest: `Recipe.declarations` lists every option, and `docs/options.md` is their
/// reference. `Recipe(contentsOf:)` reads a file, and `text` writes one with everything that is in force.
@dynamicMemberLookup
public struct Recipe: Sendable {
  /// Where somebody gave a value.
  public enum Origin: Hashable, Sendable {
    /// In a program.
    case program
    /// On the command line.
    case commandLine
    /// In a file, at a line and a column, from 1; without them where it is the file of a run of an earlier version.
    case file(String, line: Int?, column: Int?)
  }

  /// A value and where it is from.
  struct Given: Sendable {
    var value: any RecipeValue
    var origin: Origin
  }

  /// What was given, by the options' names.
  private(set) var given: [String: Given] = [:]

  /// A recipe where everything has its default.
  public init() {}

  /// What is in force of an option.
  subscript<Value>(option: RecipeOption<Value>) -> Value {
    get {
      // What nobody gave is no optional that has nothing.
      guard let found = given[option.name], let value = found.value as? Value else { return option.standard(in: self) }
      return value
    }
    set { given[option.name] = Given(value: newValue, origin: .program) }
  }

  /// Whether somebody gave a value, which is not that there be none.
  public func isGiven(_ name: String) -> Bool { given[name].map { !$0.value.isNone } ?? false }

  /// Whether somebody gave a value, which is neither that there be none nor a switch that is off.
  func isOn(_ name: String) -> Bool { isGiven(name) && given[name]?.value as? Bool != false }

  /// What is in force of an option, as text; `nil` where there is no such option.
  public func text(of name: String) -> String? { Recipe.declaration(name)?.value(in: self).recipeText }

  /// The options that name what a run is made from.
  public static let places = declarations.filter { $0.whenResumed == .place }.map(\.name)

  /// Where a value is from; `nil` for a default.
  public func origin(of name: String) -> Origin? { given[name]?.origin }

  /// Gives a value by its text.
  /// - Throws: `RecipeError` for a name that there is not, or a value that the option cannot have.
  public mutating func set(_ name: String, to text: RecipeText, from origin: Origin) throws(RecipeError) {
    guard let declaration = Recipe.declaration(name) else {
      throw RecipeError(name: name, origin: origin, problem: .unknownName(among: Recipe.declarations.map(\.name)))
    }
    do throws(RecipeValueError) { given[name] = Given(value: try declaration.read(text), origin: origin) } catch {
      throw RecipeError(name: name, origin: origin, problem: .value(error, noun: declaration.noun))
    }
  }

  /// Gives a value that was read before.
  mutating func put(_ value: any RecipeValue, for name: String, origin: Origin) { given[name] = Given(value: value, origin: origin) }

  /// Gives no value: nothing where the option knows that, its default otherwise.
  mutating func putNone(_ name: String, from origin: Origin) {
    guard let none = Self.declaration(name)?.none else { return remove(name) }
    put(none, for: name, origin: origin)
  }

  /// Takes what another recipe gives of an option, be it nothing.
  public mutating func take(_ name: String, from other: Recipe) { given[name] = other.given[name] }

  /// Takes an option back to its default.
  public mutating func remove(_ name: String) { given[name] = nil }

  /// Takes over all that another recipe gives.
  public mutating func merge(_ other: Recipe) { given.merge(other.given) { $1 } }

  /// An error about an option, told as where it is from tells it.
  package func error(_ name: String, _ problem: RecipeValueError) -> RecipeError {
    let origin = origin(of: name) ?? .commandLine
    return RecipeError(name: name, origin: origin, problem: .value(problem, noun: Recipe.declaration(name)?.noun ?? name))
  }
}

extension Recipe {
  /// An option that every training has, as in `recipe.epochs`.
  public subscript<Value>(dynamicMember path: KeyPath<TrainingSection, RecipeOption<Value>>) -> Value {
    get { self[Self.training[keyPath: path]] }
    set { self[Self.training[keyPath: path]] = newValue }
  }
  /// An option of what stands between layers, as in `recipe.norm`.
  public subscript<Value>(dynamicMember path: KeyPath<BlockSection, RecipeOption<Value>>) -> Value {
    get { self[Self.blocks[keyPath: path]] }
    set { self[Self.blocks[keyPath: path]] = newValue }
  }
  /// An option of where it runs, as in `recipe.device`.
  public subscript<Value>(dynamicMember path: KeyPath<DeviceSection, RecipeOption<Value>>) -> Value {
    get { self[Self.place[keyPath: path]] }
    set { self[Self.place[keyPath: path]] = newValue }
  }
  /// An option of what it begins with, as in `recipe.pretrained`.
  public subscript<Value>(dynamicMember path: KeyPath<PretrainedSection, RecipeOption<Value>>) -> Value {
    get { self[Self.weights[keyPath: path]] }
    set { self[Self.weights[keyPath: path]] = newValue }
  }
  /// An option of cross-validation, as in `recipe.kfold`.
  public subscript<Value>(dynamicMember path: KeyPath<FoldSection, RecipeOption<Value>>) -> Value {
    get { self[Self.folds[keyPath: path]] }
    set { self[Self.folds[keyPath: path]] = newValue }
  }
  /// An option of several models, as in `recipe.ensemble`.
  public subscript<Value>(dynamicMember path: KeyPath<EnsembleSection, RecipeOption<Value>>) -> Value {
    get { self[Self.ensembles[keyPath: path]] }
    set { self[Self.ensembles[keyPath: path]] = newValue }
  }
  /// An option of an early end, as in `recipe.earlyStop`.
  public subscript<Value>(dynamicMember path: KeyPath<StoppingSection, RecipeOption<Value>>) -> Value {
    get { self[Self.stopping[keyPath: path]] }
    set { self[Self.stopping[keyPath: path]] = newValue }
  }
  /// An option of what is saved, as in `recipe.keep`.
  public subscript<Value>(dynamicMember path: KeyPath<SavingSection, RecipeOption<Value>>) -> Value {
    get { self[Self.saving[keyPath: path]] }
    set { self[Self.saving[keyPath: path]] = newValue }
  }
  /// An option of parameter groups, as in `recipe.layerDecay`.
  public subscript<Value>(dynamicMember path: KeyPath<GroupSection, RecipeOption<Value>>) -> Value {
    get { self[Self.grouping[keyPath: path]] }
    set { self[Self.grouping[keyPath: path]] = newValue }
  }
  /// An option of regularisation, as in `recipe.l2`.
  public subscript<Value>(dynamicMember path: KeyPath<RegularizationSection, RecipeOption<Value>>) -> Value {
    get { self[Self.regularization[keyPath: path]] }
    set { self[Self.regularization[keyPath: path]] = newValue }
  }
  /// An option of unbalanced classes, as in `recipe.classWeights`.
  public subscript<Value>(dynamicMember path: KeyPath<BalanceSection, RecipeOption<Value>>) -> Value {
    get { self[Self.balance[keyPath: path]] }
    set { self[Self.balance[keyPath: path]] = newValue }
  }
  /// An option of tables, as in `recipe.target`.
  public subscript<Value>(dynamicMember path: KeyPath<TableSection, RecipeOption<Value>>) -> Value {
    get { self[Self.table[keyPath: path]] }
    set { self[Self.table[keyPath: path]] = newValue }
  }
  /// An option of pictures, as in `recipe.augment`.
  public subscript<Value>(dynamicMember path: KeyPath<PictureSection, RecipeOption<Value>>) -> Value {
    get { self[Self.pictures[keyPath: path]] }
    set { self[Self.pictures[keyPath: path]] = newValue }
  }

  private static let training = TrainingSection()
  private static let blocks = BlockSection()
  private static let place = DeviceSection()
  private static let weights = PretrainedSection()
  private static let folds = FoldSection()
  private static let ensembles = EnsembleSection()
  private static let stopping = StoppingSection()
  private static let saving = SavingSection()
  private static let grouping = GroupSection()
  private static let regularization = RegularizationSection()
  private static let balance = BalanceSection()
  private static let table = TableSection()
  private static let pictures = PictureSection()
}

extension Recipe: Equatable {
  /// Whether the same is in force.
  public static func == (one: Recipe, other: Recipe) -> Bool {
    declarations.allSatisfy { $0.value(in: one).recipeText == $0.value(in: other).recipeText }
  }
}
