import GlissadeDevices
import GlissadeKernels
import GlissadeTensors

/// Runs update rules on parameters of some groups, with gradients that its user makes.
package final class UpdateRunner {
  package let plan: Plan
  package let layout: ParameterLayout
  private let rules: [CompiledUpdate]
  private let device: any Device
  private let prepared: any PreparedPlan
  private let memory: [BufferReference: any DeviceBuffer]
  private let control: any DeviceBuffer

  /// - Parameters:
  ///   - rules: each group's.
  ///   - shapes: each group's parameters.
  ///   - clippingNorm: the global norm that gradients are clipped to.
  ///   - limits: how large buffers may be.
  ///   - device: where.
  package init(
    _ rules: [any UpdateRule], _ shapes: [[Shape]], clippingNorm: Float? = nil, limits: BufferLimits = BufferLimits(), on device: any Device
  ) throws {
    self.device = device
    self.rules = try rules.map { try $0.compiled() }
    let parameters = shapes.enumerated().flatMap { group, shapes in
      shapes.enumerated().map { (path: "\(group).\($0)", parameter: Parameter("\(group).\($0)", shape: $1), group: group) }
    }
    layout = ParameterLayout(parameters.map { ($0.path, $0.parameter) }, groupCount: shapes.count, limits: limits) { path, _ in
      parameters.first { $0.path == path }?.group
    }
    var request = StepRequest(graph: Graph(), layout: layout)
    request.updates = rules
    request.clippingNorm = clippingNorm
    plan = try Planner(profile: device.profile).plan(request)
    var shared = try device.makeBuffers(
      layout.buffers { group, piece in (0..<rules[group].stateSlots).map { .state(group: group, slot: $0, piece: piece) } })
    for (group, pieces) in layout.groupPieces.enumerated() {
      for (slot, name) in rules[group].stateNames.enumerated() {
        for (piece, count) in pieces.enumerated() {
          guard let buffer = shared[.state(group: group, slot: slot, piece: piece)] else { continue }
          try device.write([Float](repeating: rules[group].initialValue(ofState: name), count: count), to: buffer)
        }
      }
    }
    control = try device.makeBuffer(count: MemoryLayout<ControlBlock>.size / 4)
    shared[.control] = control
    memory = try PlanMemory(for: plan, on: device, sharing: shared).buffers
    prepared = try device.prepare(plan, buffers: memory)
    var block = ControlBlock()
    (block.ok, block.clip) = (1, 1)
    try device.write([block], to: control)
  }

  /// What gradients are multiplied by where nothing clips them.
  package func scale(by factor: Float) throws {
    var block = try device.read(control, filler: ControlBlock())
    block.clip = factor
    try device.write([block], to: control)
  }

  /// Whether an update met a gradient that is not finite.
  package var hasBadGradient: Bool { get throws { try device.read(control, filler: ControlBlock()).gradientBad != 0 } }

  /// All parameters, one after another.
  package var parameters: [Float] {
    get throws { try layout.entries.flatMap { try read($0.slice) } }
  }

  /// One of a group's states, of all its parameters.
  package func state(_ slot: Int, ofGroup group: Int) throws -> [Float] {
    try layout.entries.filter { $0.group == group }.flatMap { entry in try entry.state(slot).map { try read($0) } ?? [] }
  }

  private func read(_ slice: Slice) throws -> [Float] {
    guard let buffer = memory[slice.buffer] else { return [] }
    return try device.read(buffer, at: slice.offset, count: slice.count, filler: Float.nan)
  }

  /// Sets all parameters.
  package func start(at values: [Float]) throws { try write(values) { $0.slice } }

  private func write(_ values: [Float], to place: (ParameterLayout.Entry) -> Slice?) throws {
    var first = 0
    for entry in layout.entries {
      guard let slice = place(entry), let buffer = memory[slice.buffer] else { continue }
      try device.write(Array(values[first..<(first + slice.count)]), to: buffer, at: slice.offset)
      first += slice.count
    }
  }

  /// Takes a step.
  /// - Parameters:
  ///   - number: from 1.
  ///   - gradients: of all parameters, one after another.
  ///   - rates: each group's learning rate.
  package func step(_ number: Int, _ gradients: [Float], rates: [Double]) throws {
    try write(gradients) { $0.gradient }
    var constants = [Float](repeating: 0, count: StepMemory.constantsSize(groups: rules.count))
    constants.withUnsafeMutableBufferPointer { numbers in
      for (group, rule) in rules.enumerated() {
        let start = 16 * (1 + group)
        rule.write(
          constants: UnsafeMutableBufferPointer(rebasing: numbers[start..<(start + 16)]), step: number, learningRate: rates[group])
      }
    }
    try constants.withUnsafeBytes { try prepared.run(constants: $0, inputs: []) }
    try device.synchronize()
  }
}
