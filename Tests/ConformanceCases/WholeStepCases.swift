import GlissadeDevices
import GlissadeLayers
import GlissadeModels
import GlissadeTensors
import StepSupport

/// Training steps of whole networks: fused, and where a driver is quick to build kernels unfused, beside those of one unfused on the processor.
extension Check {
  struct Network: CustomStringConvertible, Sendable {
    var description: String
    var model: any Layer
    var input: Shape
    var classes: Int

    /// Loss, right answers and all gradients, by path.
    func results(on device: any Device, fuses: Bool) throws -> (values: [String: [Float]], problems: [Problem]) {
      var request = TracedModel(model, input: input, limits: device.profile.limits).request
      request.fuses = fuses
      let runner = try StepRunner(request, on: device)
      for entry in request.layout.entries {
        var dice = Dice(entry.path)
        let (low, high) = entry.path.hasSuffix("running_var") ? (0.5, 2.0) : (-0.4, 0.4)
        try runner.write((0..<entry.slice.count).map { _ in Float(dice.uniform(low...high)) }, to: entry.parameter.id)
      }
      var dice = Dice(description)
      try runner.run([
        "features": .floats((0..<input.count).map { _ in Float(dice.uniform(-1...1)) }),
        "labels": .integers((0..<input[0]).map { _ in Int32(dice.next() % UInt64(classes)) }),
      ])
      var results = ["loss": try runner.output("loss"), "correct": try runner.output("correct")]
      for entry in request.layout.entries where entry.group != nil { results[entry.path] = try runner.gradient(of: entry.parameter.id) }
      return (results, try runner.damage().map { Problem($0) })
    }
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

  static let networks = [
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

  static var wholeSteps: [Check] {
    networks.map { network in
      Check("step of \(network)") { device in
        let right = try network.results(on: try CPUDevice(), fuses: false)
        var problems = right.problems
        for fuses in device.isSlowToPrepare ? [true] : [true, false] {
          let got = try network.results(on: device.device, fuses: fuses)
          problems += got.problems + compare(got.values, right.values, fuses ? "" : ", unfused")
        }
        return problems
      }
    }
  }

  private static func compare(_ got: [String: [Float]], _ want: [String: [Float]], _ how: String) -> [Problem] {
    guard got.keys == want.keys else { return [Problem("results are missing\(how)")] }
    return want.sorted { $0.key < $1.key }.compactMap { path, right in
      let scale = right.reduce(1e-3) { max($0, abs($1)) }
      let worst = zip(got[path] ?? [], right).reduce(Float(0)) { $1.0.isFinite ? max($0, abs($1.0 - $1.1)) : .infinity }
      guard !(right.allSatisfy(\.isFinite) && worst <= 2e-5 * scale) else { return nil }
      return Problem("\(path)\(how) differs", deviation: Double(worst / scale), allowed: 2e-5)
    }
  }
}
