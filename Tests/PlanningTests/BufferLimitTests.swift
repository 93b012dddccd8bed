import GlissadeLayers
import GlissadeModels
import GlissadeOptimizers
import TestSupport
import Testing

@testable import GlissadePlanning
@testable import GlissadeTensors

/// No buffer is larger than the device allocates.
struct BufferLimitTests {
  private static func request(_ name: String) -> StepRequest {
    name == "lenet" ? TrainingPlans.lenet : name == "mlp" ? TrainingPlans.mlp : TrainingPlans.resnet
  }

  /// Knuth's MMIX generator.
  private static func random(_ below: Int, _ state: inout UInt64) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % below
  }

  /// The largest of what has to be in one buffer, in elements.
  private func largestSlice(_ plan: Plan) -> Int {
    plan.launches.flatMap(\.writes).reduce(plan.inputsSize) {
      if case .activations = $1.buffer { max($0, Slice.room($1.count)) } else { $0 }
    }
  }

  private func limited(_ profile: DeviceProfile, to elements: Int) -> DeviceProfile {
    var profile = profile
    profile.largestAllocation = 4 * elements
    return profile
  }

  @Test(arguments: ["lenet", "resnet18", "mlp"], [TrainingPlans.cpu, TrainingPlans.gpu])
  func whatLivesAtOnceStaysApart(name: String, profile: DeviceProfile) throws {
    let request = Self.request(name)
    let whole = try Planner(profile: profile).plan(request)
    #expect(whole.activationSizes.count == 1 && whole.oversized == nil)
    let largest = largestSlice(whole)
    for limit in [largest, largest + 1000, 2 * largest, whole.activationsSize * 3 / 4].map({ ($0 + 15) / 16 * 16 }) {
      let plan = try Planner(profile: limited(profile, to: limit)).plan(request)
      #expect(plan.oversized == nil)
      #expect(plan.activationSizes.allSatisfy { $0 > 0 && $0 <= limit })
      #expect(plan.activationSizes.count > 1 || whole.activationsSize <= limit)
      let walk = MemoryWalk(plan)
      #expect(walk.mistakes.isEmpty, "\(walk.mistakes.prefix(3))")
      #expect(walk.collisions.isEmpty, "\(walk.collisions.prefix(3))")
      for slice in plan.launches.flatMap({ $0.reads + $0.writes }) {
        if case .activations(let arena) = slice.buffer {
          #expect(slice.offset + Slice.room(slice.count) <= plan.activationSizes[arena])
        }
      }
      #expect(plan.launches.map(\.kernel) == whole.launches.map(\.kernel))
    }
  }

  /// Where one arena is enough nothing is other than without a limit.
  @Test func onePieceIsPreferred() throws {
    for request in [TrainingPlans.lenet, TrainingPlans.resnet] {
      let whole = try Planner(profile: TrainingPlans.cpu).plan(request)
      let plan = try Planner(profile: limited(TrainingPlans.cpu, to: whole.activationsSize)).plan(request)
      #expect(plan.activationSizes == whole.activationSizes)
      #expect(plan.launches.map(\.parameters) == whole.launches.map(\.parameters))
      #expect(plan.launches.map(\.buffers) == whole.launches.map(\.buffers))
    }
  }

  /// Arenas together are hardly larger than one would be.
  @Test(arguments: [2, 3, 4, 6]) func cuttingWastesLittle(parts: Int) throws {
    for (name, profile) in [("cpu", TrainingPlans.cpu), ("gpu", TrainingPlans.gpu)] {
      let request = TracedModel(ResNet(channels: 3, classes: 10), input: [64, 32, 32, 3]).request
      let whole = try Planner(profile: profile).plan(request)
      let limit = max(whole.activationsSize / parts, largestSlice(whole))
      let plan = try Planner(profile: limited(profile, to: limit)).plan(request)
      let waste = Double(plan.activationsSize) / Double(whole.activationsSize)
      #expect(plan.activationSizes.count >= 2 && waste < 1.05, "\(name): \(plan.activationSizes), \(waste) of \(whole.activationsSize)")
    }
  }

  @Test(arguments: 0..<10) func whatHasToBeTogetherIs(seed: Int) {
    var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 &+ 1
    func random(_ below: Int) -> Int { Self.random(below, &state) }
    let requests = (0..<60).map { _ in
      let first = random(40)
      return ArenaLayout.Request(size: 16 * (1 + random(20)), first: first, last: first + random(12))
    }
    let pairs = (0..<8).map { _ in (random(60), random(60)) }
    let layout = ArenaLayout(requests, together: pairs, limit: 16 * 100)
    #expect(layout.sizes.count > 1 && layout.sizes.allSatisfy { $0 <= 16 * 100 })
    #expect(layout.size == layout.sizes.reduce(0, +))
    for (a, b) in pairs { #expect(layout.arenas[a] == layout.arenas[b]) }
    for (i, a) in requests.enumerated() {
      #expect(layout.offsets[i] + a.size <= layout.sizes[layout.arenas[i]])
      for (j, b) in requests.enumerated()
      where j > i && layout.arenas[i] == layout.arenas[j] && a.first <= b.last && b.first <= a.last {
        #expect(layout.offsets[i] + a.size <= layout.offsets[j] || layout.offsets[j] + b.size <= layout.offsets[i])
      }
    }
  }

  // MARK: Parameters

  @Test func groupsAreCutBetweenParameters() {
    let parameters = (0..<7).map { Parameter("p\($0)", shape: [100 + $0]) }
    let listed = parameters.map { (path: $0.name, parameter: $0) }
    let whole = ParameterLayout(listed, groupCount: 2) { path, _ in path == "p3" ? nil : path == "p5" ? 1 : 0 }
    let limits = BufferLimits(largestAllocation: 4 * 2 * Slice.room(110))
    let layout = ParameterLayout(listed, groupCount: 2, limits: limits) { path, _ in path == "p3" ? nil : path == "p5" ? 1 : 0 }
    #expect(layout.oversized == nil)
    #expect(layout.groupSizes == whole.groupSizes && layout.statisticsSize == whole.statisticsSize)
    #expect(layout.groupPieces.map(\.count) == [3, 1] && layout.statisticsPieces.count == 1)
    #expect(layout.groupPieces.joined().allSatisfy { $0 <= limits.tensor })
    for (entry, before) in zip(layout.entries, whole.entries) {
      #expect(entry.path == before.path && entry.group == before.group && entry.slice.count == before.slice.count)
      guard let group = entry.group else { continue }
      #expect(entry.slice.buffer == .parameters(group: group, piece: entry.piece))
      #expect(entry.gradient?.buffer == .gradients(group: group, piece: entry.piece) && entry.gradient?.offset == entry.slice.offset)
      #expect(entry.state(1)?.buffer == .state(group: group, slot: 1, piece: entry.piece) && entry.state(1)?.count == entry.slice.count)
      #expect(entry.anchor?.buffer == .anchors(group: group, piece: entry.piece))
      // Pieces are one behind another what the group is in one.
      let start = layout.groupPieces[group][..<entry.piece].reduce(0, +)
      #expect(start + entry.slice.offset == before.slice.offset)
    }
  }

  @Test func aParameterThatIsTooLargeIsNamed() throws {
    let parameters = [("small", Parameter("small", shape: [10])), ("large", Parameter("large", shape: [1000, 100]))]
    let layout = ParameterLayout(
      parameters.map { (path: $0.0, parameter: $0.1) }, groupCount: 1, limits: BufferLimits(largestAllocation: 1 << 16)
    ) { _, _ in 0 }
    let oversized = try #require(layout.oversized)
    #expect(oversized.bytes == 4 * Slice.room(100_000) && oversized.limit == 1 << 16)
    #expect("\(oversized)" == "parameter large [1000, 100] needs 391 KiB in one piece, and a buffer there has 64 KiB at most")
  }

  /// Kernels count in an int32, whatever a device could allocate.
  @Test func kernelsHaveALimitOfTheirOwn() {
    #expect(BufferLimits().tensor < Int(Int32.max) && BufferLimits().buffer > 1 << 32)
    #expect(BufferLimits(largestAllocation: 4099).buffer == 1024 && BufferLimits(largestAllocation: 4099).tensor == 1024)
    let slice = Slice(.activations, offset: BufferLimits().buffer - 16, count: 16)
    #expect(Int(slice.unit) * 16 == slice.offset)
  }

  // MARK: Gradients

  /// Chunks are those of the whole group, each told once, in order.
  @Test(arguments: 0..<20) func chunksOfGradients(seed: Int) {
    var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 &+ 1
    let pieces = (0..<(1 + seed % 5)).map { _ in 16 * (1 + Self.random(seed % 3 == 0 ? 100 : 5000, &state)) }
    let total = pieces.reduce(0, +)
    let starts = pieces.indices.map { pieces[..<$0].reduce(0, +) }
    let runs = GradientChunks.runs(of: pieces)
    var place = 0
    for run in runs {
      #expect(run.first * GradientChunks.size == place)
      let count = run.parts.reduce(0) { $0 + $1.count }
      if run.parts.count > 1 { #expect(count <= GradientChunks.size) }
      for part in run.parts {
        #expect(part.count > 0 && part.offset % 16 == 0 && part.offset + part.count <= pieces[part.piece])
        #expect(starts[part.piece] + part.offset == place)
        place += part.count
      }
      #expect(place % GradientChunks.size == 0 || place == total)
    }
    #expect(place == total && GradientChunks.count(of: pieces) == (total + GradientChunks.size - 1) / GradientChunks.size)
    if pieces.count == 1 { #expect(runs.count == 1 && runs[0].parts.count == 1) }
  }

  /// A network with 133 million parameters, 103 million of them in one layer.
  @Test func aLargeNetworkIsCut() throws {
    let profile = limited(TrainingPlans.gpu, to: (400 << 20) / 4)
    func request(batch: Int) -> StepRequest {
      var request = TracedModel(VGG(channels: 3, classes: 1000), input: [batch, 224, 224, 3], limits: profile.limits).request
      request.updates = [SGD(learningRate: 0.1)]
      request.clippingNorm = 1
      return request
    }
    let small = request(batch: 16)
    // What comes before that layer, the layer, and what comes behind.
    #expect(small.layout.groupPieces.map(\.count) == [3] && small.layout.oversized == nil)
    let plan = try Planner(profile: profile).plan(small)
    #expect(plan.oversized == nil && plan.activationSizes.allSatisfy { $0 <= profile.limits.buffer })
    #expect(plan.launches.count { $0.kernelName == "sgd" } == 3)
    // The first layer's result has no room for four times as many pictures.
    let oversized = try #require(try Planner(profile: profile).plan(request(batch: 64)).oversized)
    #expect(oversized.bytes >= 4 * 64 * 64 * 224 * 224)
  }

  // MARK: What is too large

  @Test func anIntermediateValueThatIsTooLargeIsNamed() throws {
    let plan = try Planner(profile: limited(TrainingPlans.gpu, to: 40_000)).plan(TrainingPlans.lenet)
    let oversized = try #require(plan.oversized)
    #expect(oversized.what == "the result [32, 28, 28, 32] of conv2d + bias + relu in conv1", "\(oversized)")
    #expect(oversized.bytes > oversized.limit && oversized.limit == 160_000)
  }

  @Test func aBatchThatIsTooLargeIsNamed() throws {
    let plan = try Planner(profile: limited(TrainingPlans.gpu, to: 16_384)).plan(TrainingPlans.mlp)
    #expect(try #require(plan.oversized).what == "the batch")
  }

  /// What a convolution only makes to be quicker is not made where it has no room.
  @Test func aConvolutionDoesWithoutItsPatches() throws {
    let request = TracedModel(Sequential(Conv2D(3, 4, kernel: 7, padding: 3), Flatten(), Dense(4096, 5)), input: [4, 32, 32, 3]).request
    let names = { (plan: Plan) in Set(plan.launches.map(\.kernelName)) }
    let patches = 4 * 32 * 32 * 7 * 7 * 3
    #expect(names(try Planner(profile: TrainingPlans.cpu).plan(request)).contains("convolution_patches"))
    let plan = try Planner(profile: limited(TrainingPlans.cpu, to: patches)).plan(request)
    #expect(!names(plan).contains("convolution_patches") && plan.oversized == nil)
  }
}
