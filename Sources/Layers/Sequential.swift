/// Layers one after another. Their paths are their numbers: `0.weight`, `1.bias`.
public struct Sequential: Layer {
  /// In the order in which they are applied.
  public let sequentialLayers: [any Layer]

  static let layersLabel = "sequentialLayers"

  /// - Parameter layers: in the order in which they are applied.
  public init(_ layers: [any Layer]) { sequentialLayers = layers }
  /// - Parameter layers: in the order in which they are applied.
  public init(_ layers: any Layer...) { sequentialLayers = layers }

  public func forward(_ x: Tensor) -> Tensor {
    var x = x
    for (index, layer) in sequentialLayers.enumerated() {
      // The number is known here, so a layer without parameters has a path as well.
      x = x.graph.scoped(owner: layer, { parent, _ in parent.isEmpty ? "\(index)" : "\(parent).\(index)" }) { layer.forward(x) }
    }
    return x
  }
}
