import GlissadeDevices
import GlissadePlanning
import StepSupport
import Testing

@testable import ConformanceCases

/// Training steps of whole networks, with any number of threads and of pieces that buffers are cut into.
struct WholeStepTests {
  /// Whether buffers are cut, as they are where a device allocates little at once, does not show in a single bit.
  @Test(arguments: Check.networks.indices) func cutBuffersChangeNothing(index: Int) throws {
    let network = Check.networks[index]
    let request = TracedModel(network.model, input: network.input).request
    func limit(_ profile: DeviceProfile) throws -> Int {
      let plan = try Planner(profile: profile).plan(request)
      return 4 * plan.launches.flatMap(\.writes).reduce(plan.inputsSize) { max($0, Slice.room($1.count)) }
    }
    let native = try CPUDevice(threads: 2)
    let smallNative = try CPUDevice(threads: 2, largestAllocation: try limit(native.profile))
    var pairs: [(any Device, any Device)] = [(native, smallNative)]
    for candidate in OpenCLDiscovery().candidates.filter({ $0.information.kind == .cpu }).prefix(1) {
      let device = try OpenCLDevice(candidate, style: .cpu)
      pairs.append((device, try OpenCLDevice(candidate, style: .cpu, largestAllocation: try limit(device.profile))))
    }
    for (whole, small) in pairs {
      let plan = try Planner(profile: small.profile).plan(
        TracedModel(network.model, input: network.input, limits: small.profile.limits).request)
      let pieces = TracedModel(network.model, input: network.input, limits: small.profile.limits).request.layout.groupPieces
      #expect(plan.activationSizes.count > 1 || pieces.contains { $0.count > 1 })
      let (expected, found) = (try network.results(on: whole, fuses: true), try network.results(on: small, fuses: true))
      #expect(found.values == expected.values && found.problems.isEmpty, "\(network) on \(whole.information.identifier)")
    }
  }

  /// How many threads share the work does not show in a single bit.
  @Test(arguments: Check.networks.indices) func threadsChangeNothing(index: Int) throws {
    let network = Check.networks[index]
    let alone = try network.results(on: try CPUDevice(threads: 1), fuses: true).values
    for threads in [2, 5] {
      let shared = try network.results(on: try CPUDevice(threads: threads), fuses: true).values
      #expect(shared == alone, "\(network) with \(threads) threads")
    }
  }
}
