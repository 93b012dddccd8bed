import GlissadeLayers

extension Tensor {
  /// These pictures, if they have at least so many pixels a side that a network has something left to look at after its strides; otherwise
  /// a mistake that names the smallest size.
  func atLeast(_ pixels: Int, for network: String) -> Tensor {
    guard isValid, shape.rank == 4, Swift.min(shape[1], shape[2]) < pixels else { return self }
    return graph.reject(network, [self], because: "the smallest pictures it takes are \(pixels)×\(pixels)")
  }
}
