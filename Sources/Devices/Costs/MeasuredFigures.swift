import GlissadePlanning

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

extension DeviceFigures {
  /// Measures a device, in about a second: the shortest of several times each, since that is what it can do.
  /// - Throws: `DeviceError`.
  public static func measured(on device: any Device) throws(DeviceError) -> DeviceFigures {
    var meter = try FiguresMeter(device)
    let isCPU = device.profile.style == .cpu
    var launches = try meter.launches()
    // Where queueing takes the host as long as all of it, nobody knows what the device takes of that: less, since it waits for the host.
    let isHidden = launches.host > 0.8 * launches.device
    if isHidden, let usual = PublishedDevice.typical(of: DeviceClass(device.information))?.figures.launchSeconds {
      launches.device = min(launches.device, usual)
      launches.small = launches.device
    }
    meter.launchSeconds = launches.device
    let peak = try meter.operationsPerSecond()
    func curve(_ kind: FiguresMeter.Traffic, beyond: [Int] = []) throws(DeviceError) -> Bandwidth {
      var points: [Bandwidth.Point] = []
      for bytes in meter.sizes + beyond { points.append(.init(bytes: bytes, bytesPerSecond: try meter.rate(of: kind, bytes: bytes))) }
      return isCPU ? Bandwidth(points) : Bandwidth(hidingLaunches: points)
    }
    let (information, largest) = (device.information, meter.sizes.last ?? 1)
    return DeviceFigures(
      style: device.profile.style, operationsPerSecond: peak, clock: isCPU ? try meter.clock() : nil, copying: try curve(.copy(.plain)),
      reading: try curve(.reading), writing: isCPU ? try curve(.filling) : nil,
      inPlace: try curve(.copy(.inPlace), beyond: meter.sizesBeyond),
      streaming: isCPU ? try meter.rate(of: .streaming, bytes: largest) : nil,
      streamedCopying: isCPU ? try meter.rate(of: .copy(.streaming), bytes: largest) : nil, lineBytes: 64,
      launchSeconds: launches.device,
      smallLaunchSeconds: launches.small, hostSeconds: launches.host,
      uploadRate: information.sharesHostMemory || information.kind == .cpu ? nil : try meter.uploadRate(),
      units: DeviceClass(information).units(reported: information.computeUnits), unit: unit(of: device),
      timesIncludeLaunch: device is CPUDevice)
  }

  /// What a compute unit of a device holds, by its class; `nil` for processors, and where the class says nothing.
  static func unit(of device: any Device) -> ComputeUnit? {
    guard device.profile.style == .gpu, device.information.kind != .cpu else { return nil }
    return PublishedDevice.typical(of: DeviceClass(device.information))?.figures.unit
  }
}

/// Times plans that do nothing but reach a limit.
private struct FiguresMeter {
  enum Traffic {
    case copy(LimitPlans.CopyKind)
    case reading
    case filling
    case streaming
  }

  let device: any Device
  let sizes: [Int]
  /// For passes in place, which take half as much memory: a processor's last cache can hold hundreds of MiB.
  let sizesBeyond: [Int]
  /// What a launch takes by itself, which bandwidths are not to include.
  var launchSeconds = 0.0
  private let memory: [BufferReference: any DeviceBuffer]
  private let constants = [UInt8](repeating: 0, count: StepMemory.constantsSize(groups: 0) * 4)

  private var isNative: Bool { device is CPUDevice }

  init(_ device: any Device) throws(DeviceError) {
    self.device = device
    // Far beyond any cache, where there is the room.
    let most = device.information.kind == .cpu ? 128 << 20 : 1 << 29
    let room = Int(clamping: device.information.memoryBytes / 8)
    var sizes: [Int] = []
    var bytes = 32 << 10
    repeat {
      sizes.append(bytes)
      // Closer together where last caches end.
      bytes *= bytes < 4 << 20 ? 4 : 2
    } while bytes <= min(most, room)
    // Less where there is not that much.
    var found: [BufferReference: any DeviceBuffer]?
    var sizesBeyond = device.information.kind == .cpu ? [256 << 20, 512 << 20].filter { $0 <= room } : []
    while found == nil {
      do throws(DeviceError) { found = try Self.memory(for: sizes.last ?? 0, beyond: sizesBeyond.last ?? 0, on: device) } catch {
        if !sizesBeyond.isEmpty {
          sizesBeyond = []
          continue
        }
        guard sizes.count > 3 else { throw error }
        sizes.removeLast()
      }
    }
    memory = found ?? [:]
    self.sizes = sizes
    self.sizesBeyond = sizesBeyond
  }

