import Glissade
import GlissadeCharts

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What the command knows of where its output goes.
enum Terminal {
  /// Whether a line can be redrawn there.
  static func isLive(_ file: Int32) -> Bool { isatty(file) == 1 && variable("TERM") != "dumb" }

  /// Columns; 80 where they are unknown.
  static func width(_ file: Int32) -> Int {
    var size = winsize()
    return ioctl(file, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }

  /// Whether the locale says that a terminal knows more than ASCII.
  static let isUnicode: Bool = {
    let locale = (variable("LC_ALL") ?? variable("LC_CTYPE") ?? variable("LANG") ?? "").lowercased()
    return locale.contains("utf-8") || locale.contains("utf8")
  }()

  /// A chart in characters, as wide as standard output is, and no wider than it can be read.
  static func text(of chart: LineChart) -> String { chart.text(columns: min(width(STDOUT_FILENO), 100), isUnicode: isUnicode) }

  /// Writes to standard output what the command is for.
  /// - Throws: `Failure` where it cannot be written.
  static func print(_ text: String) throws(Failure) {
    let code = write(text, to: STDOUT_FILENO)
    if code != 0 { throw Failure("standard output: cannot write: \(String(cString: strerror(code)))") }
  }

  /// Writes at once and whole. That nobody listens is no reason to stop a training.
  /// - Returns: what went wrong, an `errno`; 0 where nothing did.
  @discardableResult
  static func write(_ text: String, to file: Int32) -> Int32 {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        buffer.baseAddress.map { systemWrite(file, $0 + done, buffer.count - done) } ?? 0
      }
      if count > 0 {
        done += count
      } else if count == 0 {
        return EIO
      } else if errno == EAGAIN {
        // Somebody made it non-blocking, and waits for as much as it takes.
        var place = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
        poll(&place, 1, -1)
      } else if errno != EINTR {
        return errno
      }
    }
    return 0
  }

  /// A line on standard error that is no failure.
  static func note(_ text: String) { write("glissade: \(Text.line(text))\n", to: STDERR_FILENO) }

  static func variable(_ name: String) -> String? {
    guard let value = getenv(name), value[0] != 0 else { return nil }
    return String(cString: value)
  }
}

// Inside `Terminal`, `write` is its own.
private func systemWrite(_ file: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int { write(file, bytes, count) }
