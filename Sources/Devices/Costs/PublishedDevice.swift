import GlissadePlanning

/// A device by what is published of it: to ask what a step would take there, where it is not at hand. No figure here was measured by us.
public struct PublishedDevice: Sendable {
  /// As it is asked for, as in `rtx-4060`.
  public let name: String
  /// As its maker calls it.
  public let title: String
  /// Where the figures come from, and which of them are guesses.
  public let source: String
  public let figures: DeviceFigures
  /// As its OpenCL driver counts them.
  let computeUnits: Int
  let deviceClass: DeviceClass
  let limits: GroupLimits

  /// What the planner would be told of it.
  public var profile: DeviceProfile {
    .gpu(computeUnits: computeUnits, products: DefaultTuning.products(of: deviceClass, computeUnits: computeUnits, within: limits))
  }

  /// The device of a name.
  public static func named(_ name: String) -> PublishedDevice? { all.first { $0.name == name.lowercased() } }

  /// What stands for a class of devices, as far as its compute units go.
  static func typical(of deviceClass: DeviceClass) -> PublishedDevice? { all.first { $0.deviceClass == deviceClass } }

  private init(
    _ name: String, _ title: String, _ deviceClass: DeviceClass, source: String, computeUnits: Int? = nil, units: Int,
    unit: DeviceFigures.ComputeUnit, memory: Double, cache: (bytes: Int, rate: Double), launch: Double, host: Double, upload: Double?,
    lineBytes: Int = 32, groupItems: Int = 1024, groupLocalBytes: Int, hasSubgroups: Bool = false
  ) {
    self.name = name
    self.title = title
    self.source = source
    self.deviceClass = deviceClass
    self.computeUnits = computeUnits ?? units
    limits = GroupLimits(items: groupItems, localBytes: groupLocalBytes, hasSubgroups: hasSubgroups)
    let copying = DeviceFigures.Bandwidth([
      .init(bytes: cache.bytes / 2, bytesPerSecond: cache.rate), .init(bytes: cache.bytes * 2, bytesPerSecond: memory),
    ])
    figures = DeviceFigures(
      style: .gpu, operationsPerSecond: 2 * Double(units * unit.lanes) * unit.clock, copying: copying, lineBytes: lineBytes,
      launchSeconds: launch, hostSeconds: host, uploadRate: upload, units: units, unit: unit)
  }

