import Glissade

/// Times a replay and its limit by turns, so that what a busy machine does to one it does to the other.
struct Measurement {
  let samples: Samples
  let hostSeconds: Double?
  let deviceSeconds: Double
  /// The limit's times for the same work.
  let limits: Samples

  static let leastRepeats = 10

  /// - Parameters:
  ///   - seconds: how long to measure at least.
  ///   - witness: reaches the limit.
  init(of replay: Replay, seconds: Double, against witness: LimitProbe.Witness) throws {
    let turns = 5
    var (times, hosts, limits): ([Double], [Double], [Double]) = ([], [], [])
    for turn in 0..<turns {
      // Neither finds its data where the other one left it.
      let first = try replay.run().total
      let isLong = first > 2e-3
      if isLong { times.append(first) }
      let end = Stopwatch.now + seconds / Double(turns)
      let wanted = (turn + 1) * Self.leastRepeats / turns
      while Stopwatch.now < end || times.count < wanted {
        let time = try replay.run()
        times.append(time.total)
        hosts.append(time.host)
      }
      _ = try witness.run()
      let limitEnd = Stopwatch.now + seconds / Double(turns) / 2
      while Stopwatch.now < limitEnd || limits.count < turn + 1 {
        // For about as long as the replay: what is preempted now and then must not be compared with what is not.
        let start = Stopwatch.now
        var (sum, count) = (0.0, 0.0)
        repeat {
          sum += try witness.run()
          count += 1
        } while Stopwatch.now - start < min(first, 0.03)
        limits.append(sum / count)
      }
    }
    samples = Samples(times)
    self.limits = Samples(limits.map { $0 * witness.scale })
    if replay.device.isNative {
      (hostSeconds, deviceSeconds) = (nil, samples.median)
    } else {
      hostSeconds = Samples(hosts).median
      deviceSeconds = Samples(try (0..<min(Self.leastRepeats, times.count)).map { _ in try replay.deviceSeconds() }).median
    }
  }

  /// - Parameters:
  ///   - flops: operations of the mathematics; 0 where bytes are what counts.
  ///   - bytes: that cannot be avoided.
  ///   - limit: what it is compared with; by default a copy, unless operations are what counts.
  func result(
    _ suite: BenchmarkResult.Suite, _ name: String, launches: Int, flops: Int, bytes: Int, limit: BenchmarkResult.Limit? = nil
  ) -> BenchmarkResult {
    var result = BenchmarkResult(suite: suite, name: name, samples: samples)
    if flops > 0 { result.gflops = Double(flops) / samples.median * 1e-9 } else { result.gbps = Double(bytes) / samples.median * 1e-9 }
    result.limit = limit ?? (flops > 0 ? .fma : .copy)
    result.percentOfLimit = 100 * limits.median / samples.median
    result.percentOfLimitAtBest = 100 * limits.minimum / samples.minimum
    result.deviceSeconds = deviceSeconds
    result.hostSeconds = hostSeconds
    result.launches = launches
    return result
  }
}
