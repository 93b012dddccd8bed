import GlissadeFormats
import GlissadePlanning

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What `glissade tune` found, on disk: a JSON file for each device and driver beside the built programs, in `$GLISSADE_CACHE`,
/// `$XDG_CACHE_HOME/glissade` or `~/.cache/glissade`.
public struct TuningStore: Sendable {
  /// A problem, the best kernel for it, and how long it took.
  public struct Entry: Hashable, Sendable {
    public var problem: ProductProblem
    public var variant: ProductVariant
    /// Of one launch, in seconds, a merge of its parts included.
    public var seconds: Double

    public init(problem: ProductProblem, variant: ProductVariant, seconds: Double) {
      self.problem = problem
      self.variant = variant
      self.seconds = seconds
    }
  }

  /// What a file came to.
  public enum Content: Hashable, Sendable {
    case absent
    case entries([Entry])
    /// It is there and not what it should be; why, in one line.
    case damaged(String)
  }

  public let identity: TuningIdentity
  /// The file; `nil` where there is no folder for caches.
  public let path: String?
  private let folder: String?

  /// - Parameter folder: where files are kept; the usual place unless told otherwise.
  public init(_ identity: TuningIdentity, folder: String? = CacheFolder.path) {
    self.identity = identity
    self.folder = folder
    path = folder.map { "\($0)/\(identity.fileName)" }
  }

  /// Reads the file. Nothing that is wrong with it is an error.
  public func load() -> Content {
    guard let path, access(path, F_OK) == 0 else { return .absent }
    do throws(FormatError) {
      let value = try JSONValue.read(path: path, limit: 4 << 20)
      guard value["format"] == .integer(1) else { return .damaged("\(path): it is not of format 1") }
      let owner = TuningIdentity(
        platform: value["platform"]?.stringValue ?? "", device: value["device"]?.stringValue ?? "",
        driver: value["driver"]?.stringValue ?? "")
      guard owner == identity else { return .damaged("\(path): it belongs to another device or driver") }
      guard let list = value["problems"]?.arrayValue else { return .damaged("\(path): it has no list of problems") }
      var entries: [Entry] = []
      for (index, element) in list.enumerated() {
        guard let entry = Entry(element) else { return .damaged("\(path): problem \(index + 1) is not what it should be") }
        entries.append(entry)
      }
      return .entries(entries)
    } catch { return .damaged(error.description) }
  }

  /// Writes the file anew, in one step: at every instant it holds what it held before or all of the new.
  /// - Throws: `FormatError` where it cannot be written.
  public func save(_ entries: [Entry]) throws(FormatError) {
    guard let path, let folder else { return }
    CacheFolder.make(folder)
    let value: JSONValue = [
      "format": 1, "platform": .string(identity.platform), "device": .string(identity.device), "driver": .string(identity.driver),
      "problems": .array(entries.map(\.json)),
    ]
    try AtomicFile.write(path: path, text: value.text(pretty: true) + "\n")
  }

  /// Forgets everything.
  public func remove() { if let path { unlink(path) } }
}
