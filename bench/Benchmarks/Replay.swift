import Glissade
import GlissadeDevices
import GlissadePlanning

/// A plan that is replayed to be timed, alone on its device.
///
/// What takes little is run several times in one plan, so that what a replay costs beside its launches (the upload of constants, waking
/// threads) does not count.
final class Replay {
  let plan: Plan
  let device: any Device
  /// How often one run does the plan's work.
  let passes: Int
  private let once: any PreparedPlan
  private let several: any PreparedPlan
  private let constants: [UInt8]
  private let inputs: [UnsafeMutableRawBufferPointer]

  /// How long a run should take at least, in seconds.
  private static func aim(on device: any Device) -> Double { device.isNative ? 2e-4 : 4e-3 }

  /// - Parameters:
  ///   - plan: what to run.
  ///   - device: where.
  ///   - memory: its buffers, filled.
  ///   - constants: the step's constants.
  ///   - inputs: the numbers of each input, by name.
  ///   - maximumPasses: how often one run may do the work; 1 where that would change something.
  init(
    _ plan: Plan, on device: any Device, memory: [BufferReference: any DeviceBuffer], constants: [UInt8], inputs: [String: [Int32]] = [:],
    maximumPasses: Int = 256
  ) throws {
    self.plan = plan
    self.device = device
    self.constants = constants
    self.inputs = plan.inputNames.map { name in
      let values = inputs[name] ?? []
      let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(values.count * 4, 4), alignment: 64)
      memory.copyBytes(from: values.withUnsafeBytes { Array($0) })
      return memory
    }
    once = try device.prepare(plan, buffers: memory)
    let (data, pointers) = (constants, self.inputs.map { UnsafeRawBufferPointer($0) })
    let once = once
    func run() throws -> Double {
      try Stopwatch.seconds {
        try data.withUnsafeBytes { try once.run(constants: $0, inputs: pointers) }
        try device.synchronize()
      }
    }
    _ = try run()
    var time = try run()
    if time < Self.aim(on: device) { time = min(time, try run()) }
    let wanted = Int((Self.aim(on: device) / max(time, 1e-8)).rounded(.up))
    passes = max(1, min(wanted, maximumPasses, 8192 / max(plan.launches.count, 1)))
    several = passes == 1 ? once : try device.prepare(plan.repeated(passes), buffers: memory)
  }

  deinit { for input in inputs { input.deallocate() } }

  /// Runs it and waits.
  /// - Returns: seconds for each pass: what the host spent on queueing it, and until the device was done.
  func run() throws -> (host: Double, total: Double) {
    let (start, before) = (Stopwatch.now, Stopwatch.spent)
    try constants.withUnsafeBytes { constants in try several.run(constants: constants, inputs: inputs.map { UnsafeRawBufferPointer($0) }) }
    let spent = Stopwatch.spent - before
    try device.synchronize()
    return (spent / Double(passes), (Stopwatch.now - start) / Double(passes))
  }

  /// The sum of the launches' times by the device's own clock, in seconds.
  func deviceSeconds() throws -> Double {
    var sum: UInt64 = 0
    try constants.withUnsafeBytes { constants in
      try once.runObserved(constants: constants, inputs: inputs.map { UnsafeRawBufferPointer($0) }, launches: nil) {
        _, nanoseconds throws(DeviceError) in sum += nanoseconds
      }
    }
    return Double(sum) * 1e-9
  }
}

extension Device {
  /// Whether the host computes itself: then nothing runs beside it, and its time is the device's.
  var isNative: Bool { self is CPUDevice }
}
