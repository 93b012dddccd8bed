import GlissadeTraining

/// What is trained from which epoch on, in the order of epochs: `4`, or `4:blocks.10-15,8:backbone`.
public struct Unfreezing: Hashable, Sendable, RecipeValue {
  /// One epoch, from 2, and what is trained from there on.
  public struct Step: Hashable, Sendable {
    /// The first epoch, from 2.
    public var epoch: Int
    /// What is trained from there on, beside what was before.
    public var what: ParameterSelection
  }

  /// In the order of their epochs.
  public var steps: [Step]

  public init(recipeText text: String) throws(RecipeValueError) {
    try self.init(text: text, parts: Self.split(text))
  }

  public init(recipeList list: [String]) throws(RecipeValueError) {
    try self.init(text: list.joined(separator: ";"), parts: list)
  }

  private init(text: String, parts: [String]) throws(RecipeValueError) {
    steps = []
    for part in parts {
      let pieces = part.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard let epoch = Int(pieces[0]), epoch > (steps.last?.epoch ?? 1) else {
        throw .sentence("is '\(text)', and it has to be \(Self.recipeKind)")
      }
      steps.append(Step(epoch: epoch, what: try ParameterSelection(recipeText: pieces.count > 1 ? String(pieces[1]) : "all")))
    }
  }

  /// At commas and semicolons; the latter where any is there, since commas may then be those between patterns.
  private static func split(_ text: String) -> [String] {
    text.split(separator: text.contains(";") ? ";" : ",", omittingEmptySubsequences: false).map(String.init)
  }

  public var recipeText: String { steps.map { "\($0.epoch):\($0.what)" }.joined(separator: ";") }
  public var recipeList: [String]? { steps.map { "\($0.epoch):\($0.what)" } }
  public static var beginsWithNumber: Bool { true }
  public static var recipeKind: String { "an epoch above 1, as 4, or several in their order, as 4:layer4,8:backbone" }
}
