/// A row that a device computes otherwise than the reference.
package struct Finding: Sendable, CustomStringConvertible {
  package let device: String
  /// The row, or the table where it is nothing of a single row.
  package let row: String
  /// What is wrong, and how far off.
  package let problem: String
  /// The largest deviation in units of what is allowed; `nil` where there is no such number.
  package let excess: Double?

  package var description: String { "\(device): \(row): \(problem)" }
}

/// One thing that is wrong with a row.
struct Problem {
  var text: String
  var excess: Double?

  init(_ text: String, excess: Double? = nil) {
    self.text = text
    self.excess = excess
  }

  /// A deviation, in words and as a number.
  /// - Parameters:
  ///   - deviation: the largest, relative; NaN or infinite where something is not finite that should be.
  ///   - allowed: the tolerance.
  init(_ text: String, deviation: Double, allowed: Double) {
    let amount = deviation.isFinite ? "off by \(Self.short(deviation)) where \(Self.short(allowed)) is allowed" : "not finite"
    self.init("\(text), \(amount)", excess: deviation.isFinite ? deviation / allowed : nil)
  }

  /// Two digits: `3.2e-05`.
  static func short(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return "\(value)" }
    var exponent = 0
    var mantissa = abs(value)
    while mantissa >= 9.95 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa < 0.995 {
      mantissa *= 10
      exponent -= 1
    }
    let tenths = Int((mantissa * 10).rounded())
    let digits = "\(value < 0 ? "-" : "")\(tenths / 10)" + (tenths % 10 == 0 ? "" : ".\(tenths % 10)")
    return exponent == 0 ? digits : "\(digits)e\(exponent)"
  }
}
