/// Scales each channel by what a small network makes of the means of all channels (Hu et al. 2018):
/// y = x · gate(fc2(activation(fc1(mean of x over its pixels)))), the two being 1×1 convolutions. torchvision's `SqueezeExcitation`.
public struct SqueezeExcitation: Layer {
  /// From the channels' means to fewer numbers, a 1×1 convolution.
  public let fc1: Conv2D
  /// From these to a number for each channel, which the gate makes its factor.
  public let fc2: Conv2D
  private let activation: any Layer
  private let gate: any Layer

  /// - Parameters:
  ///   - channels: of the images.
  ///   - squeezed: of the layer between; a quarter or a sixteenth of the channels is usual.
  ///   - activation: between the two; default ReLU.
  ///   - gate: what makes factors of the second one's results; default sigmoid.
  public init(_ channels: Int, squeezed: Int, activation: any Layer = ReLU(), gate: any Layer = Sigmoid()) {
    fc1 = Conv2D(channels, squeezed, kernel: 1)
    fc2 = Conv2D(squeezed, channels, kernel: 1)
    self.activation = activation
    self.gate = gate
  }

  public func forward(_ x: Tensor) -> Tensor {
    guard !x.isValid || x.shape.rank == 4 else {
      return x.graph.reject("squeezeExcitation", [x], because: "the images have to be [batch, height, width, channels]")
    }
    return x * gate(fc2(activation(fc1(x.mean(axes: [1, 2], keepingAxes: true)))))
  }
}
