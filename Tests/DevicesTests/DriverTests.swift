import Testing

@testable import GlissadeDevices

#if canImport(Glibc)
  import Glibc
#endif

/// Waiting for drivers that may never return.
struct DriverPatienceTests {
  private static let failure = DeviceError(device: "opencl:9.9", call: "clBuildProgram", error: "CL_BUILD_PROGRAM_FAILURE")

  @Test func whatEndsInTimeIsHandedOn() throws {
    #expect(try DriverPatience.run(seconds: 60, device: "opencl:9.9") { () throws(DeviceError) in 7 } == 7)
    #expect(throws: Self.failure) {
      try DriverPatience.run(seconds: 60, device: "opencl:9.9") { () throws(DeviceError) -> Int in throw Self.failure }
    }
  }

  @Test func whatDoesNotEndIsLeft() {
    let start = ContinuousClock.now
    let error = #expect(throws: DeviceError.self) {
      try DriverPatience.run(seconds: 0.05, device: "opencl:9.9") { () throws(DeviceError) -> Int in
        sleep(20)
        return 7
      }
    }
    #expect(ContinuousClock.now - start < .seconds(15))
    #expect(error?.description == "device opencl:9.9: self-test failed with no answer: its driver was still at work after 1 s")
  }
}

/// What is known of drivers beforehand.
struct KnownFaultTests {
  private static func llvmpipe(_ driver: String) -> DeviceInformation {
    DeviceInformation(
      identifier: "opencl:0.0", name: "llvmpipe (LLVM 15.0.6, 256 bits)", platform: "rusticl", driver: driver, kind: .cpu,
      memoryBytes: 1 << 31, computeUnits: 8, clockMegahertz: 300, sharesHostMemory: true, hasHalfPrecision: false, hasSubgroups: false,
      hasCommandBuffers: false)
  }

  @Test func mesasFirstVersionIsTakenWithASingleThreadOnly() {
    for threads in [nil, "", "2", "16"] {
      let objection = OpenCLCandidate.knownFault(of: Self.llvmpipe("22.3.6"), threads: threads)
      #expect(objection?.contains("LP_NUM_THREADS=1") == true)
    }
    for threads in ["0", "1"] { #expect(OpenCLCandidate.knownFault(of: Self.llvmpipe("22.3.6"), threads: threads) == nil) }
  }

  @Test func otherDriversAreTaken() {
    #expect(OpenCLCandidate.knownFault(of: Self.llvmpipe("25.0.7-2+deb13u1"), threads: nil) == nil)
    var graphics = Self.llvmpipe("22.3.6")
    graphics.name = "AMD Radeon RX 580 Series (polaris10, LLVM 15.0.6)"
    #expect(OpenCLCandidate.knownFault(of: graphics, threads: nil) == nil)
  }
}

/// Which driver it is.
struct DriverNameTests {
  /// PoCL compiles everything anew for a program's binary, a minute's work that must not hang on a single answer.
  @Test func poclIsKnownByNameAndVersions() {
    let name = "Portable Computing Language", nothing = "a platform without a name"
    let version = "OpenCL 3.0 PoCL 3.1+debian Linux, None+Asserts, RELOC, SPIR, LLVM 15.0.6, SLEEF, DISTRO, POCL_DEBUG"
    #expect(OpenCLCandidate.isPoCL(platform: name, versions: ["", ""]))
    #expect(OpenCLCandidate.isPoCL(platform: nothing, versions: [version, ""]))
    #expect(OpenCLCandidate.isPoCL(platform: nothing, versions: ["", "OpenCL 3.0 PoCL HSTR: pthread-x86_64-pc-linux-gnu-znver3"]))
    #expect(OpenCLCandidate.isPoCL(platform: nothing, versions: ["", "OpenCL 1.2 pocl"]))
    #expect(!OpenCLCandidate.isPoCL(platform: nothing, versions: ["", ""]))
    #expect(!OpenCLCandidate.isPoCL(platform: "NVIDIA CUDA", versions: ["OpenCL 3.0 CUDA 12.4.131", "OpenCL 3.0 CUDA"]))
    #expect(!OpenCLCandidate.isPoCL(platform: "rusticl", versions: ["OpenCL 3.0 ", "OpenCL 3.0 "]))
  }

  /// What PoCL says here, whatever of it does not answer.
  @Test func poclHereIsKnownByEach() throws {
    for candidate in OpenCLDiscovery().candidates where candidate.information.platform == "Portable Computing Language" {
      for version in [candidate.properties.platformVersion, candidate.properties.version] {
        #expect(OpenCLCandidate.isPoCL(platform: "", versions: [version]), "\(version)")
      }
    }
  }
}
