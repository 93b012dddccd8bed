import Glissade
import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where the command reads recipes from: a file, standard input, or the folder of a run.
enum RecipeFile {
  private static let standardInput = "-"

  /// The bytes, and what messages call where they are from.
  /// - Throws: `Failure` and `FormatError` for what cannot be read.
  static func bytes(_ path: String) throws -> (bytes: [UInt8], path: String) {
    if path.isEmpty { throw Misuse("--recipe is empty, and it has to name a file, or - for standard input") }
    guard path == standardInput else { return (try FileBytes.read(path: path, limit: limit), path) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= limit {
      let count = buffer.withUnsafeMutableBytes { Glibc.read(STDIN_FILENO, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw Failure("standard input: cannot read: \(String(cString: strerror(errno)))")
      }
      if count == 0 { break }
      bytes += buffer.prefix(count)
    }
    return (bytes, "standard input")
  }

  /// Files beyond this are no recipes, and are refused as such.
  private static let limit = 1 << 24

  /// The recipe of a file, of a run, or of what several trainings have in common.
  /// - Throws: `RecipeError` for the first thing in it that makes no sense.
  static func read(_ path: String) throws -> Recipe { try document(path).recipe }

  /// The same with what is known of a run's data; paths as they lead to where things lie now.
  static func document(_ path: String) throws -> RunDocument {
    if !path.isEmpty, isFolder(path) { return try EarlierRun(path, isLenient: true).document }
    let (bytes, name) = try bytes(path)
    return RunDocument(recipe: try Recipe(yaml: bytes, path: name), facts: .null)
  }
}
