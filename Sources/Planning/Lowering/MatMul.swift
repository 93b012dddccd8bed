import GlissadeKernels
import GlissadeTensors

extension Lowering {
  mutating func lowerMatMul(_ unit: Fusion.Unit, _ rule: MatMul, _ fused: Fusion.FusedEpilogue?) {
    let a = inputShape(unit.node, 0)
    let b = inputShape(unit.node, 1)
    let result = outputShape(unit.node)
    let (rows, columns) = (result[-2], result[-1])
    let inner = rule.transposeA ? a[-2] : a[-1]
    let batch = result.count / (rows * columns)
    var product = Product(rows: rows, columns: columns, inner: inner, batch: batch)
    product.isTransposedA = rule.transposeA
    product.isTransposedB = rule.transposeB
    if let entries = a.batch.entries(in: result.batch) { product.entriesOfA = entries }
    if let entries = b.batch.entries(in: result.batch) { product.entriesOfB = entries }
    product.joinBatchIntoRows()
    let note = note(unit.node, epilogue: fused, flops: 2 * rows * columns * inner * batch)
    let epilogue = epilogueArguments(fused)
    emit(product, input(unit.node, 0), input(unit.node, 1), output(unit.result), epilogue, note)
  }

  /// A product's sizes and how its factors lie in memory.
  struct Product {
    var rows: Int
    var columns: Int
    var inner: Int
    var batch: Int
    var isTransposedA = false
    var isTransposedB = false
    /// Entry e of the batch takes entry e / repeats % entries of a factor.
    var entriesOfA: (repeats: Int, entries: Int)
    var entriesOfB: (repeats: Int, entries: Int)

    init(rows: Int, columns: Int, inner: Int, batch: Int) {
      (self.rows, self.columns, self.inner, self.batch) = (rows, columns, inner, batch)
      (entriesOfA, entriesOfB) = ((1, batch), (1, batch))
    }

    /// Neighbouring entries that share B are just more rows of A, if that has each of them.
    mutating func joinBatchIntoRows() {
      let joined = entriesOfB.entries == 1 ? batch : entriesOfB.repeats
      guard joined > 1, !isTransposedA, entriesOfA.repeats == 1, entriesOfA.entries % joined == 0 else { return }
      rows *= joined
      batch /= joined
      entriesOfA.entries /= joined
      entriesOfB.repeats = 1
    }
  }

  /// Emits the launches of a matrix product.
  mutating func emit(_ product: Product, _ a: Slot, _ b: Slot, _ c: Slot, _ epilogue: EpilogueArguments, _ note: Launch.Note) {
    if emitLocally(product, a, b, c, epilogue, note) { return }
    let (rows, columns, inner, batch) = (product.rows, product.columns, product.inner, product.batch)
    let tileRows = profile.tileRows
    let tileColumns = profile.tileColumns
    let isPacked = matmul_packs_b(product.isTransposedA ? 1 : 0, product.isTransposedB ? 1 : 0, rows, columns, inner, tileColumns) != 0
    let readsInner = product.isTransposedB && !isPacked
    var (factor, layoutB) = (b, Int32(OPERAND_AS_STORED))
    var strideB = product.entriesOfB.entries == 1 ? 0 : inner * columns
    if isPacked {
      let panel = pack_panels_floats(inner, columns, tileColumns)
      factor = packed(
        b, entries: product.entriesOfB.entries, inner: inner, columns: columns, width: tileColumns, isTransposed: product.isTransposedB,
        note)
      layoutB = Int32(OPERAND_PACKED)
      strideB = product.entriesOfB.entries == 1 ? 0 : panel
    }
    let packsRows =
      profile.style == .cpu && matmul_packs_a(product.isTransposedA ? 1 : 0, rows, columns, inner) != 0
    let (left, strideA) = packsRows ? packedRows(a, product, note) : (a, product.entriesOfA.entries == 1 ? 0 : rows * inner)
    let layoutA = packsRows ? OPERAND_PACKED : product.isTransposedA ? OPERAND_TRANSPOSED : OPERAND_AS_STORED
    let panels = readsInner ? matmul_inner_panels(columns) : matmul_panels(columns, tileColumns)
    // Cut by the shape alone, so that results do not depend on threads.
    let splits = matmul_splits(batch, rows, columns, inner)
    let tileHeight = readsInner ? (tileColumns >= 32 ? 4 : 2) : tileRows
    let tilesPerItem = matmul_tiles_per_item(panels * batch * splits, rows, tileHeight, profile.workers)
    let rowItems =
      readsInner ? matmul_inner_row_items(rows, tileColumns, tilesPerItem) : matmul_row_items(rows, tileRows, tilesPerItem)
    let target = splits > 1 ? scratch(matmul_partial_floats(batch, rows, columns, splits)) : c
    emit(
      readsInner ? "matmul_inner" : "matmul", note, items: (panels, rowItems, batch * splits),
      [.read(left), .read(factor), .write(target)], epilogue: splits > 1 ? EpilogueArguments() : epilogue
    ) { unit in
      MatmulParameters(
        a: unit(left), b: unit(factor), c: unit(target), batch: Int32(batch), rows: Int32(rows), columns: Int32(columns),
        inner: Int32(inner),
        aLayout: Int32(layoutA), bLayout: layoutB,
        // Panels that are larger than this do not fit into a buffer either, and the plan is refused.
        aStride: Int32(clamping: strideA), bStride: Int32(clamping: strideB), aRepeats: Int32(product.entriesOfA.repeats),
        bRepeats: Int32(product.entriesOfB.repeats), aEntries: Int32(product.entriesOfA.entries),
        bEntries: Int32(product.entriesOfB.entries), tilesPerItem: Int32(tilesPerItem),
        splits: Int32(splits),
        epilogue: epilogue.make(unit))
    }
    if splits > 1 { mergeProduct(rows: rows * batch, columns: columns, splits, from: target, to: c, epilogue, note) }
  }

