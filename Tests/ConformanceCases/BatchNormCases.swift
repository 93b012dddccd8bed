import GlissadeTensors

// MARK: Reference

/// y, mean and biased variance.
func batchNormReference(_ x: Numbers, _ weight: Numbers, _ bias: Numbers, epsilon: Double) -> [Numbers] {
  let channels = x.shape[-1]
  let rows = x.values.count / channels
  var (mean, variance, y) = (Numbers([channels]), Numbers([channels]), x)
  for channel in 0..<channels {
    let column = (0..<rows).map { x.values[$0 * channels + channel] }
    let m = column.reduce(0, +) / Double(rows)
    let v = column.reduce(0) { $0 + ($1 - m) * ($1 - m) } / Double(rows)
    mean.values[channel] = m
    variance.values[channel] = v
    for row in 0..<rows {
      y.values[row * channels + channel] = (column[row] - m) / (v + epsilon).squareRoot() * weight.values[channel] + bias.values[channel]
    }
  }
  return [y, mean, variance]
}

// MARK: Rows

extension Table {
  static var batchNorm: Table {
    let entries: [(Shape, ClosedRange<Double>)] = [
      ([6, 5], -2...2), ([4, 3, 3, 19], -2...2), ([2, 5, 7, 16], 9...11), ([2, 1], -1...1), ([1500, 7], -2...2), ([3, 4, 33], 50...51),
      ([70, 67], -1...1),
    ]
    return Table(
      name: "batch norm",
      cases: entries.flatMap { entry -> [Case] in
        let (shape, range) = entry
        let channels = shape[-1]
        let tolerance = range.lowerBound > 5 ? 5e-5 : 1e-5
        let operands = [Operand(shape, .uniform(range)), Operand([channels], .uniform(0.5...2)), Operand([channels])]
        let frozen = operands.map { Operand($0.shape, $0.content, isDifferentiated: false) }
        return [
          Case(
            "batch norm", operands, tolerance: tolerance, gradientTolerance: tolerance * 20,
            one: { $0[0].batchNormalized(weight: $0[1], bias: $0[2], epsilon: 1e-3).y },
            reference: { batchNormReference($0[0], $0[1], $0[2], epsilon: 1e-3)[0] }),
          // One of the two sums lives in the gradient arena, the other does not.
          Case(
            "batch norm with a frozen bias", [frozen[0], operands[1], frozen[2]], tolerance: tolerance, gradientTolerance: tolerance * 20,
            one: { relu($0[0].batchNormalized(weight: $0[1], bias: $0[2], epsilon: 1e-3).y + 20) },
            reference: { map(batchNormReference($0[0], $0[1], $0[2], epsilon: 1e-3)[0]) { max($0 + 20, 0) } }),
          Case(
            "batch statistics", operands, tolerance: tolerance, gradientTolerance: tolerance * 20,
            build: { _, operands in
              let result = operands[0].batchNormalized(weight: operands[1], bias: operands[2], epsilon: 1e-3)
              return [result.y, result.mean, result.variance]
            },
            reference: { batchNormReference($0[0], $0[1], $0[2], epsilon: 1e-3) }),
        ]
      })
  }
}
