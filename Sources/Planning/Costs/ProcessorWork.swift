import GlissadeKernels

/// What a CPU's kernels do beside moving bytes: instructions for each vector of 16 numbers, as many as two units have something to do with
/// (`LaunchWork.operations`), and clocks in which a thread waits for its own results or takes one number after another
/// (`LaunchWork.clocks`). Both are read from the kernels' texts and from what clang makes of them for AVX-512; the latencies are those of
/// Intel's and AMD's cores since 2017 (Agner Fog, "Instruction tables"): four clocks of an addition, a multiplication or a comparison, five of a
/// load from the first cache, some twenty of a branch that was guessed wrongly.
extension KernelWork {
  /// Clocks until the result of an addition can be used.
  private static let addition = 4.0
  /// Clocks that a wrongly guessed branch costs.
  private static let wrongBranch = 20.0
  /// Instructions of an exponential, what replaces the lanes past the end included.
  private static let exponential = 20.0

  func describeOnCPU(_ name: String, _ work: inout LaunchWork) {
    describeCommon(name, &work)
    switch name {
    case "winograd":
      if let p = parameters(WinogradParameters.self) {
        work.operations = winogradProducts(p.shape)
        // What an item needs for itself stays in its core's cache.
        work.accesses.removeAll { $0.kind == .written && $0.slice != launch.writes.first }
      }
    case "winograd_weight_products":
      if let p = parameters(WinogradWeightGradientParameters.self) {
        work.operations = 2 * Double(WINOGRAD_POSITIONS) * Double(p.tiles) * Double(p.channels) * Double(p.sourceChannels)
      }
    case "matmul", "matmul_inner":
      // Fused multiply-adds, two operations each.
      work.operations = Double(launch.note.flops)
      if let p = parameters(MatmulParameters.self) {
        work.operations = products(Int(p.batch), rows: Int(p.rows), columns: Int(p.columns), inner: Int(p.inner))
      }
    case "convolution_weight_gradient", "convolution_patches_weight_gradient": work.operations = Double(launch.note.flops)
    case "convolution", "convolution_input_gradient":
      work.operations = Double(launch.note.flops)
      if let p = parameters(ConvolutionParameters.self) { placing(p, isGradient: name != "convolution", &work) }
    case "depthwise", "depthwise_input_gradient", "depthwise_weight_gradient": work.operations = Double(launch.note.flops)
    case "max_pool", "max_pool_select", "max_pool_gradient", "average_pool_gradient": pooling(name, &work)
    case "batch_norm_statistics_partial", "batch_norm_gradient_partial", "batch_norm_statistics_merge", "batch_norm_gradient_merge":
      batchNorm(name, &work)
    case "convolution_patches":
      // Runs of a few numbers, one number at a time: a load, a store, and the loops around them.
      work.clocks = Double(written)
    case "gather":
      // An index, its check and the address, for each number.
      if let p = parameters(GatherParameters.self), p.perElement == 1 { work.clocks = Double(written) * 8 }
    case "scatter_add": search(&work)
    default: rows(name, &work)
    }
  }

  /// Whole tiles of whole vectors, edges that nobody needs included. Where there is a single vector of columns, a tile's sums are too few to hide
  /// their latency, of which two units want eight.
  private func products(_ batch: Int, rows: Int, columns: Int, inner: Int) -> Double {
    let high = max(tile.rows, 1), vectors = (columns + 15) / 16
    let sums = Double(high * min(vectors, max(tile.columns / 16, 1)))
    let tiles = Double((rows + high - 1) / high * high) * Double(16 * vectors)
    return 2 * Double(batch) * tiles * Double(inner) * max(1, 8 / sums)
  }

  private func winogradProducts(_ s: WinogradShape) -> Double {
    2 * Double(WINOGRAD_POSITIONS) * Double(winograd_tiles(s)) * Double(s.sourceChannels) * Double(s.channels)
  }

  /// The operations of so many instructions for each of so many vectors.
  private func instructions(_ count: Double, _ vectors: Int) -> Double { 2 * 16 * Double(vectors) * count }

  // MARK: Along rows

