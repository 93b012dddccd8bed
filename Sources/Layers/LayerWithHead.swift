/// A network in two parts: a backbone, which makes features of samples, and a head, which makes answers of features.
///
/// Fine-tuning replaces the head by one for other classes, trains it first, and the backbone later or never. A model that says where its head
/// begins can be given another by `replacingHead(by:)`, its parameters go by the names `backbone` and `head`, and the features of a frozen
/// backbone need to be computed only once.
///
/// ```swift
/// struct Classifier: LayerWithHead {
///   let conv = Conv2D(3, 64, kernel: 3)
///   private(set) var fc: any Layer = Dense(64, 10)
///   var headLayer: any Layer { fc }
///   func backbone(_ x: Tensor) -> Tensor { GlobalAveragePool()(relu(conv(x))) }
///   func replacingHead(by design: HeadDesign) throws(HeadError) -> Self {
///     var copy = self
///     copy.fc = try design.layers(inputs: 64)
///     return copy
///   }
/// }
/// ```
public protocol LayerWithHead: Layer {
  /// What comes before the head: features of a batch of samples, the batch first.
  func backbone(_ x: Tensor) -> Tensor
  /// The model's output from what `backbone` gives. Default: `headLayer`, called.
  func head(_ features: Tensor) -> Tensor
  /// The layer that holds all of the head's parameters, and none of the backbone's.
  var headLayer: any Layer { get }
  /// The same network, with the same backbone parameters, and another head.
  /// - Throws: `HeadError` for a design that makes no sense.
  func replacingHead(by design: HeadDesign) throws(HeadError) -> Self
}

extension LayerWithHead {
  public func head(_ features: Tensor) -> Tensor { headLayer(features) }

  public func forward(_ x: Tensor) -> Tensor { head(x.graph.recordingBackbone(of: self) { backbone(x) }) }

  /// The features that the head takes: the extent of its first dense layer's input.
  var headInputs: Int { LayerPath.parameters(of: headLayer).first { $0.parameter.shape.rank == 2 }?.parameter.shape[1] ?? 0 }
}

extension Graph {
  /// Records a backbone; as in evaluation where all of it is frozen, layers without parameters included.
  func recordingBackbone(of model: some LayerWithHead, _ backbone: () -> Tensor) -> Tensor {
    guard isTraining, !frozen.isEmpty else { return backbone() }
    let head = Set(LayerPath.parameters(of: model.headLayer).map(\.parameter.id))
    let weights = LayerPath.parameters(of: model).map(\.parameter).filter { $0.role == .weight && !head.contains($0.id) }
    let isFrozen = !weights.isEmpty && weights.allSatisfy { frozen.contains($0.id) }
    return scoped(owner: model, isFrozen: isFrozen, { parent, _ in parent }) { backbone() }
  }

  /// Whether a layer is to be recorded as in evaluation: it has weights, and nothing trains any of them.
  func freezes(_ layer: some Layer) -> Bool {
    guard isTraining, !frozen.isEmpty else { return false }
    let weights = LayerPath.parameters(of: layer).map(\.parameter).filter { $0.role == .weight }
    return !weights.isEmpty && weights.allSatisfy { frozen.contains($0.id) }
  }
}

extension LayerPath {
  /// The paths of a head's parameters: what a `LayerWithHead` says, otherwise those of the last part that has weights.
  public static func headPaths(of model: some Layer) -> Set<String> {
    let all = parameters(of: model)
    if let model = model as? any LayerWithHead {
      let ids = Set(parameters(of: model.headLayer).map(\.parameter.id))
      return Set(all.filter { ids.contains($0.parameter.id) }.map(\.path))
    }
    guard let last = all.last(where: { $0.parameter.role == .weight })?.path, let end = last.lastIndex(of: ".") else {
      return Set(all.suffix(1).map(\.path))
    }
    let prefix = last[...end]
    return Set(all.map(\.path).filter { $0.hasPrefix(prefix) })
  }
}
