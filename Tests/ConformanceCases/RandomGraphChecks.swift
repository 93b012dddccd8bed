import GlissadeDevices
import GlissadeTensors
import StepSupport

/// Random graphs, several in a step: what devices make of them, and plans that fuse, beside an unfused plan on the processor.
extension Check {
  /// - Parameters:
  ///   - seeds: of graphs that run as one step.
  ///   - isTwice: whether the loss is made of gradients.
  ///   - everywhere: whether unfused plans run on OpenCL, too.
  static func randomGraphs(_ seeds: Range<UInt64>, isTwice: Bool, everywhere: Bool = false) -> Check {
    Check("random graphs \(seeds.lowerBound)–\(seeds.upperBound - 1)\(isTwice ? ", differentiated twice" : "")") { device in
      let right = try results(seeds, isTwice, on: try CPUDevice(), fuses: false)
      var problems = right.problems
      // A driver takes long for kernels that each come once.
      for fuses in device.isNative || everywhere ? [true, false] : [true] {
        let got = try results(seeds, isTwice, on: device.device, fuses: fuses)
        problems += got.problems + compare(got.values, right.values, right.stories, fuses ? "" : ", unfused")
      }
      return problems
    }
  }

  static var randomGraphs: [Check] { [randomGraphs(0..<6, isTwice: false), randomGraphs(6..<12, isTwice: true)] }

  /// Others, for whoever has time.
  /// - Parameters:
  ///   - count: how many steps of eight graphs.
  ///   - seed: of what is drawn.
  package static func moreRandomGraphs(_ count: Int, seed: UInt64) -> [Check] {
    (0..<UInt64(count)).map { number in
      let first = (seed % 1_000_000 + 1) * 1_000_000 + number * 8
      return randomGraphs(first..<(first + 8), isTwice: number % 2 == 1, everywhere: true)
    }
  }

  private static func results(
    _ seeds: Range<UInt64>, _ isTwice: Bool, on device: any Device, fuses: Bool
  ) throws -> (values: [String: [Float]], stories: [String: String], problems: [Problem]) {
    let graph = Graph(isTraining: true)
    var listed: [(path: String, parameter: Parameter)] = []
    var (losses, stories): ([String: Tensor], [String: String]) = ([:], [:])
    var sum = graph.constant(0)
    for seed in seeds {
      let random = RandomGraph(seed: seed, in: graph, steps: isTwice ? 7 : 12)
      var loss = random.loss
      if isTwice {
        // A penalty on the slopes, as large as the loss.
        let slopes = graph.gradients(of: loss, withRespectTo: random.parameters.map { graph[$0] }).compactMap { $0 }
        loss = slopes.reduce(loss) { $0 + $1.applying(.square).sum() }
      }
      losses["loss \(seed)"] = loss
      sum = sum + loss
      listed += random.parameters.map { ($0.name, $0) }
      stories["\(seed)"] = random.story.joined(separator: ", ")
    }
    let gradients = graph.gradients(of: sum, withRespectTo: listed.map { graph[$0.parameter] })
    var request = StepRequest(graph: graph, layout: ParameterLayout(listed, groupCount: 1, limits: device.profile.limits) { _, _ in 0 })
    request.outputs = losses
    request.gradients = zip(listed, gradients).compactMap { entry, gradient in gradient.map { (entry.parameter.id, $0) } }
    request.fuses = fuses
    let runner = try StepRunner(request, on: device)
    for (path, parameter) in listed {
      var dice = Dice(path)
      try runner.write((0..<parameter.shape.count).map { _ in Float(dice.uniform(-1...1)) }, to: parameter.id)
    }
    try runner.run([:])
    var values: [String: [Float]] = [:]
    for name in losses.keys { values[name] = try runner.output(name) }
    for (id, _) in request.gradients { values[runner.name(of: id, among: listed)] = try runner.gradient(of: id) }
    return (values, stories, try runner.damage().map { Problem($0) })
  }

  private static func compare(_ got: [String: [Float]], _ want: [String: [Float]], _ stories: [String: String], _ how: String) -> [Problem]
  {
    want.sorted { $0.key < $1.key }.compactMap { name, right in
      let floor = right.reduce(Float(0)) { $0 + abs($1) } / Float(max(right.count, 1)) + 1e-4
      let found = got[name] ?? []
      let worst = zip(found, right).reduce(Float(0)) { worst, pair in
        guard pair.0.isFinite, pair.1.isFinite else { return .infinity }
        return max(worst, abs(pair.0 - pair.1) / (abs(pair.1) + floor))
      }
      guard found.count != right.count || !(worst <= tolerance) else { return nil }
      let seed = name.drop { !$0.isNumber }.prefix { $0.isNumber }
      return Problem(
        "\(name)\(how) differs in \(stories[String(seed)] ?? "a graph")", deviation: Double(worst), allowed: Double(tolerance))
    }
  }

  /// Rounding apart, which second derivatives make more of.
  private static let tolerance: Float = 2e-3
}

extension StepRunner {
  fileprivate func name(of id: ParameterID, among listed: [(path: String, parameter: Parameter)]) -> String {
    listed.first { $0.parameter.id == id }?.path ?? ""
  }
}