  private static func memory(
    for bytes: Int, beyond: Int, on device: any Device
  ) throws(DeviceError) -> [BufferReference: any DeviceBuffer] {
    let elements = max(
      LimitPlans.copyElements(bytes: bytes), LimitPlans.reading(bytes: bytes, for: device.profile).activationsSize,
      LimitPlans.copy(bytes: beyond, .inPlace, for: device.profile).activationsSize, 1 << 20)
    return try PlanMemory(for: Plan(launches: [], activationsSize: elements), on: device, sharing: [:]).buffers
  }

  /// The shortest of several times of one run of a plan, in seconds, and what the host's thread spent on queueing it.
  private func time(_ plan: Plan, rounds: Int) throws(DeviceError) -> (total: Double, host: Double) {
    let prepared = try device.prepare(plan, buffers: memory)
    var best = (total: Double.infinity, host: Double.infinity)
    for _ in 0...rounds {
      let (start, before) = (Self.seconds(CLOCK_MONOTONIC), Self.seconds(CLOCK_THREAD_CPUTIME_ID))
      let error = constants.withUnsafeBytes { bytes -> DeviceError? in
        do throws(DeviceError) { try prepared.run(constants: bytes, inputs: []) } catch { return error }
        return nil
      }
      if let error { throw error }
      let spent = Self.seconds(CLOCK_THREAD_CPUTIME_ID) - before
      try device.synchronize()
      best = (min(best.total, Self.seconds(CLOCK_MONOTONIC) - start), min(best.host, spent))
    }
    return best
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  /// Bytes per second of one way of going through memory.
  func rate(of kind: Traffic, bytes: Int) throws(DeviceError) -> Double {
    let plan =
      switch kind {
      case .copy(let kind): LimitPlans.copy(bytes: bytes, kind, for: device.profile)
      case .reading: LimitPlans.reading(bytes: bytes, for: device.profile)
      case .filling: LimitPlans.filling(bytes: bytes, isStreamed: false, for: device.profile)
      case .streaming: LimitPlans.filling(bytes: bytes, isStreamed: true, for: device.profile)
      }
    // Often enough that waking threads and waiting do not count, which a fast GPU is done before.
    var passes = max(1, min(256, (isNative ? 64 << 20 : 128 << 20) / bytes))
    if device.profile.style == .gpu {
      let first = try time(plan.repeated(passes), rounds: 1).total
      passes = min(256, max(passes, Int(Double(passes) * 3e-3 / max(first, 1e-6))))
    }
    let total = try time(plan.repeated(passes), rounds: bytes >= 8 << 20 ? 4 : 6).total / Double(passes)
    return Double(bytes) / max(total - Double(plan.launches.count) * launchSeconds, total / 4)
  }

  func operationsPerSecond() throws(DeviceError) -> Double {
    let rounds = 2000
    let short = try time(LimitPlans.multiplyAdd(rounds: rounds, for: device.profile), rounds: 2).total
    let enough = max(rounds, min(Int(Double(rounds) * 2e-3 / max(short, 1e-6)), 10_000_000))
    let plan = LimitPlans.multiplyAdd(rounds: enough, for: device.profile)
    return Double(plan.flops) / (try time(plan, rounds: 6).total)
  }

  /// Hz of a thread: its share of multiply-adds that wait for each other, each of which takes four clocks. (Without an instruction for them, as at
  /// the lowest level of x86-64, it is two instructions' time.)
  func clock() throws(DeviceError) -> Double {
    let rounds = 400_000
    return 4 * Double(rounds) / (try time(LimitPlans.chain(rounds: rounds, for: device.profile), rounds: 6).total)
  }

  /// Seconds of a launch that does nothing.
  func launches() throws(DeviceError) -> (device: Double, small: Double, host: Double) {
    let count = 500
    let shared = try time(LimitPlans.empty(count: count, isShared: true, for: device.profile), rounds: 8)
    guard isNative else { return (shared.total / Double(count), shared.total / Double(count), shared.host / Double(count)) }
    let small = try time(LimitPlans.empty(count: count, isShared: false, for: device.profile), rounds: 8)
    return (shared.total / Double(count), small.total / Double(count), 0)
  }

  func uploadRate() throws(DeviceError) -> Double {
    guard let buffer = memory[.activations] else { return .infinity }
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: min(16 << 20, 4 * buffer.count), alignment: 4096)
    defer { bytes.deallocate() }
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
    var best = Double.infinity
    for _ in 0..<4 {
      let start = Self.seconds(CLOCK_MONOTONIC)
      try device.write(UnsafeRawBufferPointer(bytes), to: buffer, at: 0)
      best = min(best, Self.seconds(CLOCK_MONOTONIC) - start)
    }
    return Double(bytes.count) / best
  }
}
