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

  private static let convolutions: [String: Function] = [
    "convolution of lines": { $0[0].convolved1D($0[1], padding: 1) },
    "convolution of lines, strides": { $0[0].convolved1D($0[1], stride: 2, padding: 3, dilation: 2, groups: 2) },
    "transposed": { $0[0].transposedConvolved($0[1]) },
    "transposed, strides": { $0[0].transposedConvolved($0[1], stride: (2, 2), padding: (1, 1), outputPadding: (1, 1)) },
    "transposed, groups": {
      $0[0].transposedConvolved($0[1], stride: (3, 2), padding: (0, 1), outputPadding: (2, 0), dilation: (1, 2), groups: 2)
    },
    "transposed, lines": { $0[0].transposedConvolved1D($0[1], stride: 2, padding: 1, outputPadding: 1) },
  ]

  /// What computes a case: one of the above, an equation, or else a product.
  private static func function(_ name: String, equations: Set<String>) -> Function {
    if equations.contains(name) { return { einsum(name, $0) } }
    return statistics[name] ?? poolings[name] ?? convolutions[name] ?? { $0[0].matmul($0[1]) }
  }

  @Test("Values and gradients", arguments: DeviceUnderTest.all) func values(on under: DeviceUnderTest) throws {
    let fixture = try Self.fixture.get()
    let cases = Array(zip(try fixture.metadata("cases").strings, try fixture.metadata("operands").integers))
    let equations = Set(try fixture.metadata("einsum").strings)
    let known = [Self.statistics, Self.poolings, Self.convolutions].flatMap(\.keys)
    #expect(Set(known).subtracting(cases.map(\.0)).isEmpty)
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

  @Test("Equations that make no sense are refused") func refusals() {
    func message(_ equation: String, _ shapes: [Shape]) -> String {
      let graph = Graph()
      _ = einsum(equation, shapes.enumerated().map { graph.input("x\($0)", shape: $1) })
      return graph.firstError?.description ?? ""
    }
    #expect(message("ij,jk->ik", [[2, 3]]).contains("has 2 operands, and there are 1"))
    #expect(message("ij,jk->ik", [[2, 3], [4, 5]]).contains("the axis j is 3 long in one operand and 4 in another"))
    #expect(message("ijk->i", [[2, 3]]).contains("names 3 axes, and its tensor has 2"))
    #expect(message("ii->i", [[3, 3]]).contains("diagonals are not taken"))
    #expect(message("ij->k", [[3, 3]]).contains("no operand of \"ij->k\" has the axis k"))
    #expect(message("i1->i", [[3, 3]]).contains("may hold letters"))
  }
}
