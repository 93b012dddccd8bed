import GlissadeLayers

/// EfficientNet-Lite 0 to 4: EfficientNet (Tan and Le 2019) made fit for quantisation, without squeeze-and-excitation, with ReLU6 in place
/// of swish, and with a stem and head that do not grow with the rest. Wants pictures of 32×32 and more.
///
/// Paths are those of the PyTorch package `efficientnet_lite_pytorch` (`_conv_stem`, `_blocks.0._depthwise_conv`, `_fc`, …), whose weights
/// come from TensorFlow: hence the batch norms' ε of 10⁻³ and the padding that is uneven where a stride meets an even size. Stochastic
/// depth, which drops whole blocks while training from scratch, is left out unless `dropPath` asks for it.
public struct EfficientNetLite: LayerWithHead, LayerWithPartNames {
  /// How the networks are scaled: how much wider and deeper than Lite0, for which pictures, with which dropout.
  public enum Size: String, CaseIterable, Sendable {
    /// Pictures of 224×224, 4.7 million parameters with 1000 classes.
    case lite0 = "efficientnet-lite0"
    /// Pictures of 240×240; a tenth deeper than Lite0.
    case lite1 = "efficientnet-lite1"
    /// Pictures of 260×260; a tenth wider, a fifth deeper.
    case lite2 = "efficientnet-lite2"
    /// Pictures of 280×280; a fifth wider, two fifths deeper.
    case lite3 = "efficientnet-lite3"
    /// Pictures of 300×300; two fifths wider, four fifths deeper.
    case lite4 = "efficientnet-lite4"

    var scale: (width: Double, depth: Double, resolution: Int, dropout: Float) {
      switch self {
      case .lite0: (1.0, 1.0, 224, 0.2)
      case .lite1: (1.0, 1.1, 240, 0.2)
      case .lite2: (1.1, 1.2, 260, 0.3)
      case .lite3: (1.2, 1.4, 280, 0.3)
      case .lite4: (1.4, 1.8, 300, 0.3)
      }
    }

    /// The height and width of the pictures that the published weights were trained on.
    public var resolution: Int { scale.resolution }

    /// Channels by the width factor: the nearest multiple of 8, and no less than nine tenths.
    func channels(_ count: Int) -> Int {
      let scaled = Double(count) * scale.width
      let rounded = max(8, Int(scaled + 4) / 8 * 8)
      return Double(rounded) < 0.9 * scaled ? rounded + 8 : rounded
    }

    /// Blocks by the depth factor, rounded up.
    func blocks(_ count: Int) -> Int { Int((Double(count) * scale.depth).rounded(.up)) }
  }

  /// The 3×3 convolution of stride 2 that pictures meet first.
  public let convStem: Conv2D
  /// Its batch norm.
  public let bn0: BatchNorm
  /// Seven stages of blocks, one after another.
  public let blocks: [Block]
  /// The 1×1 convolution to 1280 features.
  public let convHead: Conv2D
  /// Its batch norm.
  public let bn1: BatchNorm
  /// The head, behind its dropout.
  public private(set) var fc: any Layer
  private var dropout: Dropout

  public static let partNames = [
    "convStem": "_conv_stem", "bn0": "_bn0", "blocks": "_blocks", "convHead": "_conv_head", "bn1": "_bn1", "fc": "_fc",
  ]

  /// - Parameters:
  ///   - size: which of the five.
  ///   - channels: of the pictures.
  ///   - classes: how many classes.
  ///   - dropout: rate before the last layer; default the size's own, 0.2 or 0.3.
  ///   - dropPath: how often the last block is left out for a sample while training; earlier ones by the linear rule. Default 0.
  public init(_ size: Size, channels: Int = 3, classes: Int, dropout: Float? = nil, dropPath: Float = 0) {
    convStem = .samePadded(channels, 32, kernel: 3, stride: 2)
    bn0 = .ofEfficientNet(32)
    var inputs = 32
    var blocks: [Block] = []
    // Expansion, channels that come out, blocks, kernel, stride of the first (table 1 of the paper). The first and last stage do not deepen.
    let stages = [
      (1, 16, 1, 3, 1), (6, 24, 2, 3, 2), (6, 40, 2, 5, 2), (6, 80, 3, 3, 2), (6, 112, 3, 5, 1), (6, 192, 4, 5, 2), (6, 320, 1, 3, 1),
    ]
    let counts = stages.enumerated().map { $0 == 0 || $0 == stages.count - 1 ? $1.2 : size.blocks($1.2) }
    for ((expansion, channels, _, kernel, stride), count) in zip(stages, counts) {
      let outputs = size.channels(channels)
      for number in 0..<count {
        let depth = dropPath == 0 ? nil : StochasticDepth.linear(dropPath, index: blocks.count, of: counts.reduce(0, +))
        blocks.append(
          Block(inputs, outputs, expansion: expansion, kernel: kernel, stride: number == 0 ? stride : 1, depth: depth))
        inputs = outputs
      }
    }
    self.blocks = blocks
    convHead = .samePadded(inputs, 1280, kernel: 1)
    bn1 = .ofEfficientNet(1280)
    fc = Dense(1280, classes)
    self.dropout = Dropout(dropout ?? size.scale.dropout)
  }

