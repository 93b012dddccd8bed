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

  /// Writes at once and whole. That nobody listens is no reason to stop a training.
  static func write(_ text: String, to file: Int32) {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        buffer.baseAddress.map { systemWrite(file, $0 + done, buffer.count - done) } ?? 0
      }
      if count > 0 {
        done += count
      } else if count == 0 || errno != EINTR {
        return
      }
    }
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
