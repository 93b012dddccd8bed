/// Reads the names of a network's classes.
public enum ClassNames {
  /// A name can be as long as this; longer lines are no names.
  private static let longest = 1000

  /// Reads names in the order of the classes: a text with a name on each line, or JSON: a list of names, or an object from class numbers to
  /// names, or to lists whose last text is the name, as Keras's `imagenet_class_index.json` has them.
  /// - Throws: `FormatError` for a file that cannot be read or is neither, or that has an empty name.
  public static func read(path: String) throws(FormatError) -> [String] {
    let file = try InputFile(path: path)
    let limit: UInt64 = 1 << 26
    guard file.size <= limit else { throw FormatError(path: path, reason: .tooLong(bytes: file.size, limit: limit)) }
    var bytes = try file.bytes(at: 0, count: Int(file.size))
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes.removeFirst(3) }
    let first = bytes.first { !($0 == 0x20 || (0x09...0x0d).contains($0)) }
    guard let first else { throw malformed(path, "no names in it") }
    if first == UInt8(ascii: "[") || first == UInt8(ascii: "{") { return try names(of: JSONValue.read(path: path), path) }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw malformed(path, "a text that is not valid UTF-8") }
    var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    // What ends the last line begins none.
    while let last = lines.last, last.allSatisfy(\.isWhitespace) { lines.removeLast() }
    var names: [String] = []
    for (index, line) in lines.enumerated() {
      guard !line.allSatisfy(\.isWhitespace) else { throw malformed(path, "line \(index + 1): an empty name") }
      guard line.utf8.count <= longest else { throw malformed(path, "line \(index + 1): longer than \(longest) bytes, and no name") }
      names.append(String(line))
    }
    return names
  }

  private static func malformed(_ path: String, _ text: String) -> FormatError { FormatError(path: path, reason: .malformed(text)) }

  private static func names(of json: JSONValue, _ path: String) throws(FormatError) -> [String] {
    let values: [JSONValue]
    if let list = json.arrayValue {
      values = list
    } else {
      let members = json.members ?? []
      var numbered: [Int: JSONValue] = [:]
      for member in members { Int(member.key).map { numbered[$0] = member.value } }
      values = (0..<members.count).compactMap { numbered[$0] }
      guard values.count == members.count else {
        throw malformed(path, "its keys are not the numbers of classes, from 0 to \(members.count - 1)")
      }
    }
    var names: [String] = []
    for (index, value) in values.enumerated() {
      guard let name = value.stringValue ?? value.arrayValue?.last?.stringValue, !name.isEmpty else {
        throw malformed(path, "class \(index) has no name")
      }
      names.append(name)
    }
    return names
  }
}
