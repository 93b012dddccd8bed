/// The mean over each cell of a grid that covers [N, H, W, C] images. Cell i of n along an axis of s pixels spans
/// floor(i·s / n) ..< ceil((i + 1)·s / n), PyTorch's rule: cells overlap where n does not divide s.
package struct AdaptiveAveragePool: OperationRule {
  /// The grid's cells from top to bottom.
  package let height: Int
  /// The grid's cells from left to right.
  package let width: Int

  package var name: String { "adaptiveAveragePool" }

  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let x = inputs[0].shape
    try expect(x.rank == 4 && inputs[0].dtype == .float32, "the images have to be [batch, height, width, channels] of float32")
    let limit = 1 << 15
    try expect(
      (1...limit).contains(height) && (1...limit).contains(width), "the grid is \(height)×\(width), and has to be from 1 to \(limit)")
    return [TensorType([x[0], height, width, x[3]])]
  }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    guard let dy = context.upstream[0] else { return [nil] }
    return [dy.graph.record(.adaptiveAveragePoolGradient(AdaptiveAveragePoolGradient(inputShape: context.inputs[0].shape)), [dy])]
  }
}

/// The gradient of `AdaptiveAveragePool`, from dy.
package struct AdaptiveAveragePoolGradient: OperationRule {
  package let inputShape: Shape

  package init(inputShape: Shape) { self.inputShape = inputShape }

  package var name: String { "adaptiveAveragePoolGradient" }
  package func outputTypes(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [TensorType(inputShape)] }

  package func gradients(_ context: GradientContext) -> [Tensor?] {
    let dy = context.inputs[0].shape
    return [context.upstream[0].map { $0.graph.record(.adaptiveAveragePool(AdaptiveAveragePool(height: dy[1], width: dy[2])), [$0]) }]
  }
}
