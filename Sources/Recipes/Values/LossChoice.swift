import GlissadeTraining

/// What errors cost: a loss by its name, with a number or two behind it where it has some, as in `focal(2,0.25)`.
public struct LossChoice: RecipeValue, Hashable {
  /// The losses that the command knows.
  public enum Name: String, CaseIterable, Sendable {
    /// Cross-entropy of softmax: of classes.
    case crossEntropy = "cross_entropy"
    /// Negative log-likelihood: cross-entropy by its other name.
    case nll
    /// Binary cross-entropy, of yes and no for each class or label; `bce(positive_weight)`, 1 by default, is how much a yes counts.
    case bce
    /// Mean squared error.
    case mse
    /// Mean absolute error.
    case mae
    /// Huber's: squared up to delta, straight beyond; `huber(delta)`, 1 by default.
    case huber
    /// Huber's divided by beta; `smooth_l1(beta)`, 1 by default.
    case smoothL1 = "smooth_l1"
    /// The hinge of several classes, or of each label; `hinge(margin)`, 1 by default.
    case hinge
    /// Its square; `squared_hinge(margin)`, 1 by default.
    case squaredHinge = "squared_hinge"
    /// The hinge of yes and no for each class or label; `binary_hinge(margin)`, 1 by default.
    case binaryHinge = "binary_hinge"
    /// Kullback and Leibler's divergence from softmax: cross-entropy without the entropy of smoothed labels.
    case klDivergence = "kl_div"
    /// Focal loss, which makes much of what is hard; `focal(gamma,alpha)`, 2 and 1 by default, of labels 2 and 0.25.
    case focal

    /// Its numbers: what they are called, what they are where they are not given, and what they may be.
    fileprivate var numbers: [(name: String, standard: Float, range: RecipeRange)] {
      switch self {
      case .crossEntropy, .nll, .klDivergence, .mse, .mae: []
      case .bce: [("positive_weight", 1, .aboveZero)]
      case .huber: [("delta", 1, .aboveZero)]
      case .smoothL1: [("beta", 1, .atLeast(0))]
      case .hinge, .squaredHinge, .binaryHinge: [("margin", 1, .aboveZero)]
      case .focal: [("gamma", 2, .atLeast(0)), ("alpha", 1, .aboveZeroToOne)]
      }
    }

    /// Whether it can be of numbers that are predicted.
    public var isOfValues: Bool { [.mse, .mae, .huber, .smoothL1].contains(self) }
    /// Whether it can be of labels each of which a sample has or has not.
    public var isOfMarks: Bool { [.bce, .focal, .hinge, .squaredHinge, .binaryHinge].contains(self) }
    /// Whether it takes distributions, and so smoothed labels.
    public var isOfDistributions: Bool { [.crossEntropy, .nll, .klDivergence].contains(self) }
  }

  /// What it is of classes where nobody says.
  public static let usualOfClasses = LossChoice(.crossEntropy)
  /// Of numbers that are predicted.
  public static let usualOfValues = LossChoice(.mse)
  /// Of labels each of which a sample has or has not.
  public static let usualOfMarks = LossChoice(.bce)

  /// Which loss.
  public let name: Name
  private let numbers: [Float]

  /// - Parameter name: with its usual numbers.
  public init(_ name: Name) { (self.name, numbers) = (name, []) }

  public init(recipeText text: String) throws(RecipeValueError) {
    (name, numbers) = try Name.read(text)
  }

  public var recipeText: String { name.text(numbers) }
  public static var recipeKind: String { Name.words.joined(separator: ", ") }
  public static var recipeChoices: [String]? { Name.words }

  private func number(_ place: Int) -> Float { place < numbers.count ? numbers[place] : name.numbers[place].standard }

  /// As training takes it, of classes. Errors of values are of probabilities, hinges and binary cross-entropy of what the model gives.
  /// - Parameter smoothing: of labels, for those of distributions.
  public func ofClasses(smoothing: Float = 0) -> Loss {
    switch name {
    case .crossEntropy, .nll: .crossEntropy(labelSmoothing: smoothing)
    case .klDivergence: .divergenceOfClasses(labelSmoothing: smoothing)
    case .bce: .binaryCrossEntropyWithLogits(positiveWeight: number(0)).ofClasses(ofLogits: true)
    case .binaryHinge: .binaryHinge(margin: number(0)).ofClasses(ofLogits: true)
    case .mse, .mae, .huber, .smoothL1: (ofValues ?? .meanSquaredError).ofClasses()
    case .hinge: .multiMargin(margin: number(0))
    case .squaredHinge: .multiMargin(margin: number(0), isSquared: true)
    case .focal: .focal(gamma: number(0), alpha: number(1))
    }
  }

  /// As training takes it, of labels of 0 and 1 each; `nil` for all but binary cross-entropy, hinges and focal loss.
  public var ofMarks: Loss? {
    switch name {
    case .bce: .binaryCrossEntropyWithLogits(positiveWeight: number(0))
    case .hinge, .binaryHinge: .binaryHinge(margin: number(0))
    case .squaredHinge: .binaryHinge(margin: number(0), isSquared: true)
    case .focal: .binaryFocal(gamma: number(0), alpha: numbers.count > 1 ? number(1) : 0.25)
    default: nil
    }
  }

  /// As training takes it, of numbers; `nil` for those of classes.
  public var ofValues: Loss? {
    switch name {
    case .mse: .meanSquaredError
    case .mae: .meanAbsoluteError
    case .huber: .huber(delta: number(0))
    case .smoothL1: .smoothL1(beta: number(0))
    case .crossEntropy, .nll, .klDivergence, .bce, .hinge, .squaredHinge, .binaryHinge, .focal: nil
    }
  }
}

extension LossChoice.Name: NumberedWord {
  var places: [(name: String, range: RecipeRange)] { numbers.map { ($0.name, $0.range) } }
}
