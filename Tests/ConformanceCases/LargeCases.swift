import GlissadePlanning
import GlissadeTensors
import StepSupport

/// Products and chains large enough for what small ones never take: packed factors, several panels and tiles in each direction, results that
/// are stored past the caches. Checked at some places.
extension Check {
  private typealias Operand = (shape: Shape, values: [Float])

  private static func run(
    on device: TestDevice, _ operands: [Operand], _ build: ([Tensor]) -> Tensor
  ) throws -> (values: [Float], problems: [Problem]) {
    let graph = Graph()
    let inputs = operands.enumerated().map { graph.input("x\($0)", shape: $1.shape) }
    var request = StepRequest(graph: graph, layout: ParameterLayout([], groupCount: 0) { _, _ in nil })
    request.outputs = ["y": build(inputs)]
    let runner = try StepRunner(request, on: device.device)
    try runner.run(Dictionary(uniqueKeysWithValues: operands.enumerated().map { ("x\($0)", .floats($1.values)) }))
    return (try runner.output("y"), try runner.damage().map { Problem($0) })
  }

  private static func random(_ shape: Shape, _ dice: inout Dice) -> Operand {
    (shape, (0..<shape.count).map { _ in Float(Int64(bitPattern: dice.next() >> 40) - 1 << 23) / Float(1 << 23) })
  }

  /// The elements that were looked at and are wrong, as one problem.
  private static func compare(_ got: [Float], at places: [Int], _ right: [Double], in shape: Shape, tolerance: Double) -> [Problem] {
    guard let infinite = got.firstIndex(where: { !$0.isFinite }) else {
      let deviations = zip(places, right).map { abs(Double(got[$0]) - $1) }
      guard let wrong = deviations.firstIndex(where: { $0 >= tolerance }) else { return [] }
      let count = deviations.count { $0 >= tolerance }
      let place = Numbers.places(places[wrong], shape)
      return [
        Problem(
          "differs at \(count) of the \(places.count) places that were looked at, first \(place): \(got[places[wrong]]) instead of \(right[wrong])",
          deviation: deviations.max() ?? 0, allowed: tolerance)
      ]
    }
    return [Problem("\(got[infinite]) at \(Numbers.places(infinite, shape))")]
  }

  static var largeProducts: [Check] {
    [
      (300, 530, 520, false, false), (1024, 513, 520, true, false), (260, 515, 530, false, true), (1024, 520, 515, true, true),
    ].map { rows, columns, inner, transposesA, transposesB in
      let transposed = "\(transposesA ? ", first transposed" : "")\(transposesB ? ", second transposed" : "")"
      return Check("large matmul \(rows)x\(inner)x\(columns)\(transposed)") { device in
        var dice = Dice("\(rows) \(columns) \(inner)")
        let a = random(transposesA ? [inner, rows] : [rows, inner], &dice)
        let b = random(transposesB ? [columns, inner] : [inner, columns], &dice)
        let corners = [(0, 0), (rows - 1, columns - 1), (0, columns - 1), (rows - 1, 0)]
        let places = corners + (0..<200).map { _ in (Int(dice.next() % UInt64(rows)), Int(dice.next() % UInt64(columns))) }
        let right = places.map { row, column in
          (0..<inner).reduce(0.0) { sum, k in
            let x = a.values[transposesA ? k * rows + row : row * inner + k]
            return sum + Double(x) * Double(b.values[transposesB ? column * inner + k : k * columns + column])
          }
        }
        let result = try run(on: device, [a, b]) { $0[0].matmul($0[1], transposeSelf: transposesA, transposeOther: transposesB) }
        return result.problems
          + compare(result.values, at: places.map { $0 * columns + $1 }, right, in: [rows, columns], tolerance: 5e-5)
      }
    }
  }

  static var largeConvolutions: [Check] {
    ([([2, 17, 18, 64], [130, 3, 3, 64], 1), ([3, 20, 20, 48], [96, 3, 3, 24], 2)] as [([Int], [Int], Int)]).map {
      image, weights, groups in
      Check("large convolution \(image) by \(weights)") { device in
        var dice = Dice("\(image)")
        let (x, w) = (random(Shape(image), &dice), random(Shape(weights), &dice))
        let shape = Shape([image[0], image[1], image[2], weights[0]])
        let places = [0, shape.count - 1] + (0..<200).map { _ in Int(dice.next() % UInt64(shape.count)) }
        let right = places.map { position in
          let place = Numbers.places(position, shape)
          let first = place[3] / (weights[0] / groups) * weights[3]
          var sum = 0.0
          for ky in 0..<3 {
            for kx in 0..<3 {
              let (iy, ix) = (place[1] + ky - 1, place[2] + kx - 1)
              guard (0..<image[1]).contains(iy) && (0..<image[2]).contains(ix) else { continue }
              for c in 0..<weights[3] {
                let pixel = x.values[((place[0] * image[1] + iy) * image[2] + ix) * image[3] + first + c]
                sum += Double(pixel) * Double(w.values[((place[3] * 3 + ky) * 3 + kx) * weights[3] + c])
              }
            }
          }
          return sum
        }
        let result = try run(on: device, [x, w]) { $0[0].convolved($0[1], padding: (1, 1), groups: groups) }
        return result.problems + compare(result.values, at: places, right, in: shape, tolerance: 5e-5)
      }
    }
  }

