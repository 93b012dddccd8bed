import Glissade
import TestSupport
import Testing

@testable import GlissadeDevices
@testable import GlissadePlanning
@testable import GlissadeTraining

/// Every kernel of a training is checked before it is first run on a device that nobody has checked it on.
struct KernelCheckTests {
  private static func networks() -> [(name: String, model: any Layer, shape: Shape)] {
    [
      ("mlp", MLP([20, 16, 5]), [20]), ("lenet", LeNet(input: [28, 28, 1], classes: 10), [28, 28, 1]),
      ("resnet18", ResNet(channels: 3, classes: 10), [32, 32, 3]),
      ("mobilenet", MobileNetV2(classes: 10), [32, 32, 3]),
    ]
  }

  private func session(_ model: any Layer, _ shape: Shape, _ device: any Device) throws -> TrainingSession {
    try TrainingSession(
      model: model, sampleShape: shape, batchSize: 5, groups: [ParameterGroup(Adam(), stayClose: 0.1)], clippingNorm: 1, device: device)
  }

  @Test(.enabled(if: !TestDevices.openCL.isEmpty), arguments: [DeviceProfile.Style.cpu, .gpu])
  func allKernelsOfAStepBelongToPiecesThatCanBeCheckedAlone(style: DeviceProfile.Style) throws {
    let device = try OpenCLDevice(try #require(OpenCLDiscovery().candidates.first), style: style)
    for (name, model, shape) in Self.networks() {
      let session = try session(model, shape, device)
      for isTraining in [true, false] {
        let request = try session.request(5, isTraining ? .training : .evaluation)
        let pieces = try Planner(profile: device.profile).pieces(of: request)
        func keys(_ launches: [Launch]) -> Set<String> { Set(launches.map { device.programs.verdictKey(of: $0, tile: pieces.plan.tile) }) }
        let rest = try UpdateCheck(request).plan(for: device.profile).launches
        let covered = keys(pieces.pieces.flatMap(\.launches)).union(keys(rest))
        let missing = pieces.plan.launches.filter { covered.isDisjoint(with: keys([$0])) }.map(\.kernelName)
        #expect(missing.isEmpty, "\(name), \(style): \(missing)")
        // Alone they are computed by the kernels that compute them in the step.
        var profile = device.profile
        if let tile = pieces.plan.tile { (profile.tile, profile.wideTile) = (tile, nil) }
        for group in pieces.independent(pieces.pieces) {
          let part = pieces.extracted(group)
          let layout = ParameterLayout(part.given.map { ($0.parameter.name, $0.parameter) }, groupCount: 0) { _, _ in nil }
          var alone = StepRequest(graph: part.graph, layout: layout)
          for (index, result) in part.results.enumerated() { alone.outputs["\(index)"] = result }
          let plan = try Planner(profile: profile).plan(alone)
          let strange = Set(plan.launches.map(\.kernelName)).subtracting(group.flatMap(\.launches).map(\.kernelName))
          // What several pieces share in the step each makes for itself: packed weights, constants. A mask behind a change of shape is
          // applied by itself.
          let usual: Set = [
            "convolution_pack", "pack_panels", "convolution_patches", "winograd_weights", "depthwise_pack", "fill", "elementwise(1)",
          ]
          #expect(strange.isSubset(of: usual), "\(name): \(strange)")
        }
      }
    }
  }
}
