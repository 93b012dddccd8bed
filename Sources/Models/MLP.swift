import GlissadeLayers

/// A multilayer perceptron: dense layers with ReLU between them, on flattened input. `mlp` is 784-512-256-10.
public struct MLP: LayerWithHead {
  /// The last one is the head.
  public private(set) var layers: [any Layer]
  private let features: Int

  /// - Parameter sizes: the features of the input, of each hidden layer, and of the output.
  public init(_ sizes: [Int]) {
    layers = zip(sizes, sizes.dropFirst()).map { Dense($0, $1) }
    features = sizes.dropLast().last ?? 0
  }

  public func backbone(_ x: Tensor) -> Tensor {
    var x = x.flattened()
    for layer in layers.dropLast() { x = relu(layer(x)) }
    return x
  }

  public var headLayer: any Layer { layers.last ?? Sequential() }

  public func replacingHead(by design: HeadDesign) throws(HeadError) -> MLP {
    var copy = self
    copy.layers = layers.dropLast() + [try design.layers(inputs: features)]
    return copy
  }
}
