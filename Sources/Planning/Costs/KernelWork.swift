import GlissadeKernels

/// What is known of each kernel's work beyond its slices: operations that the mathematics does not name, and on a GPU how many work-items
/// have something to do, how often each waits for memory, and which neighbours read neighbours. A kernel that is not listed is taken to
/// share its result out among its work-items, element by element.
///
/// Waits are counted in loads from memory: four independent loads of a loop are on their way at a time, because compilers unroll that far, and
/// eight where a kernel asks for so many (`AHEAD`).
struct KernelWork {
  let launch: Launch
  let style: DeviceProfile.Style
  /// The register tile that products were cut for.
  let tile: RegisterTile
  /// Whether a CPU's kernels are the native ones.
  let isNative: Bool

  init(_ launch: Launch, style: DeviceProfile.Style, tile: RegisterTile, isNative: Bool = true) {
    self.launch = launch
    self.style = style
    self.tile = tile
    self.isNative = isNative
  }

  /// Loads of a loop that are on their way together.
  private static let loadsAhead = 4.0
  /// `AHEAD` of `Kernels/vectors.h`.
  private static let asked = 8.0
  /// Instructions of an integer division.
  private static let division = 20.0
  /// Clocks of one on a CPU.
  private static let vectorDivision = 12.0

  /// Fills in what the kernel's parameters say.
  func describe(_ work: inout LaunchWork) {
    switch launch.kernel {
    case .elementwise(let chain): describe(chain, &work)
    case .update(let chain): describe(chain, &work)
    case .local(let name, let tile): describe(name, tile, &work)
    case .library(let name): style == .cpu ? describeOnCPU(name, &work) : describeOnGPU(name, &work)
    }
  }

  /// The launch's parameter struct.
  func parameters<Parameters>(_ type: Parameters.Type) -> Parameters? {
    launch.parameters.count == MemoryLayout<Parameters>.size ? launch.parameters.withUnsafeBytes { $0.loadUnaligned(as: type) } : nil
  }

  var written: Int { launch.writes.map(\.count).max() ?? 0 }
  var read: Int { launch.reads.map(\.count).max() ?? 0 }

  // MARK: Sharing out on a GPU

  /// `units` pieces of work, of which each work-item takes as many as there are index spaces of them.
  /// - Parameters:
  ///   - units: pieces of work.
  ///   - waits: for memory, in each.
  private func share(_ work: inout LaunchWork, units: Int, waits: Double = 1) {
    let space = launch.items.0 * launch.items.1 * launch.items.2
    work.groupSize = launch.items.0 % 64 == 0 ? 64 : min(64, max(space, 1))
    work.items = max(1, min(space, units))
    work.waits = waits * Double((units + work.items - 1) / work.items)
  }

  /// Rows that up to 64 neighbours of a group share.
  ///
  /// - Parameter keeps: whether an item keeps up to 16 numbers, which it asks for at once, and asks for nothing twice (`KEEPS`).
  private func shareRows(
    _ work: inout LaunchWork, rows: Int, columns: Int, passes: Double = 1, keeps: Bool = false, ahead: Double = Self.loadsAhead
  ) {
    var lanes = 1
    while lanes < 64, lanes * 4 < columns { lanes *= 2 }
    let turns = Double((columns + lanes - 1) / lanes)
    let isKept = keeps && columns > 4 * lanes && columns <= 16 * lanes
    share(&work, units: rows * lanes, waits: isKept ? 1 : passes * (turns / ahead).rounded(.up))
  }

  /// Columns of `outer` matrices, each shared by up to eight parts of its rows, as many as fill a device, or by a whole group where the columns
  /// are few (`COLUMNS_OF`).
  private func shareColumns(_ work: inout LaunchWork, outer: Int, rows: Int, columns: Int, ahead: Double = Self.loadsAhead) {
    var parts = 1
    while parts < 64, parts * 8 <= rows, outer * columns * parts < (parts < 8 ? 1 << 16 : 1 << 12) { parts *= 2 }
    let turns = Double((rows + parts - 1) / parts)
    share(&work, units: outer * columns * parts, waits: (turns / ahead).rounded(.up))
  }

