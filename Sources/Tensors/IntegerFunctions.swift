// What int32 tensors are made by that kernels compute in float32: exact for every int32, since nothing of it goes through more than 24 bits.

extension Tensor {
  /// Whether its elements are int32.
  var isWhole: Bool { isValid && dtype == .int32 }

  /// A function of each int32, where there is one that needs no float32.
  func applyingToIntegers(_ function: UnaryFunction) -> Tensor? {
    guard isWhole else { return nil }
    switch function {
    case .negate: return 0 - self
    case .absolute: return combined(with: 0 - self, .maximum)
    case .sign: return ((self .> 0) - (self .< 0)).cast(to: .int32)
    case .square: return self * self
    case .roundDown, .roundToEven: return self
    default: return nil
    }
  }

  /// What a reduction makes of int32 along some axes; `nil` where it has no whole number as its result.
  func reducedIntegers(_ reduction: Reduction, axes: [Int]?, keepingAxes: Bool) -> Tensor? {
    let function: BinaryFunction
    switch reduction {
    case .sum: function = .add
    case .product: function = .multiply
    case .max: function = .maximum
    case .min: function = .minimum
    case .mean: return nil
    }
    return alongLast(axes, keepingAxes: keepingAxes) { $0.folded(function) }
  }

  /// The last axis, which is dropped, taken together half by half.
  private func folded(_ function: BinaryFunction) -> Tensor {
    var (folded, lone) = (self, Tensor?.none)
    while folded.isValid, folded.shape[-1] > 1 {
      let (count, half) = (folded.shape[-1], folded.shape[-1] / 2)
      if count % 2 == 1 {
        let last = folded.sliced(axis: -1, (count - 1)..<count)
        lone = lone?.combined(with: last, function) ?? last
      }
      folded = folded.sliced(axis: -1, 0..<half).combined(with: folded.sliced(axis: -1, half..<(2 * half)), function)
    }
    if let lone { folded = folded.combined(with: lone, function) }
    return folded.reshaped(to: Shape(shape.dimensions.dropLast()))
  }

  /// 1 where the largest (or smallest) int32 of the last axis is, otherwise 0.
  func extremes(isMinimum: Bool) -> Tensor { self .== folded(isMinimum ? .minimum : .maximum).addingAxis(-1) }

  /// Running sums of int32 along the last axis: of two, of four, of eight, …
  func runningIntegers(isReversed: Bool) -> Tensor {
    var (sums, distance) = (self, 1)
    while sums.isValid, sums.shape.rank > 0, distance < sums.shape[-1] {
      var amounts = Array(repeating: (before: 0, after: 0), count: sums.shape.rank)
      amounts[sums.shape.rank - 1] = isReversed ? (-distance, distance) : (distance, -distance)
      sums = sums + sums.padded(amounts)
      distance *= 2
    }
    return sums
  }

  /// Where along the last axis the numbers of the sorted row are: sorted by the lower halves first, then by the upper ones, since sorting keeps
  /// the order of equals.
  func orderOfIntegers(count: Int, isDescending: Bool) -> Tensor {
    let (upper, lower) = halves()
    let first = graph.record(.sortOrder(SortOrder(count: shape[-1], isDescending: isDescending)), [lower])
    return first.gather(graph.record(.sortOrder(SortOrder(count: count, isDescending: isDescending)), [upper.gather(first)]))
  }

  /// Upper and lower 16 bits of int32 as float32: x = 65536·upper + lower, lower from 0 to 65535.
  private func halves() -> (upper: Tensor, lower: Tensor) {
    let rounded = (cast(to: .float32) * (1 / 65536)).floor()
    let rest = (self - rounded.cast(to: .int32) * 65536).cast(to: .float32)
    // Rounding to float32 was by 64 at most, so the rest is that far outside at most.
    let moved = (rest .>= 65536) - (rest .< 0)
    return (rounded + moved, rest - moved * 65536)
  }
}
