/// Finds what somebody probably meant.
package enum Nearest {
  /// The nearest of some names, or `nil` where none is near: at most one edit for every three letters, and one more.
  package static func to(_ text: String, among names: [String]) -> String? {
    let text = text.lowercased()
    guard !text.isEmpty else { return nil }
    let ranked = names.map { name in (name: name, distance: isShort(text, for: name.lowercased()) ? 0 : distance(text, name.lowercased())) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= min(max(text.count, best.name.count) / 3 + 1, best.name.count - 1) ? best.name : nil
  }

  /// Whether a text is a name's beginning, or the beginnings of its words: `val_acc` of `validation_accuracy`.
  private static func isShort(_ text: String, for name: String) -> Bool {
    if text.count > 1, name.hasPrefix(text) { return true }
    let (beginnings, words) = (text.split { !$0.isLetter }, name.split { !$0.isLetter })
    return beginnings.count > 1 && beginnings.count == words.count && zip(beginnings, words).allSatisfy { $1.hasPrefix($0) }
  }

  /// How many letters have to be inserted, removed, replaced, or swapped with their neighbour (optimal string alignment).
  package static func distance(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a), Array(b))
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 0..<a.count {
      var row = [i + 1] + [Int](repeating: 0, count: b.count)
      for j in 0..<b.count {
        row[j + 1] = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { row[j + 1] = min(row[j + 1], beforeLast[j - 1] + 1) }
      }
      (beforeLast, last) = (last, row)
    }
    return last[b.count]
  }
}
