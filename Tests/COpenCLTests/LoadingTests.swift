import COpenCL
import Foundation
import TestSupport
import Testing

/// A process opens one OpenCL library for good, so each of these runs in a process of its own.
struct LoadingTests {
  @Test func nothingIsCalledBeforeLoading() async {
    await #expect(processExitsWith: .success) {
      var count: cl_uint = 7
      var status: cl_int = 0
      #expect(glissade_opencl_library() == nil)
      #expect(clGetPlatformIDs(0, nil, &count) == CL_INVALID_OPERATION)
      #expect(clFinish(nil) == CL_INVALID_OPERATION)
      #expect(clCreateBuffer(nil, 0, 4, nil, &status) == nil)
      #expect(status == CL_INVALID_OPERATION)
      #expect(clCreateBuffer(nil, 0, 4, nil, nil) == nil)
      #expect(clGetExtensionFunctionAddressForPlatform(nil, "clCreateCommandBufferKHR") == nil)
    }
  }

  @Test func aMissingLibraryIsNamed() async {
    await #expect(processExitsWith: .success) {
      setenv("GLISSADE_OPENCL_LIBRARY", "libNoSuchOpenCL.so", 1)
      let message = try #require(glissade_opencl_load(nil).map { String(cString: $0) })
      #expect(message.contains("libNoSuchOpenCL.so"))
      // The variable names the only library that is tried.
      #expect(!message.contains("libOpenCL.so.1"))
      #expect(glissade_opencl_library() == nil)
    }
  }

  @Test func aLibraryThatIsNotOpenCLIsRefused() async {
    await #expect(processExitsWith: .success) {
      let message = try #require(glissade_opencl_load("libm.so.6").map { String(cString: $0) })
      #expect(message.contains("clGetPlatformIDs"))
    }
  }

  @Test func aFailureCanBeFollowedBySuccessAndSuccessIsFinal() async {
    await #expect(processExitsWith: .success) {
      #expect(glissade_opencl_load("libNoSuchOpenCL.so") != nil)
      let library = try FailingOpenCL.library()
      #expect(glissade_opencl_load(library) == nil)
      #expect(glissade_opencl_load(nil) == nil)
      #expect(glissade_opencl_load(library) == nil)
      #expect(glissade_opencl_library().map { String(cString: $0) } == library)
      let message = try #require(glissade_opencl_load("libNoSuchOpenCL.so").map { String(cString: $0) })
      #expect(message.contains(library))
    }
  }

  @Test func manyThreadsMayLoadAtOnce() async {
    await #expect(processExitsWith: .success) {
      let library = try FailingOpenCL.library()
      setenv("GLISSADE_OPENCL_LIBRARY", library, 1)
      setenv("GLISSADE_NO_PLATFORMS", "1", 1)
      DispatchQueue.concurrentPerform(iterations: 16) { _ in
        #expect(glissade_opencl_load(nil) == nil)
        #expect(clGetPlatformIDs(0, nil, nil) == CL_SUCCESS)
      }
    }
  }

  @Test func errorNames() {
    func name(_ code: cl_int) -> String { String(cString: glissade_opencl_error_name(code)) }
    #expect(name(0) == "CL_SUCCESS")
    #expect(name(-5) == "CL_OUT_OF_RESOURCES")
    #expect(name(-59) == "CL_INVALID_OPERATION")
    #expect(name(-72) == "CL_MAX_SIZE_RESTRICTION_EXCEEDED")
    #expect(name(-1001) == "CL_PLATFORM_NOT_FOUND_KHR")
    #expect(name(-20) == "unknown OpenCL error")
    #expect(name(1) == "unknown OpenCL error")
  }
}
