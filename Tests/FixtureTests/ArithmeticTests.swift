import GlissadeLayers
import GlissadePlanning
import GlissadeTensors
import Testing

/// Products of any rank, einsum, statistics, poolings that stick out, convolutions of other shapes: PyTorch's values and gradients.
@Suite("Arithmetic against PyTorch")
struct ArithmeticTests {
  private static let fixture = Result { try Fixture("arithmetic") }

  private typealias Function = @Sendable ([Tensor]) -> Tensor

  private static let statistics: [String: Function] = [
    "variance of all": { $0[0].variance() }, "variance over -1": { $0[0].variance(axes: [-1]) },
    "variance over 0 and 2, kept": { $0[0].variance(axes: [0, 2], correction: 0, keepingAxes: true) },
    "deviation over 1": { $0[0].standardDeviation(axes: [1]) }, "norm of all": { $0[0].norm() },
    "norm 1 over 0": { $0[0].norm(order: 1, axes: [0]) },
    "norm 2.5 over -2": { $0[0].norm(order: 2.5, axes: [-2], keepingAxes: true) },
    "norm of infinity over 1": { $0[0].norm(order: .infinity, axes: [1]) }, "product of all": { $0[0].product() },
    "product over 1": { $0[0].product(axes: [1]) }, "log-sum-exp over 0": { $0[0].logSumExp(axes: [0]) },
    "log-sum-exp over 0 and 2": { $0[0].logSumExp(axes: [0, 2], keepingAxes: true) },
    "log-sum-exp of one": { $0[0].logSumExp(axes: [1]) },
  ]

  private static let poolings: [String: Function] = [
    "max pool 3 by 2": { $0[0].maxPooled(Window(kernel: (3, 3), stride: (2, 2), roundsUp: true)) },
    "max pool 2 by 2, padded": { $0[0].maxPooled(Window(kernel: (2, 2), stride: (2, 2), padding: (1, 1), roundsUp: true)) },
    "max pool 3 by 3, dilated": { $0[0].maxPooled(Window(kernel: (2, 2), stride: (3, 3), dilation: (2, 2), roundsUp: true)) },
    "average pool 3 by 2": { $0[0].averagePooled(Window(kernel: (3, 3), stride: (2, 2), roundsUp: true)) },
    "average pool 3 by 2, padded": { $0[0].averagePooled(Window(kernel: (3, 3), stride: (2, 2), padding: (1, 1), roundsUp: true)) },
    "average pool 3 by 2, padding does not count": {
      $0[0].averagePooled(Window(kernel: (3, 3), stride: (2, 2), padding: (1, 1), roundsUp: true), countsPadding: false)
    },
    "average pool 2 by 3": { $0[0].averagePooled(Window(kernel: (2, 2), stride: (3, 3), roundsUp: true)) },
  ]

  private static let losses: [String: Function] = [
    "squared errors": { squaredErrors($0[0], $0[1]) }, "absolute errors": { absoluteErrors($0[0], $0[1]) },
    "absolute errors of one number": { absoluteErrors($0[0], $0[1]) }, "huber's errors": { huberLosses($0[0], $0[1], delta: 0.7) },
    "cross-entropies": { softmaxCrossEntropies($0[0], $0[0].graph.constant(integers: [2, 0, 4, 1])) },
    "cross-entropies, smoothed": {
      softmaxCrossEntropies($0[0], $0[0].graph.constant(integers: [2, 0, 4, 1]), labelSmoothing: 0.2)
    },
  ]

