/// Transposed convolution of [N, H, W, C] images, which enlarges them by a learnt filter: PyTorch's `ConvTranspose2d`. Weights are [inputs,
/// kernel, kernel, outputs / groups], PyTorch's with channels last.
public struct ConvTranspose2D: Layer {
  /// The filters, [inputs, height, width, outputs / groups].
  public let weight: Parameter
  /// What is added to each output, [outputs]; `nil` without one.
  public let bias: Parameter?
  private let stride: (height: Int, width: Int)
  private let padding: (height: Int, width: Int)
  private let outputPadding: (height: Int, width: Int)
  private let dilation: (height: Int, width: Int)
  private let groups: Int

  /// - Parameters:
  ///   - inputs: channels that go in.
  ///   - outputs: channels that come out.
  ///   - kernel: the kernel's height and width.
  ///   - stride: from one window to the next in the result; default 1.
  ///   - padding: what is cut off on every side; default 0.
  ///   - outputPadding: more pixels at the bottom and on the right, below the stride; default 0.
  ///   - dilation: the distance between taps; default 1.
  ///   - groups: default 1.
  ///   - bias: whether there is one; default true.
  ///   - initializer: of the weight; default PyTorch's, uniform in ±1/√(outputs of a group · kernel²).
  ///   - biasInitializer: of the bias; default the same.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0, dilation: Int = 1,
    groups: Int = 1, bias: Bool = true, initializer: Initializer? = nil, biasInitializer: Initializer? = nil
  ) {
    self.init(
      inputs, outputs, kernel: (kernel, kernel), stride: (stride, stride), padding: (padding, padding),
      outputPadding: (outputPadding, outputPadding), dilation: (dilation, dilation), groups: groups, bias: bias, initializer: initializer,
      biasInitializer: biasInitializer)
  }

  /// The same with sizes that differ between height and width.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: (height: Int, width: Int), stride: (height: Int, width: Int) = (1, 1),
    padding: (height: Int, width: Int) = (0, 0), outputPadding: (height: Int, width: Int) = (0, 0),
    dilation: (height: Int, width: Int) = (1, 1), groups: Int = 1, bias: Bool = true, initializer: Initializer? = nil,
    biasInitializer: Initializer? = nil
  ) {
    let outputsOfGroup = outputs / max(groups, 1)
    let fanIn = Shape([outputsOfGroup, kernel.height, kernel.width]).count
    weight = Parameter(
      "weight", shape: [inputs, kernel.height, kernel.width, outputsOfGroup], initializer: initializer ?? .pytorchDefault(fanIn: fanIn))
    self.bias = bias ? Parameter("bias", shape: [outputs], initializer: biasInitializer ?? .pytorchDefault(fanIn: fanIn)) : nil
    self.stride = stride
    self.padding = padding
    self.outputPadding = outputPadding
    self.dilation = dilation
    self.groups = groups
  }

  public func forward(_ x: Tensor) -> Tensor {
    let y = x.transposedConvolved(
      x.graph[weight], stride: stride, padding: padding, outputPadding: outputPadding, dilation: dilation, groups: groups)
    return bias.map { y + x.graph[$0] } ?? y
  }
}
