#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The folder of everything that may be thrown away: built programs and tuning.
public enum CacheFolder {
  /// `$GLISSADE_CACHE`, `$XDG_CACHE_HOME/glissade` or `~/.cache/glissade`; `nil` where none of them is known.
  public static var path: String? {
    if let named = Environment["GLISSADE_CACHE"] { return named }
    if let cache = Environment["XDG_CACHE_HOME"] { return cache + "/glissade" }
    return Environment["HOME"].map { $0 + "/.cache/glissade" }
  }

  /// Makes a folder and those above it, where they are missing.
  static func make(_ path: String) {
    var partial = ""
    for part in path.split(separator: "/", omittingEmptySubsequences: false) {
      partial += part
      if !partial.isEmpty { mkdir(partial, 0o755) }
      partial += "/"
    }
  }
}
