import GlissadeLayers

/// Two 3×3 convolutions with batch norm and a connection around them (He et al. 2016). Paths are torchvision's.
public struct BasicBlock: Layer {
  /// 3×3, with the block's stride.
  public let conv1: Conv2D
  /// Batch norm behind it, in front of ReLU.
  public let bn1: BatchNorm
  /// 3×3.
  public let conv2: Conv2D
  /// Batch norm behind it, in front of the sum.
  public let bn2: BatchNorm
  /// 1×1 convolution and batch norm where the connection changes size.
  public let downsample: Sequential?
  private let depth: StochasticDepth?

  /// - Parameters:
  ///   - inputs: channels that go in.
  ///   - outputs: channels that come out.
  ///   - stride: default 1.
  ///   - depth: leaves out what is between, for some of the samples; default nothing does.
  public init(_ inputs: Int, _ outputs: Int, stride: Int = 1, depth: StochasticDepth? = nil) {
    self.depth = depth
    conv1 = .forReLU(inputs, outputs, kernel: 3, stride: stride, padding: 1)
    bn1 = BatchNorm(outputs)
    conv2 = .forReLU(outputs, outputs, kernel: 3, padding: 1)
    bn2 = BatchNorm(outputs)
    downsample =
      stride == 1 && inputs == outputs ? nil : Sequential(Conv2D.forReLU(inputs, outputs, kernel: 1, stride: stride), BatchNorm(outputs))
  }

  public func forward(_ x: Tensor) -> Tensor {
    let y = bn2(conv2(relu(bn1(conv1(x)))))
    return relu((depth?(y) ?? y) + (downsample?(x) ?? x))
  }
}

/// 1×1, 3×3 and 1×1 convolutions with batch norm and a connection around them (He et al. 2016): the middle ones have a quarter of the
/// channels. The stride is the 3×3 convolution's, as in torchvision. Paths are torchvision's.
public struct Bottleneck: Layer {
  /// 1×1, to a quarter of the block's channels.
  public let conv1: Conv2D
  /// Batch norm behind it, in front of ReLU.
  public let bn1: BatchNorm
  /// 3×3, with the block's stride.
  public let conv2: Conv2D
  /// Batch norm behind it, in front of ReLU.
  public let bn2: BatchNorm
  /// 1×1, to the block's channels.
  public let conv3: Conv2D
  /// Batch norm behind it, in front of the sum.
  public let bn3: BatchNorm
  /// 1×1 convolution and batch norm where the connection changes size.
  public let downsample: Sequential?
  private let depth: StochasticDepth?

  /// - Parameters:
  ///   - inputs: channels that go in.
  ///   - width: channels in the middle; four times as many come out.
  ///   - stride: default 1.
  ///   - depth: leaves out what is between, for some of the samples; default nothing does.
  public init(_ inputs: Int, width: Int, stride: Int = 1, depth: StochasticDepth? = nil) {
    self.depth = depth
    let outputs = 4 * width
    conv1 = .forReLU(inputs, width, kernel: 1)
    bn1 = BatchNorm(width)
    conv2 = .forReLU(width, width, kernel: 3, stride: stride, padding: 1)
    bn2 = BatchNorm(width)
    conv3 = .forReLU(width, outputs, kernel: 1)
    bn3 = BatchNorm(outputs)
    downsample =
      stride == 1 && inputs == outputs ? nil : Sequential(Conv2D.forReLU(inputs, outputs, kernel: 1, stride: stride), BatchNorm(outputs))
  }

  public func forward(_ x: Tensor) -> Tensor {
    let y = bn3(conv3(relu(bn2(conv2(relu(bn1(conv1(x))))))))
    return relu((depth?(y) ?? y) + (downsample?(x) ?? x))
  }
}

/// ResNet (He et al. 2016): a stem, four stages of blocks, the mean over all pixels, a dense layer. Paths are torchvision's.
///
/// `resnet18` is `ResNet(channels: 3, classes: 10)`, for pictures as small as CIFAR's. torchvision's networks have the stem `.imageNet`:
/// `resnet18-imagenet`, `resnet34` (blocks 3, 4, 6, 3) and `resnet50` (the same with bottlenecks). They want pictures of 32×32 and more and
/// were made for 224×224.
public struct ResNet: LayerWithHead {
  /// What comes before the first stage.
  public enum Stem: Hashable, Sendable {
    /// For small pictures: a 3×3 convolution of stride 1.
    case small
    /// The paper's: a 7×7 convolution of stride 2 and 3×3 max pooling of stride 2.
    case imageNet
  }

