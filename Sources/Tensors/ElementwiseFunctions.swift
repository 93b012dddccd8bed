// Functions of each element, as methods and as functions. Gradients are PyTorch's; a NaN gives NaN unless something else is said. Of int32 there
// are negation, magnitude, sign, square, rounding, maximum, minimum and bounds, as int32; everything else needs `cast(to: .float32)`.

extension Tensor {
  /// eˣ.
  public func exp() -> Tensor { applying(.exponential) }
  /// The natural logarithm: −∞ at 0, NaN below.
  public func log() -> Tensor { applying(.logarithm) }
  /// ln(1 + x), precise near 0.
  public func log1p() -> Tensor { applying(.logarithmOnePlus) }
  /// eˣ − 1, precise near 0.
  public func expm1() -> Tensor { applying(.exponentialMinusOne) }
  /// The square root: NaN below 0.
  public func sqrt() -> Tensor { applying(.squareRoot) }
  /// 1 / √x.
  public func rsqrt() -> Tensor { applying(.reciprocalSquareRoot) }
  /// x².
  public func square() -> Tensor { applying(.square) }
  /// 1 / x.
  public func reciprocal() -> Tensor { applying(.reciprocal) }
  /// The magnitude. Its gradient at 0 is 0.
  public func abs() -> Tensor { applying(.absolute) }
  /// 1 above 0, −1 below, 0 at 0 and for a NaN. Its gradient is 0.
  public func sign() -> Tensor { applying(.sign) }
  /// The largest whole number that is not above x. Its gradient is 0.
  public func floor() -> Tensor { applying(.roundDown) }
  /// The smallest whole number that is not below x. Its gradient is 0.
  public func ceil() -> Tensor { -(-self).applying(.roundDown) }
  /// The nearest whole number; of two as near, the even one. Its gradient is 0.
  public func round() -> Tensor { applying(.roundToEven) }
  /// The sine of an angle in radians.
  public func sin() -> Tensor { applying(.sine) }
  /// The cosine of an angle in radians.
  public func cos() -> Tensor { applying(.cosine) }
  /// The hyperbolic tangent.
  public func tanh() -> Tensor { applying(.hyperbolicTangent) }
  /// The error function 2/√π · ∫₀ˣ e^(−t²) dt (Abramowitz and Stegun, 7.1.1).
  public func erf() -> Tensor { applying(.errorFunction) }

  /// x to the power of a number. x⁰ is 1, of a NaN as well; a negative x has only whole powers.
  public func pow(_ exponent: Float) -> Tensor {
    switch exponent {
    case -1: reciprocal()
    case -0.5: rsqrt()
    case 0.5: sqrt()
    case 1: self
    case 2: square()
    default: combined(with: graph.constant(exponent), .power)
    }
  }

  /// x to the power of another tensor's elements, after broadcasting.
  public func pow(_ exponent: Tensor) -> Tensor { combined(with: exponent, .power) }

  /// min(max(x, lower), upper): within two bounds, or beyond one. Where the bounds cross, the upper one.
  /// The gradient is 1 between the bounds, and 0 at them, beyond them and for a NaN (PyTorch's `clamp`, as of 2.15).
  /// - Parameters:
  ///   - lower: `nil` for none; of int32 a whole number.
  ///   - upper: `nil` for none; of int32 a whole number.
  public func clamped(from lower: Float? = nil, to upper: Float? = nil) -> Tensor {
    guard lower != nil || upper != nil else { return self }
    if isWhole {
      let above = lower.map { combined(with: scalar($0), .maximum) } ?? self
      return upper.map { above.combined(with: above.scalar($0), .minimum) } ?? above
    }
    return graph.record(.clamp(Clamp(lower: lower ?? -.infinity, upper: upper ?? .infinity)), [self])
  }
}

/// ln(1 + x), precise near 0.
public func log1p(_ x: Tensor) -> Tensor { x.log1p() }
/// eˣ − 1, precise near 0.
public func expm1(_ x: Tensor) -> Tensor { x.expm1() }
/// 1 above 0, −1 below, 0 at 0 and for a NaN.
public func sign(_ x: Tensor) -> Tensor { x.sign() }
/// The largest whole number that is not above x.
public func floor(_ x: Tensor) -> Tensor { x.floor() }
/// The smallest whole number that is not below x.
public func ceil(_ x: Tensor) -> Tensor { x.ceil() }
/// The nearest whole number; of two as near, the even one.
public func round(_ x: Tensor) -> Tensor { x.round() }
/// The sine of an angle in radians.
public func sin(_ x: Tensor) -> Tensor { x.sin() }
/// The cosine of an angle in radians.
public func cos(_ x: Tensor) -> Tensor { x.cos() }
/// The error function 2/√π · ∫₀ˣ e^(−t²) dt.
public func erf(_ x: Tensor) -> Tensor { x.erf() }
/// a to the power b.
public func pow(_ a: Tensor, _ b: Tensor) -> Tensor { a.pow(b) }
/// a to the power of a number.
public func pow(_ a: Tensor, _ b: Float) -> Tensor { a.pow(b) }
