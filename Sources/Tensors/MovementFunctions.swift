// Parts of tensors, tensors put together, and elements by number. Negative axes count from the last.

/// What stands beyond a tensor's border.
public enum PaddingMode: Hashable, Sendable {
  /// One number.
  case constant(Float)
  /// The tensor mirrored at its outermost places, which are not repeated: 3 2 | 1 2 3 | 2 1. At most extent − 1 places (PyTorch's `reflect`).
  case reflect
  /// The outermost places again and again (PyTorch's `replicate`).
  case replicate
  /// The tensor from its other end on; at most as many places as it has (PyTorch's `circular`).
  case circular
}

extension Tensor {
  /// The axis that a number means, which counts from the last where it is negative; out of range it stays so.
  private func axis(_ axis: Int) -> Int { axis < 0 ? axis + shape.rank : axis }

  /// The axis, or a mistake that is reported: then `nil`.
  private func checked(_ given: Int, _ operation: String, _ others: [Tensor] = []) -> Int? {
    let axis = self.axis(given)
    if isValid, (0..<shape.rank).contains(axis) { return axis }
    _ = graph.reject(operation, [self] + others, because: "the axis \(given) has to be among \(-shape.rank)..<\(shape.rank)")
    return nil
  }

  private var invalid: Tensor { graph.tensor(.invalid) }

  // MARK: Slices

  /// Places of each axis: `counts` of them, from `starts` on, each `steps` after the one before.
  func sliced(starts: [Int], counts: [Int], steps: [Int]) -> Tensor {
    if isValid, counts == shape.dimensions, starts.allSatisfy({ $0 == 0 }), zip(steps, counts).allSatisfy({ $0 == 1 || $1 == 1 }) {
      return self
    }
    return graph.record(.slice(Slicing(starts: starts, counts: counts, steps: steps)), [self])
  }

  /// Some places along an axis: those of a range, or every so-manieth of them.
  /// - Parameters:
  ///   - axis: the axis; negative counts from the last.
  ///   - range: the places, of which there has to be one at least.
  ///   - step: from one to the next, at least 1; default 1.
  public func sliced(axis: Int, _ range: Range<Int>, by step: Int = 1) -> Tensor {
    guard let axis = checked(axis, "slice") else { return invalid }
    guard step >= 1, range.lowerBound >= 0, range.upperBound <= shape[axis], !range.isEmpty else {
      return graph.reject(
        "slice", [self], because: "axis \(axis) has the places 0..<\(shape[axis]), and \(range) by \(step) are asked for")
    }
    return sliced(axis, start: range.lowerBound, count: (range.count + step - 1) / step, step: step)
  }

  /// Some places along an axis, as Python's `x[from:to:by]`: negative places count from the end, those beyond an end mean the end, and a
  /// negative step goes backwards. At least one place has to be left.
  /// - Parameters:
  ///   - axis: the axis; negative counts from the last.
  ///   - from: the first place; default the first of all, for a negative step the last.
  ///   - to: the place before which it ends; default behind the last of all, for a negative step before the first.
  ///   - by: from one place to the next; default 1.
  public func sliced(axis: Int, from: Int? = nil, to: Int? = nil, by step: Int = 1) -> Tensor {
    guard let axis = checked(axis, "slice") else { return invalid }
    guard step != 0 else { return graph.reject("slice", [self], because: "the step is 0") }
    let extent = shape[axis]
    let (lowest, highest) = step > 0 ? (0, extent) : (-1, extent - 1)
    func place(_ given: Int) -> Int { Swift.max(lowest, Swift.min(highest, given < 0 ? Swift.max(given, -extent - 1) + extent : given)) }
    let start = from.map(place) ?? (step > 0 ? lowest : highest)
    let end = to.map(place) ?? (step > 0 ? highest : lowest)
    let length = step > 0 ? end - start : start - end
    guard length > 0 else {
      return graph.reject("slice", [self], because: "nothing is left of axis \(axis), and every extent has to be positive")
    }
    let count = Int((UInt(length) - 1) / step.magnitude) + 1
    // A step beyond the end is never taken.
    return sliced(axis, start: start, count: count, step: count == 1 ? 1 : step)
  }

