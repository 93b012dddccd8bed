import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What drivers print, some to standard output, while they are loaded or compile.
public enum DriverOutput {
  /// Whether it goes to standard error wherever it was meant to go, so that standard output holds nothing but what a program writes there
  /// itself. While a driver is at work all of the process's standard output goes there: for programs that know who writes. Default no.
  public static var isKeptFromStandardOutput: Bool {
    get { state.withLock { $0 } }
    set { state.withLock { $0 = newValue } }
  }

  private static let state = Mutex(false)
  /// One at a time: whoever begins last would take the other's redirection for standard output.
  private static let turn = Mutex(())
  /// Standard output while it is moved; -1 while it is in its place.
  private static let own = Atomic<Int32>(-1)

  /// Calls a driver.
  static func kept<Result, Failure: Error>(_ call: () throws(Failure) -> Result) throws(Failure) -> Result {
    guard isKeptFromStandardOutput else { return try call() }
    var outcome: Swift.Result<Result, Failure>?
    // Another thread's call may never return.
    _ = turn.withLockIfAvailable { _ in
      fflush(nil)
      let copy = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
      if copy >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 {
        own.store(copy, ordering: .sequentiallyConsistent)
      } else if copy >= 0 {
        close(copy)
      }
      do throws(Failure) { outcome = .success(try call()) } catch { outcome = .failure(error) }
      restore()
    }
    if let outcome { return try outcome.get() }
    return try call()
  }

  /// Puts standard output back in its place, also while a driver is at work that will not be waited for.
  static func restore() {
    let copy = own.exchange(-1, ordering: .sequentiallyConsistent)
    guard copy >= 0 else { return }
    fflush(nil)
    dup2(copy, STDOUT_FILENO)
    close(copy)
  }
}
