import GlissadeDevices
import GlissadeLayers
import GlissadeModels
import GlissadeTensors
import StepSupport
import Testing

@testable import ConformanceCases

/// Training steps of whole networks: fused and unfused, on every device, with any number of threads.
struct WholeStepTests {
  private struct Network: CustomStringConvertible, Sendable {
    var description: String
    var model: any Layer
    var input: Shape
    var classes: Int
  }

  /// Scaled dot-product attention over short sequences, with a residual connection.
  private struct Attention: Layer {
    let query = Dense(12, 12)
    let key = Dense(12, 12)
    let value = Dense(12, 12)
    let norm = BatchNorm(12)
    let out = Dense(12, 5)

    func forward(_ x: Tensor) -> Tensor {
      let scores = query(x).matmul(key(x), transposeOther: true) * 0.288_675_13
      let mixed = scores.softmax().matmul(value(x)) + x
      return out(gelu(norm(mixed)).transposed([0, 2, 1]).mean(axes: [2]))
    }
  }

  private static let networks = [
    Network(description: "lenet", model: LeNet(input: [12, 12, 3], classes: 7), input: [5, 12, 12, 3], classes: 7),
    Network(
      description: "residual",
      model: Sequential(
        Conv2D(3, 9, kernel: 3, padding: 1, bias: false), BatchNorm(9), ReLU(), BasicBlock(9, 9), BasicBlock(9, 17, stride: 2),
        GlobalAveragePool(),
        Dense(17, 6)), input: [4, 7, 7, 3], classes: 6),
    Network(description: "mlp", model: MLP([33, 41, 19, 5]), input: [11, 33], classes: 5),
    Network(
      description: "depthwise",
      model: Sequential(
        Conv2D(4, 4, kernel: 3, padding: 1, groups: 4), SiLU(), Conv2D(4, 18, kernel: 1), Tanh(), AveragePool2D(2), Sigmoid(),
        Conv2D(18, 6, kernel: 2, stride: 2, groups: 2), GELU(), Dropout(0.2), Flatten(), Dense(24, 4)), input: [3, 8, 8, 4], classes: 4),
    Network(description: "attention", model: Attention(), input: [4, 6, 12], classes: 5),
  ]

  /// Loss, right answers and all gradients, by path.
  private func results(_ network: Network, on device: any Device, fuses: Bool) throws -> [String: [Float]] {
    var request = TracedModel(network.model, input: network.input, limits: device.profile.limits).request
    request.fuses = fuses
    let runner = try StepRunner(request, on: device)
    for entry in request.layout.entries {
      var dice = Dice(entry.path)
      let (low, high) = entry.path.hasSuffix("running_var") ? (0.5, 2.0) : (-0.4, 0.4)
      try runner.write((0..<entry.slice.count).map { _ in Float(dice.uniform(low...high)) }, to: entry.parameter.id)
    }
    var dice = Dice(network.description)
    try runner.run([
      "features": .floats((0..<network.input.count).map { _ in Float(dice.uniform(-1...1)) }),
      "labels": .integers((0..<network.input[0]).map { _ in Int32(dice.next() % UInt64(network.classes)) }),
    ])
    #expect(try runner.damage() == [], "\(network)")
    var results = ["loss": try runner.output("loss"), "correct": try runner.output("correct")]
    for entry in request.layout.entries where entry.group != nil { results[entry.path] = try runner.gradient(of: entry.parameter.id) }
    return results
  }

  private func expectAgreement(_ got: [String: [Float]], _ want: [String: [Float]], _ tolerance: Float, _ what: String) {
    #expect(got.keys == want.keys)
    for (path, right) in want {
      let scale = right.reduce(1e-3) { max($0, abs($1)) }
      let worst = zip(got[path] ?? [], right).reduce(Float(0)) { $1.0.isFinite ? max($0, abs($1.0 - $1.1)) : .infinity }
      #expect(right.allSatisfy(\.isFinite) && worst <= tolerance * scale, "\(what): \(path) is off by \(worst) of \(scale)")
    }
  }

  @Test(arguments: networks.indices) func fusionAndDevicesChangeNothing(index: Int) throws {
    let network = Self.networks[index]
    let device = try #require(TestDevices.native.first).device
    let unfused = try results(network, on: device, fuses: false)
    for device in TestDevices.all {
      expectAgreement(try results(network, on: device.device, fuses: true), unfused, 2e-5, "\(network) on \(device)")
    }
    for device in TestDevices.openCL where !device.isSlowToPrepare {
      expectAgreement(try results(network, on: device.device, fuses: false), unfused, 2e-5, "\(network) unfused on \(device)")
    }
  }

  /// Nor does it whether buffers are cut, as they are where a device allocates little at once.
  @Test(arguments: networks.indices) func cutBuffersChangeNothing(index: Int) throws {
    let network = Self.networks[index]
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
      let (expected, found) = (try results(network, on: whole, fuses: true), try results(network, on: small, fuses: true))
      #expect(found == expected, "\(network) on \(whole.information.identifier)")
    }
  }

  /// How many threads share the work does not show in a single bit.
  @Test(arguments: networks.indices) func threadsChangeNothing(index: Int) throws {
    let network = Self.networks[index]
    let alone = try results(network, on: try CPUDevice(threads: 1), fuses: true)
    for threads in [2, 5] {
      let shared = try results(network, on: try CPUDevice(threads: threads), fuses: true)
      #expect(shared == alone, "\(network) with \(threads) threads")
    }
  }
}
