@_exported import GlissadeTensors

/// A part of a network: a struct that holds parameters and other layers, and computes a tensor from a tensor.
///
/// ```swift
/// struct Scaled: Layer {
///   let dense = Dense(64, 64)
///   let scale = Parameter("scale", shape: [64], initializer: .ones)
///   func forward(_ x: Tensor) -> Tensor { dense(x) * x.graph[scale] }
/// }
/// ```
///
/// A parameter's path follows the names of the properties that hold it (`dense.weight`, `scale`), and the numbers of array elements, so that
/// paths match the `state_dict` names that PyTorch users know. Layers are called (`dense(x)`), which records where in the model each operation
/// belongs; they define `forward`.
public protocol Layer: Sendable {
  /// Records what the layer computes. Nothing throws: an operation that does not fit yields an invalid tensor, and compiling the step throws
  /// the reason, with the layer's path and the shapes.
  func forward(_ x: Tensor) -> Tensor
}

extension Layer {
  /// Applies the layer.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let graph = x.graph
    return graph.scoped(owner: self, isFrozen: graph.freezes(self), { LayerPath.path(of: self, in: graph, parent: $0, owner: $1) }) {
      forward(x)
    }
  }
}

/// A layer whose parts have names in files of weights that are no Swift names, such as `_conv_stem`.
public protocol LayerWithPartNames: Layer {
  /// The path component of a property, by the property's name; properties that are not in it keep theirs.
  static var partNames: [String: String] { get }
}
