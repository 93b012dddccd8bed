/// Two-dimensional convolution of [N, H, W, C] images. Weights are [outputs, kernel, kernel, inputs / groups], PyTorch's with channels last.
public struct Conv2D: Layer {
  public let weight: Parameter
  public let bias: Parameter?
  private let stride: (height: Int, width: Int)
  private let padding: (height: Int, width: Int)
  private let dilation: (height: Int, width: Int)
  private let groups: Int

  /// - Parameters:
  ///   - inputs: channels that go in.
  ///   - outputs: channels that come out.
  ///   - kernel: the kernel's height and width.
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
    self.init(
      inputs, outputs, kernel: (kernel, kernel), stride: (stride, stride), padding: (padding, padding), dilation: (dilation, dilation),
      groups: groups, bias: bias, initializer: initializer)
  }

  /// The same with sizes that differ between height and width.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: (height: Int, width: Int), stride: (height: Int, width: Int) = (1, 1),
    padding: (height: Int, width: Int) = (0, 0), dilation: (height: Int, width: Int) = (1, 1), groups: Int = 1, bias: Bool = true,
    initializer: Initializer? = nil
  ) {
    let inputsOfGroup = inputs / max(groups, 1)
    let fanIn = inputsOfGroup * kernel.height * kernel.width
    weight = Parameter(
      "weight", shape: [outputs, kernel.height, kernel.width, inputsOfGroup], initializer: initializer ?? .pytorchDefault(fanIn: fanIn))
    self.bias = bias ? Parameter("bias", shape: [outputs], initializer: .pytorchDefault(fanIn: fanIn)) : nil
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
  }

  public func forward(_ x: Tensor) -> Tensor {
    let y = x.convolved(x.graph[weight], stride: stride, padding: padding, dilation: dilation, groups: groups)
    return bias.map { y + x.graph[$0] } ?? y
  }
}