  /// A bitonic network of n log₂ n (log₂ n + 1) / 4 comparisons, of some eight instructions. Rows that a group's memory holds pass once; of longer
  /// ones all is read and written again each time that blocks are joined to one of twice the size, and at each distance that is greater than a block.
  private func sort(_ p: SortRowsParameters, _ work: inout LaunchWork) {
    func logarithm(_ x: Int) -> Double { Double(x.bitWidth - 1 - x.leadingZeroBitCount) }
    let (rows, stride, block) = (Int(p.rows), Int(p.stride), 64 * Int(SORTED_WORDS))
    let steps = logarithm(max(stride, 2)), beyond = max(0, steps - logarithm(block))
    work.operations = 2 * Double(rows * stride) * steps * (steps + 1) / 4 * 8
    guard stride > block else {
      // Nothing is written there.
      limit(&work, launch.writes.first, to: 0)
      return share(&work, units: max(1, rows * stride / Int(SORTED_WORDS)), waits: 1)
    }
    let passes = 1 + beyond * (beyond + 1) / 2 + beyond
    share(&work, units: 64 * min(rows, Int(p.workers)), waits: 1)
    work.waits = passes * Double(stride) / Double(block) * Double(rows) / Double(max(1, min(rows, Int(p.workers))))
  }

  // MARK: Chains

  private func describe(_ chain: ElementwiseChain, _ work: inout LaunchWork) {
    guard let p = parameters(ElementwiseParameters.self) else { return }
    let count = Int(p.rows) * Int(p.columns)
    let isGrid = chain.inputs.contains { $0 == .column || $0 == .row }
    let instructions = chain.instructionsPerElement + (style == .gpu && isGrid ? Self.division : 0)
    work.operations = 2 * Double(count) * instructions
    // A driver's kernel divides once for each vector, to find its row.
    if style == .cpu, !isNative, isGrid { work.clocks = Double((count + 15) / 16) * Self.vectorDivision }
    guard style == .gpu else { return }
    // Four neighbouring elements for each.
    share(&work, units: (count + 3) / 4)
    work.registers = 24 + 4 * (chain.inputs.count + 2)
  }

  private func describe(_ chain: UpdateChain, _ work: inout LaunchWork) {
    guard let p = parameters(RecordedUpdateParameters.self) else { return }
    let count = Int(p.count)
    work.operations = 2 * Double(count) * chain.instructionsPerElement
    guard style == .gpu else { return }
    // Four neighbouring elements for each.
    share(&work, units: (count + 3) / 4)
    work.registers = 24 + 4 * (2 + chain.stateCount + chain.normCount + 2)
  }

  // MARK: Tiles in local memory

  private func describe(_ name: String, _ tile: LocalTile, _ work: inout LaunchWork) {
    let size = tile.groupSize
    work.groupSize = size
    work.localBytes = tile.localBytes
    work.independentSums = tile.itemRows * tile.itemColumns
    work.feedBytes = 4 * Double(tile.itemRows + tile.itemColumns) / Double(tile.itemRows * tile.itemColumns) * (tile.storesHalf ? 0.5 : 1)
    let runs = [tile.rows, tile.columns].map { ($0 * tile.inner / tile.loadVector + size - 1) / size }
    work.registers = tile.registers
    var groups = 0
    // Floats of both operands that a group reads, and inner positions that it goes through.
    var (tileFloats, inner) = (0, 0)
    if let p = parameters(LocalMatmulParameters.self), name == "matmul_local" {
      inner = (Int(p.inner) + Int(p.splits) - 1) / Int(p.splits)
      groups = tile.tiles(Int(p.rows), Int(p.columns)) * Int(p.batch) * Int(p.splits)
      tileFloats = (tile.rows + tile.columns) * inner
    } else if let p = parameters(LocalConvolutionParameters.self), name != "convolution_weight_gradient_local" {
      let s = p.shape
      let isGradient: Int32 = name == "convolution_input_gradient_local" ? 1 : 0
      let (inputs, outputs) = (Int(s.inputChannels / s.groups), Int(s.outputChannels / s.groups))
      let (source, columns) = isGradient == 1 ? (outputs, inputs) : (inputs, outputs)
      let phases = convolution_phases(s, isGradient)
      let taps = (convolution_taps(s) + phases - 1) / phases
      let splits = max(Int(p.splits), 1)
      inner = (taps * source + splits - 1) / splits
      groups = tile.tiles(convolution_pixels(s, isGradient), columns) * convolution_planes(s, isGradient) * splits
      // Taps that see the same pixel find it in the unit's own cache.
      let pixels = isGradient == 1 ? 1 : min(Int(s.strideHeight) * Int(s.strideWidth), taps)
      tileFloats = min(tile.rows * pixels * source, tile.rows * inner) + tile.columns * inner
      work.registers += 3 * runs[0] + (isGradient == 1 ? 3 * runs[1] : 0)
    } else if let p = parameters(LocalWeightGradientParameters.self) {
      let s = p.shape
      let (rows, columns) = (Int(s.outputChannels / s.groups), convolution_taps(s) * Int(s.inputChannels / s.groups))
      inner = (convolution_pixels(s, 0) + Int(p.splits) - 1) / Int(p.splits)
      groups = tile.tiles(rows, columns) * Int(s.groups) * Int(p.splits)
      tileFloats = (tile.rows + tile.columns) * inner
      work.registers += 3 * runs[1]
    } else {
      groups = work.items / max(size, 1)
      inner = max(1, launch.note.flops / max(2 * groups * tile.rows * tile.columns, 1))
      tileFloats = (tile.rows + tile.columns) * inner
    }
    let steps = (inner + tile.inner - 1) / tile.inner
    work.items = groups * size
    work.operations = 2 * Double(groups * tile.rows * tile.columns) * Double(steps * tile.inner)
    work.tileBytes = 4 * groups * tileFloats
    // The next tiles come while these are multiplied: only the first ones are waited for, and barriers.
    work.waits = 1 + Double(steps) * 0.1
  }

