import GlissadeKernels
import GlissadeTensors

extension Lowering {
  mutating func fill(_ slot: Slot, with value: Float) {
    let count = count(slot)
    emit("fill", Launch.Note("fill"), items: (profile.vectorShares(of: count), 1, 1), [.write(slot)]) { unit in
      FillParameters(out: unit(slot), count: Int32(count), value: value)
    }
  }

  mutating func copy(_ source: Slot, to target: Slot) {
    let count = count(target)
    emit("copy", Launch.Note("copy"), items: (profile.vectorShares(of: count), 1, 1), [.read(source), .write(target)]) { unit in
      CopyParameters(in: unit(source), out: unit(target), count: Int32(count))
    }
  }

  mutating func lowerTranspose(_ node: Int, _ rule: Transpose) {
    let strides = inputShape(node, 0).strides
    lowerStridedCopy(node, strides: rule.permutation.map { strides[$0] })
  }

  mutating func lowerBroadcast(_ node: Int) {
    let source = inputShape(node, 0)
    let missing = outputShape(node).rank - source.rank
    let strides = source.strides
    lowerStridedCopy(
      node, strides: (0..<outputShape(node).rank).map { $0 < missing || source[$0 - missing] == 1 ? 0 : strides[$0 - missing] })
  }

  mutating func lowerSlice(_ node: Int, _ rule: Slicing) {
    guard !isView(ValueID(node: node)) else { return }
    let strides = inputShape(node, 0).strides
    lowerStridedCopy(
      node, strides: zip(strides, rule.steps).map { $0 * $1 }, from: zip(rule.starts, strides).reduce(0) { $0 + $1.0 * $1.1 })
  }

  mutating func lowerSplit(_ node: Int, _ rule: Split) {
    let strides = inputShape(node, 0).strides
    var start = 0
    for (output, size) in rule.sizes.enumerated() {
      let id = ValueID(node: node, output: output)
      if isRead(id), !isView(id) { lowerStridedCopy(node, output, strides: strides, from: start * strides[rule.axis]) }
      start += size
    }
  }

  /// Copies with these strides over the input, after joining axes that are one in memory. More than six that remain are copied in turns.
  private mutating func lowerStridedCopy(_ node: Int, _ output: Int = 0, strides: [Int], from first: Int = 0) {
    var axes: [(extent: Int, stride: Int)] = []
    for (extent, stride) in zip(outputShape(node, output).dimensions, strides) where extent != 1 {
      if let last = axes.last, last.stride == extent * stride {
        axes[axes.count - 1] = (last.extent * extent, stride)
      } else {
        axes.append((extent, stride))
      }
    }
    let (source, target) = (input(node, 0), self.output(node, output))
    let note = note(node)
    let outer = axes.dropLast(6)
    let inner = [(extent: Int, stride: Int)](repeating: (1, 0), count: max(0, 6 - axes.count)) + axes.suffix(6)
    let count = inner.reduce(1) { $0 * $1.extent }
    let turns = outer.reduce(1) { $0 * $1.extent }
    guard turns == 1 || count % Slice.alignment == 0 else { return lowerUnalignedCopy(source, target, axes, from: first, note) }
    for turn in 0..<turns {
      var (rest, start) = (turn, first)
      for axis in outer.reversed() {
        start += rest % axis.extent * axis.stride
        rest /= axis.extent
      }
      emit("copy_strided", note, items: (profile.shares(of: count), 1, 1), [.read(source), .update(target)]) { unit in
        CopyStridedParameters(
          in: unit(source), out: unit(target) + Int32(turn * count / Slice.alignment), start: Int32(start),
          dimensions: six(inner.map(\.extent)), strides: six(inner.map(\.stride)))
      }
    }
  }

  /// Seven or more axes that do not join, in pieces that do not start at aligned places: through an order of axes that needs only six at a time.
  private mutating func lowerUnalignedCopy(
    _ source: Slot, _ target: Slot, _ axes: [(extent: Int, stride: Int)], from first: Int, _ note: Launch.Note
  ) {
    // Element by element of the outer axes would be unaligned, so the innermost axes are padded into a scratch slice and copied on.
    let inner = Array(axes.suffix(5))
    let innerCount = inner.reduce(1) { $0 * $1.extent }
    let outer = Array(axes.dropLast(5))
    let turns = outer.reduce(1) { $0 * $1.extent }
    let padded = (innerCount + Slice.alignment - 1) / Slice.alignment * Slice.alignment
    let scratch = scratch(padded * turns, isWhole: slots[source.index].isWhole)
    for turn in 0..<turns {
      var (rest, start) = (turn, first)
      for axis in outer.reversed() {
        start += rest % axis.extent * axis.stride
        rest /= axis.extent
      }
      emit("copy_strided", note, items: (profile.shares(of: innerCount), 1, 1), [.read(source), .update(scratch)]) { unit in
        CopyStridedParameters(
          in: unit(source), out: unit(scratch) + Int32(turn * padded / Slice.alignment), start: Int32(start),
          dimensions: six([1] + inner.map(\.extent)), strides: six([0] + inner.map(\.stride)))
      }
    }
    emit("copy_strided", note, items: (profile.shares(of: turns * innerCount), 1, 1), [.read(scratch), .write(target)]) { unit in
      CopyStridedParameters(
        in: unit(scratch), out: unit(target), start: 0, dimensions: six([1, 1, 1, 1, turns, innerCount]),
        strides: six([0, 0, 0, 0, padded, 1]))
    }
  }

