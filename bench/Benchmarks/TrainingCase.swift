import Glissade
import GlissadeDevices
import GlissadePlanning

/// Training steps of a model on random pictures, which are uploaded at every step.
struct TrainingCase: Sendable {
  var name: String
  var input: Shape
  var batchSize: Int
  var optimizer: any Optimizer

  static let classes = 10

  static var all: [TrainingCase] {
    let sgd = SGD(learningRate: 1e-3, momentum: 0.9, weightDecay: 5e-4, isNesterov: true)
    return [
      TrainingCase(name: "mlp", input: [28, 28, 1], batchSize: 128, optimizer: Adam()),
      TrainingCase(name: "lenet", input: [28, 28, 1], batchSize: 128, optimizer: Adam()),
      TrainingCase(name: "resnet18", input: [32, 32, 3], batchSize: 64, optimizer: sgd),
      TrainingCase(name: "efficientnet-lite0", input: [224, 224, 3], batchSize: 16, optimizer: Adam()),
    ]
  }

  /// The device's memory is not the process's on a GPU; this is what the process takes.
  /// - Parameter cost: makes of a plan what it takes at least.
  func measure(
    on device: any Device, seconds: Double, batchSize: Int?, isExact: Bool = false, cost: (Plan) throws -> StepCost
  ) throws -> BenchmarkResult {
    ProcessMemory.forgetPeak()
    let batch = batchSize ?? self.batchSize
    let features = Filling.numbers(count: batch * input.count)
    let labels = Filling.integers(count: batch, below: Self.classes)
    let start = Stopwatch.now
    let session = try session(batch, device, isExact)
    let rate = optimizer.learningRate
    func step() throws {
      try features.withUnsafeBufferPointer { features in
        try labels.withUnsafeBufferPointer { try session.train(features: features, labels: $0, learningRates: { _ in rate }) }
      }
    }
    try step()
    try device.synchronize()
    let firstStep = Stopwatch.now - start
    var result = BenchmarkResult(suite: .train, name: name, samples: try Self.steadyTimes(seconds, device, step))
    let plan = try session.plan(batchSize: batch, isTraining: true)
    result.samplesPerSecond = Double(batch) / result.samples.median
    result.batchSize = batch
    result.launches = plan.launches.count
    result.arenaBytes = plan.activationsSize * 4
    result.firstStepSeconds = firstStep
    result.hostMicrosecondsPerLaunch = try Self.hostSeconds(of: plan, device, step) / Double(plan.launches.count) * 1e6
    result.peakResidentBytes = ProcessMemory.peak
    let steps = try Self.steps(of: session, features, labels)
    result.families = Self.families(of: steps)
    result.steps = steps.map(\.time)
    result.deviceSeconds = result.families?.reduce(0) { $0 + $1.seconds }
    return result.modelled(by: try cost(plan))
  }

  /// The plan of a step for a device that need not be here.
  func plan(batchSize: Int, isExact: Bool, for profile: DeviceProfile) throws -> Plan {
    try session(batchSize, try CPUDevice(threads: 1), isExact).plan(batchSize: batchSize, isTraining: true, for: profile)
  }

  private func session(_ batchSize: Int, _ device: any Device, _ isExact: Bool) throws -> TrainingSession {
    guard let model = ModelZoo.make(name, input: input, classes: Self.classes) else { throw UnknownModel(name: name) }
    return try TrainingSession(
      model: model, sampleShape: input, batchSize: batchSize, groups: [ParameterGroup(optimizer)], device: device, isExact: isExact)
  }

  /// From one step's beginning to the next one's, after a warm-up: with two steps on the way, as in training.
  private static func steadyTimes(_ seconds: Double, _ device: any Device, _ step: () throws -> Void) throws -> Samples {
    for _ in 0..<3 { try step() }
    var times: [Double] = []
    var last = Stopwatch.now
    let end = last + seconds
    while last < end || times.count < 5 {
      try step()
      let now = Stopwatch.now
      times.append(now - last)
      last = now
    }
    try device.synchronize()
    return Samples(times)
  }

  /// What the host spends on a step: handing the batch over and queueing the launches, before an idle device. On the CPU device, where the
  /// host computes, a plan of as many launches that do nothing.
  private static func hostSeconds(of plan: Plan, _ device: any Device, _ step: () throws -> Void) throws -> Double {
    if device.isNative {
      let empty = LimitPlans.empty(count: plan.launches.count, isShared: true, for: device.profile)
      let constants = [UInt8](repeating: 0, count: StepMemory.constantsSize(groups: 0) * 4)
      let memory = try PlanMemory(for: empty, on: device, sharing: [:])
      let replay = try Replay(empty, on: device, memory: memory.buffers, constants: constants, maximumPasses: 1)
      return Samples(try (0..<50).map { _ in try replay.run().total }).median
    }
    let times = try (0..<20).map { _ in
      try device.synchronize()
      let start = Stopwatch.spent
      try step()
      return Stopwatch.spent - start
    }
    try device.synchronize()
    return Samples(times).median
  }

  /// The launches of a step with their families, each with its median over several steps.
  private static func steps(
    of session: TrainingSession, _ features: [Float], _ labels: [Int32]
  ) throws -> [(family: String, time: LaunchTime)] {
    var launches: [Launch] = []
    var times: [[Double]] = []
    for _ in 0..<5 {
      let (plan, nanoseconds) = try features.withUnsafeBufferPointer { features in
        try labels.withUnsafeBufferPointer { try session.profile(features: features, labels: $0) }
      }
      launches = plan.launches
      if times.isEmpty { times = Array(repeating: [], count: nanoseconds.count) }
      for (index, time) in nanoseconds.enumerated() { times[index].append(Double(time) * 1e-9) }
    }
    return zip(launches, times).map { launch, samples in
      let note = launch.note
      let time = LaunchTime(
        kernel: launch.kernelName, operation: note.operation, path: note.path, shape: note.shape, seconds: Samples(samples).median,
        flops: note.flops, byteCount: launch.byteCount)
      return (launch.family, time)
    }
  }

  private static func families(of steps: [(family: String, time: LaunchTime)]) -> [(name: String, seconds: Double)] {
    var sums: [String: Double] = [:]
    for step in steps { sums[step.family, default: 0] += step.time.seconds }
    return sums.map { (name: $0.key, seconds: $0.value) }.sorted { ($1.seconds, $0.name) < ($0.seconds, $1.name) }
  }

  private struct UnknownModel: Error, CustomStringConvertible {
    let name: String
    var description: String { "there is no model '\(name)'" }
  }
}