  // MARK: The library on every device

  func describeCommon(_ name: String, _ work: inout LaunchWork) {
    switch name {
    case "fma_peak": work.operations = Double(launch.note.flops)
    case "softmax", "log_softmax", "softmax_gradient", "log_softmax_gradient", "softmax_cross_entropy":
      let isPlainGradient = name == "softmax_gradient"
      work.operations += isPlainGradient ? 0 : 2 * Double(written) * 20
    case "log_sum_exp": work.operations += 2 * Double(read) * 20
    // Philox: ten rounds of two wide multiplications for four numbers.
    case "dropout": work.operations = 2 * Double(written) * 30
    case "gather":
      guard let p = parameters(GatherParameters.self) else { break }
      // Whole lines of 16 numbers, whoever wants one of them.
      let (rows, inner) = (Int(p.outer) * Int(p.count), Int(p.inner))
      limit(&work, launch.reads.first, to: p.perElement == 1 ? rows * inner * 16 : rows * max(inner, 16))
    // Of an arena, the matrices of one shape.
    case "gather_matrices":
      onlyWritten(&work)
      if let p = parameters(MatricesParameters.self) { limit(&work, launch.reads.first, to: Int(p.matrixCount) * Int(p.count)) }
    case "scatter_matrices":
      onlyWritten(&work)
      if let p = parameters(MatricesParameters.self) { limit(&work, launch.writes.first, to: Int(p.matrixCount) * Int(p.count)) }
    // Written only, in whole or in a turn's part.
    case "copy_strided":
      onlyWritten(&work)
      if let p = parameters(CopyStridedParameters.self) { limit(&work, launch.reads.first, to: p.touchedCount) }
    case "copy_rows":
      onlyWritten(&work)
      if let p = parameters(CopyRowsParameters.self) { limit(&work, launch.writes.first, to: Int(p.rows) * Int(p.columns)) }
    default: break
    }
  }

  /// Only so many elements of a slice are read.
  func limit(_ work: inout LaunchWork, _ slice: Slice?, to count: Int) {
    for index in work.accesses.indices where work.accesses[index].slice == slice && work.accesses[index].slice.count > count {
      work.accesses[index].slice.count = count
    }
  }

  private func onlyWritten(_ work: inout LaunchWork) {
    for index in work.accesses.indices where work.accesses[index].kind == .updated { work.accesses[index].kind = .written }
  }

  // MARK: The library on a GPU

