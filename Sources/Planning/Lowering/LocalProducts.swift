import GlissadeKernels
import GlissadeTensors

/// Products through local memory: one launch without packed operands, and a second one where the inner dimension is cut.
extension Lowering {
  /// The tile with which a product is computed through local memory; `nil` for register tiles.
  func localTile(
    _ kind: ProductProblem.Kind, rows: Int, columns: Int, inner: Int, copies: Int, _ transposed: (a: Bool, b: Bool) = (false, false)
  ) -> LocalTile? {
    let problem = ProductProblem(
      kind, rows: rows, columns: columns, inner: inner, isTransposedA: transposed.a, isTransposedB: transposed.b)
    guard case .local(let tile) = profile.products.variant(for: problem, copies: copies) else { return nil }
    return tile
  }

  /// As many partial results as fit into a buffer, of so many elements each.
  func mostParts(of count: Int) -> Int { max(1, (profile.limits.tensor - Slice.room(0)) / max(count, 1)) }

  /// - Returns: whether the product is computed through local memory; otherwise nothing was emitted.
  mutating func emitLocally(
    _ product: Product, _ a: Slot, _ b: Slot, _ c: Slot, _ epilogue: EpilogueArguments, _ note: Launch.Note
  ) -> Bool {
    let (rows, columns, inner, batch) = (product.rows, product.columns, product.inner, product.batch)
    let transposed = (a: product.isTransposedA, b: product.isTransposedB)
    guard let tile = localTile(.matmul, rows: rows, columns: columns, inner: inner, copies: batch, transposed) else { return false }
    let tiles = tile.tiles(rows, columns)
    let splits = min(tile.splits(tiles: tiles * batch, inner: inner), mostParts(of: rows * columns * batch))
    let target = splits > 1 ? scratch(matmul_partial_floats(batch, rows, columns, splits)) : c
    emit(
      "matmul_local", tile, note, groups: (tiles, batch * splits),
      [.read(a), .read(b), .write(target)] + (splits > 1 ? EpilogueArguments() : epilogue).arguments
    ) { unit in
      LocalMatmulParameters(
        a: unit(a), b: unit(b), c: unit(target), batch: Int32(batch), rows: Int32(rows), columns: Int32(columns), inner: Int32(inner),
        aTransposed: transposed.a ? 1 : 0, bTransposed: transposed.b ? 1 : 0,
        aStride: Int32(product.entriesOfA.entries == 1 ? 0 : rows * inner),
        bStride: Int32(product.entriesOfB.entries == 1 ? 0 : inner * columns), aRepeats: Int32(product.entriesOfA.repeats),
        bRepeats: Int32(product.entriesOfB.repeats), aEntries: Int32(product.entriesOfA.entries),
        bEntries: Int32(product.entriesOfB.entries), splits: Int32(splits), epilogue: epilogue.make(unit))
    }
    if splits > 1 { mergeProduct(rows: rows * batch, columns: columns, splits, from: target, to: c, epilogue, note) }
    return true
  }

  /// A convolution or its input gradient as a product, and its tile.
  struct LocalConvolution {
    var tile: LocalTile
    var rows: Int
    var columns: Int
    var inner: Int
    /// Such products that a launch computes: groups and phases.
    var planes: Int
  }

  /// How a convolution or its input gradient is computed through local memory; `nil` for register tiles.
  func localConvolution(_ shape: ConvolutionShape, isInputGradient: Bool) -> LocalConvolution? {
    let gradient: Int32 = isInputGradient ? 1 : 0
    let rows = convolution_pixels(shape, gradient)
    let (inputs, outputs) = (Int(shape.inputChannels / shape.groups), Int(shape.outputChannels / shape.groups))
    let columns = isInputGradient ? inputs : outputs
    let taps = (convolution_taps(shape) + convolution_phases(shape, gradient) - 1) / convolution_phases(shape, gradient)
    let (inner, planes) = (taps * (isInputGradient ? outputs : inputs), convolution_planes(shape, gradient))
    guard !shape.isDepthwise,
      let tile = localTile(isInputGradient ? .inputGradient : .convolution, rows: rows, columns: columns, inner: inner, copies: planes)
    else { return nil }
    return LocalConvolution(tile: tile, rows: rows, columns: columns, inner: inner, planes: planes)
  }

