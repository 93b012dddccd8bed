/// Numbers of the cost model for people.
enum CostText {
  /// Three digits that matter, as in `1.23`, `45.6` and `789`.
  static func number(_ value: Double) -> String {
    guard value.isFinite, value < 1e15 else { return "-" }
    let digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
    let scale = [1.0, 10, 100][digits]
    let scaled = Int((value * scale).rounded())
    guard digits > 0 else { return "\(scaled)" }
    let fraction = String(scaled % Int(scale))
    return "\(scaled / Int(scale)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
  }

  static func microseconds(_ seconds: Double) -> String { number(seconds * 1e6) }

  /// With the unit that suits it.
  static func time(_ seconds: Double) -> String {
    seconds >= 1 ? "\(number(seconds)) s" : seconds >= 1e-3 ? "\(number(seconds * 1e3)) ms" : "\(number(seconds * 1e6)) µs"
  }

  static func percent(_ share: Double) -> String { share.isFinite ? "\(Int((share * 100).rounded())) %" : "-" }

  static func left(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }
  static func right(_ text: String, _ width: Int) -> String { String(repeating: " ", count: max(0, width - text.count)) + text }
}
