#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The folder of everything that may be thrown away: built programs, tuning, and weights that were fetched.
public enum CacheFolder {
  /// `$GLISSADE_CACHE`, `$XDG_CACHE_HOME/glissade` or `~/.cache/glissade`; `nil` where none of them is known.
  public static var path: String? {
    if let named = variable("GLISSADE_CACHE") { return named }
    if let cache = variable("XDG_CACHE_HOME") { return cache + "/glissade" }
    return variable("HOME").map { $0 + "/.cache/glissade" }
  }

  /// Makes a folder and those above it, where they are missing.
  package static func make(_ path: String) {
    var partial = ""
    for part in path.split(separator: "/", omittingEmptySubsequences: false) {
      partial += part
      if !partial.isEmpty { mkdir(partial, 0o755) }
      partial += "/"
    }
  }

  /// An empty one counts as absent.
  private static func variable(_ name: String) -> String? {
    guard let value = getenv(name), value[0] != 0 else { return nil }
    return String(cString: value)
  }
}
