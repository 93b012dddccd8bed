import GlissadeLayers

/// A multilayer perceptron: dense layers with ReLU, or another activation, between them, on flattened input. `mlp` is 784-512-256-10.
public struct MLP: LayerWithHead {
  /// The last one is the head.
  public private(set) var layers: [any Layer]
  private let activations: [any Layer]
  private let features: Int

  /// - Parameters:
  ///   - sizes: the features of the input, of each hidden layer, and of the output.
  ///   - activation: behind each hidden layer; default ReLU.
  ///   - initialization: of the weights; default PyTorch's.
  public init(_ sizes: [Int], activation: Activation = .relu, initialization: Initialization = .pytorch) {
    layers = zip(sizes, sizes.dropFirst()).map { Dense($0, $1, initialization) }
    activations = layers.dropLast().map { _ in activation.makeLayer() }
    features = sizes.dropLast().last ?? 0
  }

  public func backbone(_ x: Tensor) -> Tensor {
    var x = x.flattened()
    // Not called, so that what is without parameters opens no scope.
    for (layer, activation) in zip(layers.dropLast(), activations) { x = activation.forward(layer(x)) }
    return x
  }

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
    return copy
  }
}
