import GlissadeKernels
import GlissadeTensors

extension Lowering {
  /// Both directions: the kernels are told the images' size and the grid's.
  mutating func lowerAdaptivePool(_ node: Int, isGradient: Bool) {
    let (from, to) = (input(node, 0), output(node))
    let (image, grid) = isGradient ? (outputShape(node), inputShape(node, 0)) : (inputShape(node, 0), outputShape(node))
    let work = max(image.count, grid.count)
    emit(
      isGradient ? "adaptive_average_pool_gradient" : "adaptive_average_pool", note(node, flops: work),
      items: (profile.shares(of: work), 1, 1), [.read(from), .write(to)]
    ) { unit in
      AdaptivePoolParameters(
        from: unit(from), to: unit(to), batch: Int32(image[0]), height: Int32(image[1]), width: Int32(image[2]),
        gridHeight: Int32(grid[1]), gridWidth: Int32(grid[2]), channels: Int32(image[3]))
    }
  }
}