  private func describeOnGPU(_ name: String, _ work: inout LaunchWork) {
    describeCommon(name, &work)
    switch name {
    case "reduce_rows", "reduce_rows_extreme", "reduce_rows_product":
      guard let p = parameters(ReduceRowsParameters.self) else { break }
      let chunks = (Int(p.columns) + Int(p.chunk) - 1) / max(Int(p.chunk), 1)
      return shareRows(&work, rows: Int(p.rows) * chunks, columns: min(Int(p.columns), Int(p.chunk)), ahead: Self.asked)
    case "reduce_columns", "reduce_columns_extreme", "reduce_columns_product":
      guard let p = parameters(ReduceColumnsParameters.self) else { break }
      let chunks = (Int(p.reduced) + Int(p.chunk) - 1) / max(Int(p.chunk), 1)
      return shareColumns(&work, outer: Int(p.outer) * chunks, rows: Int(min(p.reduced, p.chunk)), columns: Int(p.inner), ahead: Self.asked)
    case "cumulative_sum":
      guard let p = parameters(CumulativeSumParameters.self) else { break }
      return shareRows(&work, rows: Int(p.rows), columns: Int(p.columns), ahead: Self.asked)
    case "top_rows":
      guard let p = parameters(TopRowsParameters.self) else { break }
      // Each number is looked at for each of the places.
      work.operations = 2 * Double(p.count) * Double(p.rows) * Double(p.columns) * 6
      return shareRows(&work, rows: Int(p.rows), columns: Int(p.columns), passes: Double(p.count), keeps: true, ahead: Self.asked)
    case "sort_rows":
      guard let p = parameters(SortRowsParameters.self) else { break }
      return sort(p, &work)
    case "variance_rows":
      guard let p = parameters(VarianceRowsParameters.self) else { break }
      return shareRows(&work, rows: Int(p.rows), columns: Int(p.columns), passes: 2, keeps: true, ahead: Self.asked)
    case "extreme_gradient_rows":
      guard let p = parameters(ExtremeGradientParameters.self) else { break }
      return shareRows(&work, rows: Int(p.rows), columns: Int(p.columns), passes: 2, keeps: true)
    case "argmax_rows":
      guard let p = parameters(ArgmaxRowsParameters.self) else { break }
      return shareRows(&work, rows: Int(p.rows), columns: Int(p.columns), passes: 2, keeps: true, ahead: Self.asked)
    case "log_sum_exp":
      guard let p = parameters(SoftmaxParameters.self) else { break }
      return shareRows(&work, rows: Int(p.rows), columns: Int(p.columns), passes: 2, keeps: true)
    case "softmax", "log_softmax":
      guard let p = parameters(SoftmaxParameters.self) else { break }
      return shareRows(&work, rows: Int(p.rows), columns: Int(p.columns), passes: 3, keeps: true)
    case "softmax_gradient", "log_softmax_gradient":
      guard let p = parameters(SoftmaxGradientParameters.self) else { break }
      return shareRows(&work, rows: Int(p.rows), columns: Int(p.columns), passes: 2, keeps: true)
    case "softmax_cross_entropy":
      guard let p = parameters(CrossEntropyParameters.self) else { break }
      return shareRows(&work, rows: Int(p.rows), columns: Int(p.columns), passes: 4, keeps: true)
    case "cross_entropy_finish":
      return shareRows(&work, rows: 1, columns: parameters(CrossEntropyFinishParameters.self).map { Int($0.count) } ?? 1)
    case "gradient_norm_finish":
      return shareRows(&work, rows: 1, columns: parameters(GradientNormFinishParameters.self).map { Int($0.count) } ?? 1)
    case "step_end": return share(&work, units: 1, waits: 4)
    case "gradient_norm_partial":
      guard let p = parameters(GradientNormPartialParameters.self) else { break }
      return shareRows(
        &work, rows: (Int(p.count) + Int(p.chunk) - 1) / max(Int(p.chunk), 1), columns: Int(min(p.count, p.chunk)))
    case "segment_norm_partial":
      guard let p = parameters(SegmentNormPartialParameters.self) else { break }
      return shareRows(&work, rows: Int(p.normCount * p.chunks), columns: Int(p.chunk))
    case "gather_matrices", "scatter_matrices":
      guard let p = parameters(MatricesParameters.self) else { break }
      return shareRows(&work, rows: Int(p.matrixCount * p.parts), columns: Int(p.part))
    case "segment_norm_finish":
      guard let p = parameters(SegmentNormFinishParameters.self) else { break }
      return shareRows(&work, rows: Int(p.normCount * p.segmentCount), columns: Int(p.longest))
    case "batch_norm_statistics_partial":
      guard let p = parameters(BatchNormPartialParameters.self) else { break }
      return shareChannels(&work, rows: Int(p.rows), channels: Int(p.channels), chunk: Int(p.chunk))
    case "batch_norm_gradient_partial":
      guard let p = parameters(BatchNormGradientPartialParameters.self) else { break }
      return shareChannels(&work, rows: Int(p.rows), channels: Int(p.channels), chunk: Int(p.chunk))
    case "batch_norm_statistics_merge":
      guard let p = parameters(BatchNormMergeParameters.self) else { break }
      return mergeChannels(&work, rows: Int(p.rows), channels: Int(p.channels), chunk: Int(p.chunk))
    case "batch_norm_gradient_merge":
      guard let p = parameters(BatchNormGradientMergeParameters.self) else { break }
      return mergeChannels(&work, rows: Int(p.rows), channels: Int(p.channels), chunk: Int(p.chunk))
    case "matmul_merge":
      guard let p = parameters(MatmulMergeParameters.self) else { break }
      return share(&work, units: Int(p.rows) * Int(p.columns), waits: (Double(p.splits) / Self.loadsAhead).rounded(.up))
    case "convolution_merge", "depthwise_merge":
      guard let p = parameters(ConvolutionMergeParameters.self) else { break }
      return shareColumns(&work, outer: 1, rows: Int(p.splits), columns: Int(p.count))
    case "copy_strided":
      guard let p = parameters(CopyStridedParameters.self) else { break }
      return strided(p, &work)
    case "copy_rows":
      guard let p = parameters(CopyRowsParameters.self) else { break }
      let units = Int(p.rows) * Int(p.columns) / ((p.columns | p.stride | p.start) % 4 == 0 ? 4 : 1)
      work.operations = 2 * Double(units) * Self.division
      return share(&work, units: max(units, 1))
    case "pad":
      guard let p = parameters(PadParameters.self) else { break }
      let d = p.dimensions
      return moved(written, inner: d.5, divisions: 1 + [d.0, d.1, d.2, d.3, d.4].count { $0 != 1 }, &work)
    case "gather":
      guard let p = parameters(GatherParameters.self) else { break }
      moved(written, inner: p.perElement == 1 ? 1 : p.inner, divisions: p.outer == 1 ? 1 : 2, &work)
      // The element that an index names is known when that has come.
      work.waits *= 2
    case "scatter_add":
      guard let p = parameters(GatherParameters.self) else { break }
      let (columns, extent) = (max(Int(p.outer) * Int(p.inner), 1), max(Int(p.extent), 1))
      if p.perElement == 0 {
        // Groups own rows. Each looks at all indices, as many at a time as it has work-items: a dozen instructions, and barriers.
        let outer = max(Int(p.outer), 1), owners = max(1, min(launch.items.0 / 64 / outer, extent))
        work.operations = 2 * Double(outer * owners) * Double(p.count) * 12
        return share(&work, units: outer * owners * 64, waits: (Double(p.count) / 64).rounded(.up))
      }
      let parts = max(1, min(work.items / columns, extent))
      work.operations = 2 * Double(columns * parts) * Double(p.count) * Self.division
      return share(&work, units: columns * parts, waits: (Double(p.count) / Self.loadsAhead).rounded(.up))
    case "convolution_patches":
      work.operations = 2 * Double(written) * 4 * Self.division
      return share(&work, units: written)
    case "max_pool", "max_pool_select", "average_pool", "max_pool_gradient", "average_pool_gradient":
      guard let p = parameters(PoolParameters.self) else { break }
      let taps = Double(p.kernelHeight * p.kernelWidth), together = name != "max_pool_select" && p.channels % 4 == 0 ? 4 : 1
      work.operations += 2 * Double(written / together) * 5 * Self.division
      return share(&work, units: written / together, waits: 1 + (taps / Self.loadsAhead).rounded(.up))
    case "depthwise", "depthwise_input_gradient":
      guard let p = parameters(ConvolutionParameters.self) else { break }
      return depthwise(p.shape, isGradient: name != "depthwise", &work)
    case "depthwise_weight_gradient":
      guard let p = parameters(ConvolutionWeightGradientParameters.self) else { break }
      return depthwiseWeights(p, &work)
    case "matmul", "matmul_inner", "convolution", "convolution_input_gradient", "convolution_weight_gradient":
      return registerTiles(&work)
    case "pack_panels", "convolution_pack":
      return share(&work, units: launch.items.0 * launch.items.1 * launch.items.2, waits: 16)
    // Four neighbouring elements for each work-item.
    case "fill", "copy", "sgd", "rmsprop", "adam", "stay_close", "add_gradients", "dropout":
      return share(&work, units: (max(written, 1) + 3) / 4)
    default: break
    }
    share(&work, units: max(written, 1))
  }

