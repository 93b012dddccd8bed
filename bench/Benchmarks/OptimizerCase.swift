import Glissade
import GlissadePlanning

/// An update rule over the parameters of resnet18 (11 million in 62 tensors) or of something larger, in one launch, or a few where it takes norms,
/// beside one launch for each operation and tensor.
struct OptimizerCase: Sendable {
  var name: String
  /// The size that a filter has to name for this to run.
  var onDemand: String?
  var rule: any UpdateRule
  /// The learning rate.
  var rate: Double
  /// What is done to gradients before the update.
  var before = Before.nothing

  /// What launches in front of an update do to its gradients.
  enum Before: Sendable, Hashable {
    case nothing
    /// Parameters are drawn to where they started, so strongly.
    case stayClose(Float)
    /// The norm of all gradients is brought down to this.
    case clipping(norm: Float)
    /// They are the last of a batch that is computed in parts, and join the sum of the others.
    case adding

    /// Whether it needs where parameters started.
    var isOfAnchors: Bool { if case .stayClose = self { true } else { false } }

    /// Arrays of the parameters' size that it reads or writes beside what the update does, and how many others than the update's it touches.
    var passes: (moved: Int, touched: Int) {
      switch self {
      case .nothing: (0, 0)
      // Parameters, starts and gradients are read, gradients written.
      case .stayClose: (4, 1)
      case .clipping: (1, 0)
      // Gradients and their sums are read, gradients written.
      case .adding: (3, 1)
      }
    }
  }

  init(_ name: String, onDemand: String? = nil, before: Before = .nothing, _ optimizer: some Optimizer) {
    (self.name, self.onDemand, rule, rate, self.before) = (name, onDemand, optimizer, optimizer.learningRate, before)
  }

  /// A rule that keeps an average of the parameters beside them.
  init(averaged name: String, _ optimizer: some Optimizer) {
    (self.name, rule, rate) = ("\(name) average", optimizer.wrapped(movesMomentum: false, isAveraged: true), optimizer.learningRate)
  }

  /// A rule that has a kernel, by what it records.
  init(recorded name: String, _ optimizer: some Optimizer) {
    (self.name, rule, rate) = ("\(name) recorded", Recorded(optimizer), optimizer.learningRate)
  }

  /// The tensors: resnet18's, or nine times those, 100.6 million parameters.
  var tensors: [Shape] { onDemand == nil ? Self.shapes : Array(repeating: Self.shapes, count: 9).flatMap { $0 } }

  static var shapes: [Shape] {
    LayerPath.parameters(of: ResNet(channels: 3, classes: 10)).filter { $0.parameter.role == .weight }.map(\.parameter.shape)
  }

  /// The step that both forms take, for the bias corrections.
  static let step = 10

  func measure(on device: any Device, seconds: Double, _ probe: LimitProbe, _ figures: DeviceFigures) throws -> BenchmarkResult {
    let shapes = tensors
    // Parameters, gradients and states are read, all but the gradients written.
    let states = try RecordedUpdate(rule).changedStates
    let parameterBytes = 4 * shapes.reduce(0) { $0 + $1.count }
    let bytes = parameterBytes * (3 + 2 * states + before.passes.moved)
    let witness = try probe.inPlaceWitness(bytes: bytes, touched: parameterBytes * (2 + states + before.passes.touched))
    var result: BenchmarkResult
    do {
      let fused = try FusedUpdate(of: self, shapes, on: device)
      let replay = try Replay(fused.plan, on: device, memory: fused.memory, constants: fused.constants)
      let measurement = try Measurement(of: replay, seconds: seconds, against: witness)
      result = measurement.result(.optimizers, name, launches: fused.plan.launches.count, flops: 0, bytes: bytes)
        .modelled(by: StepCost(replay.plan, on: figures))
    }
    let unfused = try UnfusedUpdate(of: self, shapes, on: device)
    let replay = try Replay(unfused.plan, on: device, memory: unfused.memory, constants: unfused.constants, maximumPasses: 1)
    var times: [Double] = []
    let end = Stopwatch.now + seconds
    while Stopwatch.now < end || times.count < 5 { times.append(try replay.run().total) }
    result.unfusedSeconds = Samples(times).median
    return result
  }
}
