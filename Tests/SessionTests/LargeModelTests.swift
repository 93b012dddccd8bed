import Glissade
import TestSupport
import Testing

/// Models that are larger than a device's buffers, or than its memory.
struct LargeModelTests {
  /// Dense layers with batch norm, so that every kind of buffer is there.
  private struct Wide: Layer {
    let first = Dense(40, 300)
    let norm = BatchNorm(300)
    let second = Dense(300, 200)
    let other = BatchNorm(200)
    let third = Dense(200, 5)
    func forward(_ x: Tensor) -> Tensor { third(relu(other(second(relu(norm(first(x))))))).dropout(0.1) }
  }

  private let features: [Float] = (0..<6400).map { (index: Int) -> Float in Float(index * 37 % 101) / 101 - 0.5 }
  private let labels: [Int32] = (0..<160).map { (index: Int) -> Int32 in Int32(index % 5) }
  /// The largest of what has to be in one buffer: the second layer's weights.
  private static let limit = 4 * Slice.room(300 * 200)

  private func session(
    _ device: any Device, _ optimizer: any Optimizer = AdamW(learningRate: 1e-2), stayClose: Float = 0.1, groups count: Int = 1,
    clippingNorm: Float? = 0.5
  ) throws -> TrainingSession {
    let groups =
      count == 1
      ? [ParameterGroup(optimizer, stayClose: stayClose)]
      : [ParameterGroup(optimizer, takes: { $0.hasPrefix("third") }), ParameterGroup(optimizer, stayClose: stayClose)]
    let session = try TrainingSession(
      model: Wide(), sampleShape: [40], batchSize: 160, groups: groups, clippingNorm: clippingNorm, seed: 3, device: device)
    if stayClose != 0 { try session.anchor(at: session.state()) }
    return session
  }

  private func train(_ session: TrainingSession, steps: Int) throws {
    for _ in 0..<steps {
      try features.withUnsafeBufferPointer { features in
        try labels.withUnsafeBufferPointer { try session.train(features: features, labels: $0) { _ in 1e-2 } }
      }
    }
  }

  private func bits(_ state: ModelState) -> [[UInt32]] {
    state.parameters.map { $0.values.map(\.bitPattern) } + state.optimizer.flatMap { $0.slots.map { $0.values.map(\.bitPattern) } }
  }

  // MARK: Cut buffers

  @Test(arguments: [1, 2]) func piecesTrainToTheSameBits(groups: Int) throws {
    let whole = try session(try CPUDevice(threads: 1), groups: groups)
    let small = try session(try SmallDevice(memoryBytes: 1 << 30, largestAllocation: Self.limit), groups: groups)
    #expect(whole.layout.groupPieces.allSatisfy { $0.count == 1 })
    #expect(small.layout.groupPieces.contains { $0.count > 1 })
    #expect(try small.plan(batchSize: 160, isTraining: true).activationSizes.count > 1)
    for session in [whole, small] { try train(session, steps: 4) }
    #expect(try bits(small.state()) == bits(whole.state()))
    #expect(try small.sums().loss == whole.sums().loss && small.sums().gradientNorm == whole.sums().gradientNorm)
    #expect(try small.gradient(of: "second.weight") == whole.gradient(of: "second.weight"))
    #expect(try small.predict(features) == whole.predict(features))
  }

  /// What was trained in pieces goes on in one, and the other way round.
  @Test func aStateGoesFromOneFormToTheOther() throws {
    let (cpu, device) = (try CPUDevice(threads: 1), try SmallDevice(memoryBytes: 1 << 30, largestAllocation: Self.limit))
    let straight = try session(cpu, stayClose: 0)
    try train(straight, steps: 4)
    for (first, second) in [(cpu, device), (device, cpu), (device, device)] as [(any Device, any Device)] {
      let begun = try session(first, stayClose: 0)
      try train(begun, steps: 2)
      let resumed = try session(second, stayClose: 0)
      try resumed.restore(try begun.state())
      try train(resumed, steps: 2)
      #expect(try bits(resumed.state()) == bits(straight.state()))
    }
  }

  private struct Normed: Layer {
    let first = Dense(40, 500)
    let norm = BatchNorm(500)
    let second = Dense(500, 5)
    func forward(_ x: Tensor) -> Tensor { second(relu(norm(first(x)))) }
  }

