import GlissadeFormats
import GlissadeRecipes
import GlissadeTraining

/// A part of a file's tensors.
package struct WeightsPart {
  /// The dictionary that they are in.
  package var key: String?
  /// What their names begin with.
  package var prefix: String?

  package init(key: String?, prefix: String?) {
    self.key = key
    self.prefix = prefix
  }

  /// Opens a file of weights, or a run's model.
  /// - Returns: what was chosen of it; all of it where nothing was.
  /// - Throws: `Misuse` for a key that is not there; `Failure` for a folder without weights; what keeps the file from being read.
  package func open(_ path: String) throws -> WeightsFile {
    try chosen(of: WeightsFile(path: weightsPath(path)))
  }

  /// - Throws: `Misuse` for a key or a prefix that is not there.
  package func chosen(of file: WeightsFile) throws -> WeightsFile {
    var file = file
    if let key {
      let part = file.part(key)
      guard !part.tensors.isEmpty else {
        let known = file.parts.map(\.key)
        if known.isEmpty { throw Failure("\(file.path) has its tensors at the top, so there is no --key to choose") }
        throw Misuse.unknown("key", key, among: known)
      }
      file = part
    }
    guard let prefix else { return file }
    if let found = try? file.tensors(under: prefix) { return found }
    // A checkpoint's names are those in its dictionary of weights.
    do { return try ((try? file.stateDictionary()) ?? file).tensors(under: prefix) } catch { throw Failure("--prefix: \(error)") }
  }

  /// What is in a folder that is no run's but holds weights of others, for people; `nil` for any other folder.
  package static func othersIn(_ path: String) -> Failure? {
    if exists(path + "/data.pkl") {
      return Failure("\(path): a checkpoint that was unpacked; it is read packed: (cd \(path)/.. && zip -0 -r weights.pth FOLDER)")
    }
    let names = folderContents(path).filter { name in WeightsFile.usualSuffixes.contains { name.hasSuffix($0) } }.sorted()
    guard !names.isEmpty else { return nil }
    let list = names.prefix(3).map { printable("\(path)/\($0)") }.joined(separator: " or ")
    return Failure("\(path): a folder that is no run's; did you mean \(list)\(names.count > 3 ? ", …" : "")?")
  }
}

extension WeightsPlace {
  /// Where that is, for people; `nil` for the top of the file.
  package var text: String? {
    let parts = [key.map { "in '\(printable($0))'" }, prefix.isEmpty ? nil : "under '\(printable(prefix))'"].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  /// The options that choose it.
  package var options: String {
    [key.map { "--key \(printable($0))" }, prefix.isEmpty ? nil : "--prefix \(printable(prefix))"].compactMap { $0 }.joined(separator: " ")
  }
}
