import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Ctrl-C, SIGTERM, and SIGHUP, which comes when a connection is lost. The first asks training to stop and save; the second, or one while there is nothing to save, quits at once.
enum Interruption {
  /// The exit status after an interruption: 128 + SIGINT, as shells say.
  static let status: Int32 = 130

  private enum State {
    static let idle = 0
    static let training = 1
    static let requested = 2
  }

  private static let state = Atomic<Int>(State.idle)

  /// Whether somebody wants training to stop.
  static var isRequested: Bool { state.load(ordering: .relaxed) == State.requested }

  /// From here on there is something to save.
  static func arm() {
    FullScreen.prepare()
    state.store(State.training, ordering: .relaxed)
    var numbers = sigset_t()
    sigemptyset(&numbers)
    for number in [SIGINT, SIGTERM, SIGHUP] where number != SIGHUP || !isIgnored(number) {
      sigaddset(&numbers, number)
      signal(number) { _ in
        // Only what a signal handler may do: atomics, the terminal as it was, and _exit.
        let exchange = Interruption.state.compareExchange(expected: State.training, desired: State.requested, ordering: .relaxed)
        if !exchange.exchanged {
          FullScreen.restoreNow()
          _exit(Interruption.status)
        }
      }
    }
    // A parent that blocks signals on the thread that started us hands that down.
    pthread_sigmask(SIG_UNBLOCK, &numbers, nil)
    // Whoever reads our output may leave; training goes on.
    signal(SIGPIPE, SIG_IGN)
  }

  /// Whether whoever started the command ignores a signal for it, as `nohup` does.
  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    // SIG_IGN; a pointer to a function cannot be compared.
    return sigaction(number, nil, &action) == 0 && unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }
}
