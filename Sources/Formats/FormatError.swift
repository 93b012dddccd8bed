import Glibc

/// What went wrong with a file, and which file.
public struct FormatError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file, as the caller named it.
  public let path: String
  /// What is wrong with it.
  public let reason: Reason

  /// Creates an error about a file.
  public init(path: String, reason: Reason) {
    self.path = path
    self.reason = reason
  }

  /// What can be wrong with a file.
  public enum Reason: Equatable, Sendable {
    /// A system call failed; `code` is errno.
    case system(call: String, code: Int32)
    /// The path names something that is not a regular file (a folder, a device, a pipe).
    case notRegular
    /// The file is shorter than its format needs.
    case tooShort(bytes: UInt64, needed: UInt64)
    /// The file is longer than the reader accepts.
    case tooLong(bytes: UInt64, limit: UInt64)
    /// A header claims a length that the file, or the format's limit, cannot hold.
    case headerLength(declared: UInt64, limit: UInt64)
    /// The text is not valid JSON.
    case json(JSONError)
    /// A pickle is damaged, or asks for what is refused.
    case pickle(PickleError)
    /// The content is well-formed but not what the format prescribes.
    case malformed(String)
    /// Something is wrong with one tensor.
    case tensor(name: String, TensorFault)
  }

  /// One readable line: the path and the reason.
  public var description: String {
    "\(path): \(reason)"
  }

  static func system(_ call: String, _ path: String, code: Int32 = errno) -> FormatError {
    FormatError(path: path, reason: .system(call: call, code: code))
  }
}

extension FormatError.Reason: CustomStringConvertible {
  /// The reason in words.
  public var description: String {
    switch self {
    case .system(let call, let code): "cannot \(call): \(String(cString: strerror(code))) (errno \(code))"
    case .notRegular: "not a regular file"
    case .tooShort(let bytes, let needed): "truncated: \(bytes) bytes, at least \(needed) are needed"
    case .tooLong(let bytes, let limit): "\(bytes) bytes, more than the limit of \(limit)"
    case .headerLength(let declared, let limit): "the header claims \(declared) bytes where at most \(limit) are possible"
    case .json(let error): "\(error)"
    case .pickle(let error): "\(error)"
    case .malformed(let text): text
    case .tensor(let name, let fault): "tensor \"\(printable(name))\": \(fault)"
    }
  }
}
