import GlissadeKernels
@testable import GlissadePlanning
import GlissadeTensors
import Testing

/// What the cost model makes of plans that are made by hand, for devices whose figures are round numbers.
struct StepCostTests {
  /// 1 GB/s from memory and 10 GB/s within 1 MiB, 1 GFLOP/s, 1 µs between launches.
  private var processor: DeviceFigures {
    let bandwidth = DeviceFigures.Bandwidth([.init(bytes: 1 << 20, bytesPerSecond: 1e10), .init(bytes: 1 << 21, bytesPerSecond: 1e9)])
    return DeviceFigures(
      style: .cpu, operationsPerSecond: 1e9, copying: bandwidth, launchSeconds: 1e-6, hostSeconds: 5e-7, units: 2)
  }

  /// 10 units of 64 lanes at 1 GHz, 100 GB/s from memory, 1 µs until it answers.
  private func gpu(registers: Int = 65536) -> DeviceFigures {
    DeviceFigures(
      style: .gpu, operationsPerSecond: 2 * 10 * 64 * 1e9, copying: .init(1e11), launchSeconds: 2e-6, hostSeconds: 3e-6, uploadRate: 1e9,
      units: 10,
      unit: .init(
        lanes: 64, width: 32, clock: 1e9, residentItems: 1024, residentGroups: 8, registers: registers, localBytes: 32 << 10,
        localBytesPerClock: 128, memoryLatency: 1e-6, cacheLatency: 1e-6))
  }

  private func slice(_ offset: Int, _ count: Int) -> Slice { Slice(.activations, offset: offset, count: count) }

  private func copy(_ from: Slice, _ to: Slice, flops: Int = 0, items: Int = 64) -> Launch {
    let parameters = CopyParameters(in: from.unit, out: to.unit, count: Int32(to.count))
    return Launch("copy", items: items, reads: [from], writes: [to], flops: flops, parameters: parameters)
  }

  private func cost(_ launches: [Launch], _ figures: DeviceFigures) -> StepCost {
    StepCost(Plan(launches: launches, activationsSize: 1 << 24), on: figures)
  }

  private func expect(_ value: Double, _ right: Double, _ comment: Comment? = nil) {
    #expect(abs(value - right) <= 1e-9 * abs(right), comment ?? "\(value) instead of \(right)")
  }

  // MARK: Bytes

  @Test func bytesBeyondTheCachesTakeMemorysTime() {
    let count = 1 << 20
    let cost = cost([copy(slice(0, count), slice(count, count))], processor)
    expect(cost.launches[0].memory, Double(8 * count) / 1e9)
    expect(cost.inOrder, Double(8 * count) / 1e9 + 1e-6)
    #expect(cost.launches[0].bound == .memory)
  }

  @Test func whatWasUsedALittleWhileAgoComesFromACache() {
    let count = 1 << 16
    let alone = cost([copy(slice(0, count), slice(count, count))], processor)
    expect(alone.launches[0].memory, Double(8 * count) / 1e10)
    // A launch that goes through much more in between.
    let far = 1 << 22
    let two = cost([copy(slice(0, count), slice(count, count)), copy(slice(1 << 20, far), slice(1 << 23, far))], processor)
    expect(two.launches[0].memory, Double(8 * count) / 1e9)
  }

  @Test func whatIsReadAndWrittenPassesTwiceAndASliceThatIsNamedTwiceOnce() {
    let place = slice(0, 1 << 20)
    let updated = LaunchWork(Launch("copy", items: 64, reads: [place], writes: [place], parameters: Int32(0)), style: .cpu)
    #expect(updated.accesses.map(\.kind) == [.updated] && updated.bytes == 8 << 20)
    let twice = LaunchWork(Launch("copy", items: 64, reads: [place, place], writes: [], parameters: Int32(0)), style: .cpu)
    #expect(twice.accesses.map(\.kind) == [.read] && twice.bytes == 4 << 20)
  }

