import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Puts built programs on disk when there is time.
///
/// A GPU's driver hands out a program's binary at once. One for CPUs (PoCL) compiles every kernel for it, beside what it compiles for running,
/// and that would triple the time to the first step; so it is done in the background, once no program has been built for a while.
enum ProgramStorage {
  private struct Entry: @unchecked Sendable {
    // Sendable: stores run one at a time, on the queue, and touch what OpenCL and the file system protect.
    var owner: ObjectIdentifier
    var store: () -> Void
  }

  private struct State {
    var waiting: [Entry] = []
    var isScheduled = false
    var hasEnded = false
    var lastBuild = ContinuousClock.now
    var watchesExit = false
  }

  private static let queue = DispatchQueue(label: "glissade.programs", qos: .background)
  private static let state = Mutex(State())
  private static let quietTime = Duration.seconds(3)

  /// Stores when programs have not been built for three seconds.
  /// - Parameter owner: whose `forget` takes it back.
  static func later(for owner: ObjectIdentifier, _ store: @escaping () -> Void) {
    let entry = Entry(owner: owner, store: store)
    state.withLock { state in
      state.waiting.append(entry)
      state.lastBuild = .now
      if !state.watchesExit {
        state.watchesExit = true
        // The compiler must not be at work when the process takes its libraries down.
        atexit { ProgramStorage.end() }
      }
      schedule(&state)
    }
  }

  /// Drops what an owner has waiting, and waits for what is being stored.
  static func forget(_ owner: ObjectIdentifier) {
    state.withLock { $0.waiting.removeAll { $0.owner == owner } }
    queue.sync {}
  }

  private static func end() {
    state.withLock {
      $0.waiting = []
      $0.hasEnded = true
    }
    queue.sync {}
  }

  private static func schedule(_ state: inout State) {
    guard !state.isScheduled, !state.hasEnded, !state.waiting.isEmpty else { return }
    state.isScheduled = true
    queue.asyncAfter(deadline: .now() + .seconds(1)) { storeNext() }
  }

  private static func storeNext() {
    let entry: Entry? = state.withLock { state in
      state.isScheduled = false
      guard !state.hasEnded, state.lastBuild.duration(to: .now) >= quietTime, !state.waiting.isEmpty else { return nil }
      return state.waiting.removeFirst()
    }
    entry?.store()
    state.withLock { schedule(&$0) }
  }
}