  mutating func lowerConcatenate(_ node: Int, _ rule: Concatenate) {
    let shape = outputShape(node)
    let inner = shape.strides[rule.axis]
    let (rows, stride) = (shape.dimensions[..<rule.axis].reduce(1, *), shape[rule.axis] * inner)
    let (target, note) = (output(node), note(node))
    var start = 0
    for input in graph.nodes[node].inputs {
      let columns = graph.tensor(input).shape[rule.axis] * inner
      defer { start += columns }
      let (source, first) = (slot(input), start)
      if rows == 1, isInPlace(graph.resolved(input), of: ValueID(node: node), at: start) { continue }
      emit("copy_rows", note, items: (profile.shares(of: rows * columns), 1, 1), [.read(source), .update(target)]) { unit in
        CopyRowsParameters(
          in: unit(source), out: unit(target), start: Int32(first), rows: Int32(rows), columns: Int32(columns), stride: Int32(stride))
      }
    }
  }

  mutating func lowerPad(_ node: Int, _ rule: Pad) {
    let (source, result) = (inputShape(node, 0), outputShape(node))
    var axes: [(dimension: Int, extent: Int, before: Int, step: Int)] = []
    for axis in 0..<result.rank where result[axis] != 1 {
      let isWhole = result[axis] == source[axis]
      if isWhole, let last = axes.last, last.step == 1 || last.extent == 1 {
        // What is padded outside and whole inside is one axis in memory.
        axes[axes.count - 1] = (last.dimension * result[axis], last.extent * source[axis], last.before * result[axis], 1)
      } else {
        axes.append((result[axis], source[axis], rule.before[axis], isWhole ? 1 : rule.steps[axis]))
      }
    }
    let padded = Array(repeating: (dimension: 1, extent: 1, before: 0, step: 1), count: max(0, 6 - axes.count)) + axes.suffix(6)
    let (input, target, count) = (input(node, 0), output(node), result.count)
    emit("pad", note(node), items: (profile.shares(of: count), 1, 1), [.read(input), .write(target)]) { unit in
      PadParameters(
        in: unit(input), out: unit(target), dimensions: six(padded.map(\.dimension)), extents: six(padded.map(\.extent)),
        before: six(padded.map(\.before)), steps: six(padded.map(\.step)), value: rule.value)
    }
  }

  mutating func lowerGather(_ node: Int, _ rule: Gather) {
    let (table, indices) = (inputShape(node, 0), inputShape(node, 1))
    let missing: Float = rule.isZeroOutside ? 0 : graph.nodes[node].outputs[0].dtype == .int32 ? -0.0 : .nan
    lowerByIndex(
      node, "gather", (table, rule.axis, table[rule.axis], rule.perElement ? indices[rule.axis] : indices.count), rule.perElement, missing)
  }

  mutating func lowerScatterAdd(_ node: Int, _ rule: ScatterAdd) {
    let indices = inputShape(node, 1)
    lowerByIndex(
      node, "scatter_add", (outputShape(node), rule.axis, rule.extent, rule.perElement ? indices[rule.axis] : indices.count),
      rule.perElement, 0)
  }

  private mutating func lowerByIndex(
    _ node: Int, _ kernel: String, _ table: (shape: Shape, axis: Int, extent: Int, count: Int), _ perElement: Bool, _ missing: Float
  ) {
    let (first, indices, result) = (input(node, 0), input(node, 1), output(node))
    let outer = table.shape.dimensions[..<table.axis].reduce(1, *)
    let inner = table.shape.strides[table.axis]
    let gathers = kernel == "gather"
    let values = outer * table.count * inner
    var note = note(node)
    note.flops = gathers ? 0 : values
    emit(
      kernel, note, items: (profile.shares(of: gathers ? values : max(values, outer * table.extent * inner)), 1, 1),
      [.read(first), .read(indices), .write(result)]
    ) { unit in
      GatherParameters(
        table: unit(gathers ? first : result), indices: unit(indices), values: unit(gathers ? result : first), outer: Int32(outer),
        extent: Int32(table.extent), inner: Int32(inner), count: Int32(table.count),
        indexStride: Int32(perElement ? table.count * inner : 0), perElement: perElement ? 1 : 0, missing: missing)
    }
  }
}

/// Six numbers as C wants them, ones or zeros on the left being the caller's business.
private func six(_ values: [Int]) -> (Int32, Int32, Int32, Int32, Int32, Int32) {
  let v = values.map { Int32(truncatingIfNeeded: $0) }
  return (v[0], v[1], v[2], v[3], v[4], v[5])
}
