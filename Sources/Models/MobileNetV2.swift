import GlissadeLayers

/// MobileNetV2 (Sandler et al. 2018): blocks that widen their input, convolve each channel by itself, and narrow again without an
/// activation. ReLU6 throughout. Paths are torchvision's. Wants pictures of 32×32 and more, and was made for 224×224.
public struct MobileNetV2: LayerWithHead {
  /// The convolution in front, the blocks, and the 1×1 convolution to 1280 features.
  public let features: Sequential
  /// The head: dropout and a dense layer.
  public private(set) var classifier: Sequential

  /// - Parameters:
  ///   - channels: of the pictures.
  ///   - classes: how many classes.
  ///   - dropout: rate before the last layer; default 0.2.
  ///   - dropPath: how often the last block is left out for a sample while training; earlier ones by the linear rule. Default 0.
  public init(channels: Int = 3, classes: Int, dropout: Float = 0.2, dropPath: Float = 0) {
    var inputs = 32
    var layers: [any Layer] = [Self.convolution(channels, inputs, kernel: 3, stride: 2)]
    // Expansion, channels that come out, blocks, stride of the first (table 2 of the paper).
    let stages = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    let count = stages.reduce(0) { $0 + $1.2 }
    for (expansion, outputs, blocks, stride) in stages {
      for index in 0..<blocks {
        // The first of the layers is no block.
        let depth = dropPath == 0 ? nil : StochasticDepth.linear(dropPath, index: layers.count - 1, of: count)
        layers.append(InvertedResidual(inputs, outputs, expansion: expansion, stride: index == 0 ? stride : 1, depth: depth))
        inputs = outputs
      }
    }
    layers.append(Self.convolution(inputs, 1280, kernel: 1))
    features = Sequential(layers)
    classifier = Sequential(
      Dropout(dropout), Dense(1280, classes, initializer: .normal(mean: 0, deviation: 0.01), biasInitializer: .zeros))
  }

  public func backbone(_ x: Tensor) -> Tensor { GlobalAveragePool()(features(x.atLeast(32, for: "mobilenet_v2"))) }
  public var headLayer: any Layer { classifier }

  /// The new head's layers are the classifier's, behind its dropout.
  public func replacingHead(by design: HeadDesign) throws(HeadError) -> MobileNetV2 {
    var copy = self
    let new = try design.layers(inputs: 1280, leadingDropout: false)
    let dropout = design.dropout.map { Dropout($0) as any Layer } ?? classifier.sequentialLayers[0]
    copy.classifier = Sequential([dropout] + ((new as? Sequential)?.sequentialLayers ?? [new]))
    return copy
  }

  /// Convolution, batch norm, ReLU6.
  static func convolution(_ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, groups: Int = 1) -> Sequential {
    Sequential(
      Conv2D.forReLU(inputs, outputs, kernel: kernel, stride: stride, padding: kernel / 2, groups: groups), BatchNorm(outputs), ReLU6())
  }
}

/// MobileNetV2's block: 1×1 convolution to `expansion` times the channels, depthwise 3×3 convolution, 1×1 convolution without an
/// activation, and a connection around them where nothing changes size. Paths are torchvision's.
public struct InvertedResidual: Layer {
  /// The convolutions with their batch norms and activations.
  public let conv: Sequential
  private let isResidual: Bool
  private let depth: StochasticDepth?

  /// - Parameters:
  ///   - inputs: channels that go in.
  ///   - outputs: channels that come out.
  ///   - expansion: how much wider the middle is; 1 leaves the first convolution out.
  ///   - stride: of the depthwise convolution; default 1.
  ///   - depth: leaves out what the connection is around, for some of the samples; default nothing does.
  public init(_ inputs: Int, _ outputs: Int, expansion: Int, stride: Int = 1, depth: StochasticDepth? = nil) {
    self.depth = depth
    let width = inputs * expansion
    let expanding: [any Layer] = expansion == 1 ? [] : [MobileNetV2.convolution(inputs, width, kernel: 1)]
    conv = Sequential(
      expanding + [
        MobileNetV2.convolution(width, width, kernel: 3, stride: stride, groups: width), Conv2D.forReLU(width, outputs, kernel: 1),
        BatchNorm(outputs),
      ])
    isResidual = stride == 1 && inputs == outputs
  }

  public func forward(_ x: Tensor) -> Tensor {
    let y = conv(x)
    return isResidual ? x + (depth?(y) ?? y) : y
  }
}
