/// Lists of names in one text, separated by commas.
///
/// Blanks around a name are none of it. A comma in a name is written `\,`, a backslash before a comma, a quote or a backslash `\\`; or the
/// name is put in double quotes, and a quote in it is doubled.
package enum NameText {
  /// The names in a text; nil for a quote that is not closed, or text behind one.
  package static func names(_ text: String) -> [String]? {
    var names: [String] = []
    var characters = Array(text.unicodeScalars)[...]
    while true {
      characters = characters.drop { $0 == " " }
      guard let name = characters.first == "\"" ? quoted(&characters) : plain(&characters) else { return nil }
      names.append(name)
      guard let next = characters.popFirst() else { return names }
      guard next == "," else { return nil }
    }
  }

  private static func plain(_ characters: inout ArraySlice<Unicode.Scalar>) -> String? {
    var name = String.UnicodeScalarView()
    // What an escape ends with is no blank at the end.
    var kept = 0
    while let character = characters.first, character != "," {
      characters.removeFirst()
      if character == "\\", let next = characters.first, next == "," || next == "\\" || next == "\"" || next == " " {
        characters.removeFirst()
        name.append(next)
        kept = name.count
      } else {
        name.append(character)
        if character != " " { kept = name.count }
      }
    }
    return String(String.UnicodeScalarView(name.prefix(kept)))
  }

  private static func quoted(_ characters: inout ArraySlice<Unicode.Scalar>) -> String? {
    var name = String.UnicodeScalarView()
    characters.removeFirst()
    while let character = characters.popFirst() {
      guard character == "\"" else {
        name.append(character)
        continue
      }
      guard characters.first == "\"" else {
        characters = characters.drop { $0 == " " }
        return String(name)
      }
      characters.removeFirst()
      name.append("\"")
    }
    return nil
  }

  /// The text for some names as it is given to a shell.
  package static func list(_ names: [String], shown: Int = 20) -> String {
    let list = names.prefix(shown).map { printable(escaped($0)) }.joined(separator: ",") + (names.count > shown ? ",…" : "")
    let isPlain = list.unicodeScalars.allSatisfy {
      $0.properties.isAlphabetic || $0.properties.numericType != nil || "_-.,…".unicodeScalars.contains($0)
    }
    return isPlain ? list : "'\(list)'"
  }

  /// One name as it stands in a list.
  package static func escaped(_ name: String) -> String {
    var result = ""
    for (index, scalar) in name.unicodeScalars.enumerated() {
      let isEdge = index == 0 || index == name.unicodeScalars.count - 1
      if scalar == "," || scalar == "\\" || scalar == "\"" || scalar == " " && isEdge { result += "\\" }
      result.unicodeScalars.append(scalar)
    }
    return result
  }
}