  /// What goes along rows, of at least one vector each. Whatever has one running result (a maximum, a sum) gets on with a vector in four
  /// clocks, which is the time of eight instructions.
  private func rows(_ name: String, _ work: inout LaunchWork) {
    let chained = 2 * Self.addition
    switch name {
    case "reduce_rows", "reduce_rows_extreme", "reduce_rows_product":
      guard let p = parameters(ReduceRowsParameters.self) else { return }
      let chunk = max(Int(p.chunk), 1)
      let chunks = (Int(p.columns) + chunk - 1) / chunk
      // Four running results; a maximum takes four instructions where a NaN is to be handed on.
      along(Int(p.rows) * chunks, min(Int(p.columns), chunk), instructions: name == "reduce_rows_extreme" ? 5 : 1, across: 1, &work)
    case "variance_rows":
      guard let p = parameters(VarianceRowsParameters.self) else { return }
      along(Int(p.rows), Int(p.columns), instructions: 3, across: 2, &work)
    case "extreme_gradient_rows":
      guard let p = parameters(ExtremeGradientParameters.self) else { return }
      // A comparison and a count; then a comparison and what follows from it.
      along(Int(p.rows), Int(p.columns), instructions: 6, across: 1, &work)
    case "argmax_rows":
      guard let p = parameters(ArgmaxRowsParameters.self) else { return }
      // Whether a number is larger, and whether a NaN came before; then the number and its place are chosen.
      along(Int(p.rows), Int(p.columns), instructions: 4, across: 2, &work)
    case "cumulative_sum":
      guard let p = parameters(CumulativeSumParameters.self) else { return }
      // Four doublings, each a move of lanes and a sum of some; what rounding took, of four rows together.
      along(Int(p.rows), Int(p.columns), instructions: 18, across: 0, &work)
    case "top_rows":
      guard let p = parameters(TopRowsParameters.self) else { return }
      // The best of every sixteenth column, and a look for those that are no worse than the last of these; each of them, and some more, is put
      // where it belongs, which nobody can guess.
      along(Int(p.rows), Int(p.columns), instructions: 8, across: 1, &work)
      work.clocks += Double(p.rows) * Double(p.count) * 2 * Self.wrongBranch
    case "sort_rows":
      guard let p = parameters(SortRowsParameters.self) else { return }
      sort(rows: Int(p.rows), columns: Int(p.columns), &work)
    case "softmax", "log_softmax", "log_sum_exp":
      guard let p = parameters(SoftmaxParameters.self) else { return }
      // The maximum, the exponentials and their sum, then the results.
      let last: Double = name == "softmax" ? 5 : name == "log_softmax" ? 3 : 0
      softmax(Int(p.rows), Int(p.columns), chained + Self.exponential + last, &work)
    case "softmax_cross_entropy":
      guard let p = parameters(CrossEntropyParameters.self) else { return }
      softmax(Int(p.rows), Int(p.columns), chained + Self.exponential + (p.withGradient == 1 ? 8 : 0), &work)
    case "softmax_gradient":
      guard let p = parameters(SoftmaxGradientParameters.self) else { return }
      along(Int(p.rows), Int(p.columns), instructions: chained + 2, across: 1, &work)
    case "log_softmax_gradient":
      guard let p = parameters(SoftmaxGradientParameters.self) else { return }
      along(Int(p.rows), Int(p.columns), instructions: chained + Self.exponential, across: 1, &work)
    default: break
    }
  }

  /// Rows of so many instructions for each vector, across whose lanes there is something to be done so many times.
  private func along(_ rows: Int, _ columns: Int, instructions count: Double, across: Double, _ work: inout LaunchWork) {
    let vectors = (columns + 15) / 16
    work.operations = instructions(count, rows * vectors)
    // Four times what moves lanes, in three clocks, and an addition; the next rows begin meanwhile, if they are short.
    let joining = vectors <= 8 ? Self.addition : 4 * (3 + Self.addition)
    // A row's own beginning and end: some thirty instructions without a vector.
    work.clocks = Double(rows) * (across * joining + 6)
  }

  /// Rows of up to 16 are taken 16 at a time: 16 exponentials each, whatever the columns, and trees of choices and sums across them.
  private func softmax(_ rows: Int, _ columns: Int, _ count: Double, _ work: inout LaunchWork) {
    guard columns <= 16 else { return along(rows, columns, instructions: count, across: 2, &work) }
    work.operations = instructions(count + 12, (rows + 15) / 16 * 16)
    work.clocks = 0
  }

  /// Short rows by merging: runs of 16 by insertion, which moves four numbers for each and ends with a wrong guess; then passes in which each step
  /// knows where to read only when it has compared (two additions' time), and guesses wrongly every second time. Longer ones digit by digit:
  /// a key and four counts for each number, then four times a load, a count and a store that wait for each other; and four tables.
  private func sort(rows: Int, columns: Int, _ work: inout LaunchWork) {
    let each: Double
    if columns < Int(SORT_COUNTED_FROM) {
      var passes = 0
      while 16 << passes < columns { passes += 1 }
      let inserting: Double = 4 * 2 + Self.wrongBranch
      let merging: Double = 2 * Self.addition + Self.wrongBranch / 2
      each = inserting + merging * Double(passes)
    } else {
      each = 8 + 4 * Self.addition + 4 * 256 * 2 / Double(columns)
    }
    work.operations = 0
    work.clocks = Double(rows * columns) * each
    // The words of a row stay in the cache.
    work.accesses.removeAll { $0.slice != launch.reads.first && $0.slice != launch.writes.last }
  }