  /// The channels of each chunk of rows.
  private func shareChannels(_ work: inout LaunchWork, rows: Int, channels: Int, chunk: Int) {
    shareColumns(&work, outer: (rows + chunk - 1) / max(chunk, 1), rows: min(rows, chunk), columns: channels)
  }

  /// The chunks of each channel.
  private func mergeChannels(_ work: inout LaunchWork, rows: Int, channels: Int, chunk: Int) {
    shareColumns(&work, outer: 1, rows: (rows + chunk - 1) / max(chunk, 1), columns: channels)
  }

  private func strided(_ p: CopyStridedParameters, _ work: inout LaunchWork) {
    let (d, s) = (p.dimensions, p.strides)
    let count = [d.0, d.1, d.2, d.3, d.4, d.5].reduce(1) { $0 * Int($1) }
    let (stride, inner) = (abs(Int(s.5)), Int(d.5))
    let isAcross = zip([d.0, d.1, d.2, d.3, d.4], [s.0, s.1, s.2, s.3, s.4]).contains { $0 >= 8 && $1 == 1 }
    if stride > 1, inner >= 8, isAcross {
      // Through local memory, in tiles of 32 × 32 for each group: neighbours read neighbours, and write neighbours.
      work.operations = 2 * Double(count) * 16
      work.localBytes = 32 * 33 * 4
      return share(&work, units: count / 16, waits: 16 / Self.loadsAhead)
    }
    // Of neighbours that read at a stride each needs a line of its own.
    work.overfetch = stride <= 1 ? 1 : min(Double(stride), 8)
    moved(count, inner: d.5, divisions: 1 + [d.0, d.1, d.2, d.3, d.4].count { $0 != 1 }, &work)
  }

