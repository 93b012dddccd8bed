import GlissadeTensors

/// How a value of a recorded graph lies in its translation to ONNX, where pictures have their channels first.
enum ONNXArrangement: Equatable {
  /// As here.
  case same
  /// [N, H, W, C] here, [N, C, H, W] there.
  case image
  /// [N, H·W·C] here, [N, C·H·W] there.
  case flattened(height: Int, width: Int, channels: Int)

  /// Where an axis of a picture is there.
  static let imageAxis = [0, 2, 3, 1]
  /// From here to there.
  static let toImage = [0, 3, 1, 2]
  /// From there to here.
  static let fromImage = [0, 2, 3, 1]
}

/// The elements of an array in the order of another: axis k of the result is axis `permutation[k]` of `shape`.
func permuted(_ values: [Float], _ shape: [Int], _ permutation: [Int]) -> [Float] {
  let strides = Shape(shape).strides
  let (extents, steps) = (permutation.map { shape[$0] }, permutation.map { strides[$0] })
  guard let inner = extents.last, let innerStep = steps.last, values.count == Shape(shape).count else { return values }
  return [Float](unsafeUninitializedCapacity: values.count) { target, count in
    var place = [Int](repeating: 0, count: extents.count)
    var (to, from) = (0, 0)
    while to < values.count {
      for index in 0..<inner { target[to + index] = values[from + index * innerStep] }
      to += inner
      // The next row, as an odometer counts.
      var axis = extents.count - 2
      while axis >= 0 {
        place[axis] += 1
        from += steps[axis]
        if place[axis] < extents[axis] { break }
        from -= place[axis] * steps[axis]
        place[axis] = 0
        axis -= 1
      }
      if axis < 0 { break }
    }
    count = values.count
  }
}