  /// What the stages are made of.
  public enum Block: Hashable, Sendable {
    /// `BasicBlock`, for ResNet-18 and 34.
    case basic
    /// `Bottleneck`, from ResNet-50 on.
    case bottleneck
  }

  /// The stem's convolution.
  public let conv1: Conv2D
  /// Batch norm behind it.
  public let bn1: BatchNorm
  /// The first stage, of 64 channels (256 of bottlenecks), as large as it comes.
  public let layer1: Sequential
  /// The second one, of twice the channels and half the size.
  public let layer2: Sequential
  /// The third one, likewise.
  public let layer3: Sequential
  /// The fourth one, likewise.
  public let layer4: Sequential
  /// The head.
  public private(set) var fc: any Layer
  private let stem: Stem
  /// That the head takes.
  private let features: Int

  /// - Parameters:
  ///   - channels: of the pictures.
  ///   - classes: how many classes.
  ///   - blocks: in each of the four stages; default two each (ResNet-18).
  ///   - block: what they are; default basic.
  ///   - stem: what comes before them; default the one for small pictures.
  ///   - dropPath: how often the last block is left out for a sample while training; earlier ones by the linear rule. Default 0.
  public init(
    channels: Int, classes: Int, blocks: [Int] = [2, 2, 2, 2], block: Block = .basic, stem: Stem = .small, dropPath: Float = 0
  ) {
    let expansion = block == .basic ? 1 : 4
    let counts = (0..<4).map { $0 < blocks.count ? max(blocks[$0], 1) : 1 }
    func make(_ inputs: Int, _ width: Int, _ stride: Int, _ place: Int) -> any Layer {
      let depth = dropPath == 0 ? nil : StochasticDepth.linear(dropPath, index: place, of: counts.reduce(0, +))
      return block == .basic
        ? BasicBlock(inputs, width, stride: stride, depth: depth) : Bottleneck(inputs, width: width, stride: stride, depth: depth)
    }
    func stage(_ index: Int, _ inputs: Int, _ width: Int, stride: Int) -> Sequential {
      let first = counts[..<index].reduce(0, +)
      return Sequential(
        (0..<counts[index]).map { $0 == 0 ? make(inputs, width, stride, first) : make(expansion * width, width, 1, first + $0) })
    }
    self.stem = stem
    conv1 =
      stem == .small ? .forReLU(channels, 64, kernel: 3, padding: 1) : .forReLU(channels, 64, kernel: 7, stride: 2, padding: 3)
    bn1 = BatchNorm(64)
    layer1 = stage(0, 64, 64, stride: 1)
    layer2 = stage(1, expansion * 64, 128, stride: 2)
    layer3 = stage(2, expansion * 128, 256, stride: 2)
    layer4 = stage(3, expansion * 256, 512, stride: 2)
    features = expansion * 512
    fc = Dense(features, classes)
  }

  public func backbone(_ x: Tensor) -> Tensor {
    var y = relu(bn1(conv1(stem == .small ? x : x.atLeast(32, for: "resnet"))))
    if stem == .imageNet { y = MaxPool2D(3, stride: 2, padding: 1)(y) }
    return GlobalAveragePool()(layer4(layer3(layer2(layer1(y)))))
  }

  public var headLayer: any Layer { fc }

  public func replacingHead(by design: HeadDesign) throws(HeadError) -> ResNet {
    var copy = self
    copy.fc = try design.layers(inputs: features)
    return copy
  }
}

extension Conv2D {
  /// A convolution without bias that starts by He et al.'s rule over the fan-out, as in torchvision's residual networks.
  static func forReLU(_ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, groups: Int = 1) -> Conv2D {
    Conv2D(
      inputs, outputs, kernel: kernel, stride: stride, padding: padding, groups: groups, bias: false,
      initializer: .kaimingNormal(fan: Shape([outputs, kernel, kernel]).count))
  }
}
