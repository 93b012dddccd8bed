/// What a device can do at most, as far as the time of a step depends on it: measured on the device, or published of it.
public struct DeviceFigures: Hashable, Sendable {
  /// How fast memory answers, by how much else is gone through before the same data is used again: caches answer while it is little.
  public struct Bandwidth: Hashable, Sendable {
    /// What was found, or is known, at one size.
    public struct Point: Hashable, Sendable {
      public var bytes: Int
      public var bytesPerSecond: Double

      public init(bytes: Int, bytesPerSecond: Double) {
        self.bytes = bytes
        self.bytesPerSecond = bytesPerSecond
      }
    }

    /// By size, the smallest first.
    public private(set) var points: [Point]

    public init(_ points: [Point]) { self.points = points.sorted { $0.bytes < $1.bytes } }

    /// As measured. A GPU goes through little in less time than a launch takes, or with less than all of its units, which says nothing of the
    /// caches that it lies in: they are at least as fast as what more of it was gone through with.
    public init(hidingLaunches points: [Point]) {
      self.init(points)
      var fastest = 0.0
      for index in self.points.indices.reversed() {
        fastest = max(fastest, self.points[index].bytesPerSecond)
        self.points[index].bytesPerSecond = fastest
      }
    }

    /// The same at every size.
    public init(_ bytesPerSecond: Double) { points = [Point(bytes: 1, bytesPerSecond: bytesPerSecond)] }

    /// Bytes per second where so many bytes lie between two uses: the time for a byte in a straight line between neighbouring points, over
    /// the powers of two of their sizes; beyond the outermost points, theirs.
    public func rate(at bytes: Int) -> Double {
      guard let last = points.last, let above = points.firstIndex(where: { $0.bytes >= bytes }) else {
        return points.last?.bytesPerSecond ?? .infinity
      }
      guard above > 0, points[above].bytes > bytes else { return points[above].bytesPerSecond }
      let (low, high) = (points[above - 1], points[min(above, points.count - 1)])
      let width = Self.octaves(high.bytes) - Self.octaves(low.bytes)
      guard width > 0 else { return last.bytesPerSecond }
      let share = (Self.octaves(bytes) - Self.octaves(low.bytes)) / width
      return 1 / ((1 - share) / low.bytesPerSecond + share / high.bytesPerSecond)
    }

    /// A logarithm to the base 2 by the exponent and a straight line: the same everywhere.
    private static func octaves(_ bytes: Int) -> Double {
      let value = Double(max(bytes, 1))
      return Double(value.exponent) + value.significand
    }
  }

  /// One of a GPU's compute units: what runs there side by side, and how long it waits.
  public struct ComputeUnit: Hashable, Sendable {
    /// Multiply-adds in a clock.
    public var lanes: Int
    /// Work-items in lockstep.
    public var width: Int
    /// Hz.
    public var clock: Double
    /// Work-items that are there at a time, at most.
    public var residentItems: Int
    /// Work-groups that are there at a time, at most.
    public var residentGroups: Int
    /// Registers of 32 bits, for all of them.
    public var registers: Int
    /// Registers that one work-item may have before the compiler puts some into memory.
    public var registersPerItem: Int
    /// Bytes of local memory, for all groups that are there.
    public var localBytes: Int
    /// Bytes that local memory hands out in a clock.
    public var localBytesPerClock: Int
    /// Clocks until a multiply-add's result can be used.
    public var arithmeticLatency: Int
    /// Seconds until a load from memory answers, and one that a cache common to all units answers.
    public var memoryLatency: Double
    public var cacheLatency: Double

    public init(
      lanes: Int, width: Int, clock: Double, residentItems: Int, residentGroups: Int = 16, registers: Int, registersPerItem: Int = 255,
      localBytes: Int, localBytesPerClock: Int = 128, arithmeticLatency: Int = 4, memoryLatency: Double, cacheLatency: Double
    ) {
      self.lanes = lanes
      self.width = width
      self.clock = clock
      self.residentItems = residentItems
      self.residentGroups = residentGroups
      self.registers = registers
      self.registersPerItem = registersPerItem
      self.localBytes = localBytes
      self.localBytesPerClock = localBytesPerClock
      self.arithmeticLatency = arithmeticLatency
      self.memoryLatency = memoryLatency
      self.cacheLatency = cacheLatency
    }
  }

