import GlissadeDevices
import GlissadeKernels
import GlissadeTensors

/// Numbers that a test supplies for an input.
public enum HostValues: Sendable {
  case floats([Float])
  case integers([Int32])

  fileprivate func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    switch self {
    case .floats(let values): values.withUnsafeBytes(body)
    case .integers(let values): values.withUnsafeBytes(body)
    }
  }
}

/// A step on a device, in memory full of NaN: whatever a kernel reads without having been given shows in the results, and what it writes
/// outside its slices shows in `damage()`.
public final class StepRunner {
  public let plan: Plan
  public let device: any Device
  private let layout: ParameterLayout
  private let buffers: [BufferReference: any DeviceBuffer]
  private let prepared: any PreparedPlan

  /// A quiet NaN whose bits nothing computes.
  public static let poison: UInt32 = 0x7fc0_dead

  /// Where the device learns on the way that a tile does not run there, another plan is made, as trainings do.
  /// - Throws: `ShapeError` for a step that does not fit, `DeviceError` for a device that fails.
  public init(_ request: StepRequest, on device: any Device) throws {
    let layout = request.layout
    func attempt() throws -> (plan: Plan, buffers: [BufferReference: any DeviceBuffer], prepared: any PreparedPlan)? {
      let before = device.profile
      let plan = try Planner(profile: before).plan(request)
      let buffers = try Self.poisonedBuffers(for: plan, request, on: device)
      let prepared = Result { () throws(DeviceError) in try device.prepare(plan, buffers: buffers) }
      if case .failure = prepared, device.profile != before { return nil }
      return (plan, buffers, try prepared.get())
    }
    var made = try attempt()
    while made == nil { made = try attempt() }
    guard let made else { throw Missing(description: "no plan") }
    self.device = device
    self.layout = layout
    (plan, buffers, prepared) = made
    var control = ControlBlock()
    control.ok = 1
    control.badStep = -1
    control.clip = 1
    try withUnsafeBytes(of: control) { try device.write($0, to: try buffer(.control), at: 0) }
  }

  private static func poisonedBuffers(
    for plan: Plan, _ request: StepRequest, on device: any Device
  ) throws -> [BufferReference: any DeviceBuffer] {
    var buffers: [BufferReference: any DeviceBuffer] = [:]
    buffers[.zeros] = try device.makeBuffer(count: plan.zerosSize)
    buffers[.control] = try device.makeBuffer(count: 16)
    if !plan.arrays.isEmpty {
      buffers[.arrays] = try device.makeBuffer(count: plan.arrays.count)
      try buffers[.arrays].map { try device.write(plan.arrays, to: $0) }
    }
    func poisoned(_ count: Int) throws -> any DeviceBuffer {
      let buffer = try device.makeBuffer(count: max(count, 16))
      try device.write([UInt32](repeating: Self.poison, count: max(count, 16)), to: buffer)
      return buffer
    }
    for (arena, size) in plan.activationSizes.enumerated() { buffers[.activations(arena: arena)] = try poisoned(size) }
    buffers[.inputs] = try poisoned(plan.inputsSize)
    buffers[.constants] = buffers[.inputs]
    for (reference, size) in request.layout.buffers() { buffers[reference] = try poisoned(size) }
    for (group, pieces) in request.layout.groupPieces.enumerated() where !request.updates.isEmpty {
      for (piece, size) in pieces.enumerated() {
        for slot in 0..<3 { buffers[.state(group: group, slot: slot, piece: piece)] = try device.makeBuffer(count: size) }
      }
    }
    return buffers
  }

  /// A buffer was asked for that the step has not got.
  public struct Missing: Error, CustomStringConvertible {
    public let description: String
  }

  private func buffer(_ reference: BufferReference) throws -> any DeviceBuffer {
    guard let buffer = buffers[reference] else { throw Missing(description: "no buffer \(reference)") }
    return buffer
  }

  private func entry(_ id: ParameterID) throws -> ParameterLayout.Entry {
    guard let entry = layout[id] else { throw Missing(description: "the layout lacks a parameter") }
    return entry
  }

  /// Sets a parameter.
  public func write(_ values: [Float], to parameter: ParameterID) throws {
    let slice = try entry(parameter).slice
    try device.write(values, to: try buffer(slice.buffer), at: slice.offset)
  }

  /// Runs the step.
  public func run(_ inputs: [String: HostValues], step: Int = 1, seed: UInt64 = 1) throws {
    var constants = StepConstants()
    constants.step = Int32(step)
    constants.seedLow = UInt32(truncatingIfNeeded: seed)
    constants.seedHigh = UInt32(truncatingIfNeeded: seed >> 32)
    let values = try plan.inputNames.map { name in
      guard let values = inputs[name] else { throw Missing(description: "no values for input \(name)") }
      return values
    }
    try withUnsafeBytes(of: constants) { constants in try run(constants, values[...], []) }
    try device.synchronize()
  }

  /// Runs with all inputs' memory in reach at once.
  private func run(_ constants: UnsafeRawBufferPointer, _ values: ArraySlice<HostValues>, _ bytes: [UnsafeRawBufferPointer]) throws {
    guard let first = values.first else { return try prepared.run(constants: constants, inputs: bytes) }
    try first.withBytes { pointer in Result { try run(constants, values.dropFirst(), bytes + [pointer]) } }.get()
  }

  /// What the plan calls an output.
  public func output(_ name: String) throws -> [Float] {
    guard let output = plan.outputs[name] else { throw Missing(description: "no output \(name)") }
    return try device.read(try buffer(output.slice.buffer), at: output.slice.offset, count: output.slice.count, filler: Float.nan)
  }

  /// A parameter's gradient.
  public func gradient(of parameter: ParameterID) throws -> [Float] {
    guard let slice = try entry(parameter).gradient else { throw Missing(description: "a frozen parameter has no gradient") }
    return try device.read(try buffer(slice.buffer), at: slice.offset, count: slice.count, filler: Float.nan)
  }

  /// A parameter's value.
  public func value(of parameter: ParameterID) throws -> [Float] {
    let slice = try entry(parameter).slice
    return try device.read(try buffer(slice.buffer), at: slice.offset, count: slice.count, filler: Float.nan)
  }

  /// Words that nothing was meant to write, and that are no longer what they were.
  public func damage() throws -> [String] {
    var result: [String] = []
    var written: [BufferReference: [Slice]] = [:]
    for launch in plan.launches { for slice in launch.writes { written[slice.buffer, default: []].append(slice) } }
    for entry in layout.entries { written[entry.slice.buffer, default: []].append(entry.slice) }
    let poisoned = plan.activationSizes.indices.map { .activations(arena: $0) } + layout.buffers().map(\.reference)
    for reference in poisoned + [.zeros] {
      let buffer = try buffer(reference)
      let words = try device.read(buffer, count: buffer.count, filler: UInt32(0))
      var isFree = [Bool](repeating: true, count: words.count)
      for slice in written[reference] ?? [] { for index in slice.offset..<(slice.offset + slice.count) { isFree[index] = false } }
      let right = reference == .zeros ? 0 : Self.poison
      if let index = words.indices.first(where: { isFree[$0] && words[$0] != right }) {
        let neighbour = (written[reference] ?? []).filter { $0.offset <= index }.max { $0.offset < $1.offset }
        result.append("\(reference)[\(index)] was overwritten; the slice before is \(neighbour.map { "\($0)" } ?? "none")")
      }
    }
    return result
  }
}
