/// Layers one after another. Their paths are their numbers: `0.weight`, `1.bias`.
///
/// Its head is the last layer that has weights, and all behind it, with the dropout right in front of it.
public struct Sequential: LayerWithHead {
  /// In the order in which they are applied.
  public let sequentialLayers: [any Layer]

  static let layersLabel = "sequentialLayers"

  /// - Parameter layers: in the order in which they are applied.
  public init(_ layers: [any Layer]) { sequentialLayers = layers }
  /// - Parameter layers: in the order in which they are applied.
  public init(_ layers: any Layer...) { sequentialLayers = layers }

  public func forward(_ x: Tensor) -> Tensor {
    let graph = x.graph
    // Where nothing is frozen it does not matter where the head begins, which takes a look through all layers to find out.
    guard graph.isTraining, !graph.frozen.isEmpty else { return apply(sequentialLayers.indices, to: x) }
    return head(graph.recordingBackbone(of: self) { backbone(x) })
  }

  public func backbone(_ x: Tensor) -> Tensor { apply(0..<headStart, to: x) }
  public func head(_ features: Tensor) -> Tensor { apply(headStart..<sequentialLayers.count, to: features) }
  public var headLayer: any Layer { headIndex.map { sequentialLayers[$0] } ?? Sequential() }

  public func replacingHead(by design: HeadDesign) throws(HeadError) -> Sequential {
    guard let headIndex else { throw HeadError("none of the model's layers has weights") }
    var layers = sequentialLayers
    if layers[headIndex] is any LayerWithHead, !(layers[headIndex] is Sequential) {
      throw HeadError("the last layer, \(type(of: layers[headIndex])), is a network with a head of its own; replace that one")
    }
    layers[headIndex] = try design.layers(inputs: headInputs, leadingDropout: headStart == headIndex)
    // The model's own dropout takes the rate.
    if let rate = design.dropout { for index in headStart..<headIndex { layers[index] = Dropout(rate) } }
    return Sequential(layers)
  }

  /// The last layer that has weights.
  private var headIndex: Int? {
    sequentialLayers.lastIndex { LayerPath.parameters(of: $0).contains { $0.parameter.role == .weight } }
  }

  /// Where the head begins.
  private var headStart: Int {
    guard var start = headIndex else { return sequentialLayers.count }
    while start > 0, sequentialLayers[start - 1] is Dropout { start -= 1 }
    return start
  }

  private func apply(_ range: Range<Int>, to x: Tensor) -> Tensor {
    var x = x
    for index in range {
      let layer = sequentialLayers[index]
      // The number is known here, so a layer without parameters has a path as well.
      x = x.graph.scoped(
        owner: layer, isFrozen: x.graph.freezes(layer), { parent, _ in parent.isEmpty ? "\(index)" : "\(parent).\(index)" }
      ) { layer.forward(x) }
    }
    return x
  }
}
