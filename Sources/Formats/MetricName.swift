/// What metrics are called: as the columns of `metrics.csv`, and whatever else people write for that.
package enum MetricName {
  /// The word that is meant: dashes are as good as underscores, and `training` as `train`.
  /// - Parameters:
  ///   - text: as somebody wrote it.
  ///   - words: those that there are.
  /// - Returns: one of the words; `nil` for what is none of them.
  package static func word(_ text: String, among words: [String]) -> String? {
    let name = plain(text)
    return words.first { $0 == text } ?? words.first { plain($0) == name }
  }

  private static func plain(_ text: String) -> String { text.replacing("-", with: "_").replacing("training_", with: "train_") }
}
