import GlissadeTensors

/// What depends on which number is larger. Such decisions are taken by exact values alone: another rounding would make another graph of it.
extension RandomGraph {
  mutating func chosen(_ x: Value) -> (String, Value)? {
    let shape = x.tensor.shape
    switch dice.next() % 8 {
    case 0, 1: return kept(x)
    case 2:
      let mask = mask(within: shape)
      // The mask is a value as well.
      values.append(Value(tensor: mask, bound: 1, isExact: true))
      return ("product with a mask of \(mask.shape)", Value(tensor: x.tensor * mask, bound: x.bound, isExact: x.isExact))
    case 3: return shape.rank >= 1 ? ordered(x, along: below(shape.rank)) : nil
    case 4:
      guard shape.rank >= 1 else { return nil }
      let axis = below(shape.rank)
      let keys = x.isExact ? x.tensor : parameter(shape).tensor
      let place = chance(2) ? keys.argmax(axis: axis) : keys.argmin(axis: axis)
      return ("where the extreme is along \(axis)", Value(tensor: x.tensor.gather(place, axis: axis), bound: x.bound, isExact: x.isExact))
    case 5:
      guard shape.rank >= 2 else { return nil }
      let diagonal = below(5) - 2
      let y = chance(2) ? x.tensor.lowerTriangle(diagonal: diagonal) : x.tensor.upperTriangle(diagonal: diagonal)
      return ("triangle at \(diagonal)", Value(tensor: y, bound: x.bound, isExact: x.isExact))
    case 6:
      guard shape.rank >= 1 else { return nil }
      let axis = below(shape.rank)
      let y = x.tensor.cumulativeSum(axis: axis, isReversed: chance(2))
      return ("running sum along \(axis)", Value(tensor: y, bound: x.bound * Double(shape[axis])))
    default: return oneHot(x)
    }
  }

  private mutating func kept(_ x: Value) -> (String, Value) {
    let mask = mask(within: x.tensor.shape)
    if chance(3) {
      return (
        "kept by \(mask.shape), otherwise a number",
        Value(tensor: x.tensor.kept(where: mask, otherwise: pick([0, -0.5])), bound: max(x.bound, 0.5), isExact: x.isExact)
      )
    }
    let fitting = values.filter { $0.tensor.shape.broadcast(with: x.tensor.shape) == x.tensor.shape }
    let other = chance(2) ? pick(fitting) : parameter(stretching(x.tensor.shape))
    let y = chance(2) ? x.tensor.kept(where: mask, otherwise: other.tensor) : other.tensor.kept(where: mask, otherwise: x.tensor)
    // Where the other one is small, and the mask as well, all that is left of x is its type.
    guard y.shape == x.tensor.shape else { return ("kept", Value(tensor: y + x.tensor, bound: x.bound + other.bound)) }
    return (
      "kept by \(mask.shape), otherwise \(other.tensor.shape)",
      Value(tensor: y, bound: max(x.bound, other.bound), isExact: x.isExact && other.isExact)
    )
  }

  /// Sorted, or the first so many of that, by itself or by the places of other numbers.
  private mutating func ordered(_ x: Value, along axis: Int) -> (String, Value) {
    let isDescending = chance(2)
    let count = chance(2) ? x.tensor.shape[axis] : 1 + below(x.tensor.shape[axis])
    let keys = x.isExact && !chance(4) ? x.tensor : parameter(x.tensor.shape).tensor
    let places = keys.sortOrder(axis: axis, isDescending: isDescending, count: count)
    return (
      "\(count) in order along \(axis)\(isDescending ? ", the largest first" : "")",
      Value(tensor: x.tensor.gather(places, axis: axis), bound: x.bound, isExact: x.isExact)
    )
  }

  private mutating func oneHot(_ x: Value) -> (String, Value)? {
    let shape = x.tensor.shape
    guard shape.rank == 2 else { return nil }
    let chosen = indices([1 + below(20)], below: shape[0]).oneHot(shape[0])
    // Sums of one number and zeros.
    return ("product with one-hot rows", Value(tensor: chosen.matmul(x.tensor), bound: x.bound))
  }

  /// A mask of this shape, or with some axes of extent 1 or missing.
  private mutating func mask(within shape: Shape) -> Tensor {
    let first = chance(5) ? wholeRelation(shape) : relation(shape)
    guard chance(3) else { return first }
    let second = relation(shape)
    return (chance(3) ? first.applying(.logicalNot) : first).combined(with: second, pick([.logicalAnd, .logicalOr, .logicalXor]))
  }

  private mutating func relation(_ shape: Shape) -> Tensor {
    let keys = keys(within: shape)
    let other = chance(2) ? graph.constant(pick([0, 0.25, -0.5])) : self.keys(within: shape)
    let function = pick([BinaryFunction.greater, .greaterOrEqual, .equal, .notEqual, .greater])
    return chance(2) ? keys.combined(with: other, function) : other.combined(with: keys, function)
  }

  /// Whole numbers compared with each other.
  private mutating func wholeRelation(_ shape: Shape) -> Tensor {
    let (a, b) = (indices(stretching(shape), below: 5), indices(stretching(shape), below: 4))
    switch dice.next() % 3 {
    case 0: return a * 2 - b .> 2
    case 1: return a .== b
    default: return maximum(a, b) .!= 3
    }
  }

  /// Numbers with the same bits everywhere.
  private mutating func keys(within shape: Shape) -> Tensor {
    let fitting = values.filter { $0.isExact && $0.tensor.shape.broadcast(with: shape) == shape }
    return !fitting.isEmpty && chance(2) ? pick(fitting).tensor : parameter(stretching(shape)).tensor
  }

  /// A shape that stretches to this one.
  mutating func stretching(_ shape: Shape) -> Shape {
    let extents = shape.dimensions.map { chance(3) ? 1 : $0 }
    return chance(4) ? Shape(Array(extents.dropFirst(below(shape.rank + 1)))) : Shape(extents)
  }
}
