import Glissade
import GlissadeFormats

/// How far the members of an ensemble agree on one sample; nothing for a single model.
struct Agreement {
  /// Behind the prediction, for people.
  let text: String
  /// The same under stable keys.
  let json: [JSONMember]

  /// On a class: how many take it for the likeliest, too.
  /// - Parameters:
  ///   - outputs: of each member.
  ///   - label: what they take together.
  init(_ outputs: [ArraySlice<Float>], on label: Int?) {
    guard outputs.count > 1, let label else {
      (text, json) = ("", [])
      return
    }
    let count = outputs.filter { row in
      row.startIndex + label < row.endIndex && row[row.startIndex + label] == row.max()
    }.count
    text = "  (\(count) of \(outputs.count) agree)"
    json = [JSONMember("agreement", .number(Double(count) / Double(outputs.count)))]
  }

  /// On a value: how far single members are from one another, their deviation (with n − 1).
  /// - Parameters:
  ///   - values: of each member.
  ///   - digits: the smallest step that says anything.
  init(values: [Double], digits: Double) {
    guard values.count > 1 else {
      (text, json) = ("", [])
      return
    }
    let mean = values.reduce(0, +) / Double(values.count)
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
    text = "  (± \(Text.rounded(deviation, to: digits)) among \(values.count) models)"
    json = [JSONMember("deviation", .number(deviation))]
  }
}
