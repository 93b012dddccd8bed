import COpenCL
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Waits for a GPU's work, and notices where none of it ends any more: a kernel that hangs, or a driver that lost it and says nothing.
///
/// A call that blocks until work is done cannot be given up. So the work's events are asked instead, often at first and then less so, and only
/// what is known to have ended is waited for by the driver's own calls, which finds errors where drivers tell them. Processors' drivers compute
/// on the threads of this process, which asking would keep from their work; they are waited for as ever.
final class OpenCLPatience: Sendable {
  /// Seconds without anything ending; `nil` for as long as it takes.
  private let seconds: Double?
  private let device: String
  private let stuck = Atomic(false)
  /// Seconds that the longest plan's steps take at the most, as far as anybody knows.
  private let longest = Mutex(0.0)

  init(seconds: Double?, device: String) {
    self.seconds = seconds
    self.device = device
  }

  /// Whether the driver was given up. Then nothing of it may be called that might wait.
  var isStuck: Bool { stuck.load(ordering: .relaxed) }

  /// - Throws: `DeviceError` if the driver was given up.
  func check() throws(DeviceError) { if isStuck { throw error } }

  /// Notes that some of the work may take so long, even where nobody waits longer than `seconds` otherwise.
  func expect(seconds work: Double) { longest.withLock { $0 = max($0, work) } }

  /// How long nothing may end.
  private var limit: Double { max(seconds ?? 0, longest.withLock { $0 }) }

  /// Waits until everything in a queue has run, if it is to be waited for that way.
  /// - Parameter watch: counts what else has ended meanwhile.
  func settle(_ queue: cl_command_queue, _ watch: OpenCLWatch) throws(DeviceError) {
    guard seconds != nil else { return }
    try check()
    var event: cl_event?
    // Where that fails, the queue itself will say why.
    guard clEnqueueMarkerWithWaitList(queue, 0, nil, &event) == CL_SUCCESS, let event else { return }
    defer { if !isStuck { clReleaseEvent(event) } }
    try wait(for: event, in: queue, watch)
  }

  /// Waits until a command has ended, well or not, if it is to be waited for that way.
  /// - Parameters:
  ///   - event: the command's.
  ///   - queue: where it is; asking for an event's state sends nothing to the device by itself.
  ///   - watch: counts what else has ended meanwhile.
  func wait(for event: cl_event, in queue: cl_command_queue, _ watch: OpenCLWatch) throws(DeviceError) {
    guard seconds != nil else { return }
    try check()
    clFlush(queue)
    func isOver() -> Bool { OpenCLWatch.state(of: event) <= CL_COMPLETE }
    // Some 0.2 ms of asking.
    for _ in 0..<200 {
      if isOver() { return }
      sched_yield()
    }
    // Then longer and longer pauses, up to a millisecond. A machine that sleeps meanwhile does not count against the device.
    let clock = SuspendingClock()
    let patience = Duration.seconds(limit)
    var running = watch.running, deadline = clock.now + patience, turns = 0
    while !isOver() {
      usleep(UInt32(min(50 + turns / 4, 1000)))
      turns += 1
      guard turns % 64 == 0 else { continue }
      // Work that ends, however slowly, is work.
      let left = watch.running
      if left < running {
        running = left
        deadline = clock.now + patience
      }
      guard clock.now >= deadline, !isOver() else { continue }
      stuck.store(true, ordering: .relaxed)
      watch.abandon()
      DriverPatience.abandon()
      throw error
    }
  }

  private var error: DeviceError {
    DeviceError(
      device: device, call: "waiting for the device", error: "no answer",
      detail: "nothing that it was given ended for \(Int(limit.rounded(.up))) s: a kernel that hangs, or a driver that lost it")
  }
}
