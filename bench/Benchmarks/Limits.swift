import Glissade
import GlissadeDevices
import GlissadePlanning

/// What a device can do at most, as its own kernels measure it.
public struct MachineLimits: Sendable {
  /// Fused multiply-adds in registers, each counted as two operations, in 10⁹ per second.
  public var multiplyAddGflops: Double
  /// A copy far beyond the caches, bytes read and written, in 10⁹ per second.
  public var copyGbps: Double
  /// The same of reading and writing in place, as updates do: no line is fetched only to be overwritten.
  public var inPlaceGbps: Double
  /// Copies of other sizes: bytes read and written together, and 10⁹ bytes per second.
  public var copyCurve: [(bytes: Int, gbps: Double)]
  /// What the host spends on a launch of a plan of empty ones, in µs. On the CPU device, where the host computes, a launch that the caller
  /// runs alone.
  public var launchHostMicroseconds: Double
  /// What a launch of a plan of empty ones takes until the device is done, in µs. On the CPU device a launch that all threads share.
  public var launchDeviceMicroseconds: Double
}

/// Measures a device's limits, at first and again whenever something is to be compared with them.
final class LimitProbe {
  let device: any Device
  private let multiplyAdd: Replay
  private let multiplyAddFlops: Double
  private let memory: [BufferReference: any DeviceBuffer]
  private let constants: [UInt8]
  private var curve: [CopyPoint] = []
  private var copies: [CopyKey: Replay] = [:]
  private var multiplyAddTimes: [Double] = []
  private let launch: (host: Double, device: Double)

  private struct CopyPoint {
    var bytes: Int
    var times: [[Double]] = LimitPlans.CopyKind.allCases.map { _ in [] }
    func median(_ kind: LimitPlans.CopyKind) -> Double { Samples(times[Int(kind.rawValue)]).median }
    /// The faster kind of copy from one place to another.
    var best: LimitPlans.CopyKind { median(.streaming) < median(.plain) ? .streaming : .plain }
  }

  private struct CopyKey: Hashable {
    var bytes: Int
    var kind: LimitPlans.CopyKind
  }

  init(on device: any Device) throws {
    self.device = device
    let profile = device.profile
    let memoryBytes = Int(clamping: device.information.memoryBytes)
    // Far beyond any cache, where there is the room, in one buffer.
    let most = min(profile.style == .cpu ? 256 << 20 : 1 << 30, 4 * profile.limits.buffer * 7 / 8)
    var largest = 32 << 10
    while largest * 4 <= min(most, max(memoryBytes / 8, 32 << 10)) { largest *= 4 }
    constants = [UInt8](repeating: 0, count: StepMemory.constantsSize(groups: 0) * 4)
    let everything = Plan(launches: [], activationsSize: max(LimitPlans.copyElements(bytes: largest), 1 << 20))
    memory = try PlanMemory(for: everything, on: device, sharing: [:]).buffers

    launch = try Self.launchOverhead(device, memory, constants)
    // Rounds for some 2 ms, from a first short run.
    let rounds = 2000
    let short = try Replay(
      LimitPlans.multiplyAdd(rounds: rounds, for: profile), on: device, memory: memory, constants: constants, maximumPasses: 1)
    let time = min(try short.run().total, try short.run().total)
    let enough = max(rounds, min(Int(Double(rounds) * 2e-3 / max(time, 1e-6)), 10_000_000))
    let plan = LimitPlans.multiplyAdd(rounds: enough, for: profile)
    multiplyAddFlops = Double(plan.flops)
    multiplyAdd = try Replay(plan, on: device, memory: memory, constants: constants, maximumPasses: 1)
    var bytes = 32 << 10
    while bytes <= largest {
      curve.append(CopyPoint(bytes: bytes))
      bytes *= 4
    }
    try refresh(rounds: 5)
  }

  private static func launchOverhead(
    _ device: any Device, _ memory: [BufferReference: any DeviceBuffer], _ constants: [UInt8]
  ) throws -> (host: Double, device: Double) {
    let count = 1000
    func measure(isShared: Bool) throws -> (host: Double, total: Double) {
      let plan = LimitPlans.empty(count: count, isShared: isShared, for: device.profile)
      let replay = try Replay(plan, on: device, memory: memory, constants: constants, maximumPasses: 1)
      let times = try (0..<15).map { _ in try replay.run() }
      return (Samples(times.map(\.host)).median / Double(count), Samples(times.map(\.total)).median / Double(count))
    }
    let shared = try measure(isShared: true)
    return device.isNative ? (try measure(isShared: false).total, shared.total) : (shared.host, shared.total)
  }

  /// What each launch of a plan takes while the device has nothing to compute, in seconds: of the host, and until it is done.
  var launchSeconds: (host: Double, device: Double) { launch }

  /// Measures everything but the launches once more.
  func refresh(rounds: Int = 1) throws {
    for _ in 0..<rounds {
      multiplyAddTimes.append(try multiplyAdd.run().total)
      for index in curve.indices {
        for kind in LimitPlans.CopyKind.allCases { curve[index].times[Int(kind.rawValue)].append(try time(curve[index].bytes, kind)) }
      }
    }
  }