  /// What is written past the caches takes the stores' time, and is in none of them when it is read.
  @Test func largeResultsPassTheCachesByOnAProcessor() {
    var figures = processor
    figures.copying = .init(4e9)
    figures.reading = .init([.init(bytes: 1 << 30, bytesPerSecond: 4e9), .init(bytes: 1 << 31, bytesPerSecond: 1e9)])
    figures.streaming = 2e9
    let count = LaunchWork.streamedCount
    let pair = [copy(slice(0, count), slice(1 << 22, count)), copy(slice(1 << 22, count), slice(1 << 23, count - 16))]
    let cost = cost(pair, figures)
    expect(cost.launches[0].memory, Double(4 * count) * (1 / 4e9 + 1 / 2e9))
    expect(cost.launches[1].memory, Double(4 * count) / 1e9 + Double(4 * (count - 16)) * (2 / 4e9 - 1 / 4e9))
    // A part of a slice that is written in parts: of a concatenation, that is named both read and written.
    for rows in [4096, 4095] {
      let parameters = CopyRowsParameters(in: 0, out: 0, start: 0, rows: Int32(rows), columns: 512, stride: 1024)
      let (from, to) = (slice(0, 4096 * 512), slice(1 << 22, 4096 * 1024))
      let work = LaunchWork(Launch("copy_rows", items: 64, reads: [from, to], writes: [to], parameters: parameters), style: .cpu)
      let written = work.accesses.first { $0.kind == .written }
      #expect(written?.slice.count == rows * 512 && written?.isStreamed == (rows == 4096), "\(work.accesses)")
    }
  }

  /// A copy that is faster than reading and writing one after another shows how much of one the other hides.
  @Test func readingAndWritingGoOnSideBySideAsInACopy() {
    var figures = processor
    (figures.reading, figures.writing, figures.copying) = (.init(4e9), .init(2e9), .init(4e9))
    let count = 1 << 20
    let (a, b, c) = (slice(0, count), slice(count, count), slice(2 * count, count))
    // A copy takes what copies take, which is as long as its writing.
    expect(cost([copy(a, b)], figures).launches[0].memory, Double(8 * count) / 4e9)
    // A second operand is read as well, and there is nothing left to hide it behind.
    var sum = copy(a, c)
    sum.reads = [a, b]
    expect(cost([sum], figures).launches[0].memory, Double(4 * count) * (1 / 2e9 + 1 / 4e9))
    // One that is slower than both shows that they are in each other's way.
    figures.copying = .init(2e9)
    expect(cost([copy(a, b)], figures).launches[0].memory, Double(8 * count) / 2e9)
    // Nothing to be hidden.
    let fill = Launch("fill", items: 64, writes: [a], parameters: FillParameters(out: a.unit, count: Int32(count), value: 0))
    expect(cost([fill], figures).launches[0].memory, Double(4 * count) / 2e9)
  }

  /// On a CPU bytes and instructions hide each other but in part; on a GPU others go on while some wait.
  @Test func bytesAndInstructionsHideEachOther() {
    let launch = copy(slice(0, 1 << 20), slice(1 << 20, 1 << 20), flops: 1 << 22)
    let least = cost([launch], processor).launches[0]
    #expect(least.bound == .memory && least.arithmetic > 0)
    expect(least.computing, (least.memory * least.memory + least.arithmetic * least.arithmetic).squareRoot())
    var figures = gpu()
    figures.operationsPerSecond = 1e11
    let other = cost([launch], figures).launches[0]
    expect(other.computing, max(other.memory, other.arithmetic / other.busyShare, other.waiting))
  }

