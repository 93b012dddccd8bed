/// Two-dimensional convolution of [N, H, W, C] images. Weights are [outputs, kernel, kernel, inputs / groups], PyTorch's with channels last.
public struct Conv2D: Layer {
  /// The filters, [outputs, height, width, inputs / groups].
  public let weight: Parameter
  /// What is added to each output, [outputs]; `nil` without one.
  public let bias: Parameter?
  private let stride: (height: Int, width: Int)
  private let padding: (height: Int, width: Int)
  private let dilation: (height: Int, width: Int)
  private let groups: Int
  /// Whether padding follows from the image's size, so that the result has ceil(size / stride) pixels.
  private let isPaddedToStride: Bool

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
  ///   - biasInitializer: of the bias; default PyTorch's, the same.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1, bias: Bool = true,
    initializer: Initializer? = nil, biasInitializer: Initializer? = nil
  ) {
    self.init(
      inputs, outputs, kernel: (kernel, kernel), stride: (stride, stride), padding: (padding, padding), dilation: (dilation, dilation),
      groups: groups, bias: bias, initializer: initializer, biasInitializer: biasInitializer)
  }

  /// The same with sizes that differ between height and width.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: (height: Int, width: Int), stride: (height: Int, width: Int) = (1, 1),
    padding: (height: Int, width: Int) = (0, 0), dilation: (height: Int, width: Int) = (1, 1), groups: Int = 1, bias: Bool = true,
    initializer: Initializer? = nil, biasInitializer: Initializer? = nil
  ) {
    let inputsOfGroup = inputs / max(groups, 1)
    let fanIn = Shape([inputsOfGroup, kernel.height, kernel.width]).count
    weight = Parameter(
      "weight", shape: [outputs, kernel.height, kernel.width, inputsOfGroup], initializer: initializer ?? .pytorchDefault(fanIn: fanIn))
    self.bias = bias ? Parameter("bias", shape: [outputs], initializer: biasInitializer ?? .pytorchDefault(fanIn: fanIn)) : nil
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
    isPaddedToStride = false
  }

  /// A convolution with TensorFlow's "same" padding: ceil(size / stride) pixels come out, and where the zeros that this takes are odd in
  /// number, the bottom and the right get one more. Without bias.
  /// - Parameters:
  ///   - inputs: channels that go in.
  ///   - outputs: channels that come out.
  ///   - kernel: the kernel's height and width.
  ///   - stride: default 1.
  ///   - groups: default 1; `inputs` makes a depthwise convolution.
  ///   - initializer: of the weight; default PyTorch's, uniform in ±1/√(fan-in).
  public init(
    paddedToStride inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, groups: Int = 1, initializer: Initializer? = nil
  ) {
    let inputsOfGroup = inputs / max(groups, 1)
    weight = Parameter(
      "weight", shape: [outputs, kernel, kernel, inputsOfGroup],
      initializer: initializer ?? .pytorchDefault(fanIn: Shape([inputsOfGroup, kernel, kernel]).count))
    bias = nil
    self.stride = (stride, stride)
    padding = (0, 0)
    dilation = (1, 1)
    self.groups = groups
    isPaddedToStride = true
  }

  public func forward(_ x: Tensor) -> Tensor {
    let (height, width) = (
      zeros(x.shape[1], kernel: weight.shape[1], stride.height), zeros(x.shape[2], kernel: weight.shape[2], stride.width)
    )
    let y = x.convolved(
      x.graph[weight], stride: stride, padding: isPaddedToStride ? (height / 2, width / 2) : padding, dilation: dilation, groups: groups,
      extraPadding: isPaddedToStride ? (height % 2, width % 2) : (0, 0))
    return bias.map { y + x.graph[$0] } ?? y
  }

  /// The zeros on both sides together that make ceil(size / stride) pixels.
  private func zeros(_ size: Int, kernel: Int, _ stride: Int) -> Int {
    // What no convolution may have is refused there.
    let limits = 1...(1 << 15)
    guard limits.contains(stride), limits.contains(kernel) else { return 0 }
    return max(0, ((size + stride - 1) / stride - 1) * stride + kernel - size)
  }
}
