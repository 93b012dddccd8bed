/// What keeps gradients small, before optimizers see them: by the ratio of each unit's gradient to its weights, by the value of each number, by the
/// norm of all. Of several the later ones see what the earlier ones left. What is not finite stays so, and is found.
public struct GradientClipping: Hashable, Sendable {
  /// The global norm c that all gradients are brought down to: g·min(1, c / (‖g‖ + 1e-6)), PyTorch's `clip_grad_norm_`. Default none.
  public var norm: Float?
  /// The largest magnitude c that a number of a gradient may have, beyond which it is cut off: PyTorch's `clip_grad_value_`. Default none.
  public var value: Float?
  /// λ of adaptive gradient clipping (Brock et al. 2021), usually 0.01 to 0.1: the gradient of each unit's weights W is brought down to
  /// λ·max(‖W‖, 1e-3). A unit is a row of a dense layer's weights, a filter of a convolution, a vector as a whole (a bias, a norm's scale);
  /// as timm's `adaptive_clip_grad`. Default none.
  public var ratio: Float?

  /// None of it, or what is given; each has to be above 0, which is checked where training starts.
  public init(norm: Float? = nil, value: Float? = nil, ratio: Float? = nil) {
    self.norm = norm
    self.value = value
    self.ratio = ratio
  }

  /// - Throws: `TrainingError` for a number that is not above 0.
  func check() throws(TrainingError) {
    for (name, number) in [("norm", norm), ("value", value), ("ratio", ratio)] {
      if let number, !(number > 0 && number.isFinite) {
        throw .invalid(option: "clipping \(name)", value: "\(number)", requirement: "a number above 0")
      }
    }
  }
}
