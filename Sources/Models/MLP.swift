import GlissadeLayers

/// A multilayer perceptron: dense layers with ReLU, or another activation, between them, on flattened input. `mlp` is 784-512-256-10.
/// A norm, and dropout behind the activation, are between them where the design says so.
public struct MLP: LayerWithHead {
  /// The last one is the head.
  public private(set) var layers: [any Layer]
  /// Behind each layer but the last; empty without.
  public let norms: [any Layer]
  private let activations: [any Layer]
  private let dropout: Dropout
  /// The same in front of the head, where a new one may bring another.
  private var headDropout: Dropout
  private let features: Int

  /// - Parameters:
  ///   - sizes: the features of the input, of each hidden layer, and of the output.
  ///   - activation: behind each hidden layer; default ReLU.
  ///   - initialization: of the weights; default PyTorch's.
  public init(_ sizes: [Int], activation: Activation = .relu, initialization: Initialization = .pytorch) {
    var design = BlockDesign()
    (design.activation, design.initialization) = (activation, initialization)
    self.init(sizes, design)
  }

  /// - Parameters:
  ///   - sizes: the features of the input, of each hidden layer, and of the output.
  ///   - design: what stands between layers; of a convolutional network's only what dense layers have.
  public init(_ sizes: [Int], _ design: BlockDesign) {
    let pairs = zip(sizes, sizes.dropFirst())
    layers =
      pairs.dropLast().map { design.dense($0, $1) }
      + pairs.suffix(1).map { Dense($0, $1, design.initialization) }
    norms = pairs.dropLast().compactMap { design.norm.ofFeatures($1) }
    activations = pairs.dropLast().map { design.activation.makeLayer(channels: $1) }
    dropout = Dropout(design.dropout)
    headDropout = dropout
    features = sizes.dropLast().last ?? 0
  }

  public func backbone(_ x: Tensor) -> Tensor {
    var x = x.flattened()
    for (index, layer) in layers.dropLast().enumerated() {
      x = layer(x)
      if norms.indices.contains(index) { x = norms[index](x) }
      // Not called, so that what is without parameters opens no scope.
      x = activations[index].forward(x)
      if index < activations.count - 1 { x = dropout.forward(x) }
    }
    return x
  }

  public func head(_ features: Tensor) -> Tensor { headLayer(headDropout.forward(features)) }

  /// Features of two hidden layers that suit a table: the first has about eight times the square root of the number of rows, as a power of two
  /// between 16 and 512, but no more than 32 for each feature of the input; the second has half as many. From some 2,000 rows on that is 512
  /// and 256.
  /// - Parameters:
  ///   - samples: to train on.
  ///   - features: in a sample.
  public static func hiddenSizes(forSamples samples: Int, features: Int) -> [Int] {
    let wanted = min(8 * Double(max(samples, 1)).squareRoot(), 32 * Double(max(features, 1)))
    var size = 16
    // The power of two whose ratio to it is nearest to 1.
    while size < 512, Double(size) * 2.0.squareRoot() < wanted { size *= 2 }
    return [size, size / 2]
  }

  public var headLayer: any Layer { layers.last ?? Sequential() }

  public func replacingHead(by design: HeadDesign) throws(HeadError) -> MLP {
    var copy = self
    copy.layers = layers.dropLast() + [try design.layers(inputs: features)]
    if design.dropout != nil { copy.headDropout = Dropout(0) }
    return copy
  }
}