  /// Whether kernels are planned as for a CPU or as for a GPU.
  public var style: DeviceProfile.Style
  /// Operations per second in fused multiply-adds, each of which counts as two.
  public var operationsPerSecond: Double
  /// Hz of a CPU's thread, by multiply-adds that need each other's results and take four clocks each; `nil` where nothing is known of it, so that
  /// what waits for its own results counts for nothing.
  public var clock: Double?
  /// Of copying, bytes read and written together.
  public var copying: Bandwidth
  /// Of reading alone.
  public var reading: Bandwidth
  /// Of writing alone; `nil` for what a copy takes beyond its reading.
  public var writing: Bandwidth?
  /// Of overwriting what was read, bytes read and written together.
  public var inPlace: Bandwidth
  /// Bytes per second of stores that pass a CPU's caches by, as results of many elements do there; `nil` where there are none.
  public var streaming: Double?
  /// Bytes per second, read and written together, of copies far beyond the caches with such stores; `nil` for as long as both take one
  /// after another.
  public var streamedCopying: Double?
  /// Bytes of the smallest piece that memory hands over.
  public var lineBytes: Int
  /// Seconds between the end of one launch and the beginning of the next one, which needs its results.
  public var launchSeconds: Double
  /// The same of a launch that is too small to be shared out among a CPU's threads.
  public var smallLaunchSeconds: Double
  /// Seconds that the host spends on queueing a launch, while the device works at earlier ones; 0 where the host computes.
  public var hostSeconds: Double
  /// Bytes per second from the host's memory to the device's, beside the step before; `nil` where they are one.
  public var uploadRate: Double?
  /// Compute units, or threads.
  public var units: Int
  /// What a unit holds; `nil` for CPUs, whose threads need no company to be busy, and where nothing is known of it.
  public var unit: ComputeUnit?
  /// Whether what a device tells of one launch's time includes `launchSeconds`, as the CPU device's does.
  public var timesIncludeLaunch: Bool

  /// - Parameters: as the properties.
  public init(
    style: DeviceProfile.Style, operationsPerSecond: Double, clock: Double? = nil, copying: Bandwidth, reading: Bandwidth? = nil,
    writing: Bandwidth? = nil, inPlace: Bandwidth? = nil, streaming: Double? = nil, streamedCopying: Double? = nil, lineBytes: Int = 64,
    launchSeconds: Double, smallLaunchSeconds: Double? = nil, hostSeconds: Double, uploadRate: Double? = nil, units: Int,
    unit: ComputeUnit? = nil, timesIncludeLaunch: Bool = false
  ) {
    self.style = style
    self.operationsPerSecond = operationsPerSecond
    self.clock = clock
    self.copying = copying
    self.reading = reading ?? copying
    self.writing = writing
    self.inPlace = inPlace ?? copying
    self.streaming = streaming
    self.streamedCopying = streamedCopying
    self.lineBytes = lineBytes
    self.launchSeconds = launchSeconds
    self.smallLaunchSeconds = smallLaunchSeconds ?? launchSeconds
    self.hostSeconds = hostSeconds
    self.uploadRate = uploadRate
    self.units = max(units, 1)
    self.unit = unit
    self.timesIncludeLaunch = timesIncludeLaunch
  }

  /// Seconds for each byte that is read and not written, where `distance` bytes lie between two uses.
  func secondsPerByteRead(at distance: Int) -> Double { 1 / reading.rate(at: distance) }

  /// Seconds for each byte that is written and was not read, if nothing else is done.
  func secondsPerByteWritten(at distance: Int, isStreamed: Bool = false) -> Double {
    if isStreamed, let streaming { return 1 / streaming }
    if let writing { return 1 / writing.rate(at: distance) }
    let copy = 1 / copying.rate(at: distance)
    return max(2 * copy - 1 / reading.rate(at: distance), copy / 2)
  }

  /// How far reading and writing go on side by side, as a copy shows: the share of the shorter of the two that it hides. Below 0 where they
  /// are in each other's way.
  func overlap(at distance: Int, isStreamed: Bool = false) -> Double {
    let copy = isStreamed && streaming != nil ? streamedCopying : writing == nil ? nil : copying.rate(at: distance)
    guard let copy else { return 0 }
    let (read, written) = (secondsPerByteRead(at: distance), secondsPerByteWritten(at: distance, isStreamed: isStreamed))
    return min(max((read + written - 2 / copy) / min(read, written), -1), 1)
  }

  /// Seconds for each byte of what is read and overwritten in its place, read once and written once.
  func secondsPerByteUpdated(at distance: Int) -> Double { 2 / inPlace.rate(at: distance) }
}