  private func time(_ bytes: Int, _ kind: LimitPlans.CopyKind) throws -> Double {
    let key = CopyKey(bytes: bytes, kind: kind)
    let replay = try copies[key] ?? copyReplay(bytes, kind)
    copies[key] = replay
    return min(try replay.run().total, try replay.run().total)
  }

  private func copyReplay(_ bytes: Int, _ kind: LimitPlans.CopyKind) throws -> Replay {
    let plan = LimitPlans.copy(bytes: bytes, kind, for: device.profile)
    return try Replay(plan, on: device, memory: memory, constants: constants)
  }

  /// The limits so far: medians.
  var limits: MachineLimits {
    let points = curve.map { (bytes: $0.bytes, gbps: Double($0.bytes) / $0.median($0.best) * 1e-9) }
    return MachineLimits(
      multiplyAddGflops: multiplyAddFlops / Samples(multiplyAddTimes).median * 1e-9, copyGbps: points.last?.gbps ?? .nan,
      inPlaceGbps: curve.last.map { Double($0.bytes) / $0.median(.inPlace) * 1e-9 } ?? .nan, copyCurve: points,
      launchHostMicroseconds: launch.host * 1e6, launchDeviceMicroseconds: launch.device * 1e6)
  }

  /// A way to reach a limit: `run` takes a time, which `scale` turns into that of a given amount of work.
  struct Witness {
    let run: () throws -> Double
    let scale: Double
  }

  /// So many operations in registers.
  func multiplyAddWitness(flops: Int) -> Witness {
    Witness(
      run: { [self] in
        let time = try multiplyAdd.run().total
        multiplyAddTimes.append(time)
        return time
      }, scale: Double(flops) / multiplyAddFlops)
  }

  /// A copy that reads and writes so many bytes together, of the kind that is faster at about this size; so what fits into a cache is
  /// compared with a copy that does, too. Beyond the largest size that was measured, time grows with the bytes.
  func copyWitness(bytes: Int) throws -> Witness {
    let size = min(bytes, curve.last?.bytes ?? bytes)
    let near = curve.min { abs(log2($0.bytes, size)) < abs(log2($1.bytes, size)) }
    return witness(bytes: bytes, try copyReplay(size, near?.best ?? .plain))
  }

  /// A pass that overwrites what it has read, as updates do, which can be faster than any copy.
  /// - Parameters:
  ///   - bytes: read and written together by what is measured.
  ///   - touched: bytes of memory that it reads or writes. The pass goes over as many, because a processor's last cache may hold hundreds of
  ///     MiB, and what lies in it is no limit for what does not.
  func inPlaceWitness(bytes: Int, touched: Int) throws -> Witness {
    let size = 2 * min(touched, device.profile.limits.buffer * 7 / 2, max(Int(clamping: device.information.memoryBytes) / 8, 1 << 20))
    let plan = LimitPlans.copy(bytes: size, .inPlace, for: device.profile)
    let memory = try PlanMemory(for: plan, on: device, sharing: [:]).buffers
    return witness(bytes: bytes, try Replay(plan, on: device, memory: memory, constants: constants))
  }

  /// Writing so many bytes and reading none, of the kind that is faster: past the caches or not.
  func fillWitness(bytes: Int) throws -> Witness {
    let size = min(bytes, curve.last?.bytes ?? bytes)
    func timed(isStreamed: Bool) throws -> (replay: Replay, seconds: Double) {
      let plan = LimitPlans.filling(bytes: size, isStreamed: isStreamed, for: device.profile)
      let replay = try Replay(plan, on: device, memory: memory, constants: constants)
      return (replay, Samples(try (0..<5).map { _ in try replay.run().total }).minimum)
    }
    let (plain, streaming) = (try timed(isStreamed: false), try timed(isStreamed: true))
    return witness(bytes: bytes, streaming.seconds < plain.seconds ? streaming.replay : plain.replay)
  }

  /// Reading one number of each row, at a random column, of the table that the row itself reads: in other memory pages may be of another size.
  func pickWitness(
    _ shape: (rows: Int, columns: Int), from table: Slice?, of operands: [BufferReference: any DeviceBuffer]
  ) throws -> Witness {
    let plan = LimitPlans.picking(rows: shape.rows, columns: shape.columns, from: table, for: device.profile)
    let memory = try PlanMemory(for: plan, on: device, sharing: operands).buffers
    let replay = try Replay(plan, on: device, memory: memory, constants: constants)
    return Witness(run: { try replay.run().total }, scale: 1)
  }

  private func witness(bytes: Int, _ replay: Replay) -> Witness {
    Witness(run: { try replay.run().total }, scale: Double(bytes) / Double(replay.plan.byteCount))
  }

  /// log₂ of a ratio, roughly: the difference of the numbers of binary digits, with a fraction.
  private func log2(_ a: Int, _ b: Int) -> Double {
    let (a, b) = (Double(max(a, 1)), Double(max(b, 1)))
    return (Double(a.exponent) + a.significand) - (Double(b.exponent) + b.significand)
  }
}