  /// A tile's edges, and sums that are too few for two units.
  @Test func productsCountWholeTiles() {
    func product(_ rows: Int, _ columns: Int) -> Double {
      var parameters = MatmulParameters()
      (parameters.batch, parameters.rows, parameters.columns, parameters.inner) = (1, Int32(rows), Int32(columns), 100)
      let launch = Launch(
        "matmul", items: 4, reads: [slice(0, 100 * rows), slice(1 << 20, 100 * columns)], writes: [slice(1 << 22, rows * columns)],
        flops: 200 * rows * columns, parameters: parameters)
      return LaunchWork(launch, style: .cpu, tile: RegisterTile(rows: 6, columns: 64)).operations
    }
    expect(product(60, 64), 200 * 60 * 64)
    expect(product(32, 48), 200 * 36 * 48)
    expect(product(36, 9), 200 * 36 * 16 * 8 / 6)
  }

  /// What one thread does alone has one thread's share of the bandwidth.
  @Test func smallLaunchesHaveOneThread() {
    var figures = processor
    (figures.hostSeconds, figures.smallLaunchSeconds) = (0, 1e-9)
    let small = cost([copy(slice(0, 1024), slice(1024, 1024))], figures)
    expect(small.inOrder, 1e-9 + Double(8 * 1024) / 1e10 * 2)
  }

  // MARK: What processors do one after another

  /// Few numbers take log₂ n passes of merging, and wait at each step; more are sorted by digits.
  @Test func sortingIsSetByItsComparisons() {
    var figures = processor
    figures.clock = 1e9
    func sort(_ columns: Int) -> LaunchCost {
      let (rows, count) = (64, 64 * columns)
      let parameters = SortRowsParameters(
        in: 0, keys: slice(1 << 20, 8 * columns).unit, out: slice(1 << 21, count).unit, rows: Int32(rows), columns: Int32(columns),
        count: Int32(columns), ascending: 0, stride: Int32(2 * columns), workers: 2)
      let launch = Launch(
        "sort_rows", items: 2, reads: [slice(0, count)], writes: [slice(1 << 20, 8 * columns), slice(1 << 21, count)],
        parameters: parameters)
      return cost([launch], figures).launches[0]
    }
    let (short, long, counted) = (sort(64), sort(128), sort(4096))
    #expect(short.bound == .dependencies && long.bound == .dependencies && counted.bound == .dependencies)
    // Two passes and three, each of as many clocks, beside the sorted beginnings; digits are as many whatever the length.
    expect(long.work.clocks / 128 - short.work.clocks / 64, 64 * 18)
    #expect(counted.work.clocks / 4096 < long.work.clocks / 128)
    expect(long.dependencies, long.work.clocks / 2e9)
    #expect(long.work.accesses.map(\.kind) == [.read, .written])
  }

  /// Exponentials take longer than bringing their numbers, choices do not.
  @Test func functionsCountAsTheirInstructions() {
    var figures = processor
    (figures.operationsPerSecond, figures.clock) = (3e11, 3e9)
    figures.copying = .init(7e10)
    figures.reading = .init(6e10)
    let shape = [4096, 1000].reduce(1, *)
    func softmax(_ name: String, _ rows: Int, _ columns: Int) -> LaunchCost {
      let (x, y) = (slice(0, rows * columns), slice(1 << 23, rows * columns))
      let parameters = SoftmaxParameters(x: x.unit, y: y.unit, rows: Int32(rows), columns: Int32(columns))
      return cost([Launch(name, items: 64, reads: [x], writes: [y], parameters: parameters)], figures).launches[0]
    }
    let long = softmax("softmax", 4096, 1000)
    #expect(long.bound == .arithmetic && long.work.operations > 2 * 30 * Double(shape))
    // Rows of ten are vectors of 16.
    expect(softmax("softmax", 4096, 10).work.operations, softmax("softmax", 4096, 16).work.operations)
    #expect(softmax("log_softmax", 4096, 1000).work.operations < long.work.operations)
  }

