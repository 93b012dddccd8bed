import COpenCL

/// Gives a failed OpenCL call its names.
struct OpenCLStatus {
  let device: String

  func check(_ status: cl_int, _ call: String, kernel: String? = nil, detail: @autoclosure () -> String? = nil) throws(DeviceError) {
    if status != CL_SUCCESS { throw error(status, call, kernel: kernel, detail: detail()) }
  }

  func error(_ status: cl_int, _ call: String, kernel: String? = nil, detail: String? = nil) -> DeviceError {
    DeviceError(device: device, call: call, error: String(cString: glissade_opencl_error_name(status)), kernel: kernel, detail: detail)
  }
}
