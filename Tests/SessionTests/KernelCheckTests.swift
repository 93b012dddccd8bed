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

  private func openCL(style: DeviceProfile.Style? = nil, remembering folder: String) throws -> OpenCLDevice {
    let candidate = try #require(OpenCLDiscovery().candidates.first)
    return try OpenCLDevice(candidate, style: style, cache: ProgramCache(folder: folder, identity: "tests of kernel checks"))
  }

  /// Which kernels multiply matrices depends on the matrices' shapes and number.
  @Test(.enabled(if: !TestDevices.openCL.isEmpty), arguments: [DeviceProfile.Style.cpu, .gpu])
  func productsOfAnOptimizerAreCheckedInTheShapesThatTheyHave(style: DeviceProfile.Style) throws {
    let folder = try TemporaryFolder()
    let device = try openCL(style: style, remembering: folder.path)
    // Wide, square, tall, and three of one shape.
    let model = MLP([90, 31, 31, 31, 31, 160, 5])
    let session = try TrainingSession(model: model, sampleShape: [90], batchSize: 5, groups: [ParameterGroup(Muon())], device: device)
    let request = try session.request(5, .training)
    let plan = try Planner(profile: device.profile).plan(request)
    func keys(_ launches: [Launch]) -> Set<String> { Set(launches.map { device.programs.verdictKey(of: $0, tile: plan.tile) }) }
    let products = plan.launches.filter { $0.note.operation.hasPrefix("muon ") }
    #expect(products.count > 20)
    let usual = keys(try UpdateCheck(request).plan(for: device.profile).launches)
    let covered = keys(try UpdateCheck.checks(of: request).flatMap { try $0.plan(for: device.profile).launches })
    #expect(!keys(products).isSubset(of: usual) && keys(products).isSubset(of: covered))
    #expect(try device.verify(plan, CheckedStep(classes: 5) { [request] }) == false)
    #expect(device.verdicts.unknown(of: keys(plan.launches)).isEmpty)
  }

  @Test(.enabled(if: !TestDevices.openCL.isEmpty)) func onlyWhatWasRunIsRemembered() throws {
    let folder = try TemporaryFolder()
    func request(_ count: Int, _ compute: (Tensor) -> Tensor) -> StepRequest {
      let graph = Graph()
      var request = StepRequest(graph: graph, layout: ParameterLayout([], groupCount: 0) { _, _ in nil })
      request.outputs["y"] = compute(graph.input("x", shape: [count]))
      return request
    }
    func wanted(_ count: Int) -> StepRequest { request(count) { ($0 * $0 + 1).sqrt() } }
    let other = request(50) { $0.exp() }
    var tries = 0
    /// Whether all kernels are known to be right after a check, in what is a process of its own as far as memory goes.
    func check(_ wanted: StepRequest, by shown: StepRequest) throws -> Bool {
      let device = try openCL(remembering: folder.path)
      let plan = try Planner(profile: device.profile).plan(wanted)
      let step = CheckedStep(classes: 2) {
        tries += 1
        return [shown]
      }
      #expect(try device.verify(plan, step) == false)
      return device.verdicts.unknown(of: Set(plan.launches.map { device.programs.verdictKey(of: $0, tile: plan.tile) })).isEmpty
    }
    // What is shown has none of the kernels, as where all that has one is too large to be run. It is tried once.
    #expect(try !check(wanted(64), by: other) && tries == 1)
    #expect(try !check(wanted(64), by: other) && tries == 1)
    // In another plan it can be run, and is.
    #expect(try check(wanted(48), by: wanted(48)) && tries == 2)
    #expect(try check(wanted(64), by: other) && tries == 2)
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
        let rest = try UpdateCheck.checks(of: request).flatMap { try $0.plan(for: device.profile).launches }
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
