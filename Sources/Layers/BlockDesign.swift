/// What stands around the convolutions and dense layers of a simple network, `MLP` or `LeNet`: behind each of them, but for the head, its norm, its
/// activation and what is dropped.
public struct BlockDesign: Hashable, Sendable {
  /// What a layer's results are normalised by, before the activation.
  public enum Norm: String, CaseIterable, Sendable {
    /// Nothing.
    case none
    /// `BatchNorm`.
    case batch
    /// Over all of a sample's results: `LayerNorm` of a dense layer, `GroupNorm` with one group of a convolution.
    case layer
    /// `GroupNorm` with 8 groups, or the most below that which divide the channels evenly.
    case group
    /// `InstanceNorm` with weight and bias, of each channel's pixels; behind a dense layer, whose results have none, nothing.
    case instance
    /// `RMSNorm` over the channels.
    case rms

    /// The norm of a convolution's channels; `nil` where there is none.
    public func ofPixels(channels: Int) -> (any Layer)? {
      switch self {
      case .none: nil
      case .batch: BatchNorm(channels)
      case .layer: GroupNorm(groups: 1, channels)
      case .group: GroupNorm(groups: Self.groups(of: channels), channels)
      case .instance: InstanceNorm(channels, isAffine: true)
      case .rms: RMSNorm(channels)
      }
    }

    /// The norm of a dense layer's features; `nil` where there is none.
    public func ofFeatures(_ features: Int) -> (any Layer)? {
      switch self {
      case .none, .instance: nil
      case .batch: BatchNorm(features)
      case .layer: LayerNorm(features)
      case .group: GroupNorm(groups: Self.groups(of: features), features)
      case .rms: RMSNorm(features)
      }
    }

    private static func groups(of channels: Int) -> Int { (1...8).last { channels % $0 == 0 } ?? 1 }
  }

  /// How a convolutional network makes pictures smaller.
  public enum Pool: String, CaseIterable, Sendable {
    /// `MaxPool2D` of 2×2, to half of each side.
    case max
    /// `AveragePool2D` of 2×2, to half of each side.
    case average
    /// `FractionalMaxPool2D` of 2×2, to 1/√2 of each side (Graham 2014): half would leave nothing to chance.
    case fractional

    /// A layer that does.
    public func makeLayer() -> any Layer {
      switch self {
      case .max: MaxPool2D(2)
      case .average: AveragePool2D(2)
      case .fractional: FractionalMaxPool2D(2, ratio: Self.fraction)
      }
    }

    /// What is left of a side.
    public func side(_ side: Int) -> Int { self == .fractional ? Int(Double(side) * Self.fraction) : side / 2 }

    private static let fraction = 0.5.squareRoot()
  }

  /// Behind each norm.
  public var activation = Activation.relu
  /// How weights start.
  public var initialization = Initialization.pytorch
  /// Behind each layer.
  public var norm = Norm.none
  /// The rate of dropout: of `MLP` behind each hidden layer, of `LeNet` in front of the head; in [0, 1).
  public var dropout: Float = 0
  /// The rate of `DropConnect` of the dense layers but the head, in [0, 1).
  public var dropConnect: Float = 0
  /// The rate of `SpatialDropout` behind each pooling, in [0, 1).
  public var spatialDropout: Float = 0
  /// Of convolutional networks.
  public var pool = Pool.max
  /// Of convolutional networks, by how much `SqueezeExcitation` squeezes the channels behind each activation, at least 1; `nil` for none.
  public var squeezeExcitation: Int?

  /// With ReLU, PyTorch's weights, and nothing else.
  public init() {}

  /// A dense layer that is not the head.
  public func dense(_ inputs: Int, _ outputs: Int) -> any Layer {
    let dense = Dense(inputs, outputs, initialization)
    return dropConnect == 0 ? dense : DropConnect(dense, rate: dropConnect)
  }

  /// The squeeze and excitation of so many channels; `nil` where there is none.
  public func squeeze(channels: Int) -> SqueezeExcitation? {
    squeezeExcitation.map { SqueezeExcitation(channels, squeezed: Swift.max(channels / Swift.max($0, 1), 1)) }
  }
}
