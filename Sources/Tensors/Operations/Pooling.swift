/// The largest value of each window, over [N, H, W, C]. Results: the values, and for each the number of the window's tap that holds it
/// (int32, ky·kernelWidth + kx, the first of equals).
package struct MaxPool: OperationRule {
  public let window: Window

  public var name: String { "maxPool" }
  public var outputCount: Int { 2 }

  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let shape = try pooledShape(inputs[0], window)
    return [TensorType(shape), TensorType(shape, .int32)]
  }

  public func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil] }
    let rule = MaxPoolGradient(window: window, inputShape: context.inputs[0].shape)
    return [dy.graph.record(.maxPoolGradient(rule), [dy, context.outputs[1]])]
  }
}

/// The gradient of `MaxPool`, from dy and the tap numbers: each pixel's sum of dy over the windows whose tap it is.
package struct MaxPoolGradient: OperationRule {
  public let window: Window
  public let inputShape: Shape

  package init(window: Window, inputShape: Shape) {
    self.window = window
    self.inputShape = inputShape
  }

  public var name: String { "maxPoolGradient" }
  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [TensorType(inputShape)] }

  public func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let upstream = context.upstream[0] else { return [nil, nil] }
    return [upstream.graph.record(.maxPoolSelection(MaxPoolSelection(window: window)), [upstream, context.inputs[1]]), nil]
  }
}

/// The pixel of each window that a tap number names, over [N, H, W, C]; 0 where it names none. With the numbers of `MaxPool`, the gradient of
/// `MaxPoolGradient` with respect to dy.
package struct MaxPoolSelection: OperationRule {
  public let window: Window

  package init(window: Window) { self.window = window }

  public var name: String { "maxPoolSelection" }
  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [TensorType(inputs[1].shape)] }

  public func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil, nil] }
    let rule = MaxPoolGradient(window: window, inputShape: context.inputs[0].shape)
    return [dy.graph.record(.maxPoolGradient(rule), [dy, context.inputs[1]]), nil]
  }
}

/// The mean of each window, over [N, H, W, C].
package struct AveragePool: OperationRule {
  public let window: Window
  /// Whether padding counts as zeros in the mean (PyTorch's `count_include_pad`).
  public let countsPadding: Bool

  public var name: String { "averagePool" }
  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [TensorType(try pooledShape(inputs[0], window))] }

  public func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil] }
    let rule = AveragePoolGradient(window: window, countsPadding: countsPadding, inputShape: context.inputs[0].shape)
    return [dy.graph.record(.averagePoolGradient(rule), [dy])]
  }
}

/// The gradient of `AveragePool`.
package struct AveragePoolGradient: OperationRule {
  public let window: Window
  public let countsPadding: Bool
  public let inputShape: Shape

  package init(window: Window, countsPadding: Bool, inputShape: Shape) {
    self.window = window
    self.countsPadding = countsPadding
    self.inputShape = inputShape
  }

  public var name: String { "averagePoolGradient" }
  public func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [TensorType(inputShape)] }

  public func gradients(_ context: GradientContext) -> [Tensor?] {
    [context.upstream[0].map { $0.graph.record(.averagePool(AveragePool(window: window, countsPadding: countsPadding)), [$0]) }]
  }
}

private func pooledShape(_ input: TensorType, _ window: Window) throws(ShapeError) -> Shape {
  guard input.shape.rank == 4, input.dtype == .float32 else {
    throw ShapeError(problem: "the images have to be [batch, height, width, channels] of float32")
  }
  let size = try window.outputSize(input.shape[1], input.shape[2])  // and whether the window's numbers are in their limits
  guard 2 * window.paddingHeight <= window.kernelHeight, 2 * window.paddingWidth <= window.kernelWidth else {
    throw ShapeError(problem: "padding has to be at most half the kernel, or a window could see nothing but padding: \(window)")
  }
  guard window.extraHeight == 0, window.extraWidth == 0 else {
    throw ShapeError(problem: "pooling pads both sides alike: \(window)")
  }
  return [input.shape[0], size.height, size.width, input.shape[3]]
}
