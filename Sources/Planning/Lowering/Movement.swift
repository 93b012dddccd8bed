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

  /// Copies with these strides over the input, after joining axes that are one in memory. More than six that remain are copied in turns.
  private mutating func lowerStridedCopy(_ node: Int, strides: [Int]) {
    var axes: [(extent: Int, stride: Int)] = []
    for (extent, stride) in zip(outputShape(node).dimensions, strides) where extent != 1 {
      if let last = axes.last, last.stride == extent * stride {
        axes[axes.count - 1] = (last.extent * extent, stride)
      } else {
        axes.append((extent, stride))
      }
    }
    let (source, target) = (input(node, 0), output(node))
    let note = note(node)
    let outer = axes.dropLast(6)
    let inner = [(extent: Int, stride: Int)](repeating: (1, 0), count: max(0, 6 - axes.count)) + axes.suffix(6)
    let count = inner.reduce(1) { $0 * $1.extent }
    let turns = outer.reduce(1) { $0 * $1.extent }
    guard turns == 1 || count % Slice.alignment == 0 else { return lowerUnalignedCopy(node, axes, note) }
    for turn in 0..<turns {
      var (rest, start) = (turn, 0)
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
  private mutating func lowerUnalignedCopy(_ node: Int, _ axes: [(extent: Int, stride: Int)], _ note: Launch.Note) {
    // Element by element of the outer axes would be unaligned, so the innermost axes are padded into a scratch slice and copied on.
    let (source, target) = (input(node, 0), output(node))
    let inner = Array(axes.suffix(5))
    let innerCount = inner.reduce(1) { $0 * $1.extent }
    let outer = Array(axes.dropLast(5))
    let turns = outer.reduce(1) { $0 * $1.extent }
    let padded = (innerCount + Slice.alignment - 1) / Slice.alignment * Slice.alignment
    let scratch = scratch(padded * turns)
    for turn in 0..<turns {
      var (rest, start) = (turn, 0)
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

  mutating func lowerGatherRows(_ node: Int) { lowerRows(node, "gather_rows", table: inputShape(node, 0)) }
  mutating func lowerScatterAddRows(_ node: Int) { lowerRows(node, "scatter_add_rows", table: outputShape(node)) }

  private mutating func lowerRows(_ node: Int, _ kernel: String, table shape: Shape) {
    let (first, indices, result) = (input(node, 0), input(node, 1), output(node))
    let gathers = kernel == "gather_rows"
    let count = inputShape(node, 1).count
    let note = note(node)
    emit(kernel, note, items: (profile.shares(of: count * shape[1]), 1, 1), [.read(first), .read(indices), .write(result)]) { unit in
      RowsParameters(
        table: unit(gathers ? first : result), indices: unit(indices), values: unit(gathers ? result : first), rows: Int32(shape[0]),
        columns: Int32(shape[1]), count: Int32(count))
    }
  }
}

/// Six numbers as C wants them, ones or zeros on the left being the caller's business.
private func six(_ values: [Int]) -> (Int32, Int32, Int32, Int32, Int32, Int32) {
  let v = values.map { Int32(truncatingIfNeeded: $0) }
  return (v[0], v[1], v[2], v[3], v[4], v[5])
}
