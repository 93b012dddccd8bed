import GlissadeLayers
import GlissadePlanning
import GlissadeTensors
import Testing

/// Values and gradients at zeros, infinities and NaN are PyTorch's.
@Suite("Zeros, infinities and NaN against PyTorch")
struct OddValueTests {
  private static let fixture = Result { try Fixture("odd") }

  private static func numbers(_ name: String) throws -> [Float] { try fixture.get().numbers(name) }

  /// Of the same kind, and close where they are finite.
  private static func isAlike(_ found: Float, _ expected: Float) -> Bool {
    if expected.isNaN { return found.isNaN }
    if expected.isInfinite { return found == expected }
    return abs(found - expected) <= 1e-5 * abs(expected) + 1e-6
  }

  private func expect(_ found: [Float]?, _ name: String, skipping isSkipped: (Int) -> Bool = { _ in false }, at place: (Int) -> String)
    throws
  {
    let expected = try Self.numbers(name)
    let found = try #require(found)
    #expect(found.count == expected.count)
    for (index, pair) in zip(found, expected).enumerated() where !isSkipped(index) {
      #expect(Self.isAlike(pair.0, pair.1), "\(name) at \(place(index)) is \(pair.0), and PyTorch's \(pair.1)")
    }
  }

  @Test("Functions of one number", arguments: DeviceUnderTest.all) func unary(on under: DeviceUnderTest) throws {
    let names = try Self.fixture.get().metadata("unary").strings
    #expect(
      Set(names)
        == Set(UnaryFunction.allCases.map(\.rawValue)).subtracting(["positive", "logicalNot", "toFloat", "toInteger", "hardSwishSlope"]))
    let places = try Self.numbers("places")
    let results = try GraphRunner(under.device).run(inputs: ["x": StepInput(places)]) { graph in
      let x = graph.input("x", shape: [places.count])
      var outputs: [String: Tensor] = [:]
      for name in names {
        let y = x.applying(try #require(UnaryFunction(rawValue: name)))
        outputs["\(name)/output"] = y
        outputs["\(name)/x"] = graph.gradients(of: y.sum(), withRespectTo: [x])[0] ?? graph.constant(0, shape: x.shape)
      }
      return outputs
    }
    for name in names {
      for key in ["\(name)/output", "\(name)/x"] {
        // Where PyTorch's formulas of these end in 0 times infinity, or beyond float32, ours have the limit: x or 0, and a slope of 1 or 0.
        let hasLimit = ["gelu", "silu", "mish", "exactGelu", "hardSwish"].contains(name)
        let isFlat = key == "softsign/x"
        try expect(
          results[key], key, skipping: { hasLimit && abs(places[$0]) > 1e38 || isFlat && places[$0].isInfinite }, at: { "\(places[$0])" })
        guard hasLimit, let found = results[key] else { continue }
        for (x, y) in zip(places, found) where abs(x) > 1e38 {
          #expect(y == (key.hasSuffix("output") ? max(x, 0) : x > 0 ? 1 : 0), "\(key) at \(x) is \(y)")
        }
      }
    }
  }

  @Test("Functions with numbers of their own", arguments: DeviceUnderTest.all) func others(on under: DeviceUnderTest) throws {
    let functions: [String: (Tensor) -> Tensor] = [
      "clamp": { $0.clamped(from: -1, to: 2) }, "clampBelow": { $0.clamped(from: 0.5) }, "clampAbove": { $0.clamped(to: -0.0) },
      "clampCrossed": { $0.clamped(from: 1, to: -1) }, "leakyRelu": { leakyRelu($0, slope: 0.1) },
      "steepRelu": { leakyRelu($0, slope: -2) }, "flatRelu": { leakyRelu($0, slope: 0) }, "ceil": { ceil($0) },
      "pow0": { $0.pow(0) }, "pow1": { $0.pow(1) }, "pow2": { $0.pow(2) }, "pow3": { $0.pow(3) }, "powHalf": { $0.pow(0.5) },
      "powMinus1": { $0.pow(-1) }, "powMinus2.5": { $0.pow(-2.5) }, "elu": { elu($0, alpha: 0.75) }, "celu": { celu($0, alpha: 1.5) },
      "hardtanh": { hardtanh($0) }, "softplus2": { softplus($0, beta: 2) },
    ]
    #expect(try Self.fixture.get().metadata("others").strings.sorted() == functions.keys.sorted())
    let places = try Self.numbers("places")
    let results = try GraphRunner(under.device).run(inputs: ["x": StepInput(places)]) { graph in
      let x = graph.input("x", shape: [places.count])
      var outputs: [String: Tensor] = [:]
      for (name, function) in functions {
        let y = function(x)
        outputs["\(name)/one/output"] = y
        outputs["\(name)/one/x"] = graph.gradients(of: y.sum(), withRespectTo: [x])[0] ?? graph.constant(0, shape: x.shape)
      }
      return outputs
    }
    for name in functions.keys.sorted() {
      for key in ["\(name)/one/output", "\(name)/one/x"] {
        // hardtanh is a clamp, which lets no gradient of a NaN through; and 2·x is beyond float32.
        let isOwn = { key == "hardtanh/one/x" && places[$0].isNaN || key == "softplus2/one/output" && places[$0] > 1e38 }
        try expect(results[key], key, skipping: isOwn, at: { "\(places[$0])" })
      }
    }
  }

