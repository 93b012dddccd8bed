import GlissadeLayers

/// VGG-11 with batch norm (Simonyan and Zisserman 2015, configuration A): 3×3 convolutions with bias, batch norm and ReLU, five poolings,
/// three dense layers. Paths are torchvision's (`vgg11_bn`).
///
/// The dense layers take 7×7 pixels, which is what pictures of 224×224 leave. Others are brought to 7×7 by adaptive average pooling, as in
/// torchvision; the smallest are 32×32.
public struct VGG: LayerWithHead {
  /// Convolutions, batch norms, ReLUs and poolings.
  public let features: Sequential
  /// Three dense layers, of which the last is the head, with the dropout in front of it.
  public private(set) var classifier: Sequential
  private let pool = AdaptiveAveragePool2D(7, 7)

  /// - Parameters:
  ///   - channels: of the pictures.
  ///   - classes: how many classes.
  ///   - hidden: features of the two hidden dense layers; default 4096, as in the paper.
  ///   - dropout: rate after each hidden dense layer; default 0.5.
  public init(channels: Int = 3, classes: Int, hidden: Int = 4096, dropout: Float = 0.5) {
    var inputs = channels
    var layers: [any Layer] = []
    for stage in [[64], [128], [256, 256], [512, 512], [512, 512]] {
      for outputs in stage {
        layers += [
          Conv2D(inputs, outputs, kernel: 3, padding: 1, initializer: .kaimingNormal(fan: outputs * 9)), BatchNorm(outputs), ReLU(),
        ]
        inputs = outputs
      }
      layers.append(MaxPool2D(2))
    }
    features = Sequential(layers)
    func dense(_ inputs: Int, _ outputs: Int) -> Dense {
      Dense(inputs, outputs, initializer: .normal(mean: 0, deviation: 0.01), biasInitializer: .zeros)
    }
    classifier = Sequential(
      dense(inputs * 49, hidden), ReLU(), Dropout(dropout), dense(hidden, hidden), ReLU(), Dropout(dropout), dense(hidden, classes))
  }

  public func backbone(_ x: Tensor) -> Tensor {
    let pooled = pool(features(x.atLeast(32, for: "vgg"))).flattened()
    return inClassifier(pooled) { classifier.backbone(pooled) }
  }

  public func head(_ features: Tensor) -> Tensor { inClassifier(features) { classifier.head(features) } }

  /// The classifier is called in two parts, under its own name.
  private func inClassifier(_ x: Tensor, _ body: () -> Tensor) -> Tensor {
    x.graph.scoped(owner: classifier, { parent, _ in parent.isEmpty ? "classifier" : parent + ".classifier" }, body)
  }

  public var headLayer: any Layer { classifier.headLayer }

  public func replacingHead(by design: HeadDesign) throws(HeadError) -> VGG {
    var copy = self
    copy.classifier = try classifier.replacingHead(by: design)
    return copy
  }
}