  private static let sizes: [String: Function] = [
    "max pool of lines": { $0[0].maxPooled1D(kernel: 3, stride: 2, padding: 1) },
    "average pool of lines": { $0[0].averagePooled1D(kernel: 3, stride: 2, padding: 1, countsPadding: false) },
    "average over cells of lines": { $0[0].adaptivelyPooled1D(4) }, "largest of cells of lines": { $0[0].adaptivelyMaxPooled1D(4) },
    "largest of cells": { $0[0].adaptivelyMaxPooled(height: 3, width: 4) },
    "largest of cells that divide": { $0[0].adaptivelyMaxPooled(height: 3, width: 2) },
    "largest of more cells than pixels": { $0[0].adaptivelyMaxPooled(height: 5, width: 2) },
    "largest of random regions": { $0[0].fractionallyMaxPooled(kernel: (2, 3), to: (5, 4), samples: $0[0].graph.constant([0.3, 0.8])) },
    "largest of random regions, one": {
      $0[0].fractionallyMaxPooled(kernel: (3, 1), to: (1, 7), samples: $0[0].graph.constant([0.9, 0.1]))
    },
    "resized": { $0[0].resized(height: 7, width: 9) }, "resized, smaller": { $0[0].resized(height: 3, width: 4) },
    "resized by 2": { $0[0].resized(height: 6, width: 10) },
    "resized, corners aligned": { $0[0].resized(height: 7, width: 2, alignsCorners: true) },
    "resized to one, corners aligned": { $0[0].resized(height: 1, width: 6, alignsCorners: true) },
    "resized from one": { $0[0].resized(height: 3, width: 4) },
  ]

  private static let convolutions: [String: Function] = [
    "convolution of lines": { $0[0].convolved1D($0[1], padding: 1) },
    "convolution of lines, strides": { $0[0].convolved1D($0[1], stride: 2, padding: 3, dilation: 2, groups: 2) },
    "convolution of volumes": { $0[0].convolved3D($0[1], padding: (1, 1, 1)) },
    "convolution of volumes, strides": {
      $0[0].convolved3D($0[1], stride: (2, 1, 2), padding: (1, 0, 2), dilation: (2, 1, 1), groups: 2)
    },
    "transposed": { $0[0].transposedConvolved($0[1]) },
    "transposed, strides": { $0[0].transposedConvolved($0[1], stride: (2, 2), padding: (1, 1), outputPadding: (1, 1)) },
    "transposed, groups": {
      $0[0].transposedConvolved($0[1], stride: (3, 2), padding: (0, 1), outputPadding: (2, 0), dilation: (1, 2), groups: 2)
    },
    "transposed, volumes": { $0[0].transposedConvolved3D($0[1]) },
    "transposed, volumes, strides": {
      $0[0].transposedConvolved3D(
        $0[1], stride: (3, 2, 1), padding: (1, 0, 2), outputPadding: (2, 1, 0), dilation: (2, 1, 2), groups: 2)
    },
    "transposed, lines": { $0[0].transposedConvolved1D($0[1], stride: 2, padding: 1, outputPadding: 1) },
  ]

  private static let orders: [String: Function] = [
    "cumulative sum": { $0[0].cumulativeSum() }, "cumulative sum over 0": { $0[0].cumulativeSum(axis: 0) },
    "cumulative sum over 1": { $0[0].cumulativeSum(axis: -2) }, "sorted": { $0[0].sorted().values },
    "sorted over 0, descending": { $0[0].sorted(axis: 0, isDescending: true).values }, "top 3": { $0[0].top(3).values },
    "smallest 2 over 1": { $0[0].top(2, axis: 1, isLargest: false).values }, "top 20 of 21": { $0[0].top(20).values },
  ]

  /// What computes a case: one of the above, an equation, or else a product.
  private static func function(_ name: String, equations: Set<String>) -> Function {
    if equations.contains(name) { return { einsum(name, $0) } }
    let known = [statistics, poolings, convolutions, orders, sizes, losses].lazy.compactMap { $0[name] }.first
    return known ?? { $0[0].matmul($0[1]) }
  }

