import GlissadeLayers

/// A multilayer perceptron: dense layers with ReLU between them, on flattened input. `mlp` is 784-512-256-10.
public struct MLP: Layer {
  public let layers: [Dense]

  /// - Parameter sizes: the features of the input, of each hidden layer, and of the output.
  public init(_ sizes: [Int]) { layers = zip(sizes, sizes.dropFirst()).map { Dense($0, $1) } }

  public func forward(_ x: Tensor) -> Tensor {
    var x = x.flattened()
    for (index, layer) in layers.enumerated() { x = index + 1 < layers.count ? relu(layer(x)) : layer(x) }
    return x
  }
}
