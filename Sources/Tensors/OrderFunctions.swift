// Running sums and sorted rows along an axis, which counts from the last where it is negative, of either element type.

extension Tensor {
  /// Running sums: the j-th is that of the first j + 1 numbers (PyTorch's `cumsum`). Those of int32 are int32, exact, and wrap around beyond it.
  /// - Parameters:
  ///   - axis: default the last.
  ///   - isReversed: whether they begin at the end; default false.
  public func cumulativeSum(axis: Int = -1, isReversed: Bool = false) -> Tensor {
    swappingWithLast(axis) {
      $0.isWhole
        ? $0.runningIntegers(isReversed: isReversed) : graph.record(.cumulativeSum(CumulativeSum(isReversed: isReversed)), [$0])
    }
  }

  /// Where the numbers of the sorted row are. Equal numbers keep their order, and a NaN is larger than everything (PyTorch's `argsort` with
  /// `stable=True`). It has no gradient. int32 is sorted exactly, in two passes.
  /// - Parameters:
  ///   - axis: default the last.
  ///   - isDescending: whether the largest comes first; default false.
  ///   - count: how many of them, from the first; default all.
  /// - Returns: int32.
  public func sortOrder(axis: Int = -1, isDescending: Bool = false, count: Int? = nil) -> Tensor {
    let count = count ?? shape[axis]
    return swappingWithLast(axis) {
      $0.isWhole
        ? $0.orderOfIntegers(count: count, isDescending: isDescending)
        : graph.record(.sortOrder(SortOrder(count: count, isDescending: isDescending)), [$0])
    }
  }

  /// The numbers in order, and where they were. Equal numbers keep their order, and a NaN is larger than everything (PyTorch's `sort`).
  /// - Parameters:
  ///   - axis: default the last.
  ///   - isDescending: whether the largest comes first; default false.
  public func sorted(axis: Int = -1, isDescending: Bool = false) -> (values: Tensor, indices: Tensor) {
    let indices = sortOrder(axis: axis, isDescending: isDescending)
    return (gather(indices, axis: axis), indices)
  }

  /// The k largest numbers, the largest first, and where they are; of equal ones the first comes first (PyTorch's `topk`).
  /// - Parameters:
  ///   - count: k, from 1 to the axis' extent.
  ///   - axis: default the last.
  ///   - isLargest: false for the k smallest, the smallest first; default true.
  public func top(_ count: Int, axis: Int = -1, isLargest: Bool = true) -> (values: Tensor, indices: Tensor) {
    let indices = sortOrder(axis: axis, isDescending: isLargest, count: count)
    return (gather(indices, axis: axis), indices)
  }

  /// What `body` does along the last axis, done along another.
  private func swappingWithLast(_ axis: Int, _ body: (Tensor) -> Tensor) -> Tensor {
    let place = axis < 0 ? axis + shape.rank : axis
    guard isValid, (0..<shape.rank).contains(place) else {
      return graph.reject("axis", [self], because: "the axis \(axis) has to be among \(-shape.rank)..<\(shape.rank)")
    }
    guard place != shape.rank - 1 else { return body(self) }
    var order = Array(0..<shape.rank)
    order.swapAt(place, shape.rank - 1)
    return body(transposed(order)).transposed(order)
  }
}
