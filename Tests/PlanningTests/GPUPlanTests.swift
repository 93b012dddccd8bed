import GlissadeLayers
import GlissadeModels
import GlissadePlanning
import GlissadeTensors
import TestSupport
import Testing

@testable import GlissadeDevices

/// What plans for GPUs have to keep to, so that all of one has something to do.
struct GPUPlanTests {
  /// A GPU of 100 compute units.
  static let profile = DeviceProfile(
    style: .gpu, tile: RegisterTile(rows: 2, columns: 16), shares: 100 * 2048, workers: 100 * 256,
    products: DefaultTuning.products(
      of: .nvidia, computeUnits: 100, within: GroupLimits(items: 256, localBytes: 49152, hasSubgroups: false)))

  private static let models = ["mlp", "lenet", "resnet", "efficientnet"]

  private func plan(_ model: String, for profile: DeviceProfile = profile) throws -> Plan {
    try Planner(profile: profile).plan(request(model))
  }

  private func request(_ model: String) -> StepRequest {
    switch model {
    case "mlp": TrainingPlans.mlp
    case "lenet": TrainingPlans.lenet
    case "resnet": TrainingPlans.resnet
    default: TrainingPlans.request(EfficientNetLite(.lite0, channels: 3, classes: 10), input: [32, 64, 64, 3])
    }
  }

  private func groups(_ launch: Launch) -> Int {
    let items = launch.items.0 * launch.items.1 * launch.items.2
    return items / (launch.groupSize ?? 64)
  }

  /// A megabyte is more than a part of the units should carry. Products have more to do for each byte, and get larger groups.
  @Test(arguments: models) func largeLaunchesFillADevice(model: String) throws {
    for launch in try plan(model).launches where launch.byteCount >= 1 << 20 {
      let isProduct = if case .local = launch.kernel { true } else { false }
      #expect(
        groups(launch) >= (isProduct ? 50 : 75), "\(model): \(launch.kernelName) at \(launch.note.path) has \(groups(launch)) work-groups")
    }
  }

  /// OpenCL promises 1024 bytes for a kernel's arguments.
  @Test(arguments: models) func argumentsFitEverywhere(model: String) throws {
    for launch in try plan(model).launches {
      #expect(launch.parameters.count + 8 * launch.buffers.count <= 1024, "\(launch.kernelName)")
    }
  }

  /// All of a network's running statistics move in a launch or two, and none is forgotten.
  @Test func runningStatisticsMoveTogether() throws {
    let request = request("efficientnet")
    let plan = try Planner(profile: Self.profile).plan(request)
    let updates = plan.launches.filter { $0.kernelName.hasPrefix("batch_norm_running_update") }
    #expect(updates.count <= 3)
    let written = Set(updates.flatMap(\.writes))
    let kept = request.graph.runningStatistics.flatMap { [$0.mean, $0.variance] }
    #expect(!kept.isEmpty && kept.count == written.count)
    for parameter in kept {
      let place = try #require(request.layout[parameter.id]).slice
      #expect(written.contains(place), "\(parameter.name)")
    }
  }

  /// Taps of a picture's three channels are read where they lie: laid out, they would be the largest thing of a step.
  @Test func picturesAreNotLaidOut() throws {
    let plan = try plan("resnet")
    #expect(!plan.launches.contains { $0.kernelName == "convolution_patches" })
  }

  /// Where products have no local memory, the sums over all pixels of a batch are shared out all the same, as channels and as parts that are
  /// merged, and take no more scratch than what is read.
  @Test(arguments: ["lenet", "resnet", "efficientnet"]) func weightGradientsWithoutLocalMemoryAreSharedOut(model: String) throws {
    var profile = Self.profile
    profile.products = ProductTuning()
    let plan = try plan(model, for: profile)
    let launches = plan.launches.filter { $0.kernelName == "convolution_weight_gradient" }
    #expect(!launches.isEmpty)
    for launch in launches {
      let work = LaunchWork(launch, style: .gpu, tile: plan.tile)
      #expect(work.items >= 512 && work.waits < 1024, "\(launch.note.path): \(work.items) items wait \(work.waits) times")
      let (read, splits) = (launch.reads.reduce(0) { $0 + $1.count }, launch.items.1)
      #expect(splits == 1 || launch.writes[0].count <= read, "\(launch.note.path)")
    }
  }

  /// Many parts of few sums are merged by whole groups.
  @Test(arguments: ["lenet", "efficientnet"]) func mergingSharesItsParts(model: String) throws {
    let merges = try plan(model).launches.filter { $0.kernelName == "convolution_merge" }
    #expect(!merges.isEmpty)
    for launch in merges {
      let work = LaunchWork(launch, style: .gpu)
      #expect(work.waits <= 8, "\(launch.note.path): \(work.items) work-items wait \(work.waits) times")
    }
  }

  /// A processor's plans have none of it.
  @Test func processorsKeepTheirKernels() throws {
    let names = Set(try plan("resnet", for: TrainingPlans.cpu).launches.map(\.kernelName))
    #expect(names.contains("convolution_patches") && names.contains("batch_norm_running_update"))
    #expect(!names.contains("batch_norm_running_updates"))
  }
}