  /// A run that is compiled whole, one that is interpreted, and something after it that is no run.
  static var largeChains: [Check] {
    let chains: [(name: String, build: @Sendable ([Tensor]) -> Tensor, right: @Sendable (Float, Float, Float, Float) -> Float)] = [
      ("normalization", { relu(($0[0] - $0[2]) * $0[3] + $0[2]) }, { x, _, mean, scale in max((x - mean) * scale + mean, 0) }),
      ("run", { $0[3] - ($0[0] - $0[1]) * $0[2] }, { x, dy, mean, scale in scale - (x - dy) * mean }),
      ("tanh", { tanh(($0[0] - $0[2]) * $0[3]) }, { x, _, mean, scale in Float(Real.tanh(Double((x - mean) * scale))) }),
    ]
    return chains.map { chain in
      Check("large chain, \(chain.name)") { device in
        let (rows, columns) = (2100, 1001)
        var dice = Dice("large chains")
        let (x, dy) = (random([rows, columns], &dice), random([rows, columns], &dice))
        let (mean, scale) = (random([columns], &dice), random([columns], &dice))
        let places = [0, rows * columns - 1] + (0..<300).map { _ in Int(dice.next() % UInt64(rows * columns)) }
        let right = places.map { place in
          Double(chain.right(x.values[place], dy.values[place], mean.values[place % columns], scale.values[place % columns]))
        }
        let result = try run(on: device, [x, dy, mean, scale], chain.build)
        return result.problems + compare(result.values, at: places, right, in: [rows, columns], tolerance: 2e-6)
      }
    }
  }

  /// Transposes whose results are stored past the caches: whole blocks, and rests in each direction.
  static var largeTransposes: [Check] {
    ([([1456, 1441], [1, 0]), ([33, 1024, 64], [0, 2, 1]), ([33, 64, 1040], [0, 2, 1])] as [([Int], [Int])]).map { extents, axes in
      Check("large transpose \(axes) \(extents)") { device in
        var dice = Dice("large transposes \(extents)")
        let some = random([4099], &dice).values
        let shape = Shape(extents)
        let x: Operand = (shape, (0..<shape.count).map { some[$0 % 4099] })
        let result = Shape(axes.map { extents[$0] })
        let places = [0, result.count - 1] + (0..<3000).map { _ in Int(dice.next() % UInt64(result.count)) }
        let right = places.map { position in
          let place = Numbers.places(position, result)
          let from = zip(axes, place).reduce(into: [Int](repeating: 0, count: extents.count)) { $0[$1.0] = $1.1 }
          return Double(x.values[zip(from, extents).reduce(0) { $0 * $1.1 + $1.0 }])
        }
        let run = try run(on: device, [x]) { $0[0].transposed(axes) }
        return run.problems + compare(run.values, at: places, right, in: result, tolerance: 1e-30)
      }
    }
  }

  /// Rows whose results are stored past the caches, from places on that are no line's beginning.
  static var largeRows: [Check] {
    let kinds: [(name: String, build: @Sendable ([Tensor]) -> Tensor, right: @Sendable ([Double], [Double], Int) -> Double)] = [
      ("softmax", { $0[0].softmax() }, { x, _, place in Real.exp(x[place]) / x.reduce(0) { $0 + Real.exp($1) } }),
      ("log-softmax", { $0[0].logSoftmax() }, { x, _, place in x[place] - Real.log(x.reduce(0) { $0 + Real.exp($1) }) }),
      (
        "softmax gradient", { $0[0].graph.record(.softmaxGradient(SoftmaxGradient(isLogarithmic: false)), $0) },
        { y, dy, place in y[place] * (dy[place] - zip(y, dy).reduce(0) { $0 + $1.0 * $1.1 }) }
      ),
      (
        "log-softmax gradient", { $0[0].graph.record(.softmaxGradient(SoftmaxGradient(isLogarithmic: true)), $0) },
        { y, dy, place in dy[place] - Real.exp(y[place]) * dy.reduce(0, +) }
      ),
      // A row's first number is that of its gradient.
      (
        "extreme gradient",
        { operands in
          let (x, dy) = (operands[0], operands[1].sliced(axis: 1, 0..<1))
          let extremes = x.max(axes: [1], keepingAxes: true)
          return x.graph.record(.extremeGradient(ExtremeGradient(axes: [1])), [x, extremes, dy])
        },
        { x, dy, place in x[place] == x.max() ? dy[0] / Double(x.count { $0 == x[place] }) : 0 }
      ),
    ]
    return kinds.map { kind in
      Check("large rows, \(kind.name)") { device in
        let (rows, columns) = (2100, 1003)
        var dice = Dice("large rows")
        let some = random([4099], &dice).values  // again and again: so many random numbers take longer than the rest
        let x: Operand = ([rows, columns], (0..<rows * columns).map { some[$0 % 4099] })
        let dy: Operand = ([rows, columns], x.values.reversed())
        let edges = (0..<40).flatMap { [$0 * columns, $0 * columns + columns - 1] }
        let places = edges + [rows * columns - 1] + (0..<100).map { _ in Int(dice.next() % UInt64(rows * columns)) }
        let right = places.map { place in
          let row = place / columns * columns..<(place / columns + 1) * columns
          return kind.right(x.values[row].map(Double.init), dy.values[row].map(Double.init), place % columns)
        }
        let result = try run(on: device, kind.name.hasSuffix("gradient") ? [x, dy] : [x], kind.build)
        return result.problems + compare(result.values, at: places, right, in: [rows, columns], tolerance: 1e-4)
      }
    }
  }
}
