import GlissadePlanning
import GlissadeRandom
import GlissadeTensors

/// Runs a small convolutional network's step, forward and backward, on a device and compares every result with the processor's: products,
/// elementwise chains, pooling, dropout, reductions and softmax, with sizes that leave tails everywhere, and a second convolution that is
/// large enough for Winograd's kernels. Its kernels are those that such a network's training needs anyway, because each kernel costs time
/// to build at the first start.
///
/// It looks at the whole step each time that a device is opened, since what is wrong may be the device or what copies from and to it. Which
/// kernel it is, `KernelCheck` finds out, which also checks the kernels of other steps before they are first run.
enum SelfTest {
  /// - Throws: `DeviceError` when the device fails or computes something else, with the kernel where one alone computes wrongly.
  static func run(on device: OpenCLDevice) throws(DeviceError) {
    do throws(DeviceError) { try runWhole(on: device) } catch {
      guard error.call == "self-test", error.kernel == nil else { throw error }
      if let named = try? KernelCheck(device).wrong(in: step(within: device.profile.limits).request, classes: classes) { throw named }
      throw error
    }
  }

  private static func runWhole(on device: OpenCLDevice) throws(DeviceError) {
    let expected = try results(on: try CPUDevice(threads: 1))
    let found = try results(on: device)
    // Operands of half precision have eleven bits, and some decisions of ReLU fall otherwise.
    let allowed: Float = device.roundsProducts ? 5e-2 : 1e-3
    for (name, right) in expected.sorted(by: { $0.key < $1.key }) {
      let result = found[name] ?? []
      let scale = right.reduce(Float(1e-3)) { max($0, abs($1)) }
      let error = zip(right, result).reduce(Float(0)) { worst, pair in
        let difference = abs(pair.0 - pair.1)
        return difference.isFinite ? max(worst, difference) : .infinity
      }
      guard result.count == right.count, error <= allowed * scale else {
        throw DeviceError(
          device: device.information.identifier, call: "self-test", error: "a wrong result",
          detail: "\(name) is off by \(error / scale) relative to its largest value")
      }
    }
  }

  /// Labels are below this.
  private static let classes = 7

  /// The step, with the shape of its samples.
  private static func step(within limits: BufferLimits) -> (request: StepRequest, samples: Shape) {
    let graph = Graph(isTraining: true)
    let parameters = [
      ("conv1", Parameter("conv1", shape: [32, 3, 3, 5])), ("bias1", Parameter("bias1", shape: [32])),
      ("conv2", Parameter("conv2", shape: [48, 3, 3, 32])), ("bias2", Parameter("bias2", shape: [48])),
      ("hidden", Parameter("hidden", shape: [23, 9 * 48])), ("head", Parameter("head", shape: [classes, 23])),
    ]
    let layout = ParameterLayout(
      parameters.map { (path: $0.0, parameter: $0.1) }, groupCount: 1, limits: limits
    ) { _, _ in 0 }
    let weights = parameters.map { graph[$0.1] }
    let x = graph.input("x", shape: [8, 13, 13, 5])
    let labels = graph.input("labels", shape: [8], dtype: .int32)
    let window = Window(kernel: (2, 2), stride: (2, 2))
    let first = relu(x.convolved(weights[0], padding: (1, 1)) + weights[1]).maxPooled(window)
    let second = relu(first.convolved(weights[2], padding: (1, 1)) + weights[3]).maxPooled(window)
    let hidden = relu(second.flattened().matmul(weights[4], transposeOther: true)).dropout(0.25)
    let (loss, _) = softmaxCrossEntropy(hidden.matmul(weights[5], transposeOther: true), labels)
    let gradients = graph.gradients(of: loss, withRespectTo: weights)
    var request = StepRequest(graph: graph, layout: layout)
    request.outputs["loss"] = loss
    for (parameter, gradient) in zip(parameters, gradients) { request.outputs["gradient of \(parameter.0)"] = gradient }
    return (request, x.shape)
  }

  private static func results(on device: any Device) throws(DeviceError) -> [String: [Float]] {
    let (request, samples) = step(within: device.profile.limits)
    let layout = request.layout
    let plan: Plan
    do { plan = try Planner(profile: device.profile).plan(request) } catch {
      throw DeviceError(device: device.information.identifier, call: "self-test", error: "an invalid step", detail: error.description)
    }
    var shared = try device.makeBuffers(layout.groupPieces[0].enumerated().map { (.parameters(group: 0, piece: $0), $1) })
    shared[.control] = try device.makeBuffer(count: 16)
    let memory = try PlanMemory(for: plan, on: device, sharing: shared)
    for entry in layout.entries {
      let values = uniform(entry.path, entry.slice.count)
      if let buffer = memory.buffers[entry.slice.buffer] {
        try device.write(values, to: buffer, at: entry.slice.offset)
      }
    }
    let prepared = try device.prepare(plan, buffers: memory.buffers)
    let images = uniform("x", samples.count)
    let classes: [Int32] = [0, 6, 3, 1, 2, 5, 4, 0]
    let outcome = images.withUnsafeBytes { images in
      classes.withUnsafeBytes { classes in
        Result { () throws(DeviceError) in
          try prepared.run(constants: UnsafeRawBufferPointer(start: nil, count: 0), inputs: [images, classes])
        }
      }
    }
    try outcome.get()
    var results: [String: [Float]] = [:]
    for (name, output) in plan.outputs {
      guard let buffer = memory.buffers[output.slice.buffer] else { continue }
      results[name] = try device.read(buffer, at: output.slice.offset, count: output.slice.count, filler: Float.nan)
    }
    return results
  }

  private static func uniform(_ name: String, _ count: Int) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    var generator = Philox4x32(seed: 1, stream: Philox4x32.stream(named: name))
    generator.fillUniform(&values, low: -1, high: 1)
    return values
  }
}