  /// Whoever owns rows of the table looks at every index.
  @Test func searchingCountsEveryIndexForEveryOwner() {
    func scatter(items: Int) -> LaunchWork {
      let parameters = GatherParameters(
        table: slice(1 << 20, 10_000 * 128).unit, indices: slice(1 << 22, 4096).unit, values: 0, outer: 1, extent: 10_000, inner: 128,
        count: 4096, indexStride: 4096, perElement: 0, missing: 0)
      return LaunchWork(
        Launch(
          "scatter_add", items: items, reads: [slice(0, 4096 * 128), slice(1 << 22, 4096)], writes: [slice(1 << 20, 10_000 * 128)],
          parameters: parameters), style: .cpu)
    }
    // Two clocks for each look; no more than a quarter of a row's length of owners.
    expect(scatter(items: 16).clocks - scatter(items: 8).clocks, 4096 * 2 * 8)
    expect(scatter(items: 64).clocks, scatter(items: 32).clocks)
  }

  @Test func whatIsNotReadCostsNothing() {
    func strided(_ outer: Int32, _ inner: Int32) -> Int {
      var parameters = CopyStridedParameters()
      parameters.dimensions = (1, 1, 1, 1, 1024, 512)
      parameters.strides = (0, 0, 0, 0, outer, inner)
      let launch = Launch(
        "copy_strided", items: 64, reads: [slice(0, 1 << 20)], writes: [slice(1 << 21, 1 << 19)], parameters: parameters)
      return LaunchWork(launch, style: .cpu).accesses[0].slice.count
    }
    // Half of each row; every second number, which is in every line; one row again and again.
    #expect(strided(1024, 1) == 1 << 19 && strided(1024, 2) == 1 << 20 && strided(0, 1) == 512)
  }

  // MARK: What wins

  @Test func theSlowestPartSetsTheTime() {
    let (from, to) = (slice(0, 1 << 20), slice(1 << 20, 1 << 20))
    let heavy = cost([copy(from, to, flops: 1 << 30)], processor)
    #expect(heavy.launches[0].bound == .arithmetic)
    // An operation that is none of a multiply-add takes the time of two.
    expect(heavy.launches[0].arithmetic, 2 * Double(1 << 30) / 1e9)
    let little = cost([copy(slice(0, 16), slice(64, 16))], processor)
    #expect(little.launches[0].bound == .launch && little.shares.first?.bound == .launch)
  }

  @Test func launchesAddUpWhateverTheyDo() {
    let launches = (0..<100).map { _ in copy(slice(0, 16), slice(64, 16)) }
    let cost = cost(launches, processor)
    expect(cost.inOrder, 100 * (1e-6 + 128 / 1e10))
    expect(cost.queueing, 100 * 5e-7)
    #expect(cost.seconds == cost.inOrder)
    // On a device that is quicker than its host, the host sets the pace.
    let quick = self.cost(launches, gpu())
    #expect(quick.queueing > 100 * 2e-6 && quick.seconds == max(quick.inOrder, quick.queueing))
  }

  @Test func theBatchHasToBeBrought() {
    var plan = Plan(launches: [copy(slice(0, 16), slice(64, 16))], activationsSize: 1 << 10)
    expect(StepCost(plan, on: gpu()).uploading, Double(4 * StepMemory.constantsSize(groups: 0)) / 1e9)
    plan = plan.repeated(2)
    #expect(StepCost(plan, on: processor).uploading == 0)
  }

  @Test func onlyLaunchesThatNeedEachOtherHaveToWait() {
    let n = 1 << 18
    let chain = cost([copy(slice(0, n), slice(n, n)), copy(slice(n, n), slice(2 * n, n))], gpu())
    expect(chain.overlapped, chain.inOrder)
    let apart = cost([copy(slice(0, n), slice(n, n)), copy(slice(2 * n, n), slice(3 * n, n))], gpu())
    #expect(apart.overlapped < 0.9 * apart.inOrder)
    // Memory is one, whoever uses it.
    #expect(apart.overlapped >= apart.launches.reduce(0) { $0 + $1.memory })
  }

  // MARK: Work-groups