  /// Every device that is known, those with the most to do with training first.
  public static let all: [PublishedDevice] = [
    PublishedDevice(
      "h100", "NVIDIA H100 SXM5 80 GB", .nvidia,
      source: "NVIDIA's data sheet and Hopper white paper; latencies in cycles from Luo et al. 2024, \"Benchmarking and Dissecting the "
        + "Nvidia Hopper GPU Architecture\"; 92 % of the memory's bandwidth; cache bandwidth, launch and upload are estimates",
      units: 132,
      unit: .init(
        lanes: 128, width: 32, clock: 1.98e9, residentItems: 2048, residentGroups: 32, registers: 65536, localBytes: 228 << 10,
        memoryLatency: 0.27e-6, cacheLatency: 0.15e-6),
      memory: 0.92 * 3.35e12, cache: (50 << 20, 5.5e12), launch: 1.5e-6, host: 3e-6, upload: 50e9, groupLocalBytes: 48 << 10),
    PublishedDevice(
      "rtx-4060", "NVIDIA GeForce RTX 4060", .nvidia,
      source: "NVIDIA's Ada white paper and data sheet; latencies in cycles of the RTX 4090 from Luo et al. 2024; 92 % of the memory's "
        + "bandwidth; cache bandwidth, launch and upload are estimates",
      units: 24,
      unit: .init(
        lanes: 128, width: 32, clock: 2.46e9, residentItems: 1536, residentGroups: 24, registers: 65536, localBytes: 100 << 10,
        memoryLatency: 0.22e-6, cacheLatency: 0.11e-6),
      memory: 0.92 * 272e9, cache: (24 << 20, 1.2e12), launch: 1.5e-6, host: 3e-6, upload: 12e9, groupLocalBytes: 48 << 10),
    PublishedDevice(
      "rx-7600", "AMD Radeon RX 7600", .amd,
      source:
        "AMD's data sheet and RDNA 3 instruction set guide, with two multiply-adds in a clock where instructions pair; latency of RDNA 2 "
        + "from Chips and Cheese 2021; 92 % of the memory's bandwidth; cache bandwidth, launch and upload are estimates",
      units: 16,
      unit: .init(
        lanes: 256, width: 32, clock: 2.655e9, residentItems: 2048, residentGroups: 32, registers: 131072, localBytes: 128 << 10,
        localBytesPerClock: 256, arithmeticLatency: 5, memoryLatency: 0.23e-6, cacheLatency: 0.08e-6),
      memory: 0.92 * 288e9, cache: (32 << 20, 0.9e12), launch: 4e-6, host: 5e-6, upload: 12e9, lineBytes: 64, groupItems: 256,
      groupLocalBytes: 64 << 10),
    PublishedDevice(
      "arc-a770", "Intel Arc A770 16 GB", .intel,
      source: "Intel's data sheet and Xe-HPG architecture guide; 92 % of the memory's bandwidth; latencies, cache bandwidth, launch and "
        + "upload are estimates",
      computeUnits: 512, units: 32,
      unit: .init(
        lanes: 128, width: 16, clock: 2.1e9, residentItems: 2048, residentGroups: 32, registers: 131072, registersPerItem: 128,
        localBytes: 128 << 10, arithmeticLatency: 6, memoryLatency: 0.45e-6, cacheLatency: 0.2e-6),
      memory: 0.92 * 560e9, cache: (16 << 20, 1.5e12), launch: 4e-6, host: 4e-6, upload: 20e9, lineBytes: 64, groupLocalBytes: 64 << 10,
      hasSubgroups: true),
    PublishedDevice(
      "apple-m1", "Apple M1, 8 GPU cores", .apple,
      source: "Apple's figures for the memory and the whole; the core as Dougall Johnson's and Philip Turner's notes have it; 85 % of the "
        + "memory's bandwidth; latencies, cache bandwidth and launch are estimates",
      units: 8,
      unit: .init(
        lanes: 128, width: 32, clock: 1.278e9, residentItems: 1024, residentGroups: 24, registers: 53248, localBytes: 60 << 10,
        memoryLatency: 0.35e-6, cacheLatency: 0.15e-6),
      memory: 0.85 * 68.2e9, cache: (8 << 20, 0.15e12), launch: 5e-6, host: 5e-6, upload: nil, lineBytes: 64, groupItems: 256,
      groupLocalBytes: 32 << 10),
    PublishedDevice(
      "adreno-740", "Qualcomm Adreno 740", .adreno,
      source:
        "1536 multiply-adds in a clock at 680 MHz and LPDDR5X by press reports; 80 % of the memory's bandwidth; all else is an estimate",
      units: 6,
      unit: .init(
        lanes: 256, width: 64, clock: 0.68e9, residentItems: 2048, registers: 65536, registersPerItem: 128, localBytes: 32 << 10,
        memoryLatency: 0.4e-6, cacheLatency: 0.2e-6),
      memory: 0.8 * 64e9, cache: (1 << 20, 0.15e12), launch: 20e-6, host: 20e-6, upload: nil, lineBytes: 64, groupLocalBytes: 32 << 10),
    PublishedDevice(
      "mali-g78", "Arm Mali-G78 with 14 cores", .mali,
      source: "Arm's GPU data sheet (operations in a clock, threads, warps) at the Exynos 2100's 854 MHz and LPDDR5; 80 % of the memory's "
        + "bandwidth; latencies, cache bandwidth and launch are estimates",
      units: 14,
      unit: .init(
        lanes: 32, width: 16, clock: 0.854e9, residentItems: 1024, registers: 32768, registersPerItem: 64, localBytes: 32 << 10,
        localBytesPerClock: 64, memoryLatency: 0.35e-6, cacheLatency: 0.15e-6),
      memory: 0.8 * 51.2e9, cache: (2 << 20, 0.15e12), launch: 20e-6, host: 20e-6, upload: nil, lineBytes: 64, groupItems: 512,
      groupLocalBytes: 32 << 10),
  ]
}
