import Glissade

/// Lists of names in options.
enum NameList {
  /// The names of a list, where there is one; see `NameText`.
  /// - Throws: `Misuse` for a list that is none, or an empty name in it.
  static func names(_ text: String?, of option: String) throws(Misuse) -> [String]? {
    guard let text else { return nil }
    guard let names = NameText.names(text) else {
      throw Misuse(
        "\(option) is '\(text)': names are separated by commas; a quote that opens a name has to close it, and \\\" is one in a name")
    }
    if names.contains(where: \.isEmpty) { throw Misuse("\(option) has an empty name in it; names are separated by commas") }
    return names
  }
}
