import GlissadeFormats
import GlissadeLayers
import GlissadeOptimizers
import GlissadeTraining
import Testing

/// The two parameters of the optimizer fixtures. The loss is Σ p·g with the step's input g, so that the gradient is exactly what the
/// fixture's stream says; two tables of zeros and ones hand each parameter its part of the input.
struct Pair: Layer {
  let a = Parameter("a", shape: [7, 5])
  let b = Parameter("b", shape: [13])
  let choiceOfA = Parameter("choiceOfA", shape: [48, 35], role: .statistic)
  let choiceOfB = Parameter("choiceOfB", shape: [48, 13], role: .statistic)

  func forward(_ x: Tensor) -> Tensor {
    let gradient = x.reshaped(to: [48, 1])
    let ofA = (gradient * x.graph[choiceOfA]).sum(axes: [0]).reshaped(to: [7, 5])
    let ofB = (gradient * x.graph[choiceOfB]).sum(axes: [0])
    return (x.graph[a] * ofA).sum() + (x.graph[b] * ofB).sum()
  }

  static func choice(first: Int, count: Int) -> [Float] {
    (0..<48).flatMap { row in (0..<count).map { row == first + $0 ? 1 : 0 } }
  }
}

/// The gradients that all variants take, step by step, and where they start.
enum Given {
  static func joined(_ part: String, scale: Double = 1) -> [Float] {
    NamedStream.values("optimizer/a/\(part)", count: 35, scale: scale) + NamedStream.values("optimizer/b/\(part)", count: 13, scale: scale)
  }
  static let initial = joined("initial", scale: 0.5)
  static let gradients = (0..<50).map { joined("gradient/\($0)") }
}

@Suite("Optimizers against PyTorch, and papers' formulas")
struct OptimizerTests {
  static let fixture = Result { try Fixture("optimizers") }
  static let variants = [
    "sgd", "sgd-momentum", "sgd-momentum-dampening-decay", "sgd-nesterov-decay", "sgd-momentum-clip", "sgd-momentum-clip-sometimes",
    "rmsprop",
    "rmsprop-momentum", "rmsprop-centered", "rmsprop-centered-momentum-decay", "adam", "adam-decay", "adam-amsgrad", "adam-amsgrad-decay",
    "adamw", "adamw-amsgrad", "adamw-clip", "sgd-long-momentum", "rmsprop-long-memory", "adam-long-memory", "adamw-longest-memory",
    "sgd-maximize", "adam-maximize", "adagrad", "adagrad-decays-initial", "adadelta", "adadelta-decay", "adamax", "adamax-decay-clip",
    "nadam",
    "nadam-decay", "nadam-decoupled", "radam", "radam-decay", "radam-decoupled-maximize", "lion", "lion-decay-clip", "lars",
    "lars-decay-clip", "lamb", "lamb-plain-maximize", "muon", "muon-plain-match-clip", "muon-steps-maximize",
  ]

  /// The largest |ours − PyTorch's| / max(|PyTorch's|, 0.1) that is allowed; parameters start in ±0.5 and travel by about 1.
  static let tolerance = 1e-5
  /// The same from what PyTorch computes in double precision, in the end.
  static let doubleTolerance = 4e-6

