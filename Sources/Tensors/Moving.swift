extension Tensor {
  /// x + share·(target − x), the step of an exponential mean: mean ← (1 − share)·mean + share·target. Only the part that moves is rounded, and a
  /// share of 1 gives the target exactly.
  /// - Parameters:
  ///   - target: what it goes towards.
  ///   - share: how much of the way, from 0 to 1.
  public func moving(towards target: Tensor, by share: Double) -> Tensor {
    share < 0.5 ? self + (target - self) * Float(share) : target + (self - target) * Float(1 - share)
  }

  /// The same towards x², at most the largest float: an infinity would not move any more, and then be none of a number.
  package func moving(towardsSquareOf x: Tensor, by share: Double) -> Tensor {
    let largest = graph.constant(.greatestFiniteMagnitude)
    if share < 0.5 { return minimum(moving(towards: x * x, by: share), largest) }
    return moving(towards: minimum(x * x, largest), by: share)
  }

  /// a + b, of each element, with b rounded to float32.
  @_disfavoredOverload public static func + (a: Tensor, b: Double) -> Tensor { a + Float(b) }
  /// a − b, of each element, with b rounded to float32.
  @_disfavoredOverload public static func - (a: Tensor, b: Double) -> Tensor { a - Float(b) }
  /// a · b, of each element, with b rounded to float32.
  @_disfavoredOverload public static func * (a: Tensor, b: Double) -> Tensor { a * Float(b) }
  /// a / b, of each element, with b rounded to float32.
  @_disfavoredOverload public static func / (a: Tensor, b: Double) -> Tensor { a / Float(b) }
  /// a + b, of each element, with a rounded to float32.
  @_disfavoredOverload public static func + (a: Double, b: Tensor) -> Tensor { Float(a) + b }
  /// a − b, of each element, with a rounded to float32.
  @_disfavoredOverload public static func - (a: Double, b: Tensor) -> Tensor { Float(a) - b }
  /// a · b, of each element, with a rounded to float32.
  @_disfavoredOverload public static func * (a: Double, b: Tensor) -> Tensor { Float(a) * b }
  /// a / b, of each element, with a rounded to float32.
  @_disfavoredOverload public static func / (a: Double, b: Tensor) -> Tensor { Float(a) / b }
}
