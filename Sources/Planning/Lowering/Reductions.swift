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

  /// How many numbers a launch reduces to one. Down columns a GPU's work-groups share them, several to each item.
  private func reductionLimit(outer: Int, reduced: Int, inner: Int) -> Int {
    if inner == 1 { return outer >= 64 ? reduced : 8192 }
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
    let suffix = reduction == .max || reduction == .min ? "_extreme" : ""
    let operation = Int32(reduction == .max ? REDUCE_MAXIMUM : reduction == .min ? REDUCE_MINIMUM : REDUCE_SUM)
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
