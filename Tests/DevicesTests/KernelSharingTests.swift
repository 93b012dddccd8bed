import COpenCL
import GlissadeTensors
import TestSupport
import Testing

@testable import GlissadeDevices
@testable import GlissadePlanning

/// What plans with different register tiles share: a kernel that has nothing of the tile is built once, and checked once.
struct KernelSharingTests {
  private let usual = RegisterTile(rows: 6, columns: 16)
  private let wide = RegisterTile(rows: 4, columns: 32)

  /// A convolution, which has the tile, and pooling, a chain and a sum, which have none.
  private func plan(for device: OpenCLDevice, _ tile: RegisterTile) throws -> Plan {
    let graph = Graph(isTraining: false)
    let x = graph.input("x", shape: [2, 9, 9, 8])
    let y = x.convolved(graph.input("w", shape: [8, 3, 3, 8]), padding: (1, 1))
    let pooled = y.maxPooled(Window(kernel: (3, 3), stride: (2, 2), padding: (1, 1)))
    var request = StepRequest(graph: graph, layout: ParameterLayout([], groupCount: 0) { _, _ in nil })
    request.outputs = ["y": (pooled * pooled + 1).sqrt(), "sum": pooled.sum()]
    var profile = device.profile
    (profile.tile, profile.wideTile) = (tile, nil)
    return try Planner(profile: profile).plan(request)
  }

  private func isTiled(_ launch: Launch) -> Bool { launch.kernelName.hasPrefix("convolution") || launch.kernelName.hasPrefix("pack") }

  @Test(.enabled(if: !TestDevices.openCL.isEmpty)) func plansOfDifferentTilesShareWhatHasNone() throws {
    let candidate = try #require(OpenCLDiscovery().candidates.first)
    let device = try OpenCLDevice(candidate, style: .cpu)
    let plans = [try plan(for: device, usual), try plan(for: device, wide)]
    #expect(plans[0].tile == usual && plans[1].tile == wide)
    let names = plans[0].launches.map(\.kernelName)
    #expect(names == plans[1].launches.map(\.kernelName) && names.count >= 4, "\(names)")
    let kernels = try plans.map { try device.programs.kernels(for: $0) }
    defer { for kernel in kernels.joined() { clReleaseKernel(kernel.handle) } }
    func program(_ kernel: OpenCLPrograms.BuiltKernel) -> OpaquePointer? {
      var program: cl_program?
      let size = MemoryLayout<cl_program?>.size
      #expect(clGetKernelInfo(kernel.handle, cl_kernel_info(CL_KERNEL_PROGRAM), size, &program, nil) == CL_SUCCESS)
      return program
    }
    for (place, launch) in plans[0].launches.enumerated() {
      let isShared = program(kernels[0][place]) == program(kernels[1][place])
      let isChecked =
        device.programs.verdictKey(of: launch, tile: usual) == device.programs.verdictKey(of: plans[1].launches[place], tile: wide)
      #expect(isShared != isTiled(launch) && isChecked != isTiled(launch), "\(launch.kernelName)")
    }
    #expect(plans[0].launches.contains(where: isTiled) && plans[0].launches.contains { GeneratedKernel($0.kernel) != nil })
  }
}
