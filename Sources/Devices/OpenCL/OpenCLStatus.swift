import COpenCL

/// Gives a failed OpenCL call its names.
struct OpenCLStatus {
  let device: String

  func check(_ status: cl_int, _ call: String, kernel: String? = nil, detail: @autoclosure () -> String? = nil) throws(DeviceError) {
    if status != CL_SUCCESS { throw error(status, call, kernel: kernel, detail: detail()) }
  }

  func error(_ status: cl_int, _ call: String, kernel: String? = nil, detail: String? = nil) -> DeviceError {
    DeviceError(device: device, call: call, error: Self.name(of: status), kernel: kernel, detail: detail)
  }

  /// An error's name; drivers have numbers of their own, which their makers know.
  static func name(of status: cl_int) -> String {
    let name = String(cString: glissade_opencl_error_name(status))
    return name.hasPrefix("unknown") ? "\(name) \(status)" : name
  }
}
