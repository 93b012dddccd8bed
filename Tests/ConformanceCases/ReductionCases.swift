import GlissadeTensors

// MARK: Reference

func reference(_ reduction: Reduction, _ x: Numbers, axes: [Int], keepingAxes: Bool) -> Numbers {
  let kept = (0..<x.shape.rank).filter { !axes.contains($0) }
  let shape = Shape((0..<x.shape.rank).compactMap { axes.contains($0) ? (keepingAxes ? 1 : nil) : x.shape[$0] })
  let start: Double =
    switch reduction {
    case .sum, .mean: 0
    case .product: 1
    case .max: -.infinity
    case .min: .infinity
    }
  var result = Numbers(shape, repeating: start)
  let count = axes.reduce(1) { $0 * x.shape[$1] }
  for position in x.values.indices {
    let place = Numbers.places(position, x.shape)
    let target = kept.reduce(0) { $0 * x.shape[$1] + place[$1] }
    switch reduction {
    case .sum: result.values[target] += x.values[position]
    case .product: result.values[target] *= x.values[position]
    case .mean: result.values[target] += x.values[position] / Double(count)
    case .max: result.values[target] = Swift.max(result.values[target], x.values[position])
    case .min: result.values[target] = Swift.min(result.values[target], x.values[position])
    }
  }
  return result
}

func softmaxReference(_ x: Numbers, isLogarithmic: Bool) -> Numbers {
  let columns = x.shape[-1]
  var result = x
  for start in stride(from: 0, to: x.values.count, by: columns) {
    let row = x.values[start..<(start + columns)]
    let largest = row.max() ?? 0
    let logarithm = Real.log(row.reduce(0) { $0 + Real.exp($1 - largest) }) + largest
    for index in start..<(start + columns) {
      let value = x.values[index] - logarithm
      result.values[index] = isLogarithmic ? value : Real.exp(value)
    }
  }
  return result
}

/// Loss and right answers.
func crossEntropyReference(_ logits: Numbers, _ labels: Numbers, labelSmoothing: Double) -> (loss: Double, correct: Double) {
  let (rows, columns) = (logits.shape[0], logits.shape[1])
  let logarithms = softmaxReference(logits, isLogarithmic: true)
  var (loss, correct) = (0.0, 0.0)
  for row in 0..<rows {
    let label = Int(labels.values[row])
    var best = 0
    for column in 0..<columns {
      let target = (column == label ? 1 - labelSmoothing : 0) + labelSmoothing / Double(columns)
      loss -= target * logarithms[row, column] / Double(rows)
      if logits[row, column] > logits[row, best] { best = column }
    }
    if best == label { correct += 1 }
  }
  return (loss, correct)
}

// MARK: Rows

extension Table {
  static func reductions(_ reduction: Reduction) -> Table {
    let content: Content =
      switch reduction {
      case .sum, .mean: .uniform(-1...1)
      // Thousands of them neither overflow nor vanish.
      case .product: .eitherSign(0.9...1.1)
      case .max, .min: .distinct
      }
    func row(_ shape: Shape, _ axes: [Int], keepingAxes: Bool) -> Case {
      Case(
        "\(reduction.rawValue) over \(axes)\(keepingAxes ? ", kept" : "")", [Operand(shape, content)], tolerance: 1e-5,
        one: { $0[0].reduced(reduction, axes: axes, keepingAxes: keepingAxes) },
        reference: { reference(reduction, $0[0], axes: axes, keepingAxes: keepingAxes) })
    }
    // Every subset of four axes, and runs that are cut into pieces.
    var cases = (0..<16).map { subset in
      row([3, 5, 4, 7], (0..<4).filter { subset & 1 << $0 != 0 }, keepingAxes: subset % 3 == 0)
    }
    cases += [
      row([1, 1, 1, 1], [0, 2], keepingAxes: false), row([1, 17, 1, 3], [0, 1, 2], keepingAxes: false),
      row([1], [0], keepingAxes: false), row([70, 33], [1], keepingAxes: false), row([2, 3, 2, 3, 2], [0, 2, 4], keepingAxes: false),
      row([9001], [0], keepingAxes: false), row([1301, 3], [0], keepingAxes: false), row([2, 300, 17], [1], keepingAxes: false),
      row([600, 37], [0, 1], keepingAxes: false),
      // Wide rows, several at a time, and wider than a block.
      row([7, 70], [0], keepingAxes: false), row([2, 9, 131], [1], keepingAxes: false), row([10, 1050], [0], keepingAxes: false),
      // Rows that a GPU's work-groups go through eight numbers at a time, in several rounds and in pieces.
      row([3, 700], [1], keepingAxes: false), row([2, 4500], [1], keepingAxes: false),
    ]
    return Table(name: reduction.rawValue, cases: cases)
  }

  static var softmax: Table {
    let entries: [(Shape, Double)] = [
      ([5, 10], 3), ([1, 1], 3), ([7, 17], 3), ([33, 3], 3), ([2, 131], 3), ([3, 4, 5], 3), ([19], 3), ([6, 16], 90), ([4, 37], 3000),
      // Rows of which exponentials are kept on a CPU, of which all is kept on a GPU, and longer ones.
      ([3, 200], 3), ([3, 700], 3), ([2, 1024], 90), ([2, 2100], 3),
    ]
    return Table(
      name: "softmax and cross-entropy",
      cases: entries.flatMap { entry -> [Case] in
        let (shape, range) = entry
        var rows = [false, true].map { isLogarithmic in
          Case(
            "\(isLogarithmic ? "logSoftmax" : "softmax") up to \(range)", [Operand(shape, .uniform(-range...range))], tolerance: 5e-6,
            // Of such a range one is nearly 1, and what is left of 1 - y has few digits.
            gradientTolerance: range > 10 ? 3e-4 : 2e-5, one: { isLogarithmic ? $0[0].logSoftmax() : $0[0].softmax() },
            reference: { softmaxReference($0[0], isLogarithmic: isLogarithmic) })
        }
        guard shape.rank == 2 else { return rows }
        for smoothing in [0, 0.1] as [Float] {
          rows.append(
            Case(
              "cross-entropy up to \(range), smoothing \(smoothing)",
              [Operand(shape, .uniform(-range...range)), Operand([shape[0]], .integers(below: shape[1]))], tolerance: 5e-6,
              build: { _, operands in
                let result = softmaxCrossEntropy(operands[0], operands[1], labelSmoothing: smoothing)
                return [result.loss, result.correct]
              },
              reference: { operands in
                let result = crossEntropyReference(operands[0], operands[1], labelSmoothing: Double(smoothing))
                return [Numbers([], [result.loss]), Numbers([], [result.correct])]
              }))
        }
        return rows
      } + [
        // More rows than one work-item adds up, and a scaled loss.
        Case(
          "long cross-entropy", [Operand([8300, 3], .uniform(-3...3)), Operand([8300], .integers(below: 3))], tolerance: 5e-6,
          build: { _, operands in
            let result = softmaxCrossEntropy(operands[0], operands[1])
            return [result.loss * 3, result.correct]
          },
          reference: { operands in
            let result = crossEntropyReference(operands[0], operands[1], labelSmoothing: 0)
            return [Numbers([], [result.loss * 3]), Numbers([], [result.correct])]
          })
      ])
  }
}
