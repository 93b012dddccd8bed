import Glissade
import GlissadeReports
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The screen of `glissade watch` over a training of this process, on a thread of its own. What the training has to say meanwhile is kept, and
/// printed when the screen is left.
final class LiveView: Sendable {
  private struct State {
    /// Whether the screen is shown.
    var isShown = false
    /// Whether it is to be left.
    var isOver = false
    /// What is to be printed afterwards, and where.
    var kept: [(text: String, file: Int32)] = []
    var thread: pthread_t?
    var folder: RunFolder?
  }

  private let state = Mutex(State())

  /// Takes the terminal.
  /// - Parameter folder: the run's.
  func begin(_ folder: RunFolder) {
    let isNew = state.withLock { state in
      guard state.thread == nil, !state.isOver else { return false }
      (state.isShown, state.folder) = (true, folder)
      return true
    }
    guard isNew else { return }
    // Signals belong to the main program: the thread inherits a mask that blocks them all.
    var all = sigset_t()
    var previous = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &previous)
    var thread = pthread_t()
    let context = Unmanaged.passRetained(self)
    let code = pthread_create(&thread, nil, showRun, context.toOpaque())
    pthread_sigmask(SIG_SETMASK, &previous, nil)
    if code == 0 {
      state.withLock { $0.thread = thread }
    } else {
      // Without the screen training goes on as well.
      context.release()
      state.withLock { ($0.isShown, $0.isOver) = (false, true) }
    }
  }

  /// Keeps a text for later, where the screen is shown.
  /// - Returns: whether it is; otherwise the text is to be printed.
  func keeps(_ text: String, for file: Int32) -> Bool {
    state.withLock { state in
      if state.isShown { state.kept.append((text, file)) }
      return state.isShown
    }
  }

  /// Whether the screen is shown.
  var isShown: Bool { state.withLock { $0.isShown } }

  /// Leaves the screen, and prints what was kept.
  func end() {
    let thread = state.withLock { state in
      state.isOver = true
      defer { state.thread = nil }
      return state.thread
    }
    guard let thread else { return }
    FullScreen.interrupt()
    pthread_join(thread, nil)
  }

  fileprivate func show() {
    guard let folder = state.withLock({ $0.folder }) else { return }
    let screen = FullScreen(signals: .others)
    var view = RunView(folder) { _ in
      Interruption.isRequested
        ? "stopping after this step; another Ctrl-C quits without saving" : "q leaves this view, Ctrl-C stops the training"
    }
    // What cannot be read leaves the screen; training goes on.
    _ = try? view.show(on: screen, leavesInBackground: true) { state.withLock { $0.isOver } }
    screen.close()
    state.withLock { state in
      state.isShown = false
      for (text, file) in state.kept { Terminal.write(text, to: file) }
      state.kept = []
    }
  }
}

private func showRun(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let context { Unmanaged<LiveView>.fromOpaque(context).takeRetainedValue().show() }
  return nil
}
