/// A file as its publisher describes it.
public struct PublishedFile: Hashable, Sendable {
  /// What it is called.
  public let name: String
  /// How large it is.
  public let size: FileSize
  /// What its content is known by.
  public let digest: KnownDigest

  /// - Parameters:
  ///   - name: without folders.
  ///   - size: of the file.
  ///   - digest: what is known of its SHA-256.
  public init(name: String, size: FileSize, digest: KnownDigest) {
    self.name = name
    self.size = size
    self.digest = digest
  }
}

/// How large a published file is, as far as that is known.
public enum FileSize: Hashable, Sendable, CustomStringConvertible {
  /// To the byte.
  case bytes(Int)
  /// As torchvision has it: in units of 2^20 bytes, rounded to a thousandth.
  case mebibytes(Double)

  /// In bytes, as near as is known.
  public var approximate: Int {
    switch self {
    case .bytes(let count): count
    case .mebibytes(let size): Int((size * Self.mebibyte).rounded())
    }
  }

  /// Whether a file of so many bytes can be it.
  public func admits(_ count: Int) -> Bool { (least...most).contains(count) }

  /// The most bytes that it can have.
  public var most: Int { approximate + tolerance }
  private var least: Int { approximate - tolerance }

  /// Half a thousandth of a unit, and what rounding here may add.
  private var tolerance: Int { if case .mebibytes = self { 525 } else { 0 } }
  private static let mebibyte = 1_048_576.0

  public var description: String {
    switch self {
    case .bytes(let count): "\(count)"
    case .mebibytes(let size): "\(size) MiB"
    }
  }
}

/// What is known of a file's SHA-256.
public enum KnownDigest: Hashable, Sendable, CustomStringConvertible {
  /// All of it: 64 hexadecimal digits, in small letters. No other content has it.
  case whole(String)
  /// The digits that it begins with, as PyTorch's publishers write the first eight into a file's name: they tell whatever happens by accident,
  /// but not what somebody has made to have the same.
  case beginning(String)

  /// The digits that are known.
  public var digits: String {
    switch self {
    case .whole(let digits), .beginning(let digits): digits
    }
  }

  /// Whether a content with a digest can be it.
  /// - Parameter digest: all 64 digits, in small letters.
  public func matches(_ digest: String) -> Bool { digest.hasPrefix(digits) }

  public var description: String { if case .whole = self { digits } else { "\(digits)…" } }

  /// - Returns: `nil` for what is no digest, or for less than eight digits of one.
  init?(_ text: String) {
    let digits = text.lowercased()
    guard (8...64).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else {
      return nil
    }
    self = digits.utf8.count == 64 ? .whole(digits) : .beginning(digits)
  }
}