  public func backbone(_ x: Tensor) -> Tensor {
    var y = relu6(bn0(convStem(x.atLeast(32, for: "efficientnet-lite"))))
    for block in blocks { y = block(y) }
    return GlobalAveragePool()(relu6(bn1(convHead(y))))
  }

  public func head(_ features: Tensor) -> Tensor { fc(dropout(features)) }
  public var headLayer: any Layer { fc }

  public func replacingHead(by design: HeadDesign) throws(HeadError) -> EfficientNetLite {
    var copy = self
    copy.fc = try design.layers(inputs: 1280, leadingDropout: false)
    if let rate = design.dropout { copy.dropout = Dropout(rate) }
    return copy
  }

  /// The mobile inverted bottleneck: 1×1 convolution to more channels, depthwise convolution, 1×1 convolution without an activation, and a
  /// connection around them where nothing changes size.
  public struct Block: LayerWithPartNames {
    /// The 1×1 convolution to more channels; `nil` where these are not more.
    public let expandConv: Conv2D?
    /// Its batch norm; `nil` likewise.
    public let bn0: BatchNorm?
    /// A filter for each channel, of 3×3 or 5×5.
    public let depthwiseConv: Conv2D
    /// Its batch norm.
    public let bn1: BatchNorm
    /// The 1×1 convolution to the block's result.
    public let projectConv: Conv2D
    /// Its batch norm, behind which there is no activation.
    public let bn2: BatchNorm
    private let isResidual: Bool
    private let depth: StochasticDepth?

    public static let partNames = [
      "expandConv": "_expand_conv", "bn0": "_bn0", "depthwiseConv": "_depthwise_conv", "bn1": "_bn1", "projectConv": "_project_conv",
      "bn2": "_bn2",
    ]

    /// - Parameters:
    ///   - inputs: channels that go in.
    ///   - outputs: channels that come out.
    ///   - expansion: how much wider the middle is; 1 leaves the first convolution out.
    ///   - kernel: of the depthwise convolution.
    ///   - stride: of the depthwise convolution.
    ///   - depth: leaves out what the connection is around, for some of the samples; default nothing does.
    public init(_ inputs: Int, _ outputs: Int, expansion: Int, kernel: Int, stride: Int, depth: StochasticDepth? = nil) {
      self.depth = depth
      let width = inputs * expansion
      expandConv = expansion == 1 ? nil : .samePadded(inputs, width, kernel: 1)
      bn0 = expansion == 1 ? nil : .ofEfficientNet(width)
      depthwiseConv = .samePadded(width, width, kernel: kernel, stride: stride, groups: width)
      bn1 = .ofEfficientNet(width)
      projectConv = .samePadded(width, outputs, kernel: 1)
      bn2 = .ofEfficientNet(outputs)
      isResidual = stride == 1 && inputs == outputs
    }

    public func forward(_ x: Tensor) -> Tensor {
      var y = x
      if let expandConv, let bn0 { y = relu6(bn0(expandConv(y))) }
      y = relu6(bn1(depthwiseConv(y)))
      y = bn2(projectConv(y))
      return isResidual ? (depth?(y) ?? y) + x : y
    }
  }
}

extension Conv2D {
  /// With TensorFlow's padding; starts by He et al.'s rule over the fan-out of each group.
  fileprivate static func samePadded(_ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, groups: Int = 1) -> Conv2D {
    Conv2D(
      paddedToStride: inputs, outputs, kernel: kernel, stride: stride, groups: groups,
      initializer: .kaimingNormal(fan: max(1, outputs / groups) * kernel * kernel))
  }
}

extension BatchNorm {
  /// TensorFlow's: ε of 10⁻³, and running values that keep 0.99 of what they were.
  fileprivate static func ofEfficientNet(_ channels: Int) -> BatchNorm { BatchNorm(channels, epsilon: 1e-3, momentum: 0.01) }
}