  private func sliced(_ axis: Int, start: Int, count: Int, step: Int) -> Tensor {
    var (starts, counts, steps) = (shape.dimensions.map { _ in 0 }, shape.dimensions, shape.dimensions.map { _ in 1 })
    (starts[axis], counts[axis], steps[axis]) = (start, count, step)
    return sliced(starts: starts, counts: counts, steps: steps)
  }

  /// What is at one place of an axis, without that axis. A negative place counts from the end.
  public func at(_ place: Int, axis: Int = 0) -> Tensor {
    guard let axis = checked(axis, "slice") else { return invalid }
    let index = place < 0 ? place + shape[axis] : place
    guard (0..<shape[axis]).contains(index) else {
      return graph.reject("slice", [self], because: "axis \(axis) has the places 0..<\(shape[axis]), and \(place) is asked for")
    }
    return sliced(axis: axis, index..<(index + 1)).droppingAxis(axis)
  }

  private func droppingAxis(_ axis: Int) -> Tensor {
    var dimensions = shape.dimensions
    if dimensions.indices.contains(axis) { dimensions.remove(at: axis) }
    return reshaped(to: Shape(dimensions))
  }

  /// The same elements with one more axis, of extent 1.
  /// - Parameter axis: where it is in the result; negative counts from the result's last.
  public func addingAxis(_ axis: Int) -> Tensor {
    let place = axis < 0 ? axis + shape.rank + 1 : axis
    guard !isValid || (0...shape.rank).contains(place) else {
      return graph.reject("addAxis", [self], because: "the axis \(axis) has to be among \(-shape.rank - 1)...\(shape.rank)")
    }
    guard isValid else { return invalid }
    var dimensions = shape.dimensions
    dimensions.insert(1, at: place)
    return reshaped(to: Shape(dimensions))
  }

  /// Backwards along some axes: the last place first. `nil` for all.
  public func flipped(axes: [Int]? = nil) -> Tensor {
    let chosen = (axes ?? Array(0..<shape.rank)).map { self.axis($0) }
    guard isValid else { return invalid }
    guard chosen.allSatisfy({ (0..<shape.rank).contains($0) }), Set(chosen).count == chosen.count else {
      return graph.reject("flip", [self], because: "the axes \(axes ?? []) have to be different and among \(-shape.rank)..<\(shape.rank)")
    }
    let isFlipped = (0..<shape.rank).map { chosen.contains($0) }
    return sliced(
      starts: isFlipped.enumerated().map { $1 ? shape[$0] - 1 : 0 }, counts: shape.dimensions, steps: isFlipped.map { $0 ? -1 : 1 })
  }

  // MARK: Splitting and putting together

  /// Pieces along an axis.
  /// - Parameters:
  ///   - sizes: how many places each has; together all of the axis.
  ///   - axis: the axis; negative counts from the last.
  public func split(_ sizes: [Int], axis: Int) -> [Tensor] {
    if isValid, sizes == [shape[self.axis(axis)]], (0..<shape.rank).contains(self.axis(axis)) { return [self] }
    return graph.recordAll(.split(Split(axis: self.axis(axis), sizes: sizes)), [self])
  }

  /// Equal pieces along an axis.
  /// - Parameters:
  ///   - count: how many; has to divide the axis.
  ///   - axis: the axis; negative counts from the last.
  public func split(into count: Int, axis: Int) -> [Tensor] {
    guard isValid, count >= 1, shape[axis] % count == 0 else {
      let rejected = graph.reject(
        "split", [self], because: "axis \(axis) has \(shape[axis]) places, which \(count) pieces do not share equally")
      return Array(repeating: rejected, count: Swift.min(Swift.max(count, 0), 4096))
    }
    return split(Array(repeating: shape[axis] / count, count: count), axis: axis)
  }

  /// The places of an axis moved on by some, those that leave it at the end coming in at the front: NumPy's `roll`.
  /// - Parameters:
  ///   - places: how far; negative moves towards the front.
  ///   - axis: the axis; negative counts from the last.
  public func rolled(by places: Int, axis: Int) -> Tensor {
    guard let axis = checked(axis, "roll") else { return invalid }
    let extent = shape[axis]
    let start = ((-(places % extent)) % extent + extent) % extent
    guard start != 0 else { return self }
    return graph.concatenate([sliced(axis: axis, start..<extent), sliced(axis: axis, 0..<start)], axis: axis)
  }

