import GlissadeDevices
import GlissadeKernels
import GlissadePlanning
import GlissadeTensors

/// Runs traced steps on a device one at a time, with parameters that stay between them. Nothing is trained: what a test wants to see,
/// gradients included, it names as an output.
final class GraphRunner {
  private let device: any Device
  private let layout: ParameterLayout
  private var shared: [BufferReference: any DeviceBuffer] = [:]

  init(_ device: any Device, parameters: [(path: String, parameter: Parameter)] = [], values: [String: [Float]] = [:]) throws {
    self.device = device
    layout = ParameterLayout(parameters, groupCount: 0) { _, _ in nil }
    shared[.statistics] = try device.makeBuffer(count: layout.statisticsSize)
    shared[.control] = try device.makeBuffer(count: MemoryLayout<ControlBlock>.size / 4)
    for entry in layout.entries {
      var initial = [Float](repeating: 0, count: entry.slice.count)
      initial.withUnsafeMutableBufferPointer { entry.parameter.initializer.fill($0, seed: 0, path: entry.path) }
      if let statistics = shared[.statistics] { try device.write(values[entry.path] ?? initial, to: statistics, at: entry.slice.offset) }
    }
    var control = ControlBlock()
    control.ok = 1
    if let block = shared[.control] { try device.write([control], to: block) }
  }

  /// Traces and runs one step.
  /// - Parameters:
  ///   - inputs: the data of each input that `trace` makes.
  ///   - trace: records the step and names its outputs.
  /// - Returns: the outputs' elements.
  func run(
    isTraining: Bool = true, isExact: Bool = false, inputs: [String: StepInput], seed: UInt64 = 0, step: Int = 1,
    trace: (Graph) throws -> [String: Tensor]
  ) throws -> [String: [Float]] {
    let graph = Graph(isTraining: isTraining)
    var request = StepRequest(graph: graph, layout: layout)
    request.outputs = try trace(graph)
    request.isExact = isExact
    let plan = try Planner(profile: device.profile).plan(request)
    let memory = try PlanMemory(for: plan, on: device, sharing: shared)
    // Memory of a training session holds what the step before left there; NaN is the worst of that.
    if let activations = memory.buffers[.activations] {
      try device.write([Float](repeating: .nan, count: activations.count), to: activations)
    }
    let prepared = try device.prepare(plan, buffers: memory.buffers)
    var head = StepConstants()
    head.step = Int32(step)
    head.seedLow = UInt32(truncatingIfNeeded: seed)
    head.seedHigh = UInt32(truncatingIfNeeded: seed >> 32)
    let data = try plan.inputNames.map { name in
      guard let input = inputs[name] else { throw Fixture.Missing(name: "input \(name)") }
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(input.bytes.count, 64), alignment: 64)
      copy.copyBytes(from: input.bytes)
      return (copy, UnsafeRawBufferPointer(rebasing: copy[0..<input.bytes.count]))
    }
    defer { for (copy, _) in data { copy.deallocate() } }
    try withUnsafeBytes(of: head) { try prepared.run(constants: $0, inputs: data.map(\.1)) }
    return try plan.outputs.mapValues { output in
      guard let buffer = memory.buffers[output.slice.buffer] else { throw Fixture.Missing(name: "buffer \(output.slice.buffer)") }
      return try device.read(buffer, at: output.slice.offset, count: output.slice.count, filler: Float.nan)
    }
  }

  /// What a parameter is now.
  func value(of path: String) throws -> [Float] {
    guard let entry = layout.entries.first(where: { $0.path == path }), let statistics = shared[.statistics] else {
      throw Fixture.Missing(name: "parameter \(path)")
    }
    return try device.read(statistics, at: entry.slice.offset, count: entry.slice.count, filler: Float.nan)
  }
}

/// Data for an input of a step.
struct StepInput {
  let bytes: [UInt8]
  init(_ values: [Float]) { bytes = values.withUnsafeBytes { Array($0) } }
  init(_ values: [Int32]) { bytes = values.withUnsafeBytes { Array($0) } }
}
