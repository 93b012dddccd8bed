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

  init(seconds: Double?, device: String) {
    self.seconds = seconds
    self.device = device
  }

  /// Whether the driver was given up. Then nothing of it may be called that might wait.
  var isStuck: Bool { stuck.load(ordering: .relaxed) }

  /// - Throws: `DeviceError` if the driver was given up.
  func check() throws(DeviceError) { if isStuck { throw error } }

  /// Waits until everything in a queue has run, if it is to be waited for that way.
  /// - Parameters:
  ///   - watch: counts what else has ended meanwhile.
  ///   - work: seconds that what was queued takes at the most, as far as anybody knows.
  func settle(_ queue: cl_command_queue, _ watch: OpenCLWatch, work: Double = 0) throws(DeviceError) {
    guard seconds != nil else { return }
    try check()
    var event: cl_event?
    // Where that fails, the queue itself will say why.
    guard clEnqueueMarkerWithWaitList(queue, 0, nil, &event) == CL_SUCCESS, let event else { return }
    defer { if !isStuck { clReleaseEvent(event) } }
    clFlush(queue)
    try wait(for: event, watch, work: work)
  }

  /// Waits until a command has ended, well or not, if it is to be waited for that way.
  func wait(for event: cl_event, _ watch: OpenCLWatch, work: Double = 0) throws(DeviceError) {
    guard let seconds else { return }
    try check()
    let start = ContinuousClock.now
    var deadline = start + .seconds(max(seconds, work)), running = Int.max
    var turns = 0
    while OpenCLWatch.state(of: event) > CL_COMPLETE {
      turns += 1
      // Some 0.2 ms of asking, then longer and longer pauses of a twentieth of the time so far, up to a millisecond.
      if turns < 200 {
        sched_yield()
        continue
      }
      usleep(UInt32(min(max(turns / 4, 50), 1000)))
      guard turns % 64 == 0, ContinuousClock.now >= deadline else { continue }
      // Work that ends, however slowly, is work.
      let left = watch.running
      if left < running {
        running = left
        deadline = ContinuousClock.now + .seconds(max(seconds, work))
        continue
      }
      stuck.store(true, ordering: .relaxed)
      watch.abandon()
      DriverPatience.abandon()
      throw error
    }
  }

  private var error: DeviceError {
    DeviceError(
      device: device, call: "waiting for the device", error: "no answer",
      detail: "nothing that it was given ended for \(Int((seconds ?? 0).rounded(.up))) s: a kernel that hangs, or a driver that lost it")
  }
}