  /// The whole tensor several times along each axis: NumPy's `tile`.
  /// - Parameter counts: how often along each axis; missing leading axes are of extent 1.
  public func tiled(_ counts: [Int]) -> Tensor {
    guard isValid else { return invalid }
    guard counts.count >= shape.rank, counts.allSatisfy({ $0 >= 1 }) else {
      return graph.reject("tile", [self], because: "there has to be a count for each of the \(shape.rank) axes, at least 1: \(counts)")
    }
    let padded = Array(repeating: 1, count: counts.count - shape.rank) + shape.dimensions
    let apart = reshaped(to: Shape(padded.flatMap { [1, $0] }))
    return apart.broadcast(to: Shape(zip(counts, padded).flatMap { [$0, $1] })).joined(padded, counts)
  }

  /// Each place of an axis several times in a row: NumPy's `repeat`.
  public func repeated(_ count: Int, axis: Int) -> Tensor {
    guard let axis = checked(axis, "repeat") else { return invalid }
    guard count >= 1 else { return graph.reject("repeat", [self], because: "the count is \(count), and it has to be at least 1") }
    var apart = addingAxis(axis + 1).shape.dimensions
    apart[axis + 1] = count
    var counts = shape.dimensions.map { _ in 1 }
    counts[axis] = count
    return addingAxis(axis + 1).broadcast(to: Shape(apart)).joined(shape.dimensions, counts)
  }

  private func joined(_ extents: [Int], _ counts: [Int]) -> Tensor {
    isValid ? reshaped(to: Shape(zip(extents, counts).map { $0 * $1 })) : self
  }

  // MARK: Padding

  func padded(before: [Int], after: [Int], steps: [Int], value: Float) -> Tensor {
    let none = before.allSatisfy { $0 == 0 } && after.allSatisfy { $0 == 0 }
    if isValid, none, zip(steps, shape.dimensions).allSatisfy({ $0 == 1 || $1 == 1 }) { return self }
    // Two axes at a time where there are many: what lies between them is one axis in memory.
    let changed = before.indices.filter { before[$0] != 0 || after[$0] != 0 || steps[$0] != 1 }
    guard shape.rank <= 6 || changed.count <= 2 else {
      func only(_ values: [Int], _ neutral: Int) -> [Int] { values.indices.map { changed.prefix(2).contains($0) ? values[$0] : neutral } }
      func rest(_ values: [Int], _ neutral: Int) -> [Int] { values.indices.map { changed.prefix(2).contains($0) ? neutral : values[$0] } }
      return padded(before: only(before, 0), after: only(after, 0), steps: only(steps, 1), value: value)
        .padded(before: rest(before, 0), after: rest(after, 0), steps: rest(steps, 1), value: value)
    }
    return graph.record(.pad(Pad(before: before, after: after, steps: steps, value: value)), [self])
  }

  /// More places before and after those of each axis. Negative amounts take places away.
  /// - Parameters:
  ///   - amounts: how many along each axis, outermost first.
  ///   - mode: what they hold; default 0.
  public func padded(_ amounts: [(before: Int, after: Int)], mode: PaddingMode = .constant(0)) -> Tensor {
    guard isValid else { return invalid }
    let text = amounts.map { "(\($0.before), \($0.after))" }.joined(separator: ", ")
    guard amounts.count == shape.rank else {
      return graph.reject("pad", [self], because: "there has to be an amount for each of the \(shape.rank) axes: \(text)")
    }
    let limit = 1 << 31
    guard
      zip(shape.dimensions, amounts).allSatisfy({
        $1.before > -limit && $1.before < limit && $1.after > -limit && $1.after < limit
          && $0 + Swift.min($1.before, 0) + Swift.min($1.after, 0) > 0
      })
    else { return graph.reject("pad", [self], because: "the amounts \(text) leave no place, or have more than 31 bits") }
    // What is taken away first: the rest is within what is left.
    let starts = amounts.map { Swift.max(0, -$0.before) }
    let counts = amounts.indices.map { shape[$0] - starts[$0] - Swift.max(0, -amounts[$0].after) }
    let inner = sliced(starts: starts, counts: counts, steps: starts.map { _ in 1 })
    let (before, after) = (amounts.map { Swift.max(0, $0.before) }, amounts.map { Swift.max(0, $0.after) })
    if case .constant(let value) = mode {
      let scalar = scalar(value)
      guard scalar.dtype == dtype, case .constant(let constant) = graph.nodes[scalar.id.node].operation else {
        return graph.reject("pad", [self], because: "\(value) is no int32")
      }
      return inner.padded(before: before, after: after, steps: before.map { _ in 1 }, value: constant.value)
    }
    return (0..<shape.rank).reduce(inner) { $0.bordered(axis: $1, before: before[$1], after: after[$1], mode) }
  }

