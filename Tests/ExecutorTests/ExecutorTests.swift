import CExecutor
import Foundation
import Testing

struct ExecutorTests {
  static let threadCounts: [Int32] = [1, 2, 3, 7]

  @Test(arguments: threadCounts) func hasTheThreadsItWasAskedFor(threads: Int32) throws {
    let executor = try Pool(threads)
    #expect(executor_thread_count(executor.pointer) == threads)
  }

  @Test func zeroThreadsMeansTheProcessorsOfThisProcess() throws {
    let executor = try Pool(0)
    // Of those that it may run on, which may be fewer than there are.
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let allowed = try #require(status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") })
    let count = allowed.dropFirst("Cpus_allowed:".count).reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
    #expect(executor_thread_count(executor.pointer) == Int32(count))
  }

  /// Every work-item is computed exactly once, at its own place, whatever the shape and the chunk.
  @Test(arguments: threadCounts) func everyItemRunsOnce(threads: Int32) throws {
    let executor = try Pool(threads)
    let line = [[0, 1, 1], [1, 1, 1], [2, 1, 1], [17, 1, 1], [1000, 1, 1]]
    let sizes = line + [[5, 0, 3], [1, 9, 2], [1, 1, 13], [3, 5, 7], [64, 33, 3]]
    for size in sizes {
      for chunk in [0, 1, 2, 7, 64, 100_000] {
        let count = size.reduce(1, *)
        let cells = Cells(count + 1)
        executor.run([launch(countVisit, [cells], size: size, chunk: chunk)])
        #expect(cells.values == (0..<count).map { UInt32($0) + 1 } + [0], "size \(size), chunk \(chunk)")
      }
    }
  }

  /// Each launch sees all that the earlier ones wrote: every one reads its neighbours' results of the one before.
  @Test(arguments: threadCounts) func launchesAreInOrder(threads: Int32) throws {
    let executor = try Pool(threads)
    let rounds = 2_000
    let rings = Rings(count: 41)
    executor.run(rings.launches(rounds))
    #expect(rings.result(rounds) == Rings.expected(count: 41, rounds: rounds))
  }

  /// Small launches, which run on one thread, alternate with shared ones.
  @Test(arguments: threadCounts) func smallLaunchesAreInOrderToo(threads: Int32) throws {
    let executor = try Pool(threads)
    let cells = Cells(600)
    let sum = Cells(1)
    var launches: [ExecutorLaunch] = []
    for _ in 0..<200 {
      launches.append(launch(increment, [cells], size: [600, 1, 1]))
      launches.append(launch(addAll, [cells, sum], size: [1, 1, 1]))
      launches.append(launch(addAll, [cells, sum], size: [0, 1, 1]))
    }
    executor.run(launches)
    #expect(sum.values == [UInt32(600 * (1...200).reduce(0, +))])
  }

  @Test func parametersReachTheKernel() throws {
    let executor = try Pool(2)
    let cells = Cells(100)
    let factor = Cells(1)
    factor[0] = 3
    var scaled = launch(scale, [cells], size: [100, 1, 1])
    scaled.parameters = UnsafeRawPointer(factor.base)
    executor.run([launch(increment, [cells], size: [100, 1, 1]), scaled, scaled])
    #expect(cells.values == [UInt32](repeating: 9, count: 100))
  }

  @Test(arguments: [Int32(2), 7]) func concurrentCallersTakeTurns(threads: Int32) throws {
    let executor = try Pool(threads)
    let rings = (0..<6).map { Rings(count: 11 + $0) }
    DispatchQueue.concurrentPerform(iterations: rings.count) { caller in
      for _ in 0..<50 { executor.run(rings[caller].launches(40)) }
    }
    for ring in rings { #expect(ring.result(50 * 40) == Rings.expected(count: ring.count, rounds: 50 * 40)) }
  }

  @Test(arguments: threadCounts) func theObserverIsCalledBehindEachLaunch(threads: Int32) throws {
    let executor = try Pool(threads)
    let cells = Cells(50)
    let record = Record(cells)
    let launches = [50, 0, 1, 50].map { launch(increment, [cells], size: [$0, 1, 1]) } + [launch(nap, [], size: [1, 1, 1])]
    executor_run_observed(
      executor.pointer, launches, launches.count,
      { context, index, nanoseconds in
        guard let context else { return }
        Unmanaged<Record>.fromOpaque(context).takeUnretainedValue().note(index, nanoseconds)
      }, Unmanaged.passUnretained(record).toOpaque())
    #expect(record.indices == [0, 1, 2, 3, 4])
    #expect(record.firstCell == [1, 1, 2, 3, 3])
    #expect(record.nanoseconds[4] >= 20_000_000)
    #expect(record.onCallingThread)
  }

  @Test(.enabled(if: ProcessInfo.processInfo.activeProcessorCount > 1)) func aLaunchIsSharedByThreads() throws {
    let executor = try Pool(2)
    let threads = Cells(8)
    executor.run([launch(napAndSign, [threads], size: [8, 1, 1])])
    #expect(Set(threads.values).count == 2)
    // And one of no more than `chunk` items stays on the calling thread.
    executor.run([launch(napAndSign, [threads], size: [8, 1, 1], chunk: 8)])
    #expect(Set(threads.values) == [threadNumber()])
  }

  /// A pool without work sleeps.
  @Test(arguments: [Int32(2), 7]) func anIdlePoolUsesNoProcessorTime(threads: Int32) async {
    // In a process of its own, where no other test uses processor time.
    await #expect(processExitsWith: .success) { [threads] in try measureIdle(threads: threads) }
  }

  @Test func poolsComeAndGo() throws {
    for round in 0..<200 {
      let executor = try Pool(Int32(1 + round % 5))
      if round % 2 == 0 { continue }
      let cells = Cells(9)
      executor.run([launch(increment, [cells], size: [9, 1, 1])])
      #expect(cells.values == [UInt32](repeating: 1, count: 9))
    }
  }
}

private func measureIdle(threads: Int32) throws {
  let executor = try Pool(threads)
  let cells = Cells(1000)
  executor.run([launch(increment, [cells], size: [1000, 1, 1])])
  usleep(50_000)
  let before = processorMilliseconds()
  usleep(300_000)
  let used = processorMilliseconds() - before
  // A thread that waits awake would use 300.
  #expect(used < 100, "an idle pool used \(used) ms in 300 ms")
  // And it still works after its sleep.
  executor.run([launch(increment, [cells], size: [1000, 1, 1])])
  #expect(cells.values == [UInt32](repeating: 2, count: 1000))
}

private func processorMilliseconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) * 1e-6
}
