/// What a new head is to be: dense layers, with ReLU and dropout between them.
///
/// In text `dense`, `256`, `512,256,dropout(0.2)`: the features of each hidden layer, and the rate of dropout; see `init(_:classes:)`.
public struct HeadDesign: Hashable, Sendable, CustomStringConvertible {
  /// How many classes, or numbers, come out.
  public var classes: Int
  /// The features of each hidden layer; none for a single dense layer.
  public var hidden: [Int]
  /// The rate of dropout before each dense layer. `nil` keeps what the model has in front of its head, and puts none between hidden layers.
  public var dropout: Float?

  /// - Parameters:
  ///   - classes: how many classes, or numbers, come out.
  ///   - hidden: the features of each hidden layer; default none.
  ///   - dropout: the rate of dropout before each dense layer, in [0, 1); default the model's own before the first.
  public init(classes: Int, hidden: [Int] = [], dropout: Float? = nil) {
    self.classes = classes
    self.hidden = hidden
    self.dropout = dropout
  }

  /// Reads `dense`, or a list of hidden layers' features and at most one `dropout(rate)`, separated by commas.
  /// - Throws: `HeadError`, which names what was not understood.
  public init(_ text: String, classes: Int) throws(HeadError) {
    self.init(classes: classes)
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let word = String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
      if word == "dense" { continue }
      if word.hasPrefix("dropout("), word.hasSuffix(")") {
        let inside = word.dropFirst("dropout(".count).dropLast()
        guard dropout == nil else { throw HeadError("'\(text)' has dropout twice") }
        guard let rate = Float(inside) else { throw HeadError("'\(inside)' in '\(text)' is no rate of dropout") }
        dropout = rate
      } else if let features = Int(word) {
        hidden.append(features)
      } else {
        throw HeadError(
          "'\(word)' in '\(text)' is no part of a head; there are dense, numbers of hidden features, and dropout(rate), as in "
            + "'256,dropout(0.2)'")
      }
    }
    try check()
  }

  /// - Throws: `HeadError` for a number that no layer can have.
  func check() throws(HeadError) {
    let limit = 1 << 24
    guard (1...limit).contains(classes) else { throw HeadError("\(classes) classes; there has to be at least one, and at most \(limit)") }
    for features in hidden where !(1...limit).contains(features) {
      throw HeadError("a hidden layer of \(features) features; there has to be at least one, and at most \(limit)")
    }
    if let dropout, !(dropout >= 0 && dropout < 1) { throw HeadError("a dropout of \(dropout); it has to be at least 0 and below 1") }
  }

  /// The head's layers: dense, or dense and ReLU in turns, in a `Sequential`.
  /// - Parameters:
  ///   - inputs: features that go in.
  ///   - leadingDropout: whether dropout comes before the first dense layer too; a model that has its own there says no. Default yes.
  /// - Throws: `HeadError` for a number that no layer can have.
  public func layers(inputs: Int, leadingDropout: Bool = true) throws(HeadError) -> any Layer {
    try check()
    guard inputs > 0 else { throw HeadError("the model's last layer has no dense layer whose place a new one could take") }
    var layers: [any Layer] = []
    var features = inputs
    for (index, outputs) in (hidden + [classes]).enumerated() {
      if let dropout, dropout > 0, index > 0 || leadingDropout { layers.append(Dropout(dropout)) }
      layers.append(Dense(features, outputs))
      if index < hidden.count { layers.append(ReLU()) }
      features = outputs
    }
    return layers.count == 1 ? layers[0] : Sequential(layers)
  }

  /// The text that `init(_:classes:)` reads.
  public var description: String {
    let parts = hidden.map { "\($0)" } + (dropout.map { ["dropout(\($0))"] } ?? [])
    return parts.isEmpty ? "dense" : parts.joined(separator: ",")
  }
}

/// A head that cannot be made.
public struct HeadError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is wrong with the text, and what would be right.
  public let problem: String

  /// - Parameter problem: what is wrong, as the end of a sentence that says it is about a new head.
  public init(_ problem: String) { self.problem = problem }

  public var description: String { "a new head: \(problem)" }
}
