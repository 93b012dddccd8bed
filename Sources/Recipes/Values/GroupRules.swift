import GlissadeFormats
import GlissadeOptimizers
import GlissadeTraining

/// What some of a model's parameters have for themselves, as in `backbone:lr=0.1x;**.bias:weight_decay=0`: which parameters, and what they
/// have. A parameter that several take has the settings of all of them, and of two of one name the later one.
public struct GroupRules: Hashable, Sendable, RecipeValue {
  /// Some parameters, and what they have.
  public struct Rule: Hashable, Sendable {
    /// Which parameters.
    public var parameters: ParameterSelection
    /// What they have, of which there is at least one.
    public var settings: [Setting]
  }

  /// One thing that they have.
  public struct Setting: Hashable, Sendable {
    /// `lr`, another number of an optimizer, `optimizer`, `stay_close`, `l1`, `l2` or `max_norm`.
    public let name: String
    /// As the option of that name has it; a learning rate may be a multiple of the others', as 0.1x.
    public let text: String
  }

  /// In their order.
  public var rules: [Rule]

  public init(recipeText text: String) throws(RecipeValueError) {
    try self.init(recipeList: text.split(separator: ";", omittingEmptySubsequences: false).map(String.init))
  }

  public init(recipeList list: [String]) throws(RecipeValueError) {
    rules = []
    for text in list { rules.append(try Rule(text)) }
  }

  public var recipeText: String { rules.map(\.description).joined(separator: ";") }
  public var recipeList: [String]? { rules.map(\.description) }
  public static var recipeKind: String { "parameters, a colon and what they have, as in backbone:lr=0.1x or **.bias:weight_decay=0,lr=2x" }
  public static var isRecipeRepeated: Bool { true }
  public static var knowsRecipeNone: Bool { false }

  /// Every name that a setting may have.
  public static let names: [String] = OptimizerSection().declarations.map(\.name) + [optimizer, stayClose, l1, l2, maximumNorm]
  static let rate = "lr"
  static let optimizer = "optimizer"
  static let stayClose = "stay_close"
  static let l1 = "l1"
  static let l2 = "l2"
  static let maximumNorm = "max_norm"
}

extension GroupRules.Rule {
  fileprivate init(_ text: String) throws(RecipeValueError) {
    let pieces = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard pieces.count == 2, pieces[1].contains(where: { !$0.isWhitespace }) else {
      throw .sentence("is '\(printable(text))', and it has to be \(GroupRules.recipeKind)")
    }
    parameters = try ParameterSelection(recipeText: pieces[0])
    settings = []
    for part in pieces[1].split(separator: ",", omittingEmptySubsequences: false) {
      let setting = try GroupRules.Setting(String(part), in: text)
      if settings.contains(where: { $0.name == setting.name }) { throw .sentence("'\(printable(text))' says \(setting.name) twice") }
      settings.append(setting)
    }
  }

  var description: String { "\(parameters):\(settings.map { "\($0.name)=\($0.text)" }.joined(separator: ","))" }
}

extension GroupRules.Setting {
  fileprivate init(_ text: String, in rule: String) throws(RecipeValueError) {
    let pieces = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { $0.trimmed }
    let name = RecipeReader.underscored(pieces[0])
    guard GroupRules.names.contains(name), let declaration = Recipe.declaration(name) else {
      throw .sentence("'\(printable(rule))': \(Self.unknown(pieces[0]))")
    }
    guard let value = pieces.count > 1 ? pieces[1] : declaration.isFlag ? "true" : nil, !value.isEmpty else {
      throw .sentence("'\(printable(rule))' does not say what \(name) is, as in \(name)=…")
    }
    func read() throws(RecipeValueError) -> any RecipeValue {
      name == GroupRules.rate && value.hasSuffix("x") ? try BackboneRate(recipeText: value) : try declaration.read(.one(value))
    }
    do throws(RecipeValueError) { self.init(name: name, text: try read().recipeText) } catch {
      throw .sentence("'\(printable(rule))': \(error.told(of: name, noun: declaration.noun))")
    }
  }

  private static func unknown(_ name: String) -> String {
    if name.isEmpty { return "there is nothing between its commas" }
    let nearest = Nearest.to(name, among: GroupRules.names).map { "; did you mean '\($0)'?" } ?? ";"
    return "parameters have no '\(printable(name))' of their own\(nearest) there are \(GroupRules.names.joined(separator: ", "))"
  }
}

extension Substring {
  /// Without the blanks around it.
  fileprivate var trimmed: String {
    String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }
}
