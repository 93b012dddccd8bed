import GlissadeKernels
import GlissadeTensors

/// Products through local memory: one launch without packed operands, and a second one where the inner dimension is cut.
extension Lowering {
  /// The tile with which a product is computed through local memory; `nil` for register tiles.
  func localTile(_ kind: ProductProblem.Kind, rows: Int, columns: Int, inner: Int, _ transposed: (a: Bool, b: Bool) = (false, false))
    -> LocalTile?
  {
    let problem = ProductProblem(
      kind, rows: rows, columns: columns, inner: inner, isTransposedA: transposed.a, isTransposedB: transposed.b)
    guard case .local(let tile) = profile.products.variant(for: problem) else { return nil }
    return tile
  }

  /// - Returns: whether the product is computed through local memory; otherwise nothing was emitted.
  mutating func emitLocally(
    _ product: Product, _ a: Slot, _ b: Slot, _ c: Slot, _ epilogue: EpilogueArguments, _ note: Launch.Note
  ) -> Bool {
    let (rows, columns, inner, batch) = (product.rows, product.columns, product.inner, product.batch)
    let transposed = (a: product.isTransposedA, b: product.isTransposedB)
    guard let tile = localTile(.matmul, rows: rows, columns: columns, inner: inner, transposed) else { return false }
    let tiles = tile.tiles(rows, columns)
    let splits = tile.splits(tiles: tiles * batch, inner: inner)
    let target = splits > 1 ? scratch(matmul_partial_floats(batch, rows, columns, splits)) : c
    emit(
      "matmul_local", tile, note, groups: (tiles, batch * splits),
      [.read(a), .read(b), .write(target)] + (splits > 1 ? EpilogueArguments() : epilogue).arguments
    ) { unit in
      LocalMatmulParameters(
        a: unit(a), b: unit(b), c: unit(target), batch: Int32(batch), rows: Int32(rows), columns: Int32(columns), inner: Int32(inner),
        aTransposed: transposed.a ? 1 : 0, bTransposed: transposed.b ? 1 : 0, aStride: Int32(product.isSharedA ? 0 : rows * inner),
        bStride: Int32(product.isSharedB ? 0 : inner * columns), splits: Int32(splits), epilogue: epilogue.make(unit))
    }
    if splits > 1 { mergeProduct(rows: rows * batch, columns: columns, splits, from: target, to: c, epilogue, note) }
    return true
  }

  /// A convolution or its input gradient.
  /// - Returns: whether it is computed through local memory; otherwise nothing was emitted.
  mutating func convolveLocally(
    _ source: Slot, _ weights: Slot, _ target: Slot, _ shape: ConvolutionShape, isInputGradient: Bool, _ epilogue: EpilogueArguments,
    _ note: Launch.Note
  ) -> Bool {
    let gradient: Int32 = isInputGradient ? 1 : 0
    let rows = convolution_pixels(shape, gradient)
    let (inputs, outputs) = (Int(shape.inputChannels / shape.groups), Int(shape.outputChannels / shape.groups))
    let columns = isInputGradient ? inputs : outputs
    let taps = (convolution_taps(shape) + convolution_phases(shape, gradient) - 1) / convolution_phases(shape, gradient)
    let inner = taps * (isInputGradient ? outputs : inputs)
    guard !shape.isDepthwise,
      let tile = localTile(isInputGradient ? .inputGradient : .convolution, rows: rows, columns: columns, inner: inner)
    else { return false }
    emit(
      isInputGradient ? "convolution_input_gradient_local" : "convolution_local", tile, note,
      groups: (tile.tiles(rows, columns), convolution_planes(shape, gradient)),
      [.read(source), .read(weights), .write(target)] + epilogue.arguments
    ) { unit in
      LocalConvolutionParameters(
        source: unit(source), w: unit(weights), destination: unit(target), shape: shape, epilogue: epilogue.make(unit))
    }
    return true
  }

  /// The tile and the parts of a weight gradient that is computed through local memory; `nil` for register tiles.
  func localWeightGradient(_ shape: ConvolutionShape) -> (tile: LocalTile, splits: Int)? {
    let (rows, columns) = (Int(shape.outputChannels / shape.groups), convolution_taps(shape) * Int(shape.inputChannels / shape.groups))
    let pixels = convolution_pixels(shape, 0)
    guard !shape.isDepthwise, let tile = localTile(.weightGradient, rows: rows, columns: columns, inner: pixels) else { return nil }
    return (tile, tile.splits(tiles: tile.tiles(rows, columns) * Int(shape.groups), inner: pixels))
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
