/// Convolution of [N, L, C] lines: PyTorch's `Conv1d`. Weights are [outputs, kernel, inputs / groups], PyTorch's with channels last.
public struct Conv1D: Layer {
  /// The filters, [outputs, kernel, inputs / groups].
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
  ///   - kernel: the kernel's length.
  ///   - stride: default 1.
  ///   - padding: zeros on both sides; default 0.
  ///   - dilation: the distance between taps; default 1.
  ///   - groups: default 1; `inputs` makes a depthwise convolution.
  ///   - bias: whether there is one; default true.
  ///   - initializer: of the weight; default PyTorch's, uniform in ±1/√(fan-in).
  ///   - biasInitializer: of the bias; default the same.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1, bias: Bool = true,
    initializer: Initializer? = nil, biasInitializer: Initializer? = nil
  ) {
    let inputsOfGroup = inputs / max(groups, 1)
    let fanIn = Shape([inputsOfGroup, kernel]).count
    weight = Parameter("weight", shape: [outputs, kernel, inputsOfGroup], initializer: initializer ?? .pytorchDefault(fanIn: fanIn))
    self.bias = bias ? Parameter("bias", shape: [outputs], initializer: biasInitializer ?? .pytorchDefault(fanIn: fanIn)) : nil
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
  }

  public func forward(_ x: Tensor) -> Tensor {
    let y = x.convolved1D(x.graph[weight], stride: stride, padding: padding, dilation: dilation, groups: groups)
    return bias.map { y + x.graph[$0] } ?? y
  }
}

/// Transposed convolution of [N, L, C] lines: PyTorch's `ConvTranspose1d`. Weights are [inputs, kernel, outputs / groups], PyTorch's with
/// channels last.
public struct ConvTranspose1D: Layer {
  /// The filters, [inputs, kernel, outputs / groups].
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
  ///   - kernel: the kernel's length.
  ///   - stride: from one window to the next in the result; default 1.
  ///   - padding: what is cut off on both sides; default 0.
  ///   - outputPadding: more places at the end, below the stride; default 0.
  ///   - dilation: the distance between taps; default 1.
  ///   - groups: default 1.
  ///   - bias: whether there is one; default true.
  ///   - initializer: of the weight; default PyTorch's, uniform in ±1/√(outputs of a group · kernel).
  ///   - biasInitializer: of the bias; default the same.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0, dilation: Int = 1,
    groups: Int = 1, bias: Bool = true, initializer: Initializer? = nil, biasInitializer: Initializer? = nil
  ) {
    let outputsOfGroup = outputs / max(groups, 1)
    let fanIn = Shape([outputsOfGroup, kernel]).count
    weight = Parameter("weight", shape: [inputs, kernel, outputsOfGroup], initializer: initializer ?? .pytorchDefault(fanIn: fanIn))
    self.bias = bias ? Parameter("bias", shape: [outputs], initializer: biasInitializer ?? .pytorchDefault(fanIn: fanIn)) : nil
    self.stride = stride
    self.padding = padding
    self.outputPadding = outputPadding
    self.dilation = dilation
    self.groups = groups
  }

  public func forward(_ x: Tensor) -> Tensor {
    let y = x.transposedConvolved1D(
      x.graph[weight], stride: stride, padding: padding, outputPadding: outputPadding, dilation: dilation, groups: groups)
    return bias.map { y + x.graph[$0] } ?? y
  }
}
