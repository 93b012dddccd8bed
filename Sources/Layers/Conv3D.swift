/// Convolution of [N, D, H, W, C] volumes: PyTorch's `Conv3d`. Weights are [outputs, kernel, kernel, kernel, inputs / groups], PyTorch's with
/// channels last.
public struct Conv3D: Layer {
  /// The filters, [outputs, depth, height, width, inputs / groups].
  public let weight: Parameter
  /// What is added to each output, [outputs]; `nil` without one.
  public let bias: Parameter?
  private let stride: Int
  private let padding: Int
  private let dilation: Int
  private let groups: Int

  /// - Parameters:
  ///   - inputs: channels that go in.
  ///   - outputs: channels that come out.
  ///   - kernel: the kernel's depth, height and width.
  ///   - stride: default 1.
  ///   - padding: zeros on every side; default 0.
  ///   - dilation: the distance between taps; default 1.
  ///   - groups: default 1; `inputs` makes a depthwise convolution.
  ///   - bias: whether there is one; default true.
  ///   - initializer: of the weight; default PyTorch's, uniform in ±1/√(fan-in).
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1, bias: Bool = true,
    initializer: Initializer? = nil
  ) {
    let inputsOfGroup = inputs / max(groups, 1)
    let fanIn = Shape([inputsOfGroup, kernel, kernel, kernel]).count
    weight = Parameter(
      "weight", shape: [outputs, kernel, kernel, kernel, inputsOfGroup], initializer: initializer ?? .pytorchDefault(fanIn: fanIn))
    self.bias = bias ? Parameter("bias", shape: [outputs], initializer: .pytorchDefault(fanIn: fanIn)) : nil
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
  }

  public func forward(_ x: Tensor) -> Tensor {
    let y = x.convolved3D(
      x.graph[weight], stride: (stride, stride, stride), padding: (padding, padding, padding), dilation: (dilation, dilation, dilation),
      groups: groups)
    return bias.map { y + x.graph[$0] } ?? y
  }
}

/// Transposed convolution of [N, D, H, W, C] volumes: PyTorch's `ConvTranspose3d`. Weights are [inputs, kernel, kernel, kernel,
/// outputs / groups], PyTorch's with channels last.
public struct ConvTranspose3D: Layer {
  /// The filters, [inputs, depth, height, width, outputs / groups].
  public let weight: Parameter
  /// What is added to each output, [outputs]; `nil` without one.
  public let bias: Parameter?
  private let stride: Int
  private let padding: Int
  private let outputPadding: Int
  private let dilation: Int
  private let groups: Int

  /// - Parameters:
  ///   - inputs: channels that go in.
  ///   - outputs: channels that come out.
  ///   - kernel: the kernel's depth, height and width.
  ///   - stride: from one window to the next in the result; default 1.
  ///   - padding: what is cut off on every side; default 0.
  ///   - outputPadding: more places at the ends, below the stride; default 0.
  ///   - dilation: the distance between taps; default 1.
  ///   - groups: default 1.
  ///   - bias: whether there is one; default true.
  ///   - initializer: of the weight; default PyTorch's, uniform in ±1/√(outputs of a group · kernel³).
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0, dilation: Int = 1,
    groups: Int = 1, bias: Bool = true, initializer: Initializer? = nil
  ) {
    let outputsOfGroup = outputs / max(groups, 1)
    let fanIn = Shape([outputsOfGroup, kernel, kernel, kernel]).count
    weight = Parameter(
      "weight", shape: [inputs, kernel, kernel, kernel, outputsOfGroup], initializer: initializer ?? .pytorchDefault(fanIn: fanIn))
    self.bias = bias ? Parameter("bias", shape: [outputs], initializer: .pytorchDefault(fanIn: fanIn)) : nil
    self.stride = stride
    self.padding = padding
    self.outputPadding = outputPadding
    self.dilation = dilation
    self.groups = groups
  }

  public func forward(_ x: Tensor) -> Tensor {
    let y = x.transposedConvolved3D(
      x.graph[weight], stride: (stride, stride, stride), padding: (padding, padding, padding),
      outputPadding: (outputPadding, outputPadding, outputPadding), dilation: (dilation, dilation, dilation), groups: groups)
    return bias.map { y + x.graph[$0] } ?? y
  }
}
