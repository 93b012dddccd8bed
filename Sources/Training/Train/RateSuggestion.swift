#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension RateRange {
  /// A rate to train with.
  public struct Suggestion: Hashable, Sendable {
    /// Of the first group of parameters.
    public var rate: Double
    /// What it follows from, in words for people.
    public var reason: String
    /// The place of the point in the curve that is nearest.
    public var place: Int
    /// The rate where the loss falls fastest, by the logarithm of the rate.
    public var steepest: Double
    /// The rate where it is lowest.
    public var lowest: Double
  }

  /// A rate to train with: half-way, by ratio, between the rate where the smoothed loss falls fastest and the one where it is lowest, √(a b). `nil`
  /// where the loss falls at none of the rates by more than single steps differ.
  ///
  /// The rule was chosen by measuring, and measured anew since (`Scripts/lr-find-table.py`): lenet and an mlp on 6,000 pictures of Fashion-MNIST (3
  /// epochs) and an mlp on a table (2,000 rows of Friedman's function, 10 epochs), each by SGD, SGD with momentum and Adam, three seeds, against 13
  /// rates, half-decades, that were trained. Within a factor 3 of the rate with the lowest validation loss lie
  ///
  /// - by this rule 24 of 27 suggestions; the other three are 3.9 to 4.6 times too low;
  /// - by fastai's rules, on its own smoothing: `steep` 18 (the first steps' noise is steep, too), `valley` 2, `minimum` (a tenth of the rate where
  ///   the loss is lowest) 19.
  public var suggestion: Suggestion? {
    guard points.count >= 10, let lowest = points.indices.min(by: { points[$0].smoothed < points[$1].smoothed }), lowest >= 2,
      level - points[lowest].smoothed > deviation
    else { return nil }
    func slope(_ index: Int) -> Double { points[index + 1].smoothed - points[index - 1].smoothed }
    guard let steepest = (1..<lowest).min(by: { slope($0) < slope($1) }) else { return nil }
    let (fast, low) = (points[steepest].rate, points[lowest].rate)
    let rate = (fast * low).squareRoot()
    let place = points.indices.min { abs(log(points[$0].rate / rate)) < abs(log(points[$1].rate / rate)) } ?? lowest
    return Suggestion(
      rate: rate,
      reason: "half-way between \(Self.short(fast)), where the loss falls fastest, and \(Self.short(low)), where it is lowest",
      place: place, steepest: fast, lowest: low)
  }

  /// Why there is no suggestion, for people.
  public var objection: String {
    points.count < 10
      ? "the loss explodes within \(points.count + 1) steps; lower rates, from --from on, may not"
      : "the loss falls at none of the rates by more than steps differ anyway"
  }

  /// How much the losses of neighbouring steps differ while the rate does not matter yet: in the first third.
  private var deviation: Double {
    let first = points.prefix(max(points.count / 3, 10)).map(\.loss)
    let squares = zip(first, first.dropFirst()).reduce(0) { $0 + ($1.1 - $1.0) * ($1.1 - $1.0) }
    return (squares / Double(max(first.count - 1, 1)) / 2).squareRoot()
  }

  /// Two digits that count.
  static func short(_ value: Double) -> String {
    let power = pow(10, log10(value).rounded(.down) - 1)
    return "\(Float((value / power).rounded() * power))"
  }
}