  @Test("Values and gradients", arguments: DeviceUnderTest.all) func values(on under: DeviceUnderTest) throws {
    let fixture = try Self.fixture.get()
    let cases = Array(zip(try fixture.metadata("cases").strings, try fixture.metadata("operands").integers))
    let equations = Set(try fixture.metadata("einsum").strings)
    let all = [Self.statistics, Self.poolings, Self.convolutions, Self.orders, Self.sizes, Self.losses].flatMap(\.keys)
    #expect(Set(all).subtracting(cases.map(\.0)).isEmpty)
    var inputs: [String: StepInput] = [:]
    for (name, count) in cases {
      for index in 0..<count {
        inputs["\(name)/\(index)"] = StepInput(try fixture.file.floats(of: "\(name)/\(index)"))
      }
      inputs["\(name)/upstream"] = StepInput(try fixture.file.floats(of: "\(name)/upstream"))
    }
    func shape(_ name: String) -> Shape { Shape(fixture.file.tensor(named: name)?.shape ?? []) }
    let results = try GraphRunner(under.device).run(inputs: inputs) { graph in
      var outputs: [String: Tensor] = [:]
      for (name, count) in cases {
        let operands = (0..<count).map { graph.input("\(name)/\($0)", shape: shape("\(name)/\($0)")) }
        let y = Self.function(name, equations: equations)(operands)
        #expect(graph.firstError == nil, "\(name): \(graph.firstError?.description ?? "")")
        // A scalar is kept as one number.
        #expect(y.shape == shape("\(name)/output") || (y.shape == [] && shape("\(name)/output") == [1]), "\(name)")
        outputs["\(name)/output"] = y
        let loss = (y * graph.input("\(name)/upstream", shape: y.shape)).sum()
        for (index, gradient) in graph.gradients(of: loss, withRespectTo: operands).enumerated() {
          let found: Tensor = try #require(gradient)
          outputs["\(name)/gradient \(index)"] = found
        }
      }
      return outputs
    }
    for (key, found) in results.sorted(by: { $0.key < $1.key }) {
      let expected = try fixture.file.floats(of: key)
      #expect(found.count == expected.count, "\(key)")
      let scale = expected.reduce(0) { Swift.max($0, abs($1)) }
      let worst = zip(found, expected).reduce(0) { Swift.max($0, abs($1.0 - $1.1)) }
      #expect(worst <= 1e-5 * scale + 1e-7, "\(key) is off by \(worst) of \(scale)")
    }
  }

  @Test("Ties, zeros of both signs, infinities and NaN in order", arguments: DeviceUnderTest.all)
  func oddRows(on under: DeviceUnderTest) throws {
    let fixture = try Self.fixture.get()
    func numbers(_ name: String) throws -> [Float] {
      zip(try fixture.file.floats(of: name), try fixture.file.integers(of: "\(name)/kind")).map { value, kind in
        kind == 0 ? value : kind == 2 ? .nan : kind == 1 ? .infinity : -.infinity
      }
    }
    let rows = try numbers("rows")
    let results = try GraphRunner(under.device).run(inputs: ["x": StepInput(rows)]) { graph in
      let x = graph.input("x", shape: [rows.count / 8, 8])
      return [
        "ascending": x.sortOrder().cast(to: .float32), "descending": x.sortOrder(isDescending: true).cast(to: .float32),
        "sums": x.cumulativeSum(),
      ]
    }
    for direction in ["ascending", "descending"] {
      let expected = try fixture.file.integers(of: "places/\(direction)").map { Float($0) }
      #expect(results[direction] == expected, "\(direction)")
    }
    let sums = try #require(results["sums"])
    for (index, pair) in zip(sums, try numbers("sums")).enumerated() {
      #expect(pair.0 == pair.1 || (pair.0.isNaN && pair.1.isNaN) || abs(pair.0 - pair.1) <= 1e-5 * abs(pair.1), "\(index): \(pair)")
    }
  }

  @Test("Equations that make no sense are refused") func refusals() {
    func message(_ equation: String, _ shapes: [Shape]) -> String {
      let graph = Graph()
      _ = einsum(equation, shapes.enumerated().map { graph.input("x\($0)", shape: $1) })
      return graph.firstError?.description ?? ""
    }
    #expect(message("ij,jk->ik", [[2, 3]]).contains("has 2 operands, and there are 1"))
    #expect(message("ij,jk->ik", [[2, 3], [4, 5]]).contains("the axis j is 3 long in one operand and 4 in another"))
    #expect(message("ijk->i", [[2, 3]]).contains("names 3 axes, and its tensor has 2"))
    #expect(message("ii->i", [[3, 4]]).contains("stands twice in one operand, and is 3 long and 4"))
    #expect(message("ii->i", [[3, 1]]).contains("stands twice in one operand, and is 3 long and 1"))
    #expect(message("i->ii", [[3]]).contains("i stands twice behind the arrow"))
    #expect(message("ij->k", [[3, 3]]).contains("no operand of \"ij->k\" has the axis k"))
    #expect(message("i1->i", [[3, 3]]).contains("may hold letters"))
  }
}