  // MARK: By places

  /// Where a tile's pixels lie, and what their taps see (two divisions and some 25 instructions for each pixel, four in a clock); for each panel of
  /// channels, where to store the sums. Little beside the sums of many channels.
  private func placing(_ p: ConvolutionParameters, isGradient: Bool, _ work: inout LaunchWork) {
    let gradient: Int32 = isGradient ? 1 : 0
    let rows = max(tile.rows, 1)
    let pixels: Int = convolution_pixels(p.shape, gradient)
    let tiles = (pixels + rows - 1) / rows * convolution_planes(p.shape, gradient)
    let panels = Double(convolution_panels(p.shape, gradient, tile.columns))
    let each: Double = 26 + 6 * Double(rows) + 30 * panels
    work.clocks = Double(tiles) * each
  }

  /// Whoever owns a part of the rows looks at every index, guesses wrongly where one is its own, and then waits for what nobody could fetch ahead:
  /// some hundred clocks until a row begins to come.
  private func search(_ work: inout LaunchWork) {
    guard let p = parameters(GatherParameters.self) else { return }
    let outer = max(Int(p.outer), 1), owners = p.perElement == 1 || p.inner < 32 ? 8 : Int(p.inner) / 4
    let parts = max(1, min(launch.items.0 / outer, owners, Int(p.extent)))
    let indices = outer * Int(p.count) * (p.perElement == 1 ? Int(p.inner) : 1)
    let each: Double = 2 * Double(parts) + Self.wrongBranch + (p.perElement == 0 && p.inner >= 16 ? 100 : 0)
    work.clocks = Double(indices) * each
    // Rows are read again before they are added to.
    if p.perElement == 0 { work.operations = instructions(3, outer * Int(p.count) * ((Int(p.inner) + 15) / 16)) }
  }

  /// Each window that sees a pixel, and finding out which do.
  private func pooling(_ name: String, _ work: inout LaunchWork) {
    guard let p = parameters(PoolParameters.self) else { return }
    let vectors = (Int(p.channels) + 15) / 16
    if name == "max_pool" || name == "max_pool_select" {
      work.operations = 2 * Double(launch.note.flops) * 6
      return
    }
    let pixels = Int(p.batch) * Int(p.inputHeight) * Int(p.inputWidth)
    let windows = Double(p.kernelHeight * p.kernelWidth) / Double(max(p.strideHeight * p.strideWidth, 1))
    // Windows are found once for all channels of a pixel: some thirty instructions without a vector, four in a clock; a few where they lie side by
    // side.
    let isSideBySide = p.kernelHeight == p.strideHeight && p.kernelWidth == p.strideWidth && p.dilationHeight == 1 && p.dilationWidth == 1
    work.operations = instructions(2 + (name == "max_pool_gradient" ? 4 : 2) * windows, pixels * vectors)
    work.clocks = Double(pixels) * (isSideBySide ? 3 : 8)
  }

  /// Chunks of rows, and vectors of channels.
  private static func blocks(_ rows: Int32, _ chunk: Int32, _ channels: Int32) -> (chunks: Double, vectors: Double) {
    (Double((rows + chunk - 1) / max(chunk, 1)), Double((channels + 15) / 16))
  }

  /// Sums of channels with the running ones in the first cache, and what each block of 512 channels begins and ends with.
  private func batchNorm(_ name: String, _ work: inout LaunchWork) {
    switch name {
    case "batch_norm_statistics_partial":
      guard let p = parameters(BatchNormPartialParameters.self) else { return }
      // Instructions of the inner loops, loads and stores of running sums included.
      work.operations = 2 * Double(read) * 8
      // Three arrays set to zero; the mean of the first 16 rows; three divisions for each channel.
      let (chunks, vectors) = Self.blocks(p.rows, p.chunk, p.channels)
      work.clocks = chunks * (100 + vectors * (16 * 2 + 3 * 10))
    case "batch_norm_gradient_partial": work.operations = 2 * Double(read) * 10
    case "batch_norm_statistics_merge":
      guard let p = parameters(BatchNormMergeParameters.self) else { return }
      // Chan's formula: a division, and each mean needs the one before it.
      let (chunks, vectors) = Self.blocks(p.rows, p.chunk, p.channels)
      work.clocks = chunks * vectors * 12
    case "batch_norm_gradient_merge":
      guard let p = parameters(BatchNormGradientMergeParameters.self) else { return }
      let (chunks, vectors) = Self.blocks(p.rows, p.chunk, p.channels)
      work.clocks = chunks * vectors * Self.addition
    default: break
    }
  }
}
