import GlissadeKernels
import GlissadeTensors

extension Lowering {
  mutating func lowerCumulativeSum(_ node: Int, _ rule: CumulativeSum) {
    let (x, y) = (input(node, 0), output(node))
    let (rows, columns) = rowsAndColumns(outputShape(node))
    emit(
      "cumulative_sum", note(node, flops: rows * columns), items: (profile.shares(of: rows * columns), 1, 1), [.read(x), .write(y)]
    ) { unit in
      CumulativeSumParameters(
        in: unit(x), out: unit(y), rows: Int32(rows), columns: Int32(columns), reversed: rule.isReversed ? 1 : 0)
    }
  }

  mutating func lowerSortOrder(_ node: Int, _ rule: SortOrder) {
    let (x, places) = (input(node, 0), output(node))
    let (rows, columns) = rowsAndColumns(inputShape(node, 0))
    let items = (profile.shares(of: rows * columns), 1, 1)
    let (count, ascending) = (Int32(rule.count), Int32(rule.isDescending ? 0 : 1))
    // For more of them, rows are sorted.
    guard rule.count > Int(TOP_ROWS_MOST) || columns < 4 * rule.count else {
      let note = note(node, flops: 2 * rows * columns * rule.count)
      return emit("top_rows", note, items: items, [.read(x), .write(places)]) { unit in
        TopRowsParameters(
          in: unit(x), out: unit(places), rows: Int32(rows), columns: Int32(columns), count: count, ascending: ascending)
      }
    }
    let isGPU: Int32 = profile.style == .gpu ? 1 : 0
    let stride = sort_rows_words(columns, isGPU)
    let steps = columns.bitWidth - columns.leadingZeroBitCount
    let workers = min(rows, isGPU == 1 ? max(1, items.0 / 64) : items.0)
    let keys = scratch(2 * stride * workers, isWhole: true)
    emit(
      "sort_rows", note(node, flops: 2 * rows * columns * steps), items: items, [.read(x), .write(keys), .write(places)]
    ) { unit in
      SortRowsParameters(
        in: unit(x), keys: unit(keys), out: unit(places), rows: Int32(rows), columns: Int32(columns), count: count, ascending: ascending,
        stride: Int32(stride), workers: Int32(workers))
    }
  }
}
