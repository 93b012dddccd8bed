import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Waits for a driver only so long.
///
/// Calls of a driver cannot be stopped. One that does not return is left to its thread, which goes on as long as the process, and the
/// process ends without the driver's own handlers of its end, which might wait for that thread.
enum DriverPatience {
  /// How long is waited where nobody says something else.
  private static let seconds = 120.0

  /// How long `auto` waits for a GPU to open and pass its self-test: two minutes, or longer where its work is waited for longer. Drivers build
  /// some forty kernels in that time when they are cold, the slowest known one in half a minute.
  /// - Parameter device: for the message.
  /// - Throws: as `working`.
  static func opening(_ device: String) throws(DeviceError) -> Double { max(seconds, try working(device)) }

  /// How long a GPU's work is waited for without any of it ending, before its driver counts as stuck: `GLISSADE_DRIVER_SECONDS`, or two minutes.
  /// - Parameter device: for the message.
  /// - Throws: `DeviceError` for what is no number of seconds above 0 and up to a billion, which is thirty years.
  static func working(_ device: String) throws(DeviceError) -> Double {
    guard let text = Environment["GLISSADE_DRIVER_SECONDS"] else { return seconds }
    guard let value = Double(text), value > 0, value <= 1e9 else {
      throw DeviceError(
        device: device, call: "GLISSADE_DRIVER_SECONDS", error: "'\(text)'",
        detail: "it has to be a number of seconds above 0 and up to 1e9")
    }
    return value
  }

  /// Does something on another thread.
  /// - Parameters:
  ///   - seconds: how long to wait for it.
  ///   - device: whose driver it calls, for the message.
  /// - Throws: what it throws, or a `DeviceError` when the time is over.
  static func run<Value: Sendable>(
    seconds: Double, device: String, _ body: @escaping @Sendable () throws(DeviceError) -> Value
  ) throws(DeviceError) -> Value {
    let outcome = Outcome<Value>()
    let work = Work {
      outcome.become(body)
      outcome.isThere.store(true, ordering: .releasing)
    }
    guard start(work) else { return try body() }
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
      if outcome.isThere.load(ordering: .acquiring), let result = outcome.taken() { return try result.get() }
      usleep(1000)
    }
    abandon()
    DriverOutput.restore()
    throw DeviceError(
      device: device, call: "self-test", error: "no answer", detail: "its driver was still at work after \(Int(seconds.rounded(.up))) s")
  }

  /// What came of it. The thread holds nothing of it any more when it is there: a device that is let go of is closed then and there, and not
  /// by a thread that the end of the process does not wait for.
  private final class Outcome<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, DeviceError>?>(nil)
    let isThere = Atomic(false)

    func become(_ body: () throws(DeviceError) -> Value) {
      let result = Result { () throws(DeviceError) in try body() }
      self.result.withLock { $0 = result }
    }

    func taken() -> Result<Value, DeviceError>? {
      result.withLock { result in
        defer { result = nil }
        return result
      }
    }
  }

  private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Whether there is a thread that does it.
  private static func start(_ work: Work) -> Bool {
    var attributes = pthread_attr_t()
    guard pthread_attr_init(&attributes) == 0 else { return false }
    defer { pthread_attr_destroy(&attributes) }
    // A main thread's usual: compilers recurse.
    pthread_attr_setstacksize(&attributes, 8 << 20)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let argument = Unmanaged.passRetained(work)
    var thread = pthread_t()
    let code = pthread_create(
      &thread, &attributes,
      { argument in
        if let argument { Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body() }
        return nil
      }, argument.toOpaque())
    if code != 0 { argument.release() }
    return code == 0
  }

  private static let hasAbandoned = Atomic(false)

  /// Keeps the driver's own handlers from waiting at the end of the process.
  static func abandon() {
    guard !hasAbandoned.exchange(true, ordering: .relaxed) else { return }
    #if canImport(Glibc)
      // Handlers run from the last to the first, so this one comes before any of the driver's.
      on_exit(
        { status, _ in
          fflush(nil)
          _exit(status)
        }, nil)
    #endif
  }
}