  /// The kernels of batch norm write two vectors to one buffer; those that go to different pieces get there, too.
  @Test(arguments: [false, true]) func twoResultsGoToTwoPieces(isFrozen: Bool) throws {
    // Up to the first of two running statistics, or of two gradients.
    let limit = 4 * (Slice.room(40 * 500) + 2 * Slice.room(500))
    func session(_ device: any Device) throws -> TrainingSession {
      try TrainingSession(
        model: Normed(), sampleShape: [40], batchSize: 16, groups: [ParameterGroup(Adam()) { !isFrozen || !$0.hasPrefix("first") }],
        clippingNorm: 0.1, seed: 5, device: device)
    }
    let (whole, small) = (try session(try CPUDevice(threads: 1)), try session(try CPUDevice(threads: 1, largestAllocation: limit)))
    let names = isFrozen ? ["norm.running_mean", "norm.running_var"] : ["norm.weight", "norm.bias"]
    let pieces = names.map { name in small.layout.entries.first { $0.path == name }?.piece }
    #expect(pieces == [0, 1])
    for session in [whole, small] {
      for _ in 0..<3 {
        try Array(features.prefix(40 * 16)).withUnsafeBufferPointer { features in
          try Array(labels.prefix(16)).withUnsafeBufferPointer { try session.train(features: features, labels: $0) { _ in 1e-2 } }
        }
      }
    }
    #expect(try bits(small.state()) == bits(whole.state()))
    let moved = try small.state().parameters.first { $0.path == "norm.running_var" }
    #expect(moved?.values.contains { $0 != 1 } == true)
  }

  // MARK: What has no room

