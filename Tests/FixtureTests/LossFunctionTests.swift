import Foundation
import GlissadeDevices
import GlissadeFormats
import GlissadeTensors
import Testing

@testable import GlissadeTraining

/// Losses of classes, of yes or no and of distributions, with their options, each reduced to its mean, to its sum and not at all, and at logits
/// of ±10⁴.
@Suite("Losses against PyTorch")
struct LossFunctionTests {
  private static let fixture = Result { try Fixture("losses") }

  /// A loss's numbers, and what counts them in a mean where that is no plain one.
  private typealias Values = (values: Tensor, mean: Tensor?)

  private static func values(_ name: String, _ inputs: [String: Tensor], _ options: JSONValue) throws -> Values {
    let x = try #require(inputs["input"])
    func number(_ key: String, _ standard: Float) -> Float { options[key]?.doubleValue.map { Float($0) } ?? standard }
    func ofLabels() throws -> Tensor { try #require(inputs["labels"]) }
    /// Given, or made of numbers.
    func targets() throws -> Tensor {
      try inputs["values"] ?? x.graph.constant(try options.member("targets").doubles.map { Float($0) }, shape: x.shape)
    }
    func hinge(_ isSquared: Bool) throws -> Tensor { hingeErrors(x, try targets(), isSquared: isSquared) }
    switch name {
    case "nll": return (negativeLogLikelihoods(x.logSoftmax(), try ofLabels()), nil)
    case "cross-entropy", "cross-entropy-smoothing", "cross-entropy-large":
      return (softmaxCrossEntropies(x, try ofLabels(), labelSmoothing: number("smoothing", 0)), nil)
    case "cross-entropy-weights", "cross-entropy-ignored", "cross-entropy-weights-ignored":
      let labels = try ofLabels()
      let classWeights = options["class_weights"].map { x.graph.constant($0.doubles.map { Float($0) }) }
      let ignored = Int32(options["ignored"]?.integerValue ?? -1)
      let weights = classWeights?.gather(labels, axis: 0)
      let each = softmaxCrossEntropies(x, labels, classWeights: classWeights).kept(
        where: labels .!= x.graph.constant(integer: ignored), otherwise: 0)
      return (each, softmaxCrossEntropies(x, labels).mean(ignoring: ignored, in: labels, weights: weights))
    case "multi-margin", "multi-margin-large", "multi-margin-squared":
      return (multiMarginLosses(x, try ofLabels(), margin: number("margin", 1), isSquared: name.hasSuffix("squared")), nil)
    case "focal", "focal-options", "focal-large":
      return (focalLosses(x, try ofLabels(), gamma: number("gamma", 2), alpha: number("alpha", 1)), nil)
    case "mse-classes": return (squaredErrors(x.softmax(), try ofLabels().oneHot(x.shape[1])), nil)
    case "mae-classes": return (absoluteErrors(x.softmax(), try ofLabels().oneHot(x.shape[1])), nil)
    case "bce-classes": return (binaryCrossEntropies(logits: x, try ofLabels().oneHot(x.shape[1])).meanOfEachSample(), nil)
    case "bce": return (binaryCrossEntropies(x, try targets()), nil)
    case "bce-logits", "bce-logits-positive", "bce-logits-large":
      let positive = options["positive"].map { x.graph.constant($0.doubles.map { Float($0) }) }
      return (binaryCrossEntropies(logits: x, try targets(), positiveWeights: positive), nil)
    case "hinge", "hinge-large": return (try hinge(false), nil)
    case "hinge-squared": return (try hinge(true), nil)
    case "binary-focal", "binary-focal-options", "binary-focal-large":
      return (binaryFocalErrors(x, try targets(), gamma: number("gamma", 2), alpha: number("alpha", 0.25)), nil)
    case "distributions", "distributions-smoothing":
      let distributions = try #require(inputs["values"]).softmax()
      return (softmaxCrossEntropies(x, distributions: distributions, labelSmoothing: number("smoothing", 0)), nil)
    case "divergence": return (divergences(x.logSoftmax(), try #require(inputs["values"]).softmax()), nil)
    case "divergence-zeros": return (divergences(x.logSoftmax(), try ofLabels().oneHot(x.shape[1])), nil)
    default: throw Fixture.Missing(name: "what to do with \(name)")
    }
  }

  @Test("Values and gradients", arguments: DeviceUnderTest.all) func values(on under: DeviceUnderTest) throws {
    let fixture = try Self.fixture.get()
    // What is reduced how is the same for all of them, and drivers take long to compile it.
    let isQuick = under.device is CPUDevice
    for name in try fixture.metadata("cases").strings where !name.hasPrefix("smooth-l1") && (isQuick || name.hasSuffix("/none")) {
      let parts = name.split(separator: "/").map(String.init)
      // A logit of 10⁴ has 3 digits behind its point.
      try fixture.check(name, on: under, tolerance: LayerTests.tolerance) { inputs, options in
        let (values, mean) = try Self.values(parts[0], inputs, options)
        return parts[1] == "mean" ? mean ?? values.mean() : parts[1] == "sum" ? values.sum() : values
      }
    }
  }

  /// Where a sigmoid is exactly 0 or 1: the losses end at 100, and nothing becomes NaN but what was.
  @Test("Binary cross-entropy of 0 and 1", arguments: DeviceUnderTest.all) func certainty(on under: DeviceUnderTest) throws {
    let (p, t): ([Float], [Float]) = ([0, 0, 1, 1, 0.5, 0.25, .nan], [0, 1, 0, 1, 1, 0, 1])
    let results = try GraphRunner(under.device).run(inputs: ["p": StepInput(p), "t": StepInput(t)]) { graph in
      let (p, t) = (graph.input("p", shape: [7]), graph.input("t", shape: [7]))
      let losses = binaryCrossEntropies(p, t)
      let gradient: Tensor = try #require(graph.gradients(of: losses.sum(), withRespectTo: [p])[0])
      return ["losses": losses, "gradient": gradient]
    }
    let (losses, gradient) = (try #require(results["losses"]), try #require(results["gradient"]))
    let half = Float(0.6931472)
    for (found, expected) in zip(losses, [0, 100, 100, 0, half, 0.2876821, .nan]) {
      #expect(expected.isNaN ? found.isNaN : abs(found - expected) < 1e-5, "\(losses)")
    }
    #expect(gradient.prefix(6).allSatisfy(\.isFinite) && abs(gradient[4] + 2) < 1e-5 && abs(gradient[5] - 4 / 3) < 1e-5, "\(gradient)")
  }

  @Test("Of classes and of yes or no: a divergence from smoothed labels, and hinges of 0 and 1", arguments: DeviceUnderTest.best)
  func ofTraining(on under: DeviceUnderTest) throws {
    let (logits, labels): ([Float], [Int32]) = ([0.5, -1, 2, 3, 0, -2], [2, 1])
    let marks: [Float] = [0, 1, 1, 0, 0, 1]
    let results = try GraphRunner(under.device).run(
      inputs: ["x": StepInput(logits), "labels": StepInput(labels), "marks": StepInput(marks)]
    ) { graph in
      let x = graph.input("x", shape: [2, 3])
      func values(_ loss: Loss, _ target: Tensor) -> Tensor {
        loss.values(Loss.Arguments(outputs: NamedTensors(x), targets: NamedTensors(target), inputs: NamedTensors(x)))
      }
      let (classes, yes) = (graph.input("labels", shape: [2], dtype: .int32), graph.input("marks", shape: [2, 3]))
      return [
        "smoothed": values(.divergenceOfClasses(labelSmoothing: 0.3), classes), "plain": values(.divergenceOfClasses(), classes),
        "hinge": values(.binaryHinge(margin: 0.5), yes), "squared": values(.binaryHinge(isSquared: true), yes),
        "against all others": values(Loss.binaryHinge().ofClasses(ofLogits: true), classes),
        "yes counts": values(.binaryCrossEntropyWithLogits(positiveWeight: 3), yes),
      ]
    }
    func softmax(_ row: Int, _ column: Int) -> Double {
      let terms = (0..<3).map { exp(Double(logits[3 * row + $0])) }
      return terms[column] / terms.reduce(0, +)
    }
    func divergence(_ row: Int, _ smoothing: Double) -> Double {
      (0..<3).reduce(0) { sum, column in
        let t = (column == Int(labels[row]) ? 1 - smoothing : 0) + smoothing / 3
        return t == 0 ? sum : sum + t * log(t / softmax(row, column))
      }
    }
    func hinge(_ row: Int, margin: Double, power: Int, _ isYes: (Int) -> Bool) -> Double {
      (0..<3).reduce(0) { sum, column in
        let term = max(0, margin - (isYes(column) ? 1 : -1) * Double(logits[3 * row + column]))
        return sum + (power == 2 ? term * term : term) / 3
      }
    }
    func weightedCrossEntropy(_ row: Int, yes weight: Double) -> Double {
      (0..<3).reduce(0) { sum, column in
        let p = 1 / (1 + exp(-Double(logits[3 * row + column])))
        return sum - (marks[3 * row + column] == 1 ? weight * log(p) : log(1 - p)) / 3
      }
    }
    for row in 0..<2 {
      let expected = [
        "yes counts": weightedCrossEntropy(row, yes: 3),
        "smoothed": divergence(row, 0.3), "plain": divergence(row, 0),
        "hinge": hinge(row, margin: 0.5, power: 1) { marks[3 * row + $0] == 1 },
        "squared": hinge(row, margin: 1, power: 2) { marks[3 * row + $0] == 1 },
        "against all others": hinge(row, margin: 1, power: 1) { $0 == Int(labels[row]) },
      ]
      for (name, value) in expected { #expect(abs(Double(try #require(results[name])[row]) - value) < 1e-5 * max(1, value), "\(name)") }
    }
  }

  @Test("Smooth L1", arguments: DeviceUnderTest.all) func smoothL1(on under: DeviceUnderTest) throws {
    let fixture = try Self.fixture.get()
    for name in ["smooth-l1", "smooth-l1-beta"] {
      for reduction in ["mean", "sum"] {
        try fixture.check("\(name)/\(reduction)", on: under, tolerance: LayerTests.tolerance) { inputs, options in
          let (x, values) = (try #require(inputs["input"]), try #require(inputs["values"]))
          let beta = Float(options["beta"]?.doubleValue ?? 1)
          return reduction == "mean"
            ? smoothL1Loss(x, values, beta: beta) : smoothL1Losses(x, values, beta: beta).sum() * Float(x.shape[1])
        }
      }
    }
  }
}
