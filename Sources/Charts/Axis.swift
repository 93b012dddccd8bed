#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// One direction of a chart.
public struct Axis: Hashable, Sendable {
  /// What it measures, with its unit, as in `learning rate` or `time (s)`.
  public var label: String
  /// Whether equal distances are equal ratios. Values that are not above 0 are left out then.
  public var isLogarithmic: Bool
  /// What has to be in it, beside the values.
  public var includes: [Double]
  /// Whether only whole numbers have marks, as of what is counted.
  public var isWhole: Bool
  /// Which values there can be: the axis goes no further, whatever would be round. For axes that are not logarithmic.
  public var limits: ClosedRange<Double>?

  public init(
    _ label: String, isLogarithmic: Bool = false, includes: [Double] = [], isWhole: Bool = false, limits: ClosedRange<Double>? = nil
  ) {
    self.label = label
    self.isLogarithmic = isLogarithmic
    self.includes = includes
    self.isWhole = isWhole
    self.limits = limits
  }

  /// Epochs, of which there are whole ones.
  package static let epoch = Axis("epoch", isWhole: true)
}

/// An axis with its ends: where values lie, and where its marks are.
struct Scale {
  let isLogarithmic: Bool
  let lower: Double
  let upper: Double
  /// Round numbers within it.
  let marks: [Double]

  /// - Parameters:
  ///   - values: what it has to hold; those that cannot be drawn are passed over.
  ///   - marks: about how many there is room for.
  init(_ axis: Axis, _ values: some Sequence<Double>, marks count: Int) {
    isLogarithmic = axis.isLogarithmic
    let drawn = (axis.includes + values).filter { $0.isFinite && (!axis.isLogarithmic || $0 > 0) }
    var (low, high) = (drawn.min() ?? (axis.isLogarithmic ? 0.1 : 0), drawn.max() ?? 1)
    if axis.isLogarithmic {
      if low == high { (low, high) = (low / 10, high * 10) }
      (lower, upper) = (low, high)
      marks = Self.powers(low, high, count)
    } else {
      if low == high { (low, high) = low == 0 ? (0, 1) : (low - abs(low) / 2, high + abs(high) / 2) }
      // Values beyond what there can be are drawn nevertheless.
      let limits = axis.limits.flatMap { limits in drawn.allSatisfy(limits.contains) ? limits : nil } ?? -Double.infinity...(.infinity)
      (low, high) = (max(low, limits.lowerBound), min(high, limits.upperBound))
      // To whole strides, unless the values end at a round number anyway.
      let stride = max(Self.stride((high - low) / Double(max(count, 1))), axis.isWhole ? 1 : 0)
      let (first, last) = ((low / stride).rounded(.down), (high / stride).rounded(.up))
      (lower, upper) = (max(first * stride, limits.lowerBound), min(last * stride, limits.upperBound))
      marks = (0...max(Int(last - first), 1)).map { (first + Double($0)) * stride }.filter(limits.contains)
    }
  }

  /// Where a value lies, from 0 to 1; `nil` for one that cannot be drawn.
  func place(_ value: Double) -> Double? {
    guard value.isFinite, !isLogarithmic || value > 0 else { return nil }
    let share = isLogarithmic ? log(value / lower) / log(upper / lower) : (value - lower) / (upper - lower)
    return share.isFinite ? min(max(share, 0), 1) : nil
  }

  /// 1, 2 or 5 times a power of ten, at least so much.
  private static func stride(_ least: Double) -> Double {
    let power = pow(10, log10(least).rounded(.down))
    for factor in [1.0, 2, 5] where factor * power >= least * 0.999 { return factor * power }
    return 10 * power
  }

  private static func powers(_ low: Double, _ high: Double, _ count: Int) -> [Double] {
    let (first, last) = (Int(log10(low).rounded(.down)), Int(log10(high).rounded(.up)))
    let every = max((last - first) / max(count, 1), 1)
    let tens = Swift.stride(from: first, through: last, by: every).map { pow(10, Double($0)) }
    let within = tens.filter { $0 >= low * 0.999 && $0 <= high * 1.001 }
    if within.count >= 3 { return within }
    let finer = (first...last).flatMap { power in [1.0, 2, 5].map { $0 * pow(10, Double(power)) } }
    return finer.filter { $0 >= low * 0.999 && $0 <= high * 1.001 }
  }
}

/// Numbers as charts write them.
package enum ChartNumber {
  /// With at most so many digits that count, as short as can be: `0.001`, `1e-05`, `12,000`.
  package static func text(_ value: Double, digits: Int = 4) -> String {
    guard value.isFinite else { return "\(value)" }
    if value == 0 { return "0" }
    let exponent = Int(log10(abs(value)).rounded(.down))
    if exponent < -4 || exponent > 6 {
      let mantissa = value / pow(10, Double(exponent))
      let rounded = fixed(mantissa, max(digits - 1, 0))
      // 9.9996 becomes 10.
      return rounded == "10" ? "1e\(exponent + 1)" : rounded == "-10" ? "-1e\(exponent + 1)" : "\(rounded)e\(exponent)"
    }
    return fixed(value, max(digits - 1 - exponent, 0))
  }

  /// So many places after the point, without zeros at the end.
  private static func fixed(_ value: Double, _ places: Int) -> String {
    let scaled = (abs(value) * pow(10, Double(places))).rounded()
    guard scaled < 1e15 else { return "\(value)" }
    var digits = "\(Int(scaled))"
    if digits.count <= places { digits = String(repeating: "0", count: places - digits.count + 1) + digits }
    var (whole, rest) = (String(digits.dropLast(places)), places == 0 ? "" : String(digits.suffix(places)))
    while rest.hasSuffix("0") { rest.removeLast() }
    if whole.count > 4 {
      whole = String(
        whole.reversed().enumerated().flatMap { $0.offset > 0 && $0.offset % 3 == 0 ? [",", $0.element] : [$0.element] }.reversed())
    }
    return (value < 0 && scaled > 0 ? "-" : "") + whole + (rest.isEmpty ? "" : "." + rest)
  }
}
