import GlissadeLayers

extension Activation.Name: NumberedWord {
  var places: [(name: String, range: RecipeRange)] {
    numbers.map { number in
      let range: RecipeRange =
        switch self {
        // Learned slopes begin anywhere.
        case .prelu, .preluPerChannel, .hardtanh: .anything
        case .celu, .softplus: .aboveZero
        default: .atLeast(0)
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
    // One that is given alone has the other's usual value beside it.
    guard name == .hardtanh, let lower = numbers.first else { return }
    let upper = numbers.count > 1 ? numbers[1] : name.numbers[1].usual
    guard lower < upper else { throw .sentence("is '\(text)': lower has to be below upper, and that is \("\(upper)".withoutPoint)") }
  }

  public var recipeText: String { name.text(numbers) }
  public static var recipeKind: String { Name.words.joined(separator: ", ") }
  public static var recipeChoices: [String]? { Name.words }
}
