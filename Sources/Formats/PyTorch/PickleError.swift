/// Why a pickle is not read, and where.
public struct PickleError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The byte behind the offending instruction's beginning, counted from the start of the file, or of the pickle where that is compressed.
  public let offset: UInt64
  /// What is wrong there.
  public let fault: Fault

  /// What can be wrong with a pickle.
  public enum Fault: Equatable, Sendable {
    /// It ends before its last instruction.
    case truncated
    /// A byte that is no instruction.
    case unknownInstruction(UInt8)
    /// It names what runs commands or programs, such as `posix.system`. Nothing was called.
    case refusedGlobal(String)
    /// An instruction is not fit for what it finds.
    case malformed(String)
    /// It wants more memory than its file may cost.
    case tooLarge(limit: Int)
  }

  /// One readable line.
  public var description: String {
    let reason =
      switch fault {
      case .truncated: "it ends too early"
      case .unknownInstruction(let byte): "\(byte) is no instruction"
      case .refusedGlobal(let name):
        "it asks for \(printable(name)), which a dictionary of tensors does not need; nothing of it was run. "
          + "Such names are how files do harm; if it is to be trusted, save the model's state_dict() in PyTorch instead"
      case .malformed(let text): text
      case .tooLarge(let limit): "its objects need more than the \(limit) bytes of memory that a file of this size may cost"
      }
    return "pickle, byte \(offset): \(reason)"
  }
}