  @Test func aParameterThatNoBufferHoldsIsRefused() throws {
    let device = try SmallDevice(memoryBytes: 1 << 30, largestAllocation: 1 << 17)
    let error = #expect(throws: DeviceError.self) { try session(device) }
    #expect(error?.isLackOfMemory == true)
    #expect(
      error?.description.contains("parameter second.weight [200, 300] needs 235 KiB in one piece, and a buffer there has 128 KiB") == true)
  }

  @Test func aBatchThatNoBufferHoldsIsRefusedWithOneThatFits() throws {
    let device = try SmallDevice(memoryBytes: 1 << 30, largestAllocation: Self.limit)
    let session = try session(device)
    #expect(throws: Never.self) { try session.checkRoom(batchSize: 160, isTraining: true) }
    let error = #expect(throws: DeviceError.self) { try session.checkRoom(batchSize: 512, isTraining: true) }
    let text = error?.description ?? ""
    #expect(text.contains(" [512, 300] of ") && text.contains(" in one piece"), "\(text)")
    #expect(text.contains("a batch size of 128 has room; so has a micro-batch of 128,"), "\(text)")
    #expect(throws: Never.self) { try session.checkRoom(batchSize: 128, isTraining: true) }
  }

  @Test func whatTheDeviceHasNotIsRefusedWithWhatFits() throws {
    let device = try SmallDevice(memoryBytes: 4 << 20)
    let session = try session(device)
    let error = #expect(throws: DeviceError.self) { try session.checkRoom(batchSize: 1024, isTraining: true) }
    let text = error?.description ?? ""
    #expect(
      text.contains("a training step of 1024 samples needs ") && text.contains("the device has 4096 KiB, of which 3840 KiB can be used"))
    let size = try #require(text.firstMatch(of: #/a batch size of (\d+) has room/#).flatMap { Int($0.1) }, "\(text)")
    // It is true, and no larger power of two would do.
    let inputs = [Float](repeating: 0.25, count: 40 * size)
    try inputs.withUnsafeBufferPointer { inputs in
      try [Int32](repeating: 1, count: size).withUnsafeBufferPointer { try session.train(features: inputs, labels: $0) { _ in 1e-3 } }
    }
    #expect(throws: DeviceError.self) { try session.checkRoom(batchSize: 2 * size, isTraining: true) }
  }

  @Test func aModelThatIsTooLargeIsToldWhatTakesTheRoom() throws {
    // 74 000 parameters: 290 KiB each of parameters, gradients, two moments and anchors.
    let device = try SmallDevice(memoryBytes: 1 << 20)
    let text = try #require(#expect(throws: DeviceError.self) { try session(device) }).description
    #expect(text.contains("a model of 7") && text.contains("the device has 1024 KiB, of which 960 KiB can be used"), "\(text)")
    #expect(
      text.contains(" of parameters, ") && text.contains(" of gradients, ") && text.contains(" of what the optimizer remembers"), "\(text)")
    #expect(text.contains("SGD without momentum would take") && text.contains("frozen parameters take neither"), "\(text)")
    // As it says.
    _ = try session(device, SGD(learningRate: 0.1), stayClose: 0)
  }

  @Test func notEvenOneSample() throws {
    // Parameters and gradients have room, and the step has none.
    let large = try SmallDevice(memoryBytes: 1 << 30)
    let other = try session(large, SGD(learningRate: 0.1), stayClose: 0)
    let device = try SmallDevice(memoryBytes: try #require(large.allocatedBytes) * 16 / 15 + 1024)
    withExtendedLifetime(other) {}
    let session = try session(device, SGD(learningRate: 0.1), stayClose: 0)
    let text = try #require(#expect(throws: DeviceError.self) { try session.checkRoom(batchSize: 8, isTraining: true) }).description
    #expect(text.contains("not even ") && text.contains(" of parameters and ") && text.contains(" of gradients"), "\(text)")
  }

  /// A network with 133 million parameters, of which nothing is allocated before it is refused.
  @Test func aLargeNetworkOnADeviceOfTwoGiB() throws {
    let device = try SmallDevice(memoryBytes: 2 << 30, largestAllocation: 512 << 20)
    let error = #expect(throws: DeviceError.self) {
      try TrainingSession(
        model: VGG(channels: 3, classes: 1000), sampleShape: [224, 224, 3], batchSize: 8, groups: [ParameterGroup(Adam())], device: device)
    }
    let text = error?.description ?? ""
    #expect(
      text.contains(" parameters needs 2028 MiB (507 MiB of parameters, 507 MiB of gradients and 1014 MiB of what"),
      "\(text)")
    #expect(text.contains("the device has 2048 MiB, of which 1920 MiB can be used; SGD without momentum would take 1014 MiB"), "\(text)")
    #expect(device.peakBytes == 0)
  }

  /// What is recommended has room.
  @Test(arguments: [
    (768, "frozen parameters take neither"), (512, "its parameters alone take 507 MiB, so that no optimizer and no batch has room"),
  ])
  func nothingIsRecommendedThatHasNoRoom(_ megabytes: Int, _ words: String) throws {
    let device = try SmallDevice(memoryBytes: megabytes << 20, largestAllocation: 400 << 20)
    let error = #expect(throws: DeviceError.self) {
      try TrainingSession(
        model: VGG(channels: 3, classes: 1000), sampleShape: [224, 224, 3], batchSize: 8, groups: [ParameterGroup(Adam())], device: device)
    }
    let text = error?.description ?? ""
    #expect(text.contains(words) && !text.contains("SGD"), "\(text)")
  }

  // MARK: Memory that is given back

  /// A plan that needs more than those before it takes their place; it is not there beside them.
  @Test func largerArenasReplaceSmallerOnes() throws {
    let device = try SmallDevice(memoryBytes: 1 << 30)
    let session = try session(device)
    try train(session, steps: 1)
    let before = try #require(device.allocatedBytes)
    let large = [Float](repeating: 0.5, count: 40 * 256)
    func step() throws {
      try large.withUnsafeBufferPointer { large in
        try [Int32](repeating: 1, count: 256).withUnsafeBufferPointer { try session.train(features: large, labels: $0) { _ in 1e-3 } }
      }
    }
    try step()
    let (small, big) = (try session.plan(batchSize: 160, isTraining: true), try session.plan(batchSize: 256, isTraining: true))
    let growth = zip(small.ownBuffers, big.ownBuffers).reduce(0) { $0 + 4 * max($1.1.size - $1.0.size, 0) }
    #expect(device.allocatedBytes == before + growth)
    // Both sizes can still be trained, in the same memory.
    try train(session, steps: 1)
    try step()
    #expect(device.allocatedBytes == before + growth && session.steps == 4)
  }

  /// A later phase's session does not need room beside that of the earlier one, neither when it is tried at first nor when it begins.
  @Test func phasesTakeTurns() throws {
    let data = try SyntheticClassification(count: 64, sampleShape: [40], classCount: 5, seed: 1)
    var options = TrainingOptions(groups: [ParameterGroup(Adam()) { $0.hasPrefix("third") }])
    options.batchSize = 32
    options.epochs = 2
    options.laterPhases = [TrainingPhase(firstEpoch: 2, groups: [ParameterGroup(Adam())])]
    let unlimited = try SmallDevice(memoryBytes: 1 << 30)
    let trainer = Trainer(model: Wide(), options: options)
    func fit(_ device: SmallDevice, mayFallBack: Bool = false) throws -> Trainer.Result {
      try trainer.fit(data, on: DeviceSelection(device: device, reason: "test", mayFallBack: mayFallBack))
    }
    let expected = try fit(unlimited)
    // All that a session of the second phase takes, and a little.
    let enough = try SmallDevice(memoryBytes: (unlimited.peakBytes + (64 << 10)) * 16 / 15)
    let found = try fit(enough)
    #expect(found.failure == nil && bits(found.state) == bits(expected.state))
    // One that has less says so before it begins, or goes to the processor.
    let less = try SmallDevice(memoryBytes: unlimited.peakBytes * 3 / 4)
    #expect(throws: DeviceError.self) { try fit(less) }
    let fallen = try fit(less, mayFallBack: true)
    #expect(fallen.failure == nil && fallen.record.fallback?.contains("too little memory") == true, "\(fallen.record.fallback ?? "")")
    #expect(bits(fallen.state) == bits(expected.state))
  }
}
