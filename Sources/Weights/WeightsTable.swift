import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A table of published weights in a file, for weights of one's own and for copies that lie nearer than the originals.
///
/// A JSON list of objects. Each has `name`, `model`, `address`, `bytes`, `sha256` (at least its first eight digits) and `licence`; it may have
/// `publisher`, `accuracy` (from 0 to 1), and `file`, which is what the file is called where the address does not end with that.
public enum WeightsTable {
  /// The file that `GLISSADE_WEIGHTS_TABLE` names; `nil` where it names none.
  static var path: String? {
    guard let value = getenv("GLISSADE_WEIGHTS_TABLE"), value[0] != 0 else { return nil }
    return String(cString: value)
  }

  /// Reads a table.
  /// - Throws: `FormatError` that names the file, the entry and what is wrong with it.
  public static func read(path: String) throws(FormatError) -> [PublishedWeights] {
    guard let entries = try JSONValue.read(path: path).arrayValue else {
      throw FormatError(path: path, reason: .malformed("no list of weights"))
    }
    var weights: [PublishedWeights] = []
    for (index, entry) in entries.enumerated() {
      func malformed(_ text: String) -> FormatError { FormatError(path: path, reason: .malformed("entry \(index + 1): \(text)")) }
      func text(_ key: String) throws(FormatError) -> String {
        guard let text = entry[key]?.stringValue, !text.isEmpty else { throw malformed("'\(key)' has to be a text") }
        return text
      }
      let address = try text("address")
      guard ["http://", "https://"].contains(where: { address.lowercased().hasPrefix($0) }) else {
        throw malformed("'address' is '\(printable(address))', and it has to begin with https:// or http://")
      }
      // Behind the scheme and the server.
      let place = address.prefix { $0 != "?" && $0 != "#" }.split(separator: "/").dropFirst(2)
      let file = entry["file"]?.stringValue ?? place.last.map(String.init) ?? ""
      guard !file.isEmpty, !file.hasPrefix("."), !file.contains("/"), !file.contains("\0"), file.utf8.count <= 200 else {
        throw malformed("'\(printable(file))' is no name for a file; 'file' gives another")
      }
      guard let bytes = entry["bytes"]?.integerValue, bytes > 0, bytes < 1 << 50 else {
        throw malformed("'bytes' has to be how many the file has")
      }
      guard let digest = KnownDigest(try text("sha256")) else {
        throw malformed("'sha256' has to be 64 hexadecimal digits, or at least the first eight of them")
      }
      weights.append(
        PublishedWeights(
          name: try text("name"), model: try text("model"), address: address,
          file: PublishedFile(name: file, size: .bytes(bytes), digest: digest), accuracy: entry["accuracy"]?.doubleValue,
          publisher: entry["publisher"]?.stringValue ?? path, licence: try text("licence")))
    }
    return weights
  }
}
