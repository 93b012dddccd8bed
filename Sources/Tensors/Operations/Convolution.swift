/// How a two-dimensional convolution or pooling window moves. All sizes are pixels, as (height, width).
public struct Window: Hashable, Sendable, CustomStringConvertible {
  /// The window's height.
  public var kernelHeight: Int
  /// The window's width.
  public var kernelWidth: Int
  /// From one window to the next one below.
  public var strideHeight: Int
  /// From one window to the next one on the right.
  public var strideWidth: Int
  /// Zeros (nothing, for max pooling) added on both sides.
  public var paddingHeight: Int
  /// The same on the left and on the right.
  public var paddingWidth: Int
  /// From one tap to the next one below.
  public var dilationHeight: Int
  /// From one tap to the next one on the right.
  public var dilationWidth: Int
  /// More zeros at the bottom and on the right; convolutions only.
  public var extraHeight: Int
  /// The same on the right.
  public var extraWidth: Int
  /// Whether a last window that sticks out at the bottom or on the right counts, too (PyTorch's `ceil_mode`); pooling only.
  public var roundsUp: Bool

  /// - Parameters:
  ///   - kernel: the window's height and width.
  ///   - stride: from one window to the next; default 1.
  ///   - padding: zeros on both sides; default 0.
  ///   - dilation: from one tap to the next; default 1.
  ///   - extraPadding: more zeros at the bottom and on the right; default 0.
  ///   - roundsUp: whether a last window that sticks out counts, too; default no.
  public init(
    kernel: (height: Int, width: Int), stride: (height: Int, width: Int) = (1, 1), padding: (height: Int, width: Int) = (0, 0),
    dilation: (height: Int, width: Int) = (1, 1), extraPadding: (height: Int, width: Int) = (0, 0), roundsUp: Bool = false
  ) {
    self.roundsUp = roundsUp
    (kernelHeight, kernelWidth) = kernel
    (strideHeight, strideWidth) = stride
    (paddingHeight, paddingWidth) = padding
    (dilationHeight, dilationWidth) = dilation
    (extraHeight, extraWidth) = extraPadding
  }

  /// floor((input + 2·padding + extra − dilation·(kernel − 1) − 1) / stride) + 1, in both directions. Rounded up instead, a window has to begin
  /// within the image or the padding before it.
  func outputSize(_ height: Int, _ width: Int) throws(ShapeError) -> (height: Int, width: Int) {
    let all = [kernelHeight, kernelWidth, strideHeight, strideWidth, dilationHeight, dilationWidth]
    let limit = 1 << 15
    let paddings = [paddingHeight, paddingWidth, extraHeight, extraWidth]
    guard all.allSatisfy({ (1...limit).contains($0) }), paddings.allSatisfy({ (0...limit).contains($0) }) else {
      throw ShapeError(
        problem: "kernel, stride and dilation have to be at least 1 and padding at least 0 (and none above \(limit)): \(self)")
    }
    let spanHeight = dilationHeight * (kernelHeight - 1) + 1
    let spanWidth = dilationWidth * (kernelWidth - 1) + 1
    let (paddedHeight, paddedWidth) = (height + 2 * paddingHeight + extraHeight, width + 2 * paddingWidth + extraWidth)
    guard paddedHeight >= spanHeight, paddedWidth >= spanWidth else {
      throw ShapeError(
        problem: "a window of \(spanHeight)×\(spanWidth) pixels does not fit a padded image of \(paddedHeight)×\(paddedWidth)")
    }
    func count(_ size: Int, _ padded: Int, _ span: Int, _ stride: Int, _ padding: Int) -> Int {
      guard roundsUp else { return (padded - span) / stride + 1 }
      let count = (padded - span + stride - 1) / stride + 1
      return (count - 1) * stride >= size + padding ? count - 1 : count
    }
    return (
      count(height, paddedHeight, spanHeight, strideHeight, paddingHeight), count(width, paddedWidth, spanWidth, strideWidth, paddingWidth)
    )
  }

  public var description: String {
    "kernel \(kernelHeight)×\(kernelWidth), stride \(strideHeight)×\(strideWidth), padding \(paddingHeight)×\(paddingWidth), "
      + "dilation \(dilationHeight)×\(dilationWidth)"
      + (extraHeight == 0 && extraWidth == 0 ? "" : ", \(extraHeight)×\(extraWidth) more at the end")
      + (roundsUp ? ", rounded up" : "")
  }
}

