/// A line search for the strong Wolfe conditions (Nocedal and Wright, algorithms 3.5 and 3.6, with cubic interpolation), as PyTorch's
/// `_strong_wolfe`: f(t) ≤ f(0) + 10⁻⁴·t·f′(0) and |f′(t)| ≤ 0.9·|f′(0)|.
struct StrongWolfe {
  /// A place along the line.
  struct Point {
    var t: Double
    var value: Double
    var gradient: [Float]
    var slope: Double
  }

  private static let decrease = 1e-4
  private static let flatness = 0.9

  /// f(0), f′(0) and the gradient there.
  private let start: Point
  /// The direction's largest element.
  private let size: Double
  private let tolerance: Double
  private let limit: Int
  /// The place to go to.
  private(set) var found: Point
  private(set) var evaluations = 0

  /// - Parameters:
  ///   - value: f(0).
  ///   - gradient: there.
  ///   - slope: f′(0), below 0.
  ///   - size: the direction's largest element.
  ///   - tolerance: how near to each other places are that are no longer told apart.
  ///   - limit: of evaluations behind the first one.
  init(value: Double, gradient: [Float], slope: Double, size: Double, tolerance: Double, limit: Int) {
    start = Point(t: 0, value: value, gradient: gradient, slope: slope)
    (self.size, self.tolerance, self.limit, found) = (size, tolerance, limit, start)
  }

  /// - Parameters:
  ///   - first: the place that is tried first.
  ///   - evaluate: f(t), the gradient there, and f′(t).
  mutating func run<Failure: Error>(
    from first: Double, _ evaluate: (Double) throws(Failure) -> (value: Double, gradient: [Float], slope: Double)
  ) throws(Failure) {
    func point(_ t: Double) throws(Failure) -> Point {
      let (value, gradient, slope) = try evaluate(t)
      return Point(t: t, value: value, gradient: gradient, slope: slope)
    }
    var (before, now, tries) = (start, try point(first), 0)
    evaluations = 1
    // Outwards, until a place that is right is known to lie between two others.
    var bracket: (Point, Point)?
    while tries < limit {
      if isTooHigh(now) || (tries > 1 && now.value >= before.value) || now.slope >= 0 && !isFlat(now) {
        bracket = (before, now)
        break
      }
      if isFlat(now) {
        found = now
        return
      }
      let t = Self.minimum(between: before, now, in: (now.t + 0.01 * (now.t - before.t))...(now.t * 10))
      before = now
      now = try point(t)
      evaluations += 1
      tries += 1
    }
    let ends = bracket ?? (start, now)
    var (low, high) = ends.0.value <= ends.1.value ? ends : (ends.1, ends.0)
    // Inwards.
    var isStuck = false
    while tries < limit, abs(high.t - low.t) * size >= tolerance {
      let (left, right) = low.t < high.t ? (low, high) : (high, low)
      var t = Self.minimum(between: left, right, in: left.t...right.t)
      let margin = 0.1 * (right.t - left.t)
      if min(right.t - t, t - left.t) < margin {
        if isStuck || t >= right.t || t <= left.t {
          t = abs(t - right.t) < abs(t - left.t) ? right.t - margin : left.t + margin
          isStuck = false
        } else {
          isStuck = true
        }
      } else {
        isStuck = false
      }
      let now = try point(t)
      evaluations += 1
      tries += 1
      if isTooHigh(now) || now.value >= low.value {
        high = now
        if high.value < low.value { swap(&low, &high) }
      } else {
        if isFlat(now) {
          low = now
          break
        }
        if now.slope * (high.t - low.t) >= 0 { high = low }
        low = now
      }
    }
    found = low
  }

  private func isTooHigh(_ point: Point) -> Bool { point.value > start.value + Self.decrease * point.t * start.slope }
  private func isFlat(_ point: Point) -> Bool { abs(point.slope) <= -Self.flatness * start.slope }

  /// Where the cubic has its minimum that has values and slopes of two places; their middle where it has none.
  private static func minimum(between a: Point, _ b: Point, in bounds: ClosedRange<Double>) -> Double {
    let middle = (bounds.lowerBound + bounds.upperBound) / 2
    let d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.t - b.t)
    let square = d1 * d1 - a.slope * b.slope
    guard square >= 0, square.isFinite else { return middle }
    let d2 = square.squareRoot()
    let t =
      a.t <= b.t
      ? b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
      : a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2))
    return t.isNaN ? middle : min(max(t, bounds.lowerBound), bounds.upperBound)
  }
}
