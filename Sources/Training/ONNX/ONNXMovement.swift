import GlissadeFormats
import GlissadeTensors

// Slices, what is put together, padding, and elements by number. A picture stays one, with its channels first; its axes are other ones there.
extension ONNXTranslation {
  /// A value as it is, if it is a picture, and where its axes are; otherwise in our arrangement.
  private mutating func movable(_ id: ValueID) throws(ONNXExportError) -> (value: Value, axis: (Int) -> Int) {
    let found = try value(id)
    if found.arrangement == .image { return (found, { ONNXArrangement.imageAxis[$0] }) }
    return (try ours(id), { $0 })
  }

  mutating func translateSlice(_ node: Int, _ rule: Slicing) throws(ONNXExportError) {
    let extents = shape(input(node, 0))
    if let first = extents.first, first == batch, rule.counts[0] != first { throw refusal(node, "it takes a part of the batch") }
    let (x, place) = try movable(input(node, 0))
    let axes = extents.indices.filter { rule.counts[$0] != extents[$0] || rule.steps[$0] != 1 }
    let y = slice(
      x.name, node, axes: axes.map(place),
      starts: axes.map { rule.steps[$0] < 0 && rule.starts[$0] == extents[$0] - 1 ? -1 : rule.starts[$0] },
      ends: axes.map { axis in
        let end = rule.starts[axis] + rule.counts[axis] * rule.steps[axis]
        // Before the first place there is none to name.
        return end < 0 ? -Int(Int32.max) : rule.counts[axis] == extents[axis] ? Int(Int32.max) : end
      }, steps: axes.map { rule.steps[$0] })
    set(node, y, x.arrangement)
  }

  private mutating func slice(_ x: String, _ node: Int, axes: [Int], starts: [Int], ends: [Int], steps: [Int]) -> String {
    add("Slice", scope(node), [x, integers(starts), integers(ends), integers(axes), integers(steps)])
  }

  mutating func translateSplit(_ node: Int, _ rule: Split) throws(ONNXExportError) {
    if shape(input(node, 0)).first == batch, rule.axis == 0 { throw refusal(node, "it takes the batch apart") }
    let (x, place) = try movable(input(node, 0))
    var start = 0
    for (output, size) in rule.sizes.enumerated() {
      let y = slice(x.name, node, axes: [place(rule.axis)], starts: [start], ends: [start + size], steps: [1])
      set(ValueID(node: node, output: output), y, x.arrangement)
      start += size
    }
  }

  mutating func translateConcatenate(_ node: Int, _ rule: Concatenate) throws(ONNXExportError) {
    let inputs = graph.nodes[node].inputs
    var areImages = true
    for id in inputs {
      let found = try value(id)
      areImages = areImages && found.arrangement == .image
    }
    var names: [String] = []
    for id in inputs { names.append(areImages ? try value(id).name : try ours(id).name) }
    let axis = areImages ? ONNXArrangement.imageAxis[rule.axis] : rule.axis
    set(node, add("Concat", scope(node), names, ["axis": .integer(axis)]), areImages ? .image : .same)
  }

  mutating func translatePad(_ node: Int, _ rule: Pad) throws(ONNXExportError) {
    guard rule.steps.allSatisfy({ $0 == 1 }) else { throw refusal(node, "there is no such operator") }
    let extents = shape(input(node, 0))
    if extents.first == batch, rule.before[0] + rule.after[0] > 0 { throw refusal(node, "it adds to the batch") }
    let (x, place) = try movable(input(node, 0))
    var amounts = [Int](repeating: 0, count: 2 * extents.count)
    for axis in extents.indices {
      amounts[place(axis)] = rule.before[axis]
      amounts[extents.count + place(axis)] = rule.after[axis]
    }
    let integer = Int32(bitPattern: rule.value.bitPattern)
    let value =
      graph.nodes[node].outputs[0].dtype == .int32 ? initializer("integer.\(integer).", [], .shortIntegers([integer])) : scalar(rule.value)
    set(node, add("Pad", scope(node), [x.name, integers(amounts), value]), x.arrangement)
  }

  mutating func translateGather(_ node: Int, _ rule: Gather) throws(ONNXExportError) {
    let (x, indices) = (try ours(input(node, 0)), try ours(input(node, 1)))
    if !rule.perElement, rule.axis == 0, shape(input(node, 0)).first == batch { throw refusal(node, "it takes a part of the batch") }
    let operation = rule.perElement ? "GatherElements" : "Gather"
    set(node, add(operation, scope(node), [x.name, indices.name], ["axis": .integer(rule.axis)]), .same)
  }

  mutating func translateScatterAdd(_ node: Int, _ rule: ScatterAdd) throws(ONNXExportError) {
    let (scope, axis, result) = (scope(node), rule.axis, graph.nodes[node].outputs[0].shape.dimensions)
    var (x, indices) = (try ours(input(node, 0)).name, try ours(input(node, 1)).name)
    if !rule.perElement {
      // What shares an index is one element with it: the axes of the indices become one, and each index stands for all that it has.
      let rank = shape(input(node, 1)).count
      let (all, keepsBatch) = (shape(input(node, 0)), axis > 0)
      let outer = all[..<axis].enumerated().map { keepsBatch && $0 == 0 && $1 == batch ? 0 : $1 }
      let inner = Array(all[(axis + rank)...])
      x = add("Reshape", scope, [x, integers(outer + [-1] + inner)])
      let ones = [Int](repeating: 1, count: axis) + [-1] + [Int](repeating: 1, count: inner.count)
      indices = add("Expand", scope, [add("Reshape", scope, [indices, integers(ones)]), add("Shape", scope, [x])])
    }
    let zeros = add("Expand", scope, [scalar(0), try extents(result, node)])
    let attributes: [String: ONNXModel.Attribute] = ["axis": .integer(axis), "reduction": .text("add")]
    set(node, add("ScatterElements", scope, [zeros, indices, x], attributes), .same)
  }
}
