import GlissadeLayers

/// A kind of layer that a `LayerList` can name: what it takes, and how it is made. Another one is a declaration in one of the lists of `LayerKinds`.
struct LayerKind: Sendable {
  /// What stands in its parentheses beside numbers and words.
  enum Parts: Sendable {
    case none
    /// Layers, one applied after another.
    case sequence
    /// Layers, each of the same input.
    case branches
  }

  let name: String
  /// One line for people.
  let summary: String
  /// May stand without their labels, in this order.
  var numbers: [LayerNumber] = []
  /// Labels, and the words that they take, of which the first is the usual one.
  var words: [LayerWord] = []
  var parts = Parts.none
  /// The label of a layer beside its parts.
  var partLabel: String?
  /// The label of the rate by which it draws random numbers while training, "" for one that always does; `nil` for one that does not.
  var randomRate: String?
  let make: @Sendable (LayerArguments, LayerPlace) throws(LayerListError) -> any Layer
}

/// A number of a layer.
struct LayerNumber: Sendable {
  /// What a layer can have of channels or features.
  static let mostFeatures = 1 << 24

  let label: String
  let help: String
  /// `nil` where it has to be given, or follows from others.
  let usual: Double?
  let isRequired: Bool
  private let range: ClosedRange<Double>
  private let isWhole: Bool
  private let isBelowHighest: Bool

  private init(
    _ label: String, _ help: String, _ usual: Double?, isRequired: Bool, _ range: ClosedRange<Double>, isWhole: Bool, isBelowHighest: Bool
  ) {
    (self.label, self.help, self.usual, self.isRequired) = (label, help, usual, isRequired)
    (self.range, self.isWhole, self.isBelowHighest) = (range, isWhole, isBelowHighest)
  }

  /// A whole number that has to be given, or else is `usual`.
  static func count(_ label: String, _ help: String, usual: Int? = nil, from lowest: Int = 1, to highest: Int = 1 << 16) -> LayerNumber {
    LayerNumber(
      label, help, usual.map { Double($0) }, isRequired: usual == nil, Double(lowest)...Double(highest), isWhole: true,
      isBelowHighest: false)
  }

  /// A whole number that may be left out, and follows from others then.
  static func optional(_ label: String, _ help: String) -> LayerNumber {
    LayerNumber(label, help, nil, isRequired: false, 1...65536, isWhole: true, isBelowHighest: false)
  }

  /// A share, from 0 to below 1.
  static func share(_ label: String, _ help: String, usual: Double) -> LayerNumber {
    LayerNumber(label, help, usual, isRequired: false, 0...1, isWhole: false, isBelowHighest: true)
  }

  /// Any number of float32.
  static func number(_ label: String, _ help: String, usual: Double) -> LayerNumber {
    let most = Double(Float.greatestFiniteMagnitude)
    return LayerNumber(label, help, usual, isRequired: false, -most...most, isWhole: false, isBelowHighest: false)
  }

  /// What keeps a number from being one of these; `nil` where nothing does.
  func objection(to value: Double) -> String? {
    // Devices compute in float32.
    if value != 0, Float(value) == 0 { return "0 or a number that float32 can hold" }
    let value = isWhole ? value : Double(Float(value))
    let isRight =
      value.isFinite && range.contains(value) && !(isWhole && value != value.rounded()) && !(isBelowHighest && value == range.upperBound)
    return isRight ? nil : requirement
  }

  private var requirement: String {
    guard isWhole else { return isBelowHighest ? "at least 0 and below 1" : "a number that float32 can hold" }
    return "a whole number from \(Int(range.lowerBound)) to \(Int(range.upperBound))"
  }

  /// As help has it.
  var text: String {
    guard let usual else { return isRequired ? label : "\(label): …" }
    return "\(label): \(usual == usual.rounded() ? "\(Int(usual))" : "\(Float(usual))")"
  }
}

/// A label with the words that it takes.
struct LayerWord: Sendable {
  let label: String
  let words: [String]

  init(_ label: String, _ words: String...) { (self.label, self.words) = (label, words) }
}

/// What a layer was given, all of it in range.
struct LayerArguments: Sendable {
  let kind: LayerKind
  let item: LayerItem

  /// The number of a label, where it is given.
  func given(_ label: String) -> Double? {
    if let found = item.arguments.first(where: { $0.label == label })?.number { return found }
    let free = item.arguments.filter { $0.label == nil }.compactMap(\.number)
    guard let place = kind.numbers.firstIndex(where: { $0.label == label }), place < free.count else { return nil }
    return free[place]
  }

  /// The number of a label, or its usual value.
  func number(_ label: String) -> Double { given(label) ?? kind.numbers.first { $0.label == label }?.usual ?? 0 }
  /// The same of a whole number.
  func count(_ label: String) -> Int { Int(number(label)) }
  /// The same in float32.
  func float(_ label: String) -> Float { Float(number(label)) }

  /// The word of a label, or its usual one.
  func word(_ label: String) -> String {
    item.arguments.first { $0.label == label }?.item?.name ?? kind.words.first { $0.label == label }?.words.first ?? ""
  }
  /// Whether the word is `yes`.
  func says(_ label: String) -> Bool { word(label) == "yes" }

  /// The layer of a label.
  func part(_ label: String) -> LayerItem? { item.arguments.first { $0.label == label }?.item }
}
