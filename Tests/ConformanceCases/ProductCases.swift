import GlissadeTensors

// MARK: Reference

func matmulReference(_ a: Numbers, _ b: Numbers, transposeA: Bool, transposeB: Bool) -> Numbers {
  let (m, k) = transposeA ? (a.shape[-1], a.shape[-2]) : (a.shape[-2], a.shape[-1])
  let n = transposeB ? b.shape[-2] : b.shape[-1]
  let (batchA, batchB) = (Shape(a.shape.dimensions.dropLast(2)), Shape(b.shape.dimensions.dropLast(2)))
  let batchAxes = batchA.broadcast(with: batchB) ?? []
  let batch = batchAxes.count
  /// Which entry of a stretched batch is an entry of the whole.
  func entry(_ number: Int, of own: Shape) -> Int {
    let place = Numbers.places(number, batchAxes).suffix(own.rank)
    return zip(own.dimensions, place).reduce(0) { $0 * $1.0 + ($1.0 == 1 ? 0 : $1.1) }
  }
  var result = Numbers(Shape(batchAxes.dimensions + [m, n]))
  a.values.withUnsafeBufferPointer { left in
    b.values.withUnsafeBufferPointer { right in
      for number in 0..<batch {
        let (startA, startB) = (entry(number, of: batchA) * m * k, entry(number, of: batchB) * k * n)
        for row in 0..<m {
          for column in 0..<n {
            var sum = 0.0
            for inner in 0..<k {
              let x = left[startA + (transposeA ? inner * m + row : row * k + inner)]
              let y = right[startB + (transposeB ? column * k + inner : inner * n + column)]
              sum += x * y
            }
            result.values[(number * m + row) * n + column] = sum
          }
        }
      }
    }
  }
  return result
}

// MARK: Rows

extension Table {
  /// How the operands' batches meet: no batch, each its own, one shared.
  private enum Batching: CaseIterable { case none, both, first, second }

  static var matmul: Table {
    let entries: [(Shape, Shape, Bool, Bool)] = [
      ([1, 1], [1, 1], false, false), ([67, 129], [129, 45], false, false), ([91, 523], [523, 89], false, false),
      ([16, 4200], [64, 4200], false, true), ([3, 2500], [2500, 9], false, false),
      ([5, 1300], [37, 1300], false, true), ([600, 17], [600, 33], true, false), ([1, 61], [61, 64], false, false),
      ([61, 1], [1, 33], false, false), ([40, 33], [17, 40], true, true),
    ]
    return Table(
      name: "matmul",
      cases: [false, true].flatMap { transposeA in
        [false, true].flatMap { transposeB in
          Batching.allCases.flatMap { batching in matmulRows(transposeA, transposeB, batching) }
        }
      } + entries.map { entry in matmulRow(entry.0, entry.1, entry.2, entry.3) } + stretchedBatches + vectors)
  }

  /// Batches that stretch: at the front, at the end, at both, each other, with a hole; and rows that share a factor.
  private static var stretchedBatches: [Case] {
    let batches: [([Int], [Int])] = [
      ([4], [3, 1]), ([3, 4], [1, 4]), ([3, 4], [3, 1]), ([1, 4], [3, 1]), ([2, 3, 2], [3, 1]), ([2, 1, 2], [2, 3, 2]), ([1], [1, 1]),
      ([2, 3, 4], [1, 3, 1]),
    ]
    return batches.flatMap { a, b -> [Case] in
      [(false, false), (true, false), (false, true)].map { transposeA, transposeB in
        matmulRow(Shape(a + (transposeA ? [7, 5] : [5, 7])), Shape(b + (transposeB ? [19, 7] : [7, 19])), transposeA, transposeB)
      }
    } + [
      // As many rows and columns as are packed, and an inner dimension that is cut.
      matmulRow([2, 2, 66, 40], [2, 1, 40, 70], false, false), matmulRow([2, 1, 30, 300], [1, 2, 70, 300], false, true),
      matmulRow([3, 40, 600], [1, 600, 33], false, false), matmulRow([2, 1, 40, 70], [2, 70, 40], true, true),
    ]
  }

  private static var vectors: [Case] {
    func row(_ name: String, _ a: Shape, _ b: Shape, _ left: Shape, _ right: Shape, _ result: Shape, transposeA: Bool = false) -> Case {
      Case(
        name, [Operand(a), Operand(b)], tolerance: 1e-5, one: { $0[0].matmul($0[1], transposeSelf: transposeA) },
        reference: { operands in
          Numbers(
            result,
            matmulReference(
              Numbers(left, operands[0].values), Numbers(right, operands[1].values), transposeA: transposeA, transposeB: false
            )
            .values)
        })
    }
    return [
      row("scalar product", [37], [37], [1, 37], [37, 1], []), row("matrix by vector", [13, 37], [37], [13, 37], [37, 1], [13]),
      row("vector by matrix", [37], [37, 13], [1, 37], [37, 13], [13]),
      row("transposed matrix by vector", [37, 13], [37], [37, 13], [37, 1], [13], transposeA: true),
      row("batch by vector", [2, 3, 13, 5], [5], [2, 3, 13, 5], [5, 1], [2, 3, 13]),
      row("vector by batch", [5], [3, 5, 13], [1, 5], [3, 5, 13], [3, 13]),
    ]
  }

