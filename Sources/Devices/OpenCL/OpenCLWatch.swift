import COpenCL
import Synchronization

/// Events of what was queued and has not been seen to end.
///
/// A driver may take a command, say `CL_SUCCESS` and fail later. Not every driver says so when the queue is waited for or data is read: the
/// event's status always does. So nothing that was read is trusted before `check` has found all that came before it to have ended well.
final class OpenCLWatch: @unchecked Sendable {
  // Sendable: the entries are guarded; events may be used from any thread.
  private struct Entry: @unchecked Sendable {
    var event: cl_event
    var call: StaticString
    var hint: String?
  }

  private let status: OpenCLStatus
  private let entries: Mutex<[Entry]>
  /// Entries before those that have ended are let go.
  private static let capacity = 48

  init(_ status: OpenCLStatus) {
    self.status = status
    var room: [Entry] = []
    room.reserveCapacity(Self.capacity + 1)
    entries = Mutex(room)
  }

  deinit { entries.withLock { for entry in $0 { clReleaseEvent(entry.event) } } }

  /// Watches an event, which belongs to the watch from then on.
  /// - Parameters:
  ///   - event: `nil` is no event.
  ///   - call: what was called.
  ///   - hint: what may be wrong if it fails.
  /// - Throws: `DeviceError` for an earlier command that has failed.
  func add(_ event: cl_event?, _ call: StaticString, hint: String? = nil) throws(DeviceError) {
    guard let event else { return }
    let isFull = entries.withLock { entries in
      entries.append(Entry(event: event, call: call, hint: hint))
      return entries.count >= Self.capacity
    }
    if isFull { try check() }
  }

  /// Sees whether anything has failed. What has ended is forgotten, so after waiting for a queue this asks about each command once.
  /// - Throws: `DeviceError` for the first that has failed; everything is forgotten then.
  func check() throws(DeviceError) {
    let failure = entries.withLock { entries -> DeviceError? in
      var failure: DeviceError?
      var kept = 0
      for index in entries.indices {
        let entry = entries[index]
        let state = failure == nil ? Self.state(of: entry.event) : CL_COMPLETE
        if state < 0 { failure = error(state, entry.call, hint: entry.hint) }
        // In an order, more than two steps are never under way.
        if failure == nil, state > CL_COMPLETE {
          entries[kept] = entry
          kept += 1
        } else {
          clReleaseEvent(entry.event)
        }
      }
      entries.removeLast(entries.count - kept)
      return failure
    }
    if let failure { throw failure }
  }

  /// Forgets everything, without a word to a driver that does not answer.
  func abandon() { entries.withLock { $0.removeAll(keepingCapacity: true) } }

  /// How many have not ended.
  var running: Int { entries.withLock { $0.reduce(0) { $0 + (Self.state(of: $1.event) > CL_COMPLETE ? 1 : 0) } } }

  /// Sees whether a single command that has been waited for ended well. The event is released.
  func finish(_ event: cl_event?, _ call: StaticString) throws(DeviceError) {
    guard let event else { return }
    let state = Self.state(of: event)
    clReleaseEvent(event)
    if state < 0 { throw error(state, call, hint: nil) }
  }

  private func error(_ state: cl_int, _ call: StaticString, hint: String?) -> DeviceError {
    let when = "the driver took it, and told only later"
    return status.error(state, call.description, detail: hint.map { "\(when); \($0)" } ?? when)
  }

  /// `CL_COMPLETE`, what is still to come above it, an error below it.
  static func state(of event: cl_event) -> cl_int {
    var state = cl_int(CL_COMPLETE)
    let code = clGetEventInfo(event, cl_event_info(CL_EVENT_COMMAND_EXECUTION_STATUS), MemoryLayout<cl_int>.size, &state, nil)
    return code == CL_SUCCESS ? state : code
  }
}
