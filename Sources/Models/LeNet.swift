import GlissadeLayers

/// A small convolutional network for small grey pictures, after LeCun et al. 1998: two 3×3 convolutions with ReLU (or another
/// activation) and pooling, two dense layers.
public struct LeNet: LayerWithHead {
  /// The first convolution, to 32 channels.
  public let conv1: Conv2D
  /// Behind it, where there is a norm.
  public let norm1: (any Layer)?
  /// What weighs its channels, where anything does.
  public let squeeze1: SqueezeExcitation?
  /// The second one, to 64.
  public let conv2: Conv2D
  /// Behind it, where there is a norm.
  public let norm2: (any Layer)?
  /// What weighs its channels, where anything does.
  public let squeeze2: SqueezeExcitation?
  /// The dense layer in front of the head, to 128 features.
  public let fc1: any Layer
  /// Behind it, where there is a norm.
  public let norm3: (any Layer)?
  /// The head, behind its dropout.
  public private(set) var fc2: any Layer
  private let activations: [any Layer]
  private let pool: any Layer
  private let spatialDropout: SpatialDropout
  private var dropout: Dropout

  /// - Parameters:
  ///   - input: [height, width, channels] of a picture.
  ///   - classes: how many classes.
  ///   - dropout: rate before the last layer; default 0.25.
  ///   - activation: behind all layers but the last; default ReLU.
  ///   - initialization: of the weights; default PyTorch's.
  public init(
    input: Shape, classes: Int, dropout: Float = 0.25, activation: Activation = .relu, initialization: Initialization = .pytorch
  ) {
    var design = BlockDesign()
    (design.dropout, design.activation, design.initialization) = (dropout, activation, initialization)
    self.init(input: input, classes: classes, design)
  }

  /// - Parameters:
  ///   - input: [height, width, channels] of a picture.
  ///   - classes: how many classes.
  ///   - design: what stands behind its layers.
  public init(input: Shape, classes: Int, _ design: BlockDesign) {
    func left(_ side: Int) -> Int { design.pool.side(design.pool.side(side)) }
    conv1 = Conv2D(input[2], 32, kernel: 3, padding: 1, design.initialization)
    norm1 = design.norm.ofPixels(channels: 32)
    squeeze1 = design.squeeze(channels: 32)
    conv2 = Conv2D(32, 64, kernel: 3, padding: 1, design.initialization)
    norm2 = design.norm.ofPixels(channels: 64)
    squeeze2 = design.squeeze(channels: 64)
    fc1 = design.dense(Shape([left(input[0]), left(input[1]), 64]).count, 128)
    norm3 = design.norm.ofFeatures(128)
    fc2 = Dense(128, classes, design.initialization)
    activations = [32, 64, 128].map { design.activation.makeLayer(channels: $0) }
    pool = design.pool.makeLayer()
    spatialDropout = SpatialDropout(design.spatialDropout)
    dropout = Dropout(design.dropout)
  }

  public func backbone(_ x: Tensor) -> Tensor {
    let x = block(block(x, conv1, norm1, 0, squeeze1), conv2, norm2, 1, squeeze2)
    let features = fc1(x.flattened())
    return activations[2].forward(norm3?(features) ?? features)
  }

  private func block(_ x: Tensor, _ convolution: Conv2D, _ norm: (any Layer)?, _ place: Int, _ squeeze: SqueezeExcitation?) -> Tensor {
    var x = convolution(x)
    x = norm?(x) ?? x
    // Not called, so that what is without parameters opens no scope.
    x = activations[place].forward(x)
    x = squeeze?(x) ?? x
    return spatialDropout.forward(pool.forward(x))
  }

  public func head(_ features: Tensor) -> Tensor { fc2(dropout(features)) }
  public var headLayer: any Layer { fc2 }

  public func replacingHead(by design: HeadDesign) throws(HeadError) -> LeNet {
    var copy = self
    copy.fc2 = try design.layers(inputs: 128, leadingDropout: false)
    if let rate = design.dropout { copy.dropout = Dropout(rate) }
    return copy
  }
}