  private static func matmulRows(_ transposeA: Bool, _ transposeB: Bool, _ batching: Batching) -> [Case] {
    var dice = Dice("\(transposeA) \(transposeB) \(batching)")
    return (0..<2).map { _ in
      let (m, n, k) = (dice.extent(below: 40), dice.extent(below: 50), dice.extent(below: 40))
      let (a, b) = (transposeA ? [k, m] : [m, k], transposeB ? [n, k] : [k, n])
      switch batching {
      case .none: return matmulRow(Shape(a), Shape(b), transposeA, transposeB)
      case .both: return matmulRow(Shape([3] + a), Shape([3] + b), transposeA, transposeB)
      case .first: return matmulRow(Shape([2, 2] + a), Shape(b), transposeA, transposeB)
      case .second: return matmulRow(Shape(a), Shape([3] + b), transposeA, transposeB)
      }
    }
  }

  private static func matmulRow(_ a: Shape, _ b: Shape, _ transposeA: Bool, _ transposeB: Bool) -> Case {
    Case(
      "matmul\(transposeA ? ", first transposed" : "")\(transposeB ? ", second transposed" : "")", [Operand(a), Operand(b)],
      tolerance: 1e-5,
      one: { $0[0].matmul($0[1], transposeSelf: transposeA, transposeOther: transposeB) },
      reference: { matmulReference($0[0], $0[1], transposeA: transposeA, transposeB: transposeB) })
  }

