import GlissadePlanning
import GlissadeRandom
import GlissadeTensors

/// A problem on a device with the right result at hand: runs any variant of it, says whether the result is right, and how long it took.
struct ProductCheck {
  private let problem: TuningProblem
  private let device: any Device
  private let expected: [Float]
  private let operands: [BufferReference: any DeviceBuffer]
  private let parameters: [Parameter]
  private let layout: ParameterLayout

  /// - Parameter witness: the device whose result counts as right: the processor.
  init(_ problem: TuningProblem, on device: any Device, witness: any Device) throws(DeviceError) {
    self.problem = problem
    self.device = device
    (parameters, layout) = problem.makeParameters(within: device.profile.limits)
    operands = try Self.operands(layout, on: device)
    // The witness has the same pieces, however large its buffers could be.
    let memory = try Self.operands(layout, on: witness)
    expected = try Run(problem, parameters, layout, on: witness, memory, as: .registers).result()
  }

  private static func operands(
    _ layout: ParameterLayout, on device: any Device
  ) throws(DeviceError) -> [BufferReference: any DeviceBuffer] {
    let buffers = try device.makeBuffers(layout.statisticsBuffers)
    for entry in layout.entries {
      guard let buffer = buffers[entry.slice.buffer] else { continue }
      var values = [Float](repeating: 0, count: entry.slice.count)
      var generator = Philox4x32(seed: 1, stream: Philox4x32.stream(named: entry.path))
      generator.fillUniform(&values, low: -1, high: 1)
      try device.write(values, to: buffer, at: entry.slice.offset)
    }
    return buffers
  }

  /// A variant, ready to run and right.
  /// - Throws: `TuningRefusal` for a variant that does not build, does not run or computes something else.
  func prepare(_ variant: ProductVariant) throws(TuningRefusal) -> Run {
    let run: Run
    let result: [Float]
    do throws(DeviceError) {
      run = try Run(problem, parameters, layout, on: device, operands, as: variant)
      result = try run.result()
    } catch { throw TuningRefusal(reason: error.description) }
    let scale = expected.reduce(Float(0)) { max($0, abs($1)) }
    var worst: Float = 0
    for (right, got) in zip(expected, result) {
      let difference = abs(right - got)
      worst = difference.isFinite ? max(worst, difference) : .infinity
    }
    guard result.count == expected.count, worst <= Self.tolerance * scale else {
      throw TuningRefusal(reason: "a wrong result for \(problem): off by \(worst / scale) relative to its largest value")
    }
    return run
  }

  /// What sums in another order may differ by, relative to the largest result. A term that is missing or counted twice makes more.
  private static let tolerance: Float = 1e-4

  /// A prepared plan of the problem alone.
  final class Run {
    private let device: any Device
    private let plan: Plan
    private let memory: PlanMemory
    private let prepared: any PreparedPlan

    fileprivate init(
      _ problem: TuningProblem, _ parameters: [Parameter], _ layout: ParameterLayout, on device: any Device,
      _ operands: [BufferReference: any DeviceBuffer], as variant: ProductVariant
    ) throws(DeviceError) {
      var profile = device.profile
      profile.products = ProductTuning(always: variant)
      do throws(ShapeError) { plan = try problem.plan(for: profile, parameters, layout) } catch {
        throw DeviceError(device: device.information.identifier, call: "tuning", error: "an invalid step", detail: error.description)
      }
      self.device = device
      memory = try PlanMemory(for: plan, on: device, sharing: operands)
      prepared = try device.prepare(plan, buffers: memory.buffers)
    }

    private func run() throws(DeviceError) { try prepared.run(constants: UnsafeRawBufferPointer(start: nil, count: 0), inputs: []) }

    /// Runs once.
    fileprivate func result() throws(DeviceError) -> [Float] {
      try run()
      try device.synchronize()
      guard let output = plan.outputs["result"], let buffer = memory.buffers[output.slice.buffer] else { return [] }
      return try device.read(buffer, at: output.slice.offset, count: output.slice.count, filler: Float.nan)
    }

    /// Seconds of a run, the least of several rounds. One run has to do where it takes much longer than `limit`.
    func seconds(limit: Double) throws(DeviceError) -> Double {
      var best = try round(1)
      if best > 3 * limit { return best }
      let count = max(1, min(200, Int(0.02 / max(best, 1e-6))))
      for _ in 0..<3 { best = min(best, try round(count)) }
      return best
    }

    private func round(_ count: Int) throws(DeviceError) -> Double {
      let start = ContinuousClock.now
      for _ in 0..<count { try run() }
      try device.synchronize()
      let elapsed = (ContinuousClock.now - start).components
      return (Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18) / Double(count)
    }
  }
}

/// Why a kernel is not even measured.
public struct TuningRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  public let reason: String
  public var description: String { reason }
}
