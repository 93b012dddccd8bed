#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The monotonic clock, and the calling thread's own.
enum Stopwatch {
  /// Seconds since some fixed point.
  static var now: Double { seconds(of: CLOCK_MONOTONIC) }

  /// Seconds for which a processor has worked for the calling thread, system calls included. Unlike `now` it stands still while the thread
  /// waits for a processor, as it often does where an OpenCL device's threads have taken all of them.
  static var spent: Double { seconds(of: CLOCK_THREAD_CPUTIME_ID) }

  private static func seconds(of clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// How long something takes, in seconds.
  static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let start = now
    try body()
    return now - start
  }
}
