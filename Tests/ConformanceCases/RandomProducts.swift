import GlissadeTensors

/// Products of any rank, and sums by letters.
extension RandomGraph {
  mutating func multiplied(_ x: Value) -> (String, Value)? {
    let shape = x.tensor.shape
    guard shape.rank >= 1 else { return nil }
    switch dice.next() % 8 {
    case 0: return byVector(x)
    case 1, 2, 3: return byLetters(x)
    case 4 where shape.rank >= 2:
      // With itself: a Gram matrix.
      let y = x.tensor.matmul(x.tensor, transposeOther: true)
      return ("matmul with itself", Value(tensor: y, bound: x.bound * x.bound * Double(shape[-1])))
    case 5 where shape.rank >= 2: return inBatches(x)
    default: return shape.rank >= 2 ? byMatrix(x) : byVector(x)
    }
  }

  private func grown(_ x: Value, over count: Int) -> Double { x.bound * Double(count).squareRoot() * 2 }

  private mutating func byMatrix(_ x: Value) -> (String, Value) {
    let (inner, columns) = (x.tensor.shape[-1], dice.extent(below: 40))
    let isTransposed = chance(2)
    let weights = parameter(isTransposed ? [columns, inner] : [inner, columns])
    return (
      "matmul with \(weights.tensor.shape)",
      Value(tensor: x.tensor.matmul(weights.tensor, transposeOther: isTransposed), bound: grown(x, over: inner))
    )
  }

  /// A vector on either side.
  private mutating func byVector(_ x: Value) -> (String, Value) {
    let shape = x.tensor.shape
    if shape.rank >= 2, chance(2) {
      return ("vector times matrices", Value(tensor: parameter([shape[-2]]).tensor.matmul(x.tensor), bound: grown(x, over: shape[-2])))
    }
    return ("matrices times vector", Value(tensor: x.tensor.matmul(parameter([shape[-1]]).tensor), bound: grown(x, over: shape[-1])))
  }

  /// Batches that stretch on either side, each factor as it lies or turned round.
  private mutating func inBatches(_ x: Value) -> (String, Value) {
    let shape = x.tensor.shape
    let (isTransposed, isOtherTransposed) = (chance(2), chance(2))
    let (inner, columns) = (shape[isTransposed ? -2 : -1], dice.extent(below: 20))
    var batch = stretching(Shape(Array(shape.dimensions.dropLast(2)))).dimensions
    // Where the first has an extent of 1, the other stretches it.
    for axis in batch.indices where batch[axis] == 1 && shape.dimensions[axis + shape.rank - 2 - batch.count] == 1 {
      batch[axis] = 1 + below(3)
    }
    let other = parameter(Shape(batch + (isOtherTransposed ? [columns, inner] : [inner, columns])))
    let (first, second) = (x.tensor, other.tensor)
    let y = first.matmul(second, transposeSelf: isTransposed, transposeOther: isOtherTransposed)
    return ("matmul of \(shape)\(isTransposed ? "ᵀ" : "") with \(other.tensor.shape)", Value(tensor: y, bound: grown(x, over: inner)))
  }

  /// An equation that nobody wrote: letters for the value's axes, some of them and new ones for another operand's, any of both for the result's.
  private mutating func byLetters(_ x: Value) -> (String, Value)? {
    let shape = x.tensor.shape
    guard shape.rank <= 4 else { return nil }
    let names = Array("abcd".prefix(shape.rank)).map(String.init)
    var extents = Dictionary(uniqueKeysWithValues: zip(names, shape.dimensions))
    var labels = names
    // A diagonal, where two axes are as long.
    if let second = names.indices.first(where: { place in shape.dimensions[..<place].contains(shape[place]) }), chance(2),
      let first = shape.dimensions.firstIndex(of: shape[second])
    {
      labels[second] = labels[first]
    }
    var operands = [x.tensor]
    var terms = [labels.joined()]
    var all = Array(Set(labels)).sorted()
    for new in ["y", "z"].prefix(below(3)) {
      var other = all.filter { _ in !chance(3) }
      if chance(2) {
        other.append(new)
        extents[new] = dice.extent(below: 8)
      }
      other.shuffle(using: &dice)
      let operand = parameter(Shape(other.map { extents[$0] ?? 1 }))
      operands.append(operand.tensor)
      terms.append(other.joined())
      all = Array(Set(all + other)).sorted()
    }
    let result = all.filter { _ in !chance(3) }.shuffled(using: &dice)
    let size = result.reduce(1) { $0 * (extents[$1] ?? 1) }
    // What lies between two operands is no larger than all letters together.
    let whole = all.reduce(1) { $0 * (extents[$1] ?? 1) }
    guard size <= 4000, whole <= 100_000 else { return nil }
    let equation = terms.joined(separator: ",") + "->" + result.joined()
    return ("einsum \(equation)", Value(tensor: einsum(equation, operands), bound: grown(x, over: whole / max(size, 1))))
  }
}