  private func product(_ tile: LocalTile, rows: Int, columns: Int, inner: Int, splits: Int = 1) -> Launch {
    var parameters = LocalMatmulParameters()
    (parameters.batch, parameters.rows, parameters.columns, parameters.inner) = (1, Int32(rows), Int32(columns), Int32(inner))
    parameters.splits = Int32(splits)
    let groups = ((rows + tile.rows - 1) / tile.rows) * ((columns + tile.columns - 1) / tile.columns) * splits
    var launch = Launch(
      "matmul_local", items: groups * tile.groupSize, reads: [slice(0, rows * inner), slice(1 << 20, inner * columns)],
      writes: [slice(1 << 22, rows * columns)], flops: 2 * rows * columns * inner, parameters: parameters)
    launch.kernel = .local("matmul_local", tile)
    return launch
  }

  @Test func aWaveMoreLeavesMostUnitsIdle() {
    let tile = LocalTile(64, 64, inner: 16, item: (8, 8))
    let full = cost([product(tile, rows: 640, columns: 64, inner: 4096)], gpu()).launches[0]
    let more = cost([product(tile, rows: 641, columns: 64, inner: 4096)], gpu()).launches[0]
    #expect(full.work.groups == 10 && full.busyShare == 1 && full.bound == .arithmetic)
    #expect(more.work.groups == 11 && more.busyShare == 11.0 / 20 && more.bound == .idleUnits)
    expect(more.computing, 2 * full.computing)
    // Edges count as the tiles that they take.
    expect(more.work.operations, 1.1 * full.work.operations)
  }

  @Test func fewTilesLeaveUnitsIdleUnlessTheInnerDimensionIsCut() {
    let tile = LocalTile(64, 64, inner: 16, item: (8, 8))
    let whole = cost([product(tile, rows: 64, columns: 128, inner: 5120)], gpu()).launches[0]
    let cut = cost([product(tile, rows: 64, columns: 128, inner: 5120, splits: 5)], gpu()).launches[0]
    #expect(whole.bound == .idleUnits && whole.busyShare == 0.2 && cut.busyShare == 1)
    expect(cut.computing, whole.computing / 5)
  }

  @Test func smallItemsWaitForLocalMemory() {
    // 4 × 4 sums from 8 floats: two bytes for each multiply-add, of which 64 lanes would take 128 in a clock; 2 × 2 sums take twice as many.
    let even = cost([product(LocalTile(64, 64, inner: 16, item: (4, 4)), rows: 640, columns: 64, inner: 4096)], gpu()).launches[0]
    let small = cost([product(LocalTile(32, 32, inner: 16, item: (2, 2), vector: 2), rows: 320, columns: 64, inner: 4096)], gpu()).launches[
      0]
    #expect(even.work.feedBytes == 2 && even.feeding == even.arithmetic)
    #expect(small.work.feedBytes == 4 && small.bound == .localMemory)
    expect(small.feeding, 2 * small.arithmetic)
  }

  @Test func registersAndLocalMemoryLimitTheGroupsOfAUnit() {
    let tile = LocalTile(64, 64, inner: 16, item: (4, 4), stages: 1)
    let launch = product(tile, rows: 6400, columns: 64, inner: 64)
    let work = LaunchWork(launch, style: .gpu)
    #expect(work.localBytes == tile.localBytes && work.registers >= tile.itemRows * tile.itemColumns)
    // 1024 items are 4 groups of 256; 32 KiB are 3 of this tile's 8.5 KiB.
    #expect(cost([launch], gpu()).launches[0].groupsPerUnit == 3)
    #expect(cost([launch], gpu(registers: 2 * 256 * work.registers)).launches[0].groupsPerUnit == 2)
  }

  // MARK: Waiting