  /// One axis with a border made of the tensor itself.
  private func bordered(axis: Int, before: Int, after: Int, _ mode: PaddingMode) -> Tensor {
    guard isValid, before > 0 || after > 0 else { return self }
    let extent = shape[axis]
    let most = mode == .reflect ? extent - 1 : mode == .circular ? extent : Int.max
    guard before <= most, after <= most else {
      return graph.reject(
        "pad", [self], because: "axis \(axis) of \(extent) places has at most \(most) of them beyond its ends in this mode")
    }
    func border(_ count: Int, isBefore: Bool) -> [Tensor] {
      guard count > 0 else { return [] }
      switch mode {
      case .replicate:
        let edge = isBefore ? sliced(axis: axis, 0..<1) : sliced(axis: axis, (extent - 1)..<extent)
        return [edge.broadcast(to: shape.replacing(axis, by: count))]
      case .circular: return [isBefore ? sliced(axis: axis, (extent - count)..<extent) : sliced(axis: axis, 0..<count)]
      default:
        let mirrored = isBefore ? sliced(axis: axis, 1..<(count + 1)) : sliced(axis: axis, (extent - 1 - count)..<(extent - 1))
        return [mirrored.flipped(axes: [axis])]
      }
    }
    return graph.concatenate(border(before, isBefore: true) + [self] + border(after, isBefore: false), axis: axis)
  }

  // MARK: By number

  /// What is at some places of an axis: NumPy's `take`, PyTorch's `index_select`. The axis becomes those of the indices. An index outside it
  /// gives NaN, of int32 the smallest number. The gradient of a place is the sum over all that name it, in their order.
  /// - Parameters:
  ///   - indices: int32, of any shape.
  ///   - axis: the axis; negative counts from the last; default the first.
  public func taken(_ indices: Tensor, axis: Int = 0) -> Tensor {
    guard let axis = checked(axis, "gather", [indices]) else { return invalid }
    return graph.record(.gather(Gather(axis: axis, perElement: false)), [self, indices])
  }

  /// One element for each index along an axis: PyTorch's `gather`, NumPy's `take_along_axis`.
  ///
  /// Indices have this tensor's axes, and beside `axis` its extents or 1: `y[i, j, k] = x[i, indices[i, j, k], k]` for axis 1. Or they lack
  /// the axis, and so does the result: `output.gather(labels)` is what [batch, classes] has at each sample's class.
  /// An index outside the axis gives NaN, of int32 the smallest number.
  /// - Parameters:
  ///   - indices: int32.
  ///   - axis: the axis; negative counts from the last; default the last.
  public func gather(_ indices: Tensor, axis: Int = -1) -> Tensor {
    guard let axis = checked(axis, "gather", [indices]) else { return invalid }
    if indices.isValid, indices.shape.rank == shape.rank - 1 { return gather(indices.addingAxis(axis), axis: axis).droppingAxis(axis) }
    let full = indices.isValid && indices.shape.rank == shape.rank ? shape.replacing(axis, by: indices.shape[axis]) : indices.shape
    return graph.record(.gather(Gather(axis: axis, perElement: true)), [self, indices.broadcast(to: full)])
  }

  /// Zeros, to which these elements are added along an axis, each at the place that its index names: the other way round of `gather`.
  /// Several at one place are summed in their order, the same way each time. An index outside the axis leaves its element out.
  /// - Parameters:
  ///   - indices: int32, of this tensor's shape, or with extents of 1.
  ///   - axis: the axis; negative counts from the last.
  ///   - extent: the result's extent along it.
  public func scattered(_ indices: Tensor, axis: Int, extent: Int) -> Tensor {
    guard let axis = checked(axis, "scatterAdd", [indices]) else { return invalid }
    return graph.record(
      .scatterAdd(ScatterAdd(axis: axis, extent: extent, perElement: true)), [self, indices.broadcast(to: shape)])
  }

