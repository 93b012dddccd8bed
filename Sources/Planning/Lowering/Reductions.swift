import GlissadeKernels
import GlissadeTensors

extension Lowering {
  /// Reduces runs of neighbouring axes, innermost run first.
  mutating func lowerReduce(_ node: Int, _ rule: Reduce) {
    let shape = inputShape(node, 0)
    // Neighbouring axes that are both reduced, or both kept, are one.
    var runs: [(extent: Int, isReduced: Bool)] = []
    for axis in 0..<shape.rank {
      let isReduced = rule.axes.contains(axis)
      if shape[axis] == 1 && runs.last != nil { continue }
      if let last = runs.last, last.isReduced == isReduced {
        runs[runs.count - 1].extent *= shape[axis]
      } else {
        runs.append((shape[axis], isReduced))
      }
    }
    let count = runs.reduce(1) { $0 * ($1.isReduced ? $1.extent : 1) }
    let scale = rule.reduction == .mean ? 1 / Float(count) : 1
    var source = input(node, 0)
    let target = output(node)
    let reducedRuns = runs.indices.filter { runs[$0].isReduced }
    guard !reducedRuns.isEmpty else { return copy(source, to: target) }
    for (turn, index) in reducedRuns.reversed().enumerated() {
      let isLast = turn == reducedRuns.count - 1
      let outer = runs[..<index].reduce(1) { $0 * $1.extent }
      let inner = runs[(index + 1)...].reduce(1) { $0 * $1.extent }
      let destination = isLast ? target : scratch(outer * inner)
      reduce(
        source, to: destination, rule.reduction, outer: outer, reduced: runs[index].extent, inner: inner, scale: isLast ? scale : 1,
        note(node))
      runs[index].extent = 1
      source = destination
    }
  }

  mutating func lowerArgumentOfExtreme(_ node: Int, _ rule: ArgumentOfExtreme) {
    let (x, place) = (input(node, 0), output(node))
    let (rows, columns) = rowsAndColumns(inputShape(node, 0))
    let operation = Int32(rule.isMinimum ? REDUCE_MINIMUM : REDUCE_MAXIMUM)
    emit(
      "argmax_rows", note(node, flops: 2 * rows * columns), items: (profile.shares(of: rows * columns), 1, 1), [.read(x), .write(place)]
    ) { unit in
      ArgmaxRowsParameters(in: unit(x), out: unit(place), rows: Int32(rows), columns: Int32(columns), operation: operation)
    }
  }

  /// Of rows: all others are taken apart before planning.
  mutating func lowerVariance(_ node: Int, _ rule: Variance) {
    let shape = inputShape(node, 0)
    let (x, variance, mean) = (input(node, 0), output(node, 0), output(node, 1))
    let columns = rule.axes.reduce(1) { $0 * shape[$1] }
    let rows = shape.count / max(columns, 1)
    emit(
      "variance_rows", note(node, flops: 4 * rows * columns), items: (profile.shares(of: rows * columns), 1, 1),
      [.read(x), .write(variance), .write(mean)]
    ) { unit in
      VarianceRowsParameters(
        in: unit(x), variance: unit(variance), mean: unit(mean), rows: Int32(rows), columns: Int32(columns), share: 1 / Float(columns),
        divisor: rule.divisor(shape))
    }
  }

  /// Of rows: all others are taken apart before planning.
  mutating func lowerExtremeGradient(_ node: Int) {
    let (x, y, dy, dx) = (input(node, 0), input(node, 1), input(node, 2), output(node))
    let (count, rows) = (outputShape(node).count, inputShape(node, 1).count)
    let columns = count / max(rows, 1)
    emit(
      "extreme_gradient_rows", note(node, flops: 3 * count), items: (profile.shares(of: count), 1, 1),
      [.read(x), .read(y), .read(dy), .write(dx)]
    ) { unit in
      ExtremeGradientParameters(
        x: unit(x), extreme: unit(y), gradient: unit(dy), out: unit(dx), rows: Int32(rows), columns: Int32(columns))
    }
  }

  /// One launch, or two where the first one's chunks have to be merged: chunks depend on the shape alone, so results do not depend on threads.
  mutating func reduce(
    _ source: Slot, to target: Slot, _ reduction: Reduction, outer: Int, reduced: Int, inner: Int, scale: Float, _ note: Launch.Note
  ) {
    let limit = reductionLimit(outer: outer, reduced: reduced, inner: inner)
    var note = note
    note.flops = outer * reduced * inner
    guard reduced > limit else { return reduceOnce(source, target, reduction, outer, reduced, inner, chunk: reduced, scale, note) }
    let chunks = (reduced + limit - 1) / limit
    let partial = scratch(outer * chunks * inner)
    reduceOnce(source, partial, reduction, outer, reduced, inner, chunk: limit, 1, note)
    note.flops = outer * chunks * inner
    reduce(partial, to: target, reduction, outer: outer, reduced: chunks, inner: inner, scale: scale, note)
  }

  /// How many numbers a launch reduces to one. Down columns a GPU's work-groups share them, several to each item; along rows a group has one,
  /// and some thousand groups are what a large device needs to be busy.
  private func reductionLimit(outer: Int, reduced: Int, inner: Int) -> Int {
    if inner == 1 {
      switch profile.style {
      case .cpu: return outer >= 64 ? reduced : 8192
      case .gpu: return reduced <= 4096 ? reduced : max(2048, ((outer * reduced + 2047) / 2048 + 63) / 64 * 64)
      }
    }
    if outer * inner >= 1 << 14, reduced <= 1024 { return reduced }
    switch profile.style {
    case .cpu: return 256
    case .gpu: return reduced <= 512 ? reduced : min(1024, max(128, (reduced + 511) / 512))
    }
  }

  private mutating func reduceOnce(
    _ source: Slot, _ target: Slot, _ reduction: Reduction, _ outer: Int, _ reduced: Int, _ inner: Int, chunk: Int, _ scale: Float,
    _ note: Launch.Note
  ) {
    let (suffix, code): (String, _) =
      switch reduction {
      case .sum, .mean: ("", REDUCE_SUM)
      case .max: ("_extreme", REDUCE_MAXIMUM)
      case .min: ("_extreme", REDUCE_MINIMUM)
      case .product: ("_product", REDUCE_PRODUCT)
      }
    let operation = Int32(code)
    let items = (profile.shares(of: outer * reduced * inner), 1, 1)
    if inner == 1 {
      emit("reduce_rows" + suffix, note, items: items, [.read(source), .write(target)]) { unit in
        ReduceRowsParameters(
          in: unit(source), out: unit(target), rows: Int32(outer), columns: Int32(reduced), chunk: Int32(chunk), operation: operation,
          scale: scale)
      }
    } else {
      emit("reduce_columns" + suffix, note, items: items, [.read(source), .write(target)]) { unit in
        ReduceColumnsParameters(
          in: unit(source), out: unit(target), outer: Int32(outer), reduced: Int32(reduced), inner: Int32(inner), chunk: Int32(chunk),
          operation: operation, scale: scale)
      }
    }
  }
}