  /// A convolution or its input gradient.
  /// - Returns: whether it is computed through local memory; otherwise nothing was emitted.
  mutating func convolveLocally(
    _ source: Slot, _ weights: Slot, _ target: Slot, _ shape: ConvolutionShape, isInputGradient: Bool, _ epilogue: EpilogueArguments,
    _ note: Launch.Note
  ) -> Bool {
    guard let local = localConvolution(shape, isInputGradient: isInputGradient) else { return false }
    let (tile, planes) = (local.tile, local.planes)
    let (tiles, size) = (tile.tiles(local.rows, local.columns), count(target))
    let splits = min(tile.splits(tiles: tiles * planes, inner: local.inner), mostParts(of: size))
    let destination = splits > 1 ? scratch(splits * size) : target
    emit(
      isInputGradient ? "convolution_input_gradient_local" : "convolution_local", tile, note, groups: (tiles, planes * splits),
      [.read(source), .read(weights), .write(destination)] + (splits > 1 ? EpilogueArguments() : epilogue).arguments
    ) { unit in
      LocalConvolutionParameters(
        source: unit(source), w: unit(weights), destination: unit(destination), shape: shape, splits: Int32(splits),
        epilogue: epilogue.make(unit))
    }
    let width = Int(isInputGradient ? shape.inputChannels : shape.outputChannels)
    if splits > 1 { mergeProduct(rows: size / width, columns: width, splits, from: destination, to: target, epilogue, note) }
    return true
  }

  /// The tile and the parts of a weight gradient that is computed through local memory; `nil` for register tiles.
  func localWeightGradient(_ shape: ConvolutionShape) -> (tile: LocalTile, splits: Int)? {
    let (rows, columns) = (Int(shape.outputChannels / shape.groups), convolution_taps(shape) * Int(shape.inputChannels / shape.groups))
    let pixels = convolution_pixels(shape, 0)
    let groups = Int(shape.groups)
    guard !shape.isDepthwise,
      let tile = localTile(.weightGradient, rows: rows, columns: columns, inner: pixels, copies: groups)
    else { return nil }
    let splits = tile.splits(tiles: tile.tiles(rows, columns) * groups, inner: pixels)
    return (tile, min(splits, mostParts(of: rows * columns * groups)))
  }

  /// A weight gradient into `splits` partial results, or with one split into the results themselves.
  mutating func emitLocalWeightGradient(
    _ x: Slot, _ dy: Slot, _ dw: Slot, _ db: Slot?, _ shape: ConvolutionShape, _ tile: LocalTile, _ splits: Int, _ note: Launch.Note
  ) {
    let (rows, columns) = (Int(shape.outputChannels / shape.groups), convolution_taps(shape) * Int(shape.inputChannels / shape.groups))
    emit(
      "convolution_weight_gradient_local", tile, note, groups: (tile.tiles(rows, columns), Int(shape.groups) * splits),
      [.read(x), .read(dy), .write(dw), db.map { .write($0) } ?? .unused]
    ) { unit in
      LocalWeightGradientParameters(
        x: unit(x), dy: unit(dy), dw: unit(dw), db: unit(db), shape: shape, hasBias: db == nil ? 0 : 1, splits: Int32(splits))
    }
  }

  private mutating func emit<Parameters>(
    _ kernel: String, _ tile: LocalTile, _ note: Launch.Note, groups: (Int, Int), _ arguments: [Argument],
    parameters: @escaping (_ unit: (Slot?) -> Int32) -> Parameters
  ) {
    add(
      Pending(
        kernel: .local(kernel, tile), note: note, items: (groups.0 * tile.groupSize, groups.1, 1), arguments: arguments,
        parameters: { unit in bytes(of: parameters(unit)) }))
  }
}
