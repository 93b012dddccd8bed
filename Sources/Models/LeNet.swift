import GlissadeLayers

/// A small convolutional network for small grey pictures, after LeCun et al. 1998: two 3×3 convolutions with ReLU (or another
/// activation) and pooling, two dense layers.
public struct LeNet: LayerWithHead {
  /// The first convolution, to 32 channels.
  public let conv1: Conv2D
  /// The second one, to 64.
  public let conv2: Conv2D
  /// The dense layer in front of the head, to 128 features.
  public let fc1: Dense
  /// The head, behind its dropout.
  public private(set) var fc2: any Layer
  private let activations: [any Layer]
  private let pool = MaxPool2D(2)
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
    conv1 = Conv2D(input[2], 32, kernel: 3, padding: 1, initialization)
    conv2 = Conv2D(32, 64, kernel: 3, padding: 1, initialization)
    fc1 = Dense(Shape([input[0] / 4, input[1] / 4, 64]).count, 128, initialization)
    fc2 = Dense(128, classes, initialization)
    activations = (0..<3).map { _ in activation.makeLayer() }
    self.dropout = Dropout(dropout)
  }

  public func backbone(_ x: Tensor) -> Tensor {
    // Not called, so that what is without parameters opens no scope.
    var x = pool(activations[0].forward(conv1(x)))
    x = pool(activations[1].forward(conv2(x)))
    return activations[2].forward(fc1(x.flattened()))
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
