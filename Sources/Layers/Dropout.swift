/// Zeroes each element with probability `rate` and scales the others by 1 / (1 − rate) while training; otherwise, and in a frozen layer, does
/// nothing.
/// Srivastava et al. 2014, in the inverted form that everyone uses. The mask is the same on every device (Philox4x32-10).
public struct Dropout: Layer {
  /// In [0, 1).
  public let rate: Float

  /// - Parameter rate: the probability with which an element is dropped, in [0, 1); default one half.
  public init(_ rate: Float = 0.5) { self.rate = rate }

  public func forward(_ x: Tensor) -> Tensor { x.dropout(rate) }
}