  @Test("Places of extremes, and products", arguments: DeviceUnderTest.all) func placesAndProducts(on under: DeviceUnderTest) throws {
    let (rows, products) = (try Self.numbers("rows"), try Self.numbers("products"))
    let inputs = ["x": StepInput(rows), "p": StepInput(products), "numbers": StepInput([0, 1, 2] as [Float])]
    let results = try GraphRunner(under.device).run(inputs: inputs) { graph in
      let (x, p) = (graph.input("x", shape: [rows.count / 3, 3]), graph.input("p", shape: [products.count / 3, 3]))
      let numbers = graph.input("numbers", shape: [3, 1])
      let product = p.product(axes: [1])
      return [
        "argmax": numbers.rows(x.argmax(axis: -1)), "argmin": numbers.rows(x.argmin(axis: -1)), "product/output": product,
        "product/x": try #require(graph.gradients(of: product.sum(), withRespectTo: [p])[0]),
      ]
    }
    for (key, width) in [("argmax", 1), ("argmin", 1), ("product/output", 1), ("product/x", 3)] {
      try expect(results[key], key, at: { "row \($0 / width)" })
    }
  }

  @Test("Functions of two numbers, and losses", arguments: DeviceUnderTest.all) func binary(on under: DeviceUnderTest) throws {
    let fixture = try Self.fixture.get()
    let places = try Self.numbers("places")
    let (first, second) = (places.flatMap { a in places.map { _ in a } }, places.flatMap { _ in places })
    let functions = try fixture.metadata("binary").strings
    let losses: [String: (Tensor, Tensor) -> Tensor] = [
      "mse": meanSquaredError, "l1": meanAbsoluteError, "huber": { huberLoss($0, $1) },
    ]
    #expect(try fixture.metadata("losses").strings.sorted() == losses.keys.sorted())
    func run(_ name: String, _ compute: (Tensor, Tensor) throws -> (output: Tensor, loss: Tensor)) throws {
      let results = try GraphRunner(under.device).run(inputs: ["a": StepInput(first), "b": StepInput(second)]) { graph in
        let (a, b) = (graph.input("a", shape: [first.count]), graph.input("b", shape: [first.count]))
        let (output, loss) = try compute(a, b)
        let gradients = graph.gradients(of: loss, withRespectTo: [a, b])
        return ["output": output, "a": try #require(gradients[0]), "b": try #require(gradients[1])]
      }
      for key in ["output", "a", "b"] { try expect(results[key], "\(name)/\(key)", at: { "\(first[$0]) and \(second[$0])" }) }
    }
    for name in functions {
      let function = try #require(BinaryFunction(rawValue: name))
      try run(name) { a, b in
        let y = a.combined(with: b, function)
        return (y, y.sum())
      }
    }
    for (name, loss) in losses {
      try run(name) { a, b in
        let sum = loss(a, b) * Float(first.count)
        return (sum.reshaped(to: [1]), sum)
      }
    }
  }

  @Test("Rows: softmax, cross-entropy, extremes", arguments: DeviceUnderTest.all) func rows(on under: DeviceUnderTest) throws {
    let rows = try Self.numbers("rows")
    let shape: Shape = [rows.count / 3, 3]
    let upstream = try Self.fixture.get().metadata("upstream").doubles.map { Float($0) }
    let functions: [String: (Tensor) -> Tensor] = [
      "softmax": { $0.softmax() }, "logSoftmax": { $0.logSoftmax() },
      "max": { $0.max(axes: [1], keepingAxes: true).broadcast(to: shape) },
      "min": { $0.min(axes: [1], keepingAxes: true).broadcast(to: shape) },
      "logSumExp": { $0.logSumExp(axes: [1], keepingAxes: true).broadcast(to: shape) },
      "variance": { $0.variance(axes: [1], keepingAxes: true).broadcast(to: shape) },
      "standardDeviation": { $0.standardDeviation(axes: [1], correction: 0, keepingAxes: true).broadcast(to: shape) },
      "norm1": { $0.norm(order: 1, axes: [1], keepingAxes: true).broadcast(to: shape) },
      "norm2": { $0.norm(axes: [1], keepingAxes: true).broadcast(to: shape) },
      "norm3": { $0.norm(order: 3, axes: [1], keepingAxes: true).broadcast(to: shape) },
      "normInfinity": { $0.norm(order: .infinity, axes: [1], keepingAxes: true).broadcast(to: shape) },
    ]
    #expect(try Self.fixture.get().metadata("rows").strings.sorted() == functions.keys.sorted())
    func place(_ index: Int) -> String { "column \(index % 3) of \(rows[(index / 3 * 3)..<(index / 3 * 3 + 3)])" }
    for (name, function) in functions {
      let results = try GraphRunner(under.device).run(inputs: ["x": StepInput(rows), "u": StepInput(upstream)]) { graph in
        let x = graph.input("x", shape: shape)
        let y = function(x)
        // The upstream gradient, where y times it would have been 0 times infinity.
        let loss = (y * graph.input("u", shape: [3])).sum()
        return ["output": y, "x": try #require(graph.gradients(of: loss, withRespectTo: [x])[0])]
      }
      for key in ["output", "x"] {
        // PyTorch sums squares in float64, and its largest magnitude lets no gradient through beside a NaN; ours hands it on.
        let isOurs = { (row: ArraySlice<Float>) in
          (name == "standardDeviation" && row.contains(3e38)) || (name == "normInfinity" && row.contains { $0.isNaN })
        }
        try expect(results[key], "\(name)/\(key)", skipping: { isOurs(rows[($0 / 3 * 3)..<($0 / 3 * 3 + 3)]) }, at: place)
      }
    }
    for label in 0..<3 {
      let labels = [Int32](repeating: Int32(label), count: shape[0])
      let results = try GraphRunner(under.device).run(inputs: ["x": StepInput(rows), "labels": StepInput(labels)]) { graph in
        let x = graph.input("x", shape: shape)
        let loss = softmaxCrossEntropy(x, graph.input("labels", shape: [shape[0]], dtype: .int32)).loss * Float(shape[0])
        return ["output": loss.reshaped(to: [1]), "x": try #require(graph.gradients(of: loss, withRespectTo: [x])[0])]
      }
      for key in ["output", "x"] { try expect(results[key], "crossEntropy\(label)/\(key)", at: place) }
    }
  }

  @Test("Max pooling", arguments: DeviceUnderTest.all) func pooling(on under: DeviceUnderTest) throws {
    let image = try Self.numbers("image")
    for (name, before) in [("maxPool", { $0 }), ("reluMaxPool", { relu($0) })] as [(String, (Tensor) -> Tensor)] {
      let results = try GraphRunner(under.device).run(inputs: ["x": StepInput(image)]) { graph in
        let x = graph.input("x", shape: [1, 4, 6, 1])
        let y = before(x).maxPooled(Window(kernel: (2, 2), stride: (2, 2)))
        return ["output": y, "x": try #require(graph.gradients(of: y.sum(), withRespectTo: [x])[0])]
      }
      for key in ["output", "x"] { try expect(results[key], "\(name)/\(key)", at: { "pixel \($0)" }) }
    }
  }

  /// A convolution's gradient, to whose store the mask of the ReLU before it belongs, hands on what the ReLU by itself does.
  @Test("A fused mask hands on the gradient of a NaN", arguments: DeviceUnderTest.all, [1, 3])
  func fusedMasks(on under: DeviceUnderTest, kernel: Int) throws {
    for channels in [3, 32] {
      for function in [UnaryFunction.relu, .relu6] {
        let shape: Shape = [2, 9, 9, channels]
        var x = NamedStream.values("odd/\(channels)", count: shape.count, scale: 8)
        x[5 * channels + 1] = .nan
        let weights = NamedStream.values("odd/weights", count: channels * kernel * kernel * channels, scale: 0.2)
        let results = try GraphRunner(under.device).run(inputs: ["x": StepInput(x), "w": StepInput(weights)]) { graph in
          let x = graph.input("x", shape: shape)
          let w = graph.input("w", shape: [channels, kernel, kernel, channels])
          let y = x.applying(function).convolved(w, padding: (kernel / 2, kernel / 2))
          return ["dx": try #require(graph.gradients(of: y.sum(), withRespectTo: [x])[0])]
        }
        let dx = try #require(results["dx"])
        #expect(dx[5 * channels + 1].isFinite && dx[5 * channels + 1] != 0, "\(function) before \(kernel)×\(kernel), \(channels) channels")
        for (x, dx) in zip(x, dx) where x <= 0 || (function == .relu6 && x >= 6) { #expect(dx == 0) }
      }
    }
  }
}
