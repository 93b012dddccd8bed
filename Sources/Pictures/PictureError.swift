import Glibc
import GlissadeData

/// Why a picture cannot be used. Prints as one readable line that names the file.
public struct PictureError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file, as the caller named it.
  public let path: String
  /// What is wrong with it.
  public let reason: Reason

  /// Creates an error about a file.
  public init(path: String, reason: Reason) {
    self.path = path
    self.reason = reason
  }

  /// What can be wrong with a picture.
  public enum Reason: Equatable, Sendable {
    /// A system call failed; `code` is errno.
    case system(call: String, code: Int32)
    /// The path is a symbolic link that leads nowhere.
    case brokenLink
    /// The path names a folder, a device or a pipe.
    case notRegular
    /// The file holds nothing.
    case empty
    /// The content is of no format that is read; the text says what it looks like.
    case otherFormat(String)
    /// The picture is of a format that is read, but of a kind that is not; the text says of which.
    case unsupported(String)
    /// The picture or its file is beyond the limits.
    case tooLarge(String)
    /// The content is damaged or cut short; the text is the decoder's reason.
    case damaged(String)
    /// An augmentation of one's own left something else than as many finite numbers as before.
    case changed(by: String, left: String, of: Int)
    /// Memory could not be had.
    case noMemory
  }

  /// One readable line: the path and the reason.
  public var description: String { "\(path): \(reason)" }

  /// The same as what a dataset throws.
  var dataError: DataError {
    guard case .changed(let name, let left, let count) = reason else { return .unreadable(path: path, message: "\(reason)") }
    return .invalidArgument(
      name: "what the augmentation '\(name)' left of \(path)", value: left, requirement: "\(count) finite numbers, as before")
  }
}

extension PictureError.Reason: CustomStringConvertible {
  /// The reason in words.
  public var description: String {
    switch self {
    case .system(let call, let code): "cannot \(call): \(String(cString: strerror(code))) (errno \(code))"
    case .brokenLink: "a link that leads nowhere"
    case .notRegular: "not a regular file"
    case .empty: "the file is empty"
    case .otherFormat(let what): "neither a JPEG nor a PNG, WebP or TIFF but \(what)"
    case .unsupported(let what): "cannot be decoded: \(what)"
    case .tooLarge(let what): "too large: \(what)"
    case .damaged(let what): "damaged: \(what)"
    case .changed(let name, let left, let count): "the augmentation '\(name)' left \(left) of \(count)"
    case .noMemory: "no memory for its pixels"
    }
  }
}
