/// What there is to tell while a file is fetched.
public enum FetchEvent: Sendable {
  /// It begins.
  case started(Start)
  /// So many bytes of how many are there.
  case progress(done: Int, total: Int)
  /// The connection broke for a reason, and is tried again.
  case again(String)
  /// It is complete, and is looked at.
  case checking
  /// Another process is fetching into the folder, and goes first.
  case waiting(folder: String)

  /// What is about to be fetched.
  public struct Start: Sendable {
    /// The file.
    public let file: PublishedFile
    /// Where from.
    public let address: String
    /// Bytes that are there from an earlier time.
    public let already: Int
  }
}