  /// Four numbers for a work-item where rows consist of that, and as many divisions to find out where they are from.
  private func moved(_ count: Int, inner: Int32, divisions: Int, _ work: inout LaunchWork) {
    let units = max(inner % 4 == 0 ? count / 4 : count, 1)
    work.operations = 2 * Double(units) * Double(divisions) * Self.division
    share(&work, units: units)
  }

  /// Four neighbouring pixels of a channel for a work-item.
  private func depthwise(_ s: ConvolutionShape, isGradient: Bool, _ work: inout LaunchWork) {
    let gradient: Int32 = isGradient ? 1 : 0
    let phases = convolution_phases(s, gradient)
    let taps = (convolution_taps(s) + phases - 1) / phases
    let units = (convolution_pixels(s, gradient) + 3) / 4 * phases * Int(s.inputChannels)
    work.operations = Double(launch.note.flops) + 2 * Double(units) * 3 * Self.division
    work.independentSums = 4
    work.registers = 48
    share(&work, units: units, waits: (Double(taps) / 2).rounded(.up))
  }

  /// A channel, a row of taps and a part of the lines for a work-item.
  private func depthwiseWeights(_ p: ConvolutionWeightGradientParameters, _ work: inout LaunchWork) {
    let s = p.shape
    let lines = (Int(s.batch) * Int(s.outputHeight) + Int(p.splits) - 1) / max(Int(p.splits), 1)
    work.operations = Double(launch.note.flops)
    work.independentSums = Int(min(max(s.kernelWidth, 1), 5))
    work.registers = 40
    // Half of what a pixel needs is on its way while the other half is multiplied.
    share(&work, units: Int(p.splits) * Int(s.kernelHeight) * Int(s.inputChannels), waits: Double(lines * Int(s.outputWidth)) / 2)
  }

  /// A tile of sums for a work-item, its operands read by each from memory.
  private func registerTiles(_ work: inout LaunchWork) {
    let items = max(1, launch.items.0 * launch.items.1 * launch.items.2)
    let sums = max(1, tile.rows * tile.columns)
    work.operations = Double(launch.note.flops)
    work.independentSums = sums
    work.registers = sums + tile.columns + tile.rows + 36
    work.feedBytes = 4 * Double(tile.rows + tile.columns) / Double(sums)
    share(&work, units: items, waits: Double(launch.note.flops) / 2 / Double(sums) / Double(items) / Self.loadsAhead)
  }
}

extension CopyStridedParameters {
  /// Elements of the input that are read, all of the lines included that lie between neighbours at a stride of less than a line. What is read
  /// again counts once.
  var touchedCount: Int {
    let (d, s) = (dimensions, strides)
    let pairs = zip([d.0, d.1, d.2, d.3, d.4, d.5], [s.0, s.1, s.2, s.3, s.4, s.5]).filter { $1 != 0 }
    let distinct = pairs.reduce(1) { $0 * Int($1.0) }
    guard let nearest = pairs.map({ abs(Int($1)) }).min() else { return 1 }
    return distinct * min(max(nearest, 1), 16)
  }
}