  /// What a product applies when it stores: in the forms that are fused, and in some that must not be.
  static var matmulEpilogues: Table {
    Table(
      name: "matmul epilogues",
      cases: [
        UnaryFunction.relu, .sigmoid, .hyperbolicTangent, .gelu, .silu, .softplus, .selu, .exactGelu, .mish, .softsign, .hardSwish,
        .hardSigmoid,
      ].map { function in
        epilogueRow(
          "bias, \(function.rawValue)", [11, 13], [13, 21], [Operand([21])], { ($0 + $1[0]).applying(function) },
          reference: { y, more in
            map(reference(.add, y, more[0])) { reference(function, $0) }
          })
      } + [
        epilogueRow(
          "bias, leaky relu", [11, 13], [13, 21], [Operand([21])], { leakyRelu($0 + $1[0], slope: 0.2) },
          reference: { map(reference(.add, $0, $1[0])) { reference(.leakyRelu, $0, Double(Float(0.2))) } }),
        epilogueRow(
          "slopes of channels", [11, 13], [13, 21], [Operand([21])], { leakyRelu($0, slope: $1[0]) },
          reference: { reference(.leakyRelu, $0, $1[0]) }),
        epilogueRow(
          "bias, one slope, then scale", [11, 13], [13, 21], [Operand([21]), Operand([1])], { leakyRelu($0 + $1[0], slope: $1[1]) * $1[0] },
          reference: { reference(.multiply, reference(.leakyRelu, reference(.add, $0, $1[0]), $1[1]), $1[0]) }),
        epilogueRow(
          "elu", [9, 8], [8, 17], [], { y, _ in elu(y, alpha: 0.75) }, reference: { y, _ in map(y) { reference(.elu, $0, 0.75) } }),
        epilogueRow(
          "celu", [9, 8], [8, 17], [], { y, _ in celu(y, alpha: 1.5) }, reference: { y, _ in map(y) { reference(.celu, $0, 1.5) } }),
        epilogueRow(
          "bias, hardtanh", [9, 8], [8, 17], [Operand([17])], { hardtanh($0 + $1[0], from: -0.7, to: 0.9) },
          reference: { map(reference(.add, $0, $1[0])) { min(max($0, -0.7), 0.9) } }),
        epilogueRow(
          "at least", [9, 8], [8, 17], [], { y, _ in y.clamped(from: -0.2) }, reference: { y, _ in map(y) { max($0, -0.2) } }),
        epilogueRow(
          "split, with mish", [91, 523], [523, 89], [Operand([89])], { mish($0 + $1[0]) },
          reference: { map(reference(.add, $0, $1[0])) { reference(.mish, $0) } }),
        epilogueRow("bias of one column", [11, 13], [13, 1], [Operand([1])], { $0 + $1[0] }, reference: { reference(.add, $0, $1[0]) }),
        epilogueRow(
          "bias of one row", [1, 13], [13, 5], [Operand([5])], { relu($0 + $1[0]) },
          reference: {
            map(reference(.add, $0, $1[0])) { max($0, 0) }
          }),
        epilogueRow("one bias for all", [7, 9], [9, 18], [Operand([1])], { $0 + $1[0] }, reference: { reference(.add, $0, $1[0]) }),
        epilogueRow("bias for each row", [7, 9], [9, 18], [Operand([7, 1])], { $0 + $1[0] }, reference: { reference(.add, $0, $1[0]) }),
        epilogueRow(
          "bias, residual, relu", [11, 13], [13, 21], [Operand([21]), Operand([11, 21])], { relu($0 + $1[0] + $1[1]) },
          reference: {
            y, more in
            map(reference(.add, reference(.add, y, more[0]), more[1])) { max($0, 0) }
          }),
        epilogueRow(
          "residual on the left", [6, 7], [7, 35], [Operand([6, 35])], { $1[0] + $0 }, reference: { reference(.add, $0, $1[0]) }),
        epilogueRow(
          "residual taken away", [6, 7], [7, 35], [Operand([6, 35])], { $1[0] - $0 }, reference: { reference(.subtract, $1[0], $0) }),
        epilogueRow(
          "residual, then bias", [6, 7], [7, 35], [Operand([6, 35]), Operand([35])], { $0 + $1[0] + $1[1] },
          reference: { y, more in
            reference(.add, reference(.add, y, more[0]), more[1])
          }),
        epilogueRow(
          "scale, bias, tanh", [9, 8], [8, 17], [Operand([17]), Operand([17])], { tanh($0 * $1[0] + $1[1]) },
          reference: { y, more in
            map(reference(.add, reference(.multiply, y, more[0]), more[1])) { Real.tanh($0) }
          }),
        epilogueRow(
          "bias, then scale", [9, 8], [8, 17], [Operand([17]), Operand([17])], { ($0 + $1[1]) * $1[0] },
          reference: { y, more in
            reference(.multiply, reference(.add, y, more[1]), more[0])
          }),
        epilogueRow(
          "relu, then residual", [9, 8], [8, 17], [Operand([9, 17])], { relu($0) + $1[0] },
          reference: { y, more in
            reference(.add, map(y) { max($0, 0) }, more[0])
          }),
        epilogueRow(
          "used twice", [9, 8], [8, 17], [Operand([17])], { tanh($0 + $1[0]) * $0 },
          reference: { y, more in
            reference(.multiply, map(reference(.add, y, more[0])) { Real.tanh($0) }, y)
          }),
        epilogueRow("added to itself", [9, 8], [8, 17], [], { y, _ in y + y }, reference: { y, _ in map(y) { 2 * $0 } }),
        epilogueRow("a constant", [9, 8], [8, 17], [], { y, _ in relu(y * 2 + 1) }, reference: { y, _ in map(y) { max(2 * $0 + 1, 0) } }),
        epilogueRow(
          "batched with bias", [3, 9, 8], [3, 8, 17], [Operand([17])], { relu($0 + $1[0]) },
          reference: { y, more in
            map(reference(.add, y, more[0])) { max($0, 0) }
          }),
        epilogueRow(
          "reshaped before the bias", [6, 8], [8, 18], [Operand([18])], { $0.reshaped(to: [2, 3, 18]) + $1[0] },
          reference: { y, more in
            reference(.add, Numbers([2, 3, 18], y.values), more[0])
          }),
        epilogueRow(
          "other columns after a reshape", [6, 8], [8, 18], [Operand([9])], { $0.reshaped(to: [12, 9]) + $1[0] },
          reference: { y, more in
            reference(.add, Numbers([12, 9], y.values), more[0])
          }),
        epilogueRow(
          "split, with bias and relu", [91, 523], [523, 89], [Operand([89])], { relu($0 + $1[0]) },
          reference: { y, more in
            map(reference(.add, y, more[0])) { max($0, 0) }
          }),
        // ReLU's gradient is applied where the product behind it stores its input's gradient.
        Case(
          "two layers", [Operand([9, 14]), Operand([19, 14]), Operand([5, 19])], tolerance: 1e-5,
          one: { operands in
            relu(operands[0].matmul(operands[1], transposeOther: true)).matmul(operands[2], transposeOther: true)
          },
          reference: { operands in
            let hidden = map(matmulReference(operands[0], operands[1], transposeA: false, transposeB: true)) { max($0, 0) }
            return matmulReference(hidden, operands[2], transposeA: false, transposeB: true)
          }),
      ])
  }

  private static func epilogueRow(
    _ name: String, _ a: Shape, _ b: Shape, _ more: [Operand], _ build: @escaping (Tensor, [Tensor]) -> Tensor,
    reference: @escaping (Numbers, [Numbers]) -> Numbers
  ) -> Case {
    Case(
      name, [Operand(a), Operand(b)] + more, tolerance: 1e-5, one: { build($0[0].matmul($0[1]), Array($0.dropFirst(2))) },
      reference: { operands in
        reference(matmulReference(operands[0], operands[1], transposeA: false, transposeB: false), Array(operands.dropFirst(2)))
      })
  }
}
