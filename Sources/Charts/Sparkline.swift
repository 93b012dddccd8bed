/// A curve in one line of characters: ▁▂▃▄▅▆▇█.
package enum Sparkline {
  private static let levels: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// - Parameters:
  ///   - values: in their order; those that are no finite numbers are passed over.
  ///   - width: how many characters at most; where there are more values, each character is the mean of some neighbours.
  /// - Returns: a character for each value, between the smallest and the largest of what is shown; empty for fewer than two values.
  package static func text(_ values: [Double], width: Int) -> String {
    let finite = values.filter(\.isFinite)
    guard finite.count > 1, width > 0 else { return "" }
    let count = min(finite.count, width)
    let means = (0..<count).map { place -> Double in
      let part = finite[place * finite.count / count..<(place + 1) * finite.count / count]
      // Divided first: sums of large numbers would not be finite.
      return part.reduce(0) { $0 + $1 / Double(part.count) }
    }
    guard let least = means.min(), let most = means.max() else { return "" }
    return String(
      means.map { mean in
        // The middle for what never changes.
        guard most > least else { return levels[3] }
        let share = (mean / 2 - least / 2) / (most / 2 - least / 2)
        return levels[min(max(Int(share * Double(levels.count)), 0), levels.count - 1)]
      })
  }
}
