import GlissadeDevices
import GlissadeKernels
import GlissadeOptimizers
import GlissadeTensors
import Testing

/// Runs an optimizer's update on one parameter, with gradients that the test makes.
private struct Update {
  static let count = 100
  private let rule: CompiledUpdate
  private let rate: Double
  private let device: any Device
  private let prepared: any PreparedPlan
  private let parameters: any DeviceBuffer
  private let gradients: any DeviceBuffer

  init(_ optimizer: any UpdateRule, rate: Double, on device: any Device) throws {
    rule = try optimizer.compiled()
    self.rate = rate
    self.device = device
    let layout = ParameterLayout([("p", Parameter("p", shape: [Self.count]))], groupCount: 1) { _, _ in 0 }
    var request = StepRequest(graph: Graph(), layout: layout)
    request.updates = [optimizer]
    let plan = try Planner(profile: device.profile).plan(request)
    func zeros(_ count: Int) throws -> any DeviceBuffer {
      let buffer = try device.makeBuffer(count: count)
      try device.write([Float](repeating: 0, count: count), to: buffer)
      return buffer
    }
    var control = ControlBlock()
    control.ok = 1
    control.clip = 1
    let block = try device.makeBuffer(count: MemoryLayout<ControlBlock>.size / 4)
    try device.write([control], to: block)
    let size = layout.groupSizes[0]
    (parameters, gradients) = (try zeros(size), try zeros(size))
    var shared: [BufferReference: any DeviceBuffer] = [
      .control: block, .statistics: try zeros(16), .parameters(group: 0): parameters, .gradients(group: 0): gradients,
    ]
    for slot in 0..<optimizer.stateSlots { shared[.state(group: 0, slot: slot)] = try zeros(size) }
    prepared = try device.prepare(plan, buffers: try PlanMemory(for: plan, on: device, sharing: shared).buffers)
  }

  var values: [Float] {
    get throws { try device.read(parameters, at: 0, count: Self.count, filler: Float.nan) }
  }

  func start(at values: [Float]) throws { try device.write(values, to: parameters) }

  func step(_ number: Int, _ gradient: [Float]) throws {
    try device.write(gradient, to: gradients)
    var constants = [Float](repeating: 0, count: StepMemory.constantsSize(groups: 1))
    constants[16..<32].withUnsafeMutableBufferPointer {
      rule.write(constants: $0, step: number, learningRate: rate)
    }
    try constants.withUnsafeBytes { try prepared.run(constants: $0, inputs: []) }
    try device.synchronize()
  }
}

/// One element's way by an optimizer's formula, in double precision.
private struct Exact {
  let optimizer: any Optimizer
  var p: Double
  var step = 0
  var first = 0.0
  var second = 0.0
  var third = 0.0

  mutating func move(_ gradient: Double) {
    step += 1
    switch optimizer {
    case let rule as SGD:
      let g = gradient + rule.weightDecay * p
      first = step == 1 ? g : rule.momentum * first + (1 - rule.dampening) * g
      p -= rule.learningRate * (rule.momentum == 0 ? g : rule.isNesterov ? g + rule.momentum * first : first)
    case let rule as RMSprop:
      let g = gradient + rule.weightDecay * p
      first = rule.alpha * first + (1 - rule.alpha) * g * g
      second = rule.alpha * second + (1 - rule.alpha) * g
      third = rule.momentum * third + g / ((rule.isCentered ? first - second * second : first).squareRoot() + rule.epsilon)
      p -= rule.learningRate * third
    case let rule as any AdamFamily:
      let decaysApart = type(of: rule).decaysApart
      let g = gradient + (decaysApart ? 0 : rule.weightDecay * p)
      if decaysApart { p -= rule.learningRate * rule.weightDecay * p }
      first = rule.beta1 * first + (1 - rule.beta1) * g
      second = rule.beta2 * second + (1 - rule.beta2) * g * g
      third = max(third, second)
      var (correction1, correction2) = (1.0, 1.0)
      for _ in 0..<step { (correction1, correction2) = (correction1 * rule.beta1, correction2 * rule.beta2) }
      let size = ((rule.isAMSGrad ? third : second) / (1 - correction2)).squareRoot() + rule.epsilon
      p -= rule.learningRate * first / (1 - correction1) / size
    default: p = .nan
    }
  }
}

