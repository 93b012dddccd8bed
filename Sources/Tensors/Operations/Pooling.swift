/// The largest value of each window, over [N, H, W, C]. Results: the values, and for each the number of the window's tap that holds it
/// (int32, ky·kernelWidth + kx, the first of equals).
package struct MaxPool: OperationRule {
  package let window: Window

  package var name: String { "maxPool" }
  package var outputCount: Int { 2 }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let shape = try pooledShape(inputs[0], window)
    return [TensorType(shape), TensorType(shape, .int32)]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil] }
    let rule = MaxPoolGradient(window: window, inputShape: context.inputs[0].shape)
    return [dy.graph.record(.maxPoolGradient(rule), [dy, context.outputs[1]])]
  }
}

/// The gradient of `MaxPool`, from dy and the tap numbers: each pixel's sum of dy over the windows whose tap it is.
package struct MaxPoolGradient: OperationRule {
  package let window: Window
  package let inputShape: Shape

  package init(window: Window, inputShape: Shape) {
    self.window = window
    self.inputShape = inputShape
  }

  package var name: String { "maxPoolGradient" }
  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [TensorType(inputShape)] }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let upstream = context.upstream[0] else { return [nil, nil] }
    return [upstream.graph.record(.maxPoolSelection(MaxPoolSelection(window: window)), [upstream, context.inputs[1]]), nil]
  }
}

/// The pixel of each window that a tap number names, over [N, H, W, C]; 0 where it names none. With the numbers of `MaxPool`, the gradient of
/// `MaxPoolGradient` with respect to dy.
package struct MaxPoolSelection: OperationRule {
  package let window: Window

  package init(window: Window) { self.window = window }

  package var name: String { "maxPoolSelection" }
  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [TensorType(inputs[1].shape)] }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil, nil] }
    let rule = MaxPoolGradient(window: window, inputShape: context.inputs[0].shape)
    return [dy.graph.record(.maxPoolGradient(rule), [dy, context.inputs[1]]), nil]
  }
}

/// The mean of each window, over [N, H, W, C].
package struct AveragePool: OperationRule {
  package let window: Window
  /// Whether padding counts as zeros in the mean (PyTorch's `count_include_pad`).
  package let countsPadding: Bool

  package var name: String { "averagePool" }
  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [TensorType(try pooledShape(inputs[0], window))] }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil] }
    let rule = AveragePoolGradient(window: window, countsPadding: countsPadding, inputShape: context.inputs[0].shape)
    return [dy.graph.record(.averagePoolGradient(rule), [dy])]
  }
}

/// The gradient of `AveragePool`.
package struct AveragePoolGradient: OperationRule {
  package let window: Window
  package let countsPadding: Bool
  package let inputShape: Shape

  package init(window: Window, countsPadding: Bool, inputShape: Shape) {
    self.window = window
    self.countsPadding = countsPadding
    self.inputShape = inputShape
  }

  package var name: String { "averagePoolGradient" }
  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [TensorType(inputShape)] }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
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
