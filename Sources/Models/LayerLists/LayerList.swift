import GlissadeLayers

/// A network as a list of layers in text, one applied after another:
///
///     conv(32, padding: 1), relu, max_pool, conv(64, padding: 1), relu, max_pool, flatten, dense(128), relu, dropout(0.25)
///
/// The last layer is not among them: a dense layer with one output for each class, or number, is put behind them, of what they make flat. How many
/// channels or features a layer takes follows from what stands before it. `LayerKinds.all` has what there is.
public struct LayerList: Hashable, Sendable, CustomStringConvertible {
  /// What a model is called that is made of one.
  public static let modelName = "layers"

  let items: [LayerItem]

  /// Reads it.
  /// - Throws: `LayerListError` for what is no layer, and for numbers that no layer can have.
  public init(_ text: String) throws(LayerListError) {
    var parser = LayerListParser(text)
    items = try parser.list()
  }

  /// Each layer's text.
  public var texts: [String] { items.map(\.description) }
  public var description: String { texts.joined(separator: ", ") }

  /// The first of them that draws random numbers while training; `nil` where none does.
  public var randomLayer: String? { items.lazy.compactMap(\.random).first?.description }

  /// The network for samples of a shape.
  /// - Parameters:
  ///   - input: a sample's shape: [height, width, channels] of pictures, [features] of rows.
  ///   - outputs: how many classes, or numbers.
  ///   - initialization: of the weights of convolutions and dense layers; default PyTorch's.
  /// - Throws: `LayerListError` for a layer that does not take what it is given, with the shapes.
  public func network(input: Shape, outputs: Int, initialization: Initialization = .pytorch) throws(LayerListError) -> LayerNetwork {
    let place = LayerPlace(text: description, input: input, initialization: initialization)
    let layers = try place.sequence(items)
    let features = (layers.last?.output ?? input).count
    guard (1...LayerNumber.mostFeatures).contains(features) else {
      throw LayerListError(
        description, "what the last layer is given has \(features) features, and that has to be from 1 to \(LayerNumber.mostFeatures)")
    }
    return LayerNetwork(layers.map(\.layer), head: Dense(features, outputs, initialization), features: features)
  }

  /// Each layer with what it makes of a sample, the head the last.
  /// - Parameters:
  ///   - input: a sample's shape.
  ///   - outputs: how many classes, or numbers.
  /// - Throws: as `network(input:outputs:initialization:)`.
  public func rows(input: Shape, outputs: Int) throws(LayerListError) -> [LayerRow] {
    let network = try network(input: input, outputs: outputs)
    let layers = try LayerPlace(text: description, input: input, initialization: .pytorch).sequence(items)
    let rows = zip(items, layers).enumerated().map { index, entry in
      LayerRow(path: "layers.\(index)", text: "\(entry.0)", output: entry.1.output, layer: entry.1.layer)
    }
    return rows + [LayerRow(path: "head", text: "dense(\(outputs))", output: [outputs], layer: network.headLayer)]
  }
}

/// A list of layers that makes no sense: which, and what would.
public struct LayerListError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The whole text.
  public let text: String
  /// What is wrong in it, and what would be right.
  public let problem: String

  init(_ text: String, _ problem: String) { (self.text, self.problem) = (text, problem) }
  public var description: String { "layers '\(text)': \(problem)" }
}

/// A layer of a `LayerList`, and what it makes of a sample.
public struct LayerRow: Sendable {
  /// Of its parameters, in front of their names.
  public let path: String
  /// As the list has it.
  public let text: String
  /// The shape of what it makes, without the batch.
  public let output: Shape
  /// Numbers that are trained.
  public let parameters: Int

  init(path: String, text: String, output: Shape, layer: any Layer) {
    (self.path, self.text, self.output) = (path, text, output)
    parameters = LayerPath.parameters(of: layer).filter { $0.parameter.role == .weight }.reduce(0) { $0 + $1.parameter.shape.count }
  }
}

/// The network that a `LayerList` makes. Its layers' paths are `layers.0`, `layers.1` and so on; the last one's is `head`.
public struct LayerNetwork: LayerWithHead {
  /// All but the head, in the order in which they are applied.
  public let layers: [any Layer]
  /// The dense layer that makes answers.
  public private(set) var head: any Layer
  private let features: Int

  init(_ layers: [any Layer], head: any Layer, features: Int) { (self.layers, self.head, self.features) = (layers, head, features) }

  public func backbone(_ x: Tensor) -> Tensor { layers.reduce(x) { $1($0) }.flattened() }
  public var headLayer: any Layer { head }

  public func replacingHead(by design: HeadDesign) throws(HeadError) -> LayerNetwork {
    var copy = self
    copy.head = try design.layers(inputs: features)
    return copy
  }
}
