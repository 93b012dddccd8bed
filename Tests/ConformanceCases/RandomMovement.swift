import GlissadeTensors

/// Parts, joins, borders, and elements by number.
extension RandomGraph {
  mutating func moved(_ x: Value) -> (String, Value)? {
    let shape = x.tensor.shape
    guard shape.rank >= 1 else { return nil }
    let axis = below(shape.rank)
    func like(_ tensor: Tensor, bound: Double? = nil) -> Value { Value(tensor: tensor, bound: bound ?? x.bound, isExact: x.isExact) }
    switch dice.next() % 14 {
    case 0, 1: return ("slice", like(sliced(x.tensor)))
    case 2, 3: return joined(x, axis)
    case 4: return split(x, axis)
    case 5: return shape.rank < 5 ? stacked(x) : nil
    case 6: return padded(x)
    case 7: return ("flip", like(x.tensor.flipped(axes: (0..<shape.rank).filter { $0 == axis || chance(3) })))
    case 8:
      if chance(2) { return ("roll along \(axis)", like(x.tensor.rolled(by: below(2 * shape[axis]) - shape[axis], axis: axis))) }
      return ("repeat along \(axis)", like(x.tensor.repeated(2 + below(2), axis: axis)))
    case 9:
      let counts = (0..<(shape.rank < 4 ? shape.rank + below(2) : shape.rank)).map { _ in 1 + below(2) }
      return ("tile \(counts)", like(x.tensor.tiled(counts)))
    case 10:
      if chance(2) || shape.rank > 4 { return ("at along \(axis)", like(x.tensor.at(below(shape[axis]), axis: axis))) }
      return ("one more axis", like(x.tensor.addingAxis(below(shape.rank + 1))))
    case 11: return taken(x, axis)
    case 12: return gathered(x, axis)
    default: return scattered(x, axis)
    }
  }

  private mutating func sliced(_ x: Tensor) -> Tensor {
    let certain = below(x.shape.rank)
    return (0..<x.shape.rank).reduce(x) { x, axis in
      guard axis == certain || chance(3) else { return x }
      let (extent, step) = (x.shape[axis], pick([1, 1, 2, 3, -1, -1, -2]))
      let first = step < 0 ? extent - 1 - below(min(extent, 3)) : below(extent)
      // At least the first place is left.
      let last = step < 0 ? below(first + 1) - 1 : first + 1 + below(extent - first)
      return x.sliced(axis: axis, from: first, to: last < 0 ? nil : last, by: step)
    }
  }

  private mutating func joined(_ x: Value, _ axis: Int) -> (String, Value) {
    let outline = x.tensor.shape.with(axis, 1)
    // Beside itself at least.
    let fitting = values.filter { $0.tensor.shape.rank == outline.rank && $0.tensor.shape.with(axis, 1) == outline }
    var parts = [x]
    for _ in 0...below(3) { parts.append(chance(3) ? parameter(outline.with(axis, dice.extent(below: 18))) : pick(fitting)) }
    parts.shuffle(using: &dice)
    return ("concatenate \(parts.map(\.tensor.shape)) along \(axis)", together(parts, concatenate(parts.map(\.tensor), axis: axis)))
  }

  private mutating func stacked(_ x: Value) -> (String, Value) {
    let fitting = values.filter { $0.tensor.shape == x.tensor.shape }
    let parts = [x] + (0...below(2)).map { _ in chance(3) ? parameter(x.tensor.shape) : pick(fitting) }
    let axis = below(x.tensor.shape.rank + 1)
    return ("stack along \(axis)", together(parts, stack(parts.map(\.tensor), axis: axis)))
  }

  private func together(_ parts: [Value], _ result: Tensor) -> Value {
    Value(tensor: result, bound: parts.reduce(0) { max($0, $1.bound) }, isExact: parts.allSatisfy(\.isExact))
  }

  private mutating func split(_ x: Value, _ axis: Int) -> (String, Value)? {
    var sizes = [x.tensor.shape[axis]]
    for _ in 0...below(2) {
      guard let last = sizes.last, last > 1 else { continue }
      let size = 1 + below(last - 1)
      sizes = sizes.dropLast() + [size, last - size]
    }
    guard sizes.count > 1 else { return nil }
    var pieces = x.tensor.split(sizes, axis: axis).map { Value(tensor: $0, bound: x.bound, isExact: x.isExact) }
    let newest = pieces.remove(at: below(pieces.count))
    values += pieces
    return ("split \(sizes) along \(axis)", newest)
  }

