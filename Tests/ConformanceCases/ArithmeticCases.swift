import GlissadeTensors

// MARK: Reference

/// A function of each run of numbers along some axes.
private func along(_ axes: [Int], _ x: Numbers, keepingAxes: Bool = false, _ function: ([Double]) -> Double) -> Numbers {
  let kept = (0..<x.shape.rank).filter { !axes.contains($0) }
  let shape = Shape((0..<x.shape.rank).compactMap { axes.contains($0) ? (keepingAxes ? 1 : nil) : x.shape[$0] })
  var runs = [[Double]](repeating: [], count: shape.count)
  for position in x.values.indices {
    let place = Numbers.places(position, x.shape)
    runs[kept.reduce(0) { $0 * x.shape[$1] + place[$1] }].append(x.values[position])
  }
  return Numbers(shape, runs.map(function))
}

private func variance(_ x: [Double], correction: Int) -> Double {
  let mean = x.reduce(0, +) / Double(x.count)
  return x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count - correction)
}

private func logSumExp(_ x: [Double]) -> Double {
  let largest = x.max() ?? 0
  return Real.log(x.reduce(0) { $0 + Real.exp($1 - largest) }) + largest
}

// MARK: Rows

extension Table {
  static var arithmetic: Table { Table(name: "arithmetic", cases: clamps + spreads + norms + extremePlaces + productsWithZeros) }

  private static var clamps: [Case] {
    let entries: [(Float?, Float?)] = [(-0.5, 0.7), (nil, 0.3), (-0.2, nil), (0.4, -0.4)]
    return entries.map { lower, upper in
      Case(
        "clamp to \(lower.map { "\($0)" } ?? "") ... \(upper.map { "\($0)" } ?? "")", [Operand([7, 19])],
        one: { $0[0].clamped(from: lower, to: upper) * 1.5 },
        reference: { operands in
          map(operands[0]) { min(max($0, Double(lower ?? -.infinity)), Double(upper ?? .infinity)) * 1.5 }
        })
    }
  }

  private static var spreads: [Case] {
    let entries: [(Shape, [Int])] = [
      ([5, 7], [1]), ([5, 7], [0]), ([3, 4, 5], [0, 2]), ([4, 131], [1]), ([33, 3], [1]), ([19], [0]), ([40, 16], [1]), ([3, 2, 17], [1]),
      // Rows that are several axes, longer than what is summed at once, and so long that several workers share them.
      ([3, 4, 5], [1, 2]), ([3, 700], [1]), ([2, 4200], [1]), ([2, 8300], [1]), ([6], [0]),
    ]
    return entries.flatMap { shape, axes -> [Case] in
      let x = [Operand(shape, .uniform(-3...3))]
      return [
        Case(
          "variance over \(axes)", x, one: { $0[0].variance(axes: axes) },
          reference: { along(axes, $0[0]) { variance($0, correction: 1) } }),
        Case(
          "variance and mean over \(axes), kept", x,
          build: {
            let (variance, mean) = $1[0].varianceAndMean(axes: axes, correction: 0, keepingAxes: true)
            return [variance, mean * 2]
          },
          reference: {
            [
              along(axes, $0[0], keepingAxes: true) { variance($0, correction: 0) },
              along(axes, $0[0], keepingAxes: true) { 2 * $0.reduce(0, +) / Double($0.count) },
            ]
          }),
        Case(
          "standard deviation over \(axes)", x, one: { $0[0].standardDeviation(axes: axes, correction: 0, keepingAxes: true) },
          reference: { along(axes, $0[0], keepingAxes: true) { variance($0, correction: 0).squareRoot() } }),
        Case(
          "log-sum-exp over \(axes)", x, one: { $0[0].logSumExp(axes: axes, keepingAxes: true) },
          reference: { along(axes, $0[0], keepingAxes: true) { logSumExp($0) } }),
      ]
    } + [
      Case(
        "log-sum-exp of large numbers", [Operand([6, 5], .uniform(-3000...3000))], one: { $0[0].logSumExp(axes: [1]) },
        reference: { along([1], $0[0]) { logSumExp($0) } }),
      Case(
        "log-sum-exp of infinities",
        [
          Operand(
            [4, 3], .fixed([-.infinity, -.infinity, -.infinity, .infinity, 0, 1, -.infinity, 0, 1, -.infinity, .infinity, .infinity]),
            isDifferentiated: false)
        ], one: { $0[0].logSumExp(axes: [1]) },
        reference: { _ in Numbers([4], [-.infinity, .infinity, 1.313261687518223, .infinity]) }),
    ]
  }

  private static var norms: [Case] {
    let entries: [(Float, Shape, [Int])] = [
      (1, [5, 7], [1]), (2, [5, 7], [0]), (3, [3, 4, 5], [0, 2]), (1.5, [13], [0]), (.infinity, [6, 5], [1]), (2, [3, 33], [1]),
    ]
    return entries.map { order, shape, axes in
      Case(
        "norm of order \(order) over \(axes)", [Operand(shape, .eitherSign(0.1...2))], one: { $0[0].norm(order: order, axes: axes) },
        reference: {
          along(axes, $0[0]) { run in
            if order == .infinity { return run.map(abs).max() ?? 0 }
            return Real.pow(run.reduce(0) { $0 + Real.pow(abs($1), Double(order)) }, 1 / Double(order))
          }
        })
    }
  }

  /// Rows of a table, because integers are no result here.
  private static var extremePlaces: [Case] {
    let entries: [(Shape, Int)] = [
      ([5, 7], 1), ([5, 7], 0), ([3, 4, 5], 1), ([2, 131], 1), ([70, 3], 1), ([1], 0), ([3, 700], 1), ([2, 4500], 1),
    ]
    return entries.flatMap { shape, axis in
      [false, true].map { isMinimum in
        Case(
          "\(isMinimum ? "argmin" : "argmax") over \(axis)",
          [Operand(shape, .distinct, isDifferentiated: false), Operand([shape[axis], 3])],
          one: { $0[1].rows(isMinimum ? $0[0].argmin(axis: axis) : $0[0].argmax(axis: axis)) },
          reference: { operands in
            gatherReference(
              operands[1],
              along([axis], operands[0]) { run in
                Double(run.indices.max { isMinimum ? run[$0] > run[$1] : run[$0] < run[$1] } ?? 0)
              })
          })
      }
    }
  }

  private static var productsWithZeros: [Case] {
    let numbers: [Float] = [1, 2, 3, 4, 5, 0, 2, 3, 4, 5, 1, 0, 3, 0, 5, -1, 2, -3, 4, 0]
    return [([4, 5], [1]), ([5, 2, 2], [0, 2]), ([2, 10], [0])].map { (shape: Shape, axes: [Int]) in
      Case(
        "product of zeros \(shape) over \(axes)", [Operand(shape, .fixed(numbers))], one: { $0[0].product(axes: axes) },
        reference: { along(axes, $0[0]) { $0.reduce(1, *) } })
    }
  }
}