  @Test func aMergeOfManyChunksWaitsWhateverTheDeviceCanDo() {
    let (rows, channels) = (1 << 18, 32)
    var parameters = BatchNormMergeParameters()
    (parameters.rows, parameters.channels, parameters.chunk) = (Int32(rows), Int32(channels), 64)
    let launch = Launch(
      "batch_norm_statistics_merge", items: 64 * channels, reads: [slice(0, 4096 * channels)], writes: [slice(1 << 20, channels)],
      parameters: parameters)
    let cost = cost([launch], gpu())
    #expect(cost.launches[0].work.items == 64 * channels && cost.launches[0].bound == .waits)
    // 4096 chunks, which the 64 of a group share, four loads at a time; 32 groups on ten units.
    expect(cost.launches[0].computing, 16 * 1e-6)
    let finding = cost.findings(of: Plan(launches: [launch], activationsSize: 1 << 21)).first
    #expect(finding?.kernel == "batch_norm_statistics_merge" && finding?.bound == .waits && finding?.count == 1)
  }

  @Test func readsAtAStrideBringLinesThatAreNotUsed() {
    func strided(outer: Int32, inner: Int32) -> LaunchCost {
      var parameters = CopyStridedParameters()
      parameters.dimensions = (1, 1, 1, 1, 1024, 1024)
      parameters.strides = (0, 0, 0, 0, outer, inner)
      let launch = Launch(
        "copy_strided", items: 1 << 20, reads: [slice(0, 1 << 20)], writes: [slice(1 << 21, 1 << 20)], parameters: parameters)
      return cost([launch], gpu()).launches[0]
    }
    let plain = strided(outer: 1024, inner: 1)
    #expect(plain.work.overfetch == 1 && strided(outer: 2048, inner: 2).work.overfetch == 2)
    expect(strided(outer: 2048, inner: 2).memory, 2 * plain.memory)
    // A transpose goes through local memory, in tiles.
    #expect(strided(outer: 1, inner: 1024).work.overfetch == 1 && strided(outer: 1, inner: 1024).work.localBytes > 0)
  }

  /// Nobody waits on a processor: its threads are busy by themselves.
  @Test func processorsHaveNoUnits() throws {
    let plan = try Planner(profile: TrainingPlans.cpu).plan(TrainingPlans.resnet)
    let cost = StepCost(plan, on: processor)
    #expect(cost.launches.count == plan.launches.count)
    #expect(cost.launches.allSatisfy { $0.waiting == 0 && $0.feeding == 0 && $0.seconds.isFinite && $0.seconds > 0 })
    #expect(cost.launches.allSatisfy { $0.busyShare > 0 && $0.busyShare <= 1 })
  }

  @Test func everyLaunchOfAGPUsPlanHasWork() throws {
    for request in [TrainingPlans.lenet, TrainingPlans.resnet, TrainingPlans.mlp] {
      for products in [ProductTuning(), ProductTuning(always: .local(LocalTile()))] {
        var profile = TrainingPlans.gpu
        profile.products = products
        let plan = try Planner(profile: profile).plan(request)
        let cost = StepCost(plan, on: gpu())
        for (launch, least) in zip(plan.launches, cost.launches) {
          let isPossible = least.work.items > 0 && least.work.groups > 0 && least.seconds.isFinite && least.busyShare > 0
          #expect(isPossible && least.busyShare <= 1, "\(launch.kernelName)")
        }
        #expect(cost.overlapped <= cost.inOrder * 1.000001 && cost.overlapped > 0)
      }
    }
  }

  // MARK: For people

  @Test func theTextNamesWhatCosts() throws {
    let plan = try Planner(profile: TrainingPlans.gpu).plan(TrainingPlans.resnet)
    let cost = StepCost(plan, on: gpu())
    let times = cost.launches.map { 2 * $0.computing }
    let text = cost.summary(of: plan, measured: times, step: 2 * cost.seconds)
    for part in ["the least time of a step by the model", "the least is 50 % of it", "normalization", "REACHED", "what the step loses"] {
      #expect(text.contains(part), "\(part) is not in \(text)")
    }
    let table = plan.table(beside: cost.columns(measured: times))
    for part in ["least µs", "measured µs", "bound by", "\(plan.launches.count) launches, "] { #expect(table.contains(part), "\(part)") }
    #expect(!plan.table(beside: cost.columns(measured: nil)).contains("measured µs") && !plan.table.contains("least µs"))
  }
}