  @Test("50 steps end where PyTorch's do, and are never far from them", arguments: DeviceUnderTest.all, variants)
  func trajectory(on under: DeviceUnderTest, variant: String) throws {
    let fixture = try Self.fixture.get()
    let options = try fixture.metadata(variant)
    let rates = try fixture.doubles("\(variant)/lr")
    let trajectory = try fixture.doubles("\(variant)/trajectory")
    let norms = fixture.has("\(variant)/norms") ? try fixture.doubles("\(variant)/norms") : []
    #expect(rates.count == 50 && trajectory.count == 50 * 48 && norms.isEmpty == (options["max_norm"] == nil))

    let session = try TrainingSession(
      model: Pair(), sampleShape: [48], batchSize: 1, loss: Loss("itself") { output, _ in output },
      groups: [ParameterGroup(try Self.optimizer(options))], clippingNorm: options["max_norm"]?.doubleValue.map { Float($0) },
      device: under.device)
    try session.restore(try Self.start(session))
    var worst = (difference: 0.0, step: 0)
    for step in 0..<50 {
      try Given.gradients[step].withUnsafeBufferPointer { features in
        try [Int32(0)].withUnsafeBufferPointer { try session.train(features: features, labels: $0) { _ in rates[step] } }
      }
      let state = try session.state()
      let found = state.parameters.filter { ["a", "b"].contains($0.path) }.flatMap(\.values)
      let difference = Difference.elementwise(found, Array(trajectory[(step * 48)..<((step + 1) * 48)]), scale: 0.1)
      if difference > worst.difference { worst = (difference, step) }
      let sums = try session.sums()
      #expect(sums.badStep == nil && !sums.hasBadGradient)
      if !norms.isEmpty { #expect(abs(Double(sums.gradientNorm) - norms[step]) <= 1e-6 * norms[step]) }
      if step == 49 {
        #expect(Difference.elementwise(found, try fixture.doubles("\(variant)/final64"), scale: 0.1) <= Self.doubleTolerance)
      }
    }
    #expect(worst.difference <= Self.tolerance, "off by \(worst.difference) in step \(worst.step)")
  }

  @Test("Every variant of the fixture is tested") func complete() throws {
    #expect(try Self.fixture.get().metadata("variants").strings == Self.variants)
  }

  /// The fixture's first values, and the tables of choices.
  static func start(_ session: TrainingSession) throws -> ModelState {
    var state = try session.state()
    for index in state.parameters.indices {
      switch state.parameters[index].path {
      case "a": state.parameters[index].values = Array(Given.initial[..<35])
      case "b": state.parameters[index].values = Array(Given.initial[35...])
      case "choiceOfA": state.parameters[index].values = Pair.choice(first: 0, count: 35)
      default: state.parameters[index].values = Pair.choice(first: 35, count: 13)
      }
    }
    return state
  }

  /// The library's optimizer by PyTorch's class and options.
  static func optimizer(_ options: JSONValue) throws -> any Optimizer {
    let rule = try downhill(options)
    guard options["maximize"]?.boolValue == true else { return rule }
    let maximize = try #require(type(of: rule).hyperparameters.first { $0.name == "maximize" })
    return maximize.setting(.flag(true), in: rule)
  }

  private static func downhill(_ options: JSONValue) throws -> any Optimizer {
    func number(_ key: String, _ fallback: Double = 0) -> Double { options[key]?.doubleValue ?? fallback }
    func flag(_ key: String) -> Bool { options[key]?.boolValue ?? false }
    let rate = number("base_lr")
    let betas = options["betas"]?.doubles ?? [0.9, 0.999]
    switch try options.member("optimizer").stringValue {
    case "SGD":
      return SGD(
        learningRate: rate, momentum: number("momentum"), dampening: number("dampening"), weightDecay: number("weight_decay"),
        isNesterov: flag("nesterov"))
    case "RMSprop":
      return RMSprop(
        learningRate: rate, alpha: number("alpha", 0.99), epsilon: number("eps", 1e-8), momentum: number("momentum"),
        isCentered: flag("centered"), weightDecay: number("weight_decay"))
    case "Adam":
      return Adam(
        learningRate: rate, beta1: betas[0], beta2: betas[1], epsilon: number("eps", 1e-8), weightDecay: number("weight_decay"),
        isAMSGrad: flag("amsgrad"))
    case "AdamW":
      return AdamW(
        learningRate: rate, beta1: betas[0], beta2: betas[1], epsilon: number("eps", 1e-8), weightDecay: number("weight_decay", 1e-2),
        isAMSGrad: flag("amsgrad"))
    case "Adagrad":
      return Adagrad(
        learningRate: rate, rateDecay: number("lr_decay"), initialAccumulator: number("initial_accumulator_value"),
        epsilon: number("eps", 1e-10), weightDecay: number("weight_decay"))
    case "Adadelta":
      return Adadelta(
        learningRate: rate, rho: number("rho", 0.9), epsilon: number("eps", 1e-6), weightDecay: number("weight_decay"))
    case "Adamax":
      return Adamax(
        learningRate: rate, beta1: betas[0], beta2: betas[1], epsilon: number("eps", 1e-8), weightDecay: number("weight_decay"))
    case "NAdam":
      return NAdam(
        learningRate: rate, beta1: betas[0], beta2: betas[1], epsilon: number("eps", 1e-8), momentumDecay: number("momentum_decay", 4e-3),
        weightDecay: number("weight_decay"), isDecoupled: flag("decoupled_weight_decay"))
    case "RAdam":
      return RAdam(
        learningRate: rate, beta1: betas[0], beta2: betas[1], epsilon: number("eps", 1e-8), weightDecay: number("weight_decay"),
        isDecoupled: flag("decoupled_weight_decay"))
    case "Lion": return Lion(learningRate: rate, beta1: betas[0], beta2: betas[1], weightDecay: number("weight_decay"))
    case "LARS":
      return LARS(
        learningRate: rate, momentum: number("momentum"), trust: number("trust"), epsilon: number("eps"),
        weightDecay: number("weight_decay"))
    case "LAMB":
      return LAMB(
        learningRate: rate, beta1: betas[0], beta2: betas[1], epsilon: number("eps"), weightDecay: number("weight_decay"))
    case "Muon":
      return Muon(
        learningRate: rate, momentum: number("momentum"), isNesterov: flag("nesterov"), orthogonalizations: Int(number("ns_steps")),
        matchesAdamW: flag("match"), weightDecay: number("weight_decay"), othersLearningRate: rate)
    case let other: throw Fixture.Missing(name: "an optimizer for \(other ?? "nothing")")
    }
  }
}
