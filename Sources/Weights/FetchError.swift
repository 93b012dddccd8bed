import GlissadeFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Why a published file is not there.
public struct FetchError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Where it is published.
  public let address: String
  /// Where it belongs.
  public let target: String
  /// What went wrong.
  public let reason: Reason

  /// What can go wrong.
  public enum Reason: Equatable, Sendable {
    /// libcurl cannot be opened.
    case library(String)
    /// No connection, or one that broke; what libcurl says of it.
    case connection(String)
    /// The server has no such file, or does not hand it out.
    case status(Int)
    /// The server has a file of another size.
    case size(found: Int, FileSize)
    /// What came has another SHA-256.
    case digest(found: String, KnownDigest)
    /// What lies at the target, not fetched now, is not what was published.
    case wrongFile(String)
    /// It cannot be kept.
    case file(String)
  }

  public var description: String {
    switch reason {
    case .wrongFile(let text):
      "\(target) is not what is published at \(address): \(text); where it is removed, it is fetched anew"
    case .file(let text): "\(address) cannot be kept: \(text)"
    default: "\(address) cannot be fetched: \(reason.text); fetched by other means, its place is \(target)"
    }
  }

  static func text(_ found: Int, _ size: FileSize) -> String { "it has \(found) bytes rather than \(size)" }
  static func text(_ found: String, _ digest: KnownDigest) -> String {
    "its SHA-256 is \(found.prefix(12))…, and that of what was published is \(digest.digits.prefix(12))…"
  }
}

extension FetchError.Reason {
  /// In words.
  var text: String {
    switch self {
    case .library(let text): "that takes libcurl (Debian's libcurl4): \(text)"
    case .connection(let text): printable(text)
    case .status(let status): "the server answers \(status)\(Self.words[status].map { " (\($0))" } ?? "")"
    case .size(let found, let size): FetchError.text(found, size)
    case .digest(let found, let digest): FetchError.text(found, digest)
    case .wrongFile(let text), .file(let text): text
    }
  }

  private static let words = [
    401: "it wants a password", 403: "forbidden", 404: "not found", 407: "the proxy wants a password", 410: "gone",
    429: "too many requests", 500: "it has an error of its own", 502: "a server behind it fails", 503: "unavailable",
    504: "a server behind it does not answer",
  ]
}
