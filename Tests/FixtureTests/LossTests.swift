import GlissadeData
import GlissadeFormats
import GlissadeTensors
import Testing

/// Of the fixture's cases, those that are losses beside plain cross-entropy.
enum LossCases {
  static let distributions = [
    "cross-entropy", "cross-entropy-smoothing", "cross-entropy-weights", "cross-entropy-weights-smoothing", "cross-entropy-mixed",
    "cross-entropy-mixed-weights-smoothing",
  ]
  static let values = ["mse", "l1", "huber"]
}

/// Losses that are compositions of operations, and what class weights, label smoothing and mixed samples make of labels, against PyTorch.
struct LossTests {
  private static let fixture = Result { try Fixture("layers") }
  private static let tolerance = 2e-6

  @Test("Cross-entropy of distributions", arguments: DeviceUnderTest.all, LossCases.distributions)
  func distribution(on under: DeviceUnderTest, name: String) throws {
    let fixture = try Self.fixture.get()
    let entry = try fixture.metadata(name)
    let options = try entry.member("options")
    let input = try entry.member("inputs").member("input")
    let shape = Shape(try input.member("shape").integers)
    let labels = try options.member("labels").integers.map { Int32($0) }
    let targets = try ClassTargets(
      classCount: shape[1], classWeights: options["class_weights"]?.doubles.map { Float($0) },
      labelSmoothing: Float(options["label_smoothing"]?.doubleValue ?? 0))
    let share = Float(options["share"]?.doubleValue ?? 1)
    let partners = options["partners"]?.integers.map { Int32($0) } ?? Array(0..<Int32(shape[0]))
    var weights = [Float](repeating: .nan, count: shape.count)
    var credit = weights
    weights.withUnsafeMutableBufferPointer { weights in
      credit.withUnsafeMutableBufferPointer { credit in
        labels.withUnsafeBufferPointer { labels in
          partners.withUnsafeBufferPointer { partners in
            [Float](repeating: share, count: shape[0]).withUnsafeBufferPointer {
              targets.write(labels, mixed: (partners, $0), weights: weights, credit: credit)
            }
          }
        }
      }
    }
    let logits = NamedStream.values("layers/\(name)/input", count: shape.count, scale: try #require(input["scale"]?.doubleValue))
    let data = ["input": StepInput(logits), "weights": StepInput(weights), "credit": StepInput(credit)]
    let results = try GraphRunner(under.device).run(inputs: data) { graph in
      let x = graph.input("input", shape: shape)
      let loss = crossEntropy(x, weights: graph.input("weights", shape: shape))
      let gradient = try #require(graph.gradients(of: loss, withRespectTo: [x])[0])
      return ["output": loss, "gradient/input": gradient, "credit": answerCredit(x, credit: graph.input("credit", shape: shape))]
    }
    for key in ["output", "gradient/input"] {
      let difference = Difference.ofTensor(try #require(results[key]), try fixture.doubles("\(name)/\(key)"), scale: 1)
      #expect(difference <= Self.tolerance, "\(key) is off by \(difference)")
    }
    var expected: Float = 0
    for row in 0..<shape[0] {
      let of = logits[row * shape[1]..<(row + 1) * shape[1]]
      let best = try #require(of.indices.max { of[$0] < of[$1] })
      expected += credit[best]
    }
    let found = try #require(results["credit"]?.first)
    #expect(abs(found - expected) < 1e-5)
  }

  @Test("Equal largest logits share the credit", arguments: DeviceUnderTest.all) func ties(on under: DeviceUnderTest) throws {
    let data = ["x": StepInput([2, 2, 1, 0, 0, 0] as [Float]), "credit": StepInput([0, 1, 0, 0, 0, 1] as [Float])]
    let results = try GraphRunner(under.device).run(inputs: data) { graph in
      ["credit": answerCredit(graph.input("x", shape: [2, 3]), credit: graph.input("credit", shape: [2, 3]))]
    }
    let found = try #require(results["credit"]?.first)
    let expected: Float = 0.5 + 1.0 / 3
    #expect(abs(found - expected) < 1e-6)
  }

  @Test("Losses of values", arguments: DeviceUnderTest.all, LossCases.values)
  func values(on under: DeviceUnderTest, name: String) throws {
    let fixture = try Self.fixture.get()
    let entry = try fixture.metadata(name)
    var data: [String: StepInput] = [:]
    for key in ["input", "values"] {
      let leaf = try entry.member("inputs").member(key)
      let count = Shape(try leaf.member("shape").integers).count
      data[key] = StepInput(NamedStream.values("layers/\(name)/\(key)", count: count, scale: try #require(leaf["scale"]?.doubleValue)))
    }
    let shape = Shape(try entry.member("inputs").member("input").member("shape").integers)
    let delta = Float(try entry.member("options")["delta"]?.doubleValue ?? 1)
    let results = try GraphRunner(under.device).run(inputs: data) { graph in
      let (x, y) = (graph.input("input", shape: shape), graph.input("values", shape: shape))
      let loss =
        switch name {
        case "mse": meanSquaredError(x, y)
        case "l1": meanAbsoluteError(x, y)
        default: huberLoss(x, y, delta: delta)
        }
      let gradients = graph.gradients(of: loss, withRespectTo: [x, y])
      return ["output": loss, "gradient/input": try #require(gradients[0]), "gradient/values": try #require(gradients[1])]
    }
    #expect(results.count == 3)
    for (key, found) in results {
      let difference = Difference.ofTensor(found, try fixture.doubles("\(name)/\(key)"), scale: 1)
      #expect(difference <= Self.tolerance, "\(key) is off by \(difference)")
    }
  }
}
