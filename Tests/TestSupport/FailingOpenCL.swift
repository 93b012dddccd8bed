/// An OpenCL library that passes every call on to the installed one and misbehaves as its environment tells it.
///
/// A process opens one OpenCL library for good, so this is for child processes: give the child ``environment(_:)``.
public enum FailingOpenCL {
  /// One way to misbehave.
  public enum Fault: Sendable {
    /// Call number `call` of the function, counted from 1, and all later ones return `code`; with `once` only that call does.
    case fail(_ function: String, call: Int, code: Int32, once: Bool = false)
    /// Command number `call` is accepted and not carried out. What waits next returns `code`, and the context is lost; or, `onlyInEvents`,
    /// nothing but its event and those after it know.
    case failLate(_ function: String, call: Int, code: Int32, onlyInEvents: Bool = false)
    /// The data that `function` (clEnqueueReadBuffer or clEnqueueMapBuffer) brings comes with all bits flipped, from call number
    /// `call` on, or with `once` only then.
    case corrupt(_ function: String = "clEnqueueReadBuffer", call: Int, once: Bool = false)
    case noPlatforms
    case noDevices
    /// Every CPU device says that it is a GPU.
    case pretendGPU
    /// The number of calls of each function is written to `file` when the process exits, one "function count" a line.
    case countCalls(file: String)
  }

  /// The environment variables under which Glissade opens the failing library, and the library commits these faults.
  /// - Parameter device: the pretended device that stands behind it, as ``PretendingOpenCL/environment(_:)`` takes it; `nil` for the
  ///   installed library.
  public static func environment(_ faults: [Fault], device: String? = nil) throws -> [String: String] {
    var variables = ["GLISSADE_OPENCL_LIBRARY": try library()]
    func append(_ rule: String, to variable: String) {
      variables[variable] = variables[variable].map { "\($0),\(rule)" } ?? rule
    }
    for fault in faults {
      switch fault {
      case .fail(let function, let call, let code, let once):
        append("\(function):\(call):\(code)\(once ? ":once" : "")", to: "GLISSADE_FAIL")
      case .failLate(let function, let call, let code, let onlyInEvents):
        append("\(function):\(call):\(code):\(onlyInEvents ? "event" : "late")", to: "GLISSADE_FAIL")
      case .corrupt(let function, let call, let once): append("\(function):\(call)\(once ? ":once" : "")", to: "GLISSADE_CORRUPT")
      case .noPlatforms: variables["GLISSADE_NO_PLATFORMS"] = "1"
      case .noDevices: variables["GLISSADE_NO_DEVICES"] = "1"
      case .pretendGPU: variables["GLISSADE_PRETEND_GPU"] = "1"
      case .countCalls(let file): variables["GLISSADE_CALLS"] = file
      }
    }
    if let device {
      variables["GLISSADE_REAL_OPENCL"] = try PretendingOpenCL.library()
      variables["GLISSADE_PRETEND"] = device
    }
    return variables
  }

  /// The path of the library, which is compiled beside the test bundle by the first call in a process.
  public static func library() throws -> String { try built.get() }

  private static let built = Result { try LibraryInFront.build("FailingOpenCL") }
}
