import GlissadeLayers

extension Activation.Name: NumberedWord {
  var places: [(name: String, range: RecipeRange)] {
    numbers.map { number in
      let range: RecipeRange =
        switch number.range {
        case .anything: .anything
        case .notNegative: .atLeast(0)
        case .positive: .aboveZero
        }
      return (number.name, range)
    }
  }
}

/// An activation by its name, with a number or two behind it where it has some, as in `leaky_relu(0.2)`.
extension Activation: RecipeValue {
  public init(recipeText text: String) throws(RecipeValueError) {
    let (name, numbers) = try Name.read(text)
    self.init(name, numbers)
    if let problem { throw .sentence("is '\(text)': \(problem)") }
  }

  public var recipeText: String { name.text(numbers) }
  public static var recipeKind: String { Name.words.joined(separator: ", ") }
  public static var recipeChoices: [String]? { Name.words }
}