  /// This tensor, to which elements are added along an axis, each at the place that its index names: PyTorch's `scatter_add`.
  /// - Parameters:
  ///   - values: what is added; beside the axis of this tensor's extents.
  ///   - indices: int32, of the values' shape, or with extents of 1.
  ///   - axis: the axis; negative counts from the last.
  public func adding(_ values: Tensor, at indices: Tensor, axis: Int) -> Tensor {
    self + values.scattered(indices, axis: axis, extent: shape[axis])
  }

  /// 1 at the place that each index names, 0 at the others, along a new last axis. An index outside 0 ..< classes gives nothing but zeros.
  /// - Parameter classes: the new axis' extent.
  /// - Returns: float32 of the indices' shape and one axis more.
  public func oneHot(_ classes: Int) -> Tensor {
    guard isValid else { return invalid }
    guard dtype == .int32, classes >= 1 else {
      return graph.reject("oneHot", [self], because: "the indices have to be int32, and classes at least 1: \(classes)")
    }
    return addingAxis(-1) .== graph.arange(0..<classes)
  }
}

extension Graph {
  /// Tensors one after the other along an axis: NumPy's `concatenate`.
  /// - Parameters:
  ///   - tensors: of equal extents beside the axis; at least one.
  ///   - axis: the axis; negative counts from the last.
  public func concatenate(_ tensors: [Tensor], axis: Int) -> Tensor {
    if tensors.count == 1, tensors[0].graph === self, (-tensors[0].shape.rank..<tensors[0].shape.rank).contains(axis) { return tensors[0] }
    let rank = tensors.first?.shape.rank ?? 0
    return record(.concatenate(Concatenate(axis: axis < 0 ? axis + rank : axis)), tensors)
  }

  /// Tensors of one shape beside each other along a new axis: NumPy's `stack`.
  /// - Parameter axis: where it is in the result; negative counts from the result's last.
  public func stack(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
    concatenate(tensors.map { $0.addingAxis(axis) }, axis: axis)
  }

  /// The whole numbers of a range as int32: 0, 1, 2, … Part of the step, as other constants.
  /// - Parameters:
  ///   - range: at least one number.
  ///   - step: from one to the next, at least 1; default 1.
  public func arange(_ range: Range<Int>, by step: Int = 1) -> Tensor {
    guard step >= 1, !range.isEmpty, range.count <= Int(Int32.max), let first = Int32(exactly: range.lowerBound),
      Int32(exactly: range.upperBound - 1) != nil
    else { return reject("arange", [], because: "\(range) by \(step) has to be at least one int32") }
    return constant(integers: stride(from: Int(first), to: range.upperBound, by: step).map { Int32(truncatingIfNeeded: $0) })
  }

  /// A mask of [rows, columns] that holds on and below a diagonal: 1 where column − row ≤ `diagonal`, otherwise 0. For attention that sees
  /// nothing of what comes later: `scores.kept(where: graph.lowerTriangle(rows: n, columns: n), otherwise: -.infinity)`.
  /// - Parameter diagonal: 0 is the main diagonal, positive ones are above it; default 0.
  public func lowerTriangle(rows: Int, columns: Int, diagonal: Int = 0) -> Tensor {
    guard (1...Int(Int32.max)).contains(rows), (1...Int(Int32.max)).contains(columns), diagonal.magnitude < 1 << 30 else {
      return reject("lowerTriangle", [], because: "[\(rows), \(columns)] has to have places, and the diagonal \(diagonal) at most 30 bits")
    }
    return arange(0..<rows).addingAxis(1) .>= arange(-diagonal..<(columns - diagonal))
  }
}

/// Tensors one after the other along an axis: NumPy's `concatenate`.
/// - Parameters:
///   - tensors: of equal extents beside the axis; at least one.
///   - axis: the axis; negative counts from the last.
public func concatenate(_ tensors: [Tensor], axis: Int) -> Tensor { (tensors.first?.graph ?? Graph()).concatenate(tensors, axis: axis) }

/// Tensors of one shape beside each other along a new axis: NumPy's `stack`.
/// - Parameters:
///   - tensors: at least one.
///   - axis: where the axis is in the result; negative counts from the result's last.
public func stack(_ tensors: [Tensor], axis: Int = 0) -> Tensor { (tensors.first?.graph ?? Graph()).stack(tensors, axis: axis) }
