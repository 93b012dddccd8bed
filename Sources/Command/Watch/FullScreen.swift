import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A terminal that is drawn on as a whole, and left as it was: by `close`, and by `restoreNow` where a signal ends the process.
///
/// There is one at most. It is on standard output; keys come from standard input, if that is a terminal, too.
final class FullScreen {
  /// What somebody wants.
  enum Request {
    /// A key.
    case key(UInt8)
    /// The window has another size, or something else was on the terminal.
    case redraw
    /// The process is to stop, by Ctrl-Z: `suspend` does.
    case suspend
    /// The process is to end.
    case end
  }

  /// What else than windows and job control signals are to ask for.
  enum Signals {
    /// To end, as Ctrl-C does.
    case end
    /// Nothing: somebody else has them.
    case others
  }

  private let file = STDOUT_FILENO
  private var shown: [String] = []
  private var size = (width: 0, height: 0)
  private let previous: [(number: Int32, action: sigaction)]

  /// A byte for each signal, so that whoever waits for keys wakes up.
  private static let pipe: (reading: Int32, writing: Int32) = {
    var ends: [Int32] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else { return (-1, -1) }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
    }
    return (ends[0], ends[1])
  }()

  private static let isOpen = Atomic<Bool>(false)
  private static let hasKeys = Atomic<Bool>(false)
  /// Whether the process goes on after it was stopped.
  private static let goesOn = Atomic<Bool>(false)
  /// What the terminal was set to; written before `isOpen` is set, and read after it was.
  nonisolated(unsafe) private static var before = termios()

  /// The other screen, without cursor and without breaking long lines; and back.
  private static let entering: StaticString = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[H\u{1B}[2J"
  private static let leaving: StaticString = "\u{1B}[0m\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

  /// Whether a whole screen can be drawn: a terminal that knows more than lines, and nobody who wants it plain.
  static var isPossible: Bool {
    Terminal.isLive(STDOUT_FILENO) && Terminal.variable("TERM") != nil && Terminal.variable("NO_COLOR") == nil && isInForeground
  }

  /// Whether the process may draw and set the terminal without being stopped for it.
  static var isInForeground: Bool { tcgetpgrp(STDOUT_FILENO) == getpgrp() }

  /// Has `restoreNow` ready for signal handlers.
  static func prepare() { _ = (isOpen.load(ordering: .relaxed), hasKeys.load(ordering: .relaxed), goesOn.load(ordering: .relaxed)) }

  /// Takes the terminal.
  init(signals: Signals) {
    // Made now, so that no signal handler has to.
    _ = (Self.pipe, Self.entering, Self.leaving, Self.before)
    var handled: [(Int32, @convention(c) (Int32) -> Void)] = [
      (SIGWINCH, { _ in FullScreen.wake(.redraw) }), (SIGCONT, { _ in FullScreen.goOn() }),
      (SIGTSTP, { _ in FullScreen.wake(.suspend) }), (SIGQUIT, { FullScreen.restoreAndRaise($0) }),
    ]
    // Faults of whoever trains meanwhile, drivers among them.
    handled += [SIGABRT, SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE].map { ($0, { FullScreen.restoreAndRaise($0) }) }
    if signals == .end { handled += [SIGINT, SIGTERM, SIGHUP].map { ($0, { _ in FullScreen.wake(.end) }) } }
    previous = handled.map { number, handler in
      var (old, new) = (sigaction(), sigaction())
      new.__sigaction_handler.sa_handler = handler
      new.sa_flags = Int32(SA_RESTART)
      sigaction(number, &new, &old)
      return (number, old)
    }
    enter()
  }

  /// Gives the terminal back.
  func close() {
    Self.restoreNow()
    for (number, action) in previous {
      var action = action
      sigaction(number, &action, nil)
    }
  }

  private func enter() {
    // Said before it is done, so that a signal between the two leaves nothing behind.
    let hasKeys = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &Self.before) == 0
    Self.hasKeys.store(hasKeys, ordering: .sequentiallyConsistent)
    Self.isOpen.store(true, ordering: .sequentiallyConsistent)
    if hasKeys {
      var now = Self.before
      // Keys at once and without echo; Ctrl-C and Ctrl-Z stay signals.
      now.c_lflag &= ~tcflag_t(ICANON | ECHO)
      tcsetattr(STDIN_FILENO, TCSADRAIN, &now)
    }
    Self.write(Self.entering)
    shown = []
  }

  /// Leaves the terminal as it was, whoever calls it and however often: only what a signal handler may do.
  static func restoreNow() {
    guard isOpen.exchange(false, ordering: .sequentiallyConsistent) else { return }
    write(leaving)
    if hasKeys.exchange(false, ordering: .sequentiallyConsistent) { tcsetattr(STDIN_FILENO, TCSANOW, &before) }
  }

  private static func write(_ text: StaticString) {
    var (place, rest) = (text.utf8Start, text.utf8CodeUnitCount)
    while rest > 0 {
      let count = Glibc.write(STDOUT_FILENO, place, rest)
      if count > 0 {
        (place, rest) = (place + count, rest - count)
      } else if errno != EINTR && errno != EAGAIN {
        return
      }
    }
  }

  private static func restoreAndRaise(_ number: Int32) {
    restoreNow()
    signal(number, SIG_DFL)
    raise(number)
  }

  private enum Wake: UInt8 {
    case redraw = 1
    case suspend = 2
    case end = 3
  }

  private static func wake(_ wake: Wake) {
    // What was interrupted may be about to look at its own.
    let code = errno
    var byte = wake.rawValue
    _ = Glibc.write(pipe.writing, &byte, 1)
    errno = code
  }

  private static func goOn() {
    goesOn.store(true, ordering: .sequentiallyConsistent)
    wake(.redraw)
  }

  /// Makes `wait` return, from whatever thread.
  static func interrupt() { wake(.redraw) }

  /// Waits for somebody to want something.
  /// - Returns: what is wanted, in order; nothing when the time is over.
  func wait(milliseconds: Int32) -> [Request] {
    var places = [pollfd(fd: Self.pipe.reading, events: Int16(POLLIN), revents: 0)]
    if Self.hasKeys.load(ordering: .relaxed) { places.append(pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)) }
    poll(&places, nfds_t(places.count), milliseconds)
    var requests: [Request] = []
    var byte: UInt8 = 0
    while read(Self.pipe.reading, &byte, 1) == 1 {
      switch Wake(rawValue: byte) {
      case .redraw: requests.append(.redraw)
      case .suspend: requests.append(.suspend)
      case .end, nil: requests.append(.end)
      }
    }
    if places.count > 1, places[1].revents != 0 {
      var keys = [UInt8](repeating: 0, count: 64)
      let count = read(STDIN_FILENO, &keys, keys.count)
      if count > 0 {
        requests += keys.prefix(count).map { .key($0) }
      } else if count == 0 || (errno != EINTR && errno != EAGAIN) {
        // Nobody is there any more.
        requests.append(.end)
      }
    }
    return requests
  }

  /// Stops the process, as Ctrl-Z does, with the terminal as it was; goes on where the process does.
  /// - Parameter leavesInBackground: whether it does so without the terminal where it goes on in the background; otherwise it is stopped for
  ///   wanting it, as other programs are.
  /// - Returns: whether the terminal is taken again.
  func suspend(leavesInBackground: Bool) -> Bool {
    Self.restoreNow()
    Self.goesOn.store(false, ordering: .sequentiallyConsistent)
    kill(getpid(), SIGSTOP)
    // The signal may stop another thread first, and this one a little later: by then the terminal must not be taken again.
    while !Self.goesOn.load(ordering: .sequentiallyConsistent) { usleep(10_000) }
    if leavesInBackground, !Self.isInForeground { return false }
    enter()
    return true
  }

  /// The terminal's columns and lines; 80 × 24 where it does not say.
  var extent: (width: Int, height: Int) {
    var size = winsize()
    guard ioctl(file, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return (80, 24) }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Draws the lines that have changed.
  /// - Parameters:
  ///   - lines: from the top.
  ///   - extent: what they were made for.
  ///   - anew: whether something else may be on the terminal.
  /// - Returns: whether anybody is there to see them.
  func draw(_ lines: [String], _ extent: (width: Int, height: Int), anew: Bool) -> Bool {
    var text = ""
    if anew || extent != size || shown.count != lines.count {
      text += "\u{1B}[0m\u{1B}[2J"
      shown = Array(repeating: "", count: lines.count)
      size = extent
    }
    for (place, line) in lines.enumerated() where line != shown[place] { text += "\u{1B}[\(place + 1);1H\(line)\u{1B}[0m\u{1B}[K" }
    shown = lines
    return text.isEmpty || Terminal.write(text, to: file) == 0
  }
}