/// Every rule is as near to exact arithmetic as float32 can be, whatever its hyper-parameters: what is derived from them is derived in
/// double precision.
@Suite("Optimizers against double precision")
struct OptimizerPrecisionTests {
  static let momenta = [0.1, 0.9, 0.999, 1 - 1e-6]
  static let memories = [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 1 - 1e-5, 1 - 1e-6]

  static let rules: [any Optimizer] =
    [SGD(learningRate: 0.1), SGD(learningRate: 0.1, weightDecay: 0.01)]
    + momenta.flatMap { momentum -> [any Optimizer] in
      [
        SGD(learningRate: 0.1, momentum: momentum), SGD(learningRate: 0.1, momentum: momentum, dampening: 0.999, weightDecay: 0.01),
        SGD(learningRate: 0.1, momentum: momentum, isNesterov: true), RMSprop(momentum: momentum),
      ]
    }
    + memories.flatMap { memory -> [any Optimizer] in
      [
        RMSprop(learningRate: 1e-2, alpha: memory, epsilon: 1e-5, weightDecay: 0.01), Adam(beta1: memory), Adam(beta2: memory),
        Adam(beta2: memory, epsilon: 1e-5, weightDecay: 0.01, isAMSGrad: true), AdamW(beta1: 0.9, beta2: memory, weightDecay: 0.2),
      ]
    } + [0.9, 0.9999].map { RMSprop(alpha: $0, momentum: 0.9, isCentered: true) }
    // What is compiled whole natively and not among these.
    + [
      SGD(learningRate: 0.1, momentum: 0.9, weightDecay: 0.01), SGD(learningRate: 0.1, momentum: 0.9, weightDecay: 0.01, isNesterov: true),
      RMSprop(alpha: 0.9, isCentered: true), AdamW(weightDecay: 0.2, isAMSGrad: true),
    ]

  @Test("40 steps end where exact arithmetic does", arguments: DeviceUnderTest.all)
  func trajectory(on under: DeviceUnderTest) throws {
    // Those with kernels of their own by what they record, too.
    let forms = Self.rules.map { ($0, $0 as any UpdateRule) } + Self.rules.map { ($0, withoutKernel($0)) }
    for (rule, form) in forms {
      let update = try Update(form, rate: rule.learningRate, on: under.device)
      let start = NamedStream.values("precision/start", count: Update.count, scale: 0.05)
      try update.start(at: start)
      var exact = start.map { Exact(optimizer: rule, p: Double($0)) }
      for step in 1...40 {
        // No gradient comes near 0, where a first moment that changes its sign has no digits left to compare.
        let gradient = NamedStream.values("precision/gradient/\(step)", count: Update.count, scale: 0.5).map { $0 + 0.75 }
        try update.step(step, gradient)
        for index in exact.indices { exact[index].move(Double(gradient[index])) }
      }
      let way = zip(exact, start).reduce(0) { $0 + ($1.0.p - Double($1.1)) * ($1.0.p - Double($1.1)) }.squareRoot()
      let distance = zip(exact, try update.values).reduce(0) { $0 + ($1.0.p - Double($1.1)) * ($1.0.p - Double($1.1)) }.squareRoot()
      #expect(distance <= 3e-7 * way, "\(form) is off by \(distance / way) of the way it went")
    }
  }

  @Test("Squares that overflow leave finite numbers", arguments: DeviceUnderTest.all)
  func overflow(on under: DeviceUnderTest) throws {
    let rules: [any Optimizer] = [
      Adam(), AdamW(beta2: 0.3), RMSprop(), RMSprop(alpha: 0.2, momentum: 0.5), NAdam(), RAdam(), LAMB(), Adagrad(), Adamax(), Adadelta(),
    ]
    for (rule, form) in rules.map({ ($0, $0 as any UpdateRule) }) + rules.prefix(4).map({ ($0, withoutKernel($0)) }) {
      let update = try Update(form, rate: rule.learningRate, on: under.device)
      for step in 1...3 { try update.step(step, [Float](repeating: step == 2 ? 1 : 1e25, count: Update.count)) }
      #expect(try update.values.allSatisfy { $0.isFinite && $0 < 0 }, "\(form)")
    }
  }
}

/// A rule without its kernel.
private func withoutKernel(_ rule: some UpdateRule) -> any UpdateRule { Recorded(rule) }
