/// A border around [N, H, W, C] images: PyTorch's `ZeroPad2d`, `ConstantPad2d`, `ReflectionPad2d`, `ReplicationPad2d` and `CircularPad2d`.
/// Negative amounts take pixels away.
public struct Pad2D: Layer {
  private let amounts: [(before: Int, after: Int)]
  private let mode: PaddingMode

  /// - Parameters:
  ///   - amount: how many pixels on every side.
  ///   - mode: what they hold; default 0.
  public init(_ amount: Int, mode: PaddingMode = .constant(0)) {
    self.init(top: amount, bottom: amount, left: amount, right: amount, mode: mode)
  }

  /// The same with an amount for each side.
  public init(top: Int = 0, bottom: Int = 0, left: Int = 0, right: Int = 0, mode: PaddingMode = .constant(0)) {
    amounts = [(0, 0), (top, bottom), (left, right), (0, 0)]
    self.mode = mode
  }

  public func forward(_ x: Tensor) -> Tensor { x.padded(amounts, mode: mode) }
}

/// Places before and after [N, L, C] lines: PyTorch's `ConstantPad1d`, `ReflectionPad1d`, `ReplicationPad1d` and `CircularPad1d`. Negative
/// amounts take places away.
public struct Pad1D: Layer {
  private let before: Int
  private let after: Int
  private let mode: PaddingMode

  /// - Parameters:
  ///   - before: how many in front.
  ///   - after: how many behind; default as many.
  ///   - mode: what they hold; default 0.
  public init(_ before: Int, _ after: Int? = nil, mode: PaddingMode = .constant(0)) {
    self.before = before
    self.after = after ?? before
    self.mode = mode
  }

  public func forward(_ x: Tensor) -> Tensor { x.padded([(0, 0), (before, after), (0, 0)], mode: mode) }
}