  /// Adds a product's parts up, in their order, and finishes what comes of them.
  mutating func mergeProduct(
    rows: Int, columns: Int, _ splits: Int, from partials: Slot, to c: Slot, _ epilogue: EpilogueArguments, _ note: Launch.Note
  ) {
    var merging = note
    merging.flops = rows * columns * splits
    emit(
      "matmul_merge", merging, items: (profile.shares(of: rows * columns), 1, 1), [.read(partials), .write(c)], epilogue: epilogue
    ) { unit in
      MatmulMergeParameters(
        partials: unit(partials), c: unit(c), rows: Int32(rows), columns: Int32(columns), splits: Int32(splits),
        epilogue: epilogue.make(unit))
    }
  }

  /// A transposed first factor in panels of tile rows, and the floats from one batch entry to the next.
  private mutating func packedRows(_ a: Slot, _ product: Product, _ note: Launch.Note) -> (Slot, Int) {
    let (rows, inner) = (product.rows, product.inner)
    let slot = packed(
      a, entries: product.entriesOfA.entries, inner: inner, columns: rows, width: profile.tileRows, isTransposed: false, note)
    return (slot, product.entriesOfA.entries == 1 ? 0 : pack_panels_floats(inner, rows, profile.tileRows))
  }

  /// A factor in panels of `width` columns.
  mutating func packed(
    _ source: Slot, entries: Int, inner: Int, columns: Int, width: Int, isTransposed: Bool, _ note: Launch.Note
  ) -> Slot {
    let key = PackedFactor(slot: source, inner: inner, columns: columns, entries: entries, width: width, isTransposed: isTransposed)
    return sharing(key) { lowering in
      let packed = lowering.scratch(pack_panels_floats(inner, columns, width) * entries)
      var packing = note
      packing.operation = "pack " + note.operation
      packing.flops = 0
      lowering.emit(
        "pack_panels", packing, items: (pack_panels_count(columns, width), pack_panels_blocks(inner), entries),
        [.read(source), .write(packed)]
      ) { unit in
        PackPanelsParameters(
          source: unit(source), packed: unit(packed), batch: Int32(entries), sourceStride: Int32(inner * columns), inner: Int32(inner),
          columns: Int32(columns), width: Int32(width), transposed: isTransposed ? 1 : 0)
      }
      return packed
    }
  }

  private struct PackedFactor: Hashable {
    var slot: Slot
    var inner: Int
    var columns: Int
    var entries: Int
    var width: Int
    var isTransposed: Bool
  }
}