  private mutating func padded(_ x: Value) -> (String, Value) {
    let shape = x.tensor.shape
    let mode = pick([PaddingMode.constant(0), .constant(0.5), .reflect, .replicate, .circular])
    var amounts = shape.dimensions.map { _ in (before: 0, after: 0) }
    for _ in 0..<2 {
      let axis = below(shape.rank)
      let most = mode == .reflect ? shape[axis] - 1 : mode == .circular ? shape[axis] : 3
      amounts[axis] = (below(min(most, 3) + 1), below(min(most, 3) + 1))
      if case .constant = mode, shape[axis] > 2, chance(4) { amounts[axis].before = -1 }
    }
    return ("pad \(amounts), \(mode)", Value(tensor: x.tensor.padded(amounts, mode: mode), bound: max(x.bound, 0.5), isExact: x.isExact))
  }

  private mutating func taken(_ x: Value, _ axis: Int) -> (String, Value)? {
    let shape = x.tensor.shape
    let count: Shape = shape.rank < 5 && chance(3) ? [1 + below(3), 1 + below(4)] : [1 + below(12)]
    let indices = indices(count, below: shape[axis])
    return ("taken along \(axis)", Value(tensor: x.tensor.taken(indices, axis: axis), bound: x.bound, isExact: x.isExact))
  }

  private mutating func gathered(_ x: Value, _ axis: Int) -> (String, Value) {
    let shape = x.tensor.shape
    let wanted: Shape
    switch dice.next() % 3 {
    // Without the axis, stretched along some, and one for each element.
    case 0: wanted = Shape(shape.dimensions.indices.filter { $0 != axis }.map { shape[$0] })
    case 1: wanted = Shape(shape.dimensions.map { chance(2) ? 1 : $0 }).with(axis, 1 + below(7))
    default: wanted = shape.with(axis, 1 + below(7))
    }
    let indices = indices(wanted, below: shape[axis])
    return ("gather \(wanted) along \(axis)", Value(tensor: x.tensor.gather(indices, axis: axis), bound: x.bound, isExact: x.isExact))
  }

  private mutating func scattered(_ x: Value, _ axis: Int) -> (String, Value) {
    let shape = x.tensor.shape
    let extent = 1 + below(9)
    // One more than there is: such elements are left out.
    let indices = indices(chance(2) ? shape : Shape(shape.dimensions.map { _ in 1 }).with(axis, shape[axis]), below: extent + 1)
    let bound = x.bound * Double(shape[axis])
    guard chance(2) else {
      return ("scatter along \(axis)", Value(tensor: x.tensor.scattered(indices, axis: axis, extent: extent), bound: bound))
    }
    let target = parameter(shape.with(axis, extent))
    return ("add along \(axis)", Value(tensor: target.tensor.adding(x.tensor, at: indices, axis: axis), bound: bound + 1))
  }

  /// Whole numbers in 0 ..< count, the same wherever they are computed: listed, counted, or found in parameters.
  mutating func indices(_ shape: Shape, below count: Int) -> Tensor {
    let most = Float(count - 1)
    func limited(_ numbers: Tensor) -> Tensor { numbers.kept(where: numbers .<= most, otherwise: most) }
    switch dice.next() % 5 {
    case 0: return graph.constant(integers: (0..<shape.count).map { _ in Int32(below(count)) }, shape: shape)
    case 1 where shape.count * count <= 4000:
      let keys = parameter(Shape(shape.dimensions + [count]))
      return chance(2) ? keys.tensor.argmax(axis: -1) : keys.tensor.argmin(axis: -1)
    case 2 where shape.rank >= 1 && shape[-1] <= count && shape.count / shape[-1] * count <= 4000:
      let keys = parameter(shape.with(shape.rank - 1, count))
      return keys.tensor.sortOrder(isDescending: chance(2), count: shape[-1])
    case 3 where shape.rank >= 1:
      return limited(graph.arange(0..<(shape[-1] * 2), by: 2)).broadcast(to: shape)
    default:
      return limited((parameter(shape).tensor.abs() * Float(count)).floor().cast(to: .int32))
    }
  }
}

extension Shape {
  /// With another extent along an axis.
  func with(_ axis: Int, _ extent: Int) -> Shape {
    var extents = dimensions
    extents[axis] = extent
    return Shape(extents)
  }
}
