#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Standard input, output and error.
enum StandardFiles {
  /// Opens those that the process was started without, so that no other file gets their numbers and, with these, what is printed.
  ///
  /// Reading and writing fail there, so that a command that has something to say does not take it for said.
  static func occupy() {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) == -1 && errno == EBADF {
      // The lowest free number is given out, so it is this one.
      _ = open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }
}