/// Two-dimensional convolution (cross-correlation, as everywhere in the field) of [N, H, W, C] with weights [outC, kH, kW, C / groups].
package struct Convolution: OperationRule {
  package let window: Window
  /// Channels are split into this many groups, convolved apart; as many as there are channels is a depthwise convolution.
  package let groups: Int

  package var name: String { "conv2d" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let x = inputs[0].shape
    let w = inputs[1].shape
    try expectFloats(inputs)
    try expect(x.rank == 4, "the images have to be [batch, height, width, channels]")
    try expect(w.rank == 4, "the weights have to be [output channels, kernel height, kernel width, input channels / groups]")
    try expect(w[1] == window.kernelHeight && w[2] == window.kernelWidth, "the weights' kernel is not the window's: \(window)")
    try expect(!window.roundsUp, "a convolution's windows do not stick out: \(window)")
    try expect(
      groups >= 1 && x[3] % groups == 0 && w[0] % groups == 0 && x[3] / groups == w[3],
      "the images have \(x[3]) channels and the weights are made for \(Shape([w[3], max(groups, 1)]).count) (in \(groups) group\(groups == 1 ? "" : "s"))"
    )
    let size = try window.outputSize(x[1], x[2])
    return [TensorType([x[0], size.height, size.width, w[0]])]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil, nil] }
    let x = context.inputs[0]
    let w = context.inputs[1]
    let dx =
      context.needs[0]
      ? dy.graph.record(.convolutionInputGradient(ConvolutionInputGradient(window: window, groups: groups, inputShape: x.shape)), [dy, w])
      : nil
    let dw =
      context.needs[1]
      ? dy.graph.record(
        .convolutionWeightGradient(ConvolutionWeightGradient(window: window, groups: groups, weightShape: w.shape)), [x, dy])
      : nil
    return [dx, dw]
  }
}

/// The gradient of a convolution with respect to its images, from dy and the weights; also known as a transposed convolution.
package struct ConvolutionInputGradient: OperationRule {
  package let window: Window
  package let groups: Int
  /// The images' shape, which a stride leaves ambiguous.
  package let inputShape: Shape

  package init(window: Window, groups: Int, inputShape: Shape) {
    self.window = window
    self.groups = groups
    self.inputShape = inputShape
  }

  package var name: String { "conv2dInputGradient" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let (dy, w) = (inputs[0].shape, inputs[1].shape)
    try expectFloats(inputs)
    try expect(dy.rank == 4, "the images have to be [batch, height, width, channels]")
    try expect(w.rank == 4, "the weights have to be [input channels, kernel height, kernel width, output channels / groups]")
    try expect(
      groups >= 1 && w[0] == dy[3] && w[0] % groups == 0 && Shape([w[3], groups]).count == inputShape[3],
      "the images have \(dy[3]) channels and the weights are made for \(w[0]) (in \(groups) group\(groups == 1 ? "" : "s"))")
    let size = try window.outputSize(inputShape[1], inputShape[2])
    try expect(
      size.height == dy[1] && size.width == dy[2] && inputShape[0] == dy[0],
      "\(inputShape) is not what becomes \(dy) by a convolution with \(window)")
    return [TensorType(inputShape)]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let upstream = context.upstream[0] else { return [nil, nil] }
    let dy = context.inputs[0]
    let w = context.inputs[1]
    let ddy = context.needs[0] ? upstream.graph.record(.convolution(Convolution(window: window, groups: groups)), [upstream, w]) : nil
    let dw =
      context.needs[1]
      ? upstream.graph.record(
        .convolutionWeightGradient(ConvolutionWeightGradient(window: window, groups: groups, weightShape: w.shape)), [upstream, dy]) : nil
    return [ddy, dw]
  }
}

/// The gradient of a convolution with respect to its weights, from the images and dy.
package struct ConvolutionWeightGradient: OperationRule {
  package let window: Window
  package let groups: Int
  package let weightShape: Shape

  package init(window: Window, groups: Int, weightShape: Shape) {
    self.window = window
    self.groups = groups
    self.weightShape = weightShape
  }

  package var name: String { "conv2dWeightGradient" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [TensorType(weightShape)] }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let upstream = context.upstream[0] else { return [nil, nil] }
    let (x, dy) = (context.inputs[0], context.inputs[1])
    let dx =
      context.needs[0]
      ? dy.graph.record(
        .convolutionInputGradient(ConvolutionInputGradient(window: window, groups: groups, inputShape: x.shape)), [dy, upstream]) : nil
    let ddy = context.needs[1] ? x.graph.record(.convolution(Convolution(window: window, groups: groups)), [x, upstream]) : nil
    return [dx, ddy]
  }
}
