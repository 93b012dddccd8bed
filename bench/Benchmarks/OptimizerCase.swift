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
  /// How strongly parameters are drawn to where they started, by a launch before the update; 0 for not at all.
  var stayClose: Float = 0

  init(_ name: String, onDemand: String? = nil, stayClose: Float = 0, _ optimizer: some Optimizer) {
    (self.name, self.onDemand, rule, rate, self.stayClose) = (name, onDemand, optimizer, optimizer.learningRate, stayClose)
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
    // What draws them reads parameters, starts and gradients, and writes gradients.
    let parameterBytes = 4 * shapes.reduce(0) { $0 + $1.count }
    let bytes = parameterBytes * (3 + 2 * states + (stayClose == 0 ? 0 : 4))
    let witness = try probe.inPlaceWitness(bytes: bytes, touched: parameterBytes * (2 + states + (stayClose == 0 ? 0 : 1)))
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
