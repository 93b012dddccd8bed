import GlissadeDevices
import GlissadeLayers
import GlissadeOptimizers
import GlissadeTensors
import GlissadeTraining

/// The path of an optimizer down a landscape, step by step: the optimizers that train networks, on a network of two parameters.
public struct Descent: Sendable {
  /// What the optimizer is called.
  public let optimizer: String
  /// Its learning rate.
  public let learningRate: Double
  /// Where it was: the start, then a place for each step. It ends early where a step led to no number, or out of sight.
  public let points: [LandscapePoint]
  /// How high each of these is.
  public let heights: [Double]

  /// How low it got.
  public var lowest: Double { heights.min() ?? .infinity }

  /// The first step after which the height above the landscape's lowest is at most so much; `nil` where it never is.
  public func firstStep(within height: Double, of landscape: Landscape) -> Int? {
    heights.firstIndex { $0 - landscape.lowest <= height }
  }
}

/// Lets optimizers go down a landscape, on the processor.
public struct LandscapeWalker {
  /// Where they go.
  public let landscape: Landscape
  /// Where they begin.
  public let start: LandscapePoint
  /// How many steps they take.
  public let steps: Int

  private let device: CPUDevice
  private let surface: TrainingSession

  /// The rates that are tried where none is given: 1, 2 and 5 times the powers of ten from 10⁻⁵ to 10.
  public static let rates: [Double] = (-5...1).flatMap { power in
    // Divided where that is exact, so that a rate is the number that it is written as.
    [1.0, 2, 5].map { power < 0 ? $0 / Self.tenTo(-power) : $0 * Self.tenTo(power) }
  }

  private static func tenTo(_ power: Int) -> Double { (0..<power).reduce(1.0) { result, _ in result * 10 } }

  /// Beyond this, nobody looks.
  private static let farAway = 1e6

  /// - Parameters:
  ///   - landscape: where they go.
  ///   - start: where they begin; the landscape's own start when nil.
  ///   - steps: how many they take; 200 by default.
  /// - Throws: `ShapeError` for a landscape that gives no height for each place.
  public init(_ landscape: Landscape, start: LandscapePoint? = nil, steps: Int = 200) throws {
    self.landscape = landscape
    self.start = start ?? landscape.start
    self.steps = steps
    device = try CPUDevice(threads: 1)
    surface = try TrainingSession(
      model: Surface(landscape: landscape), sampleShape: [2], batchSize: 1, loss: Self.height, groups: [], device: device)
  }

  /// How high places are.
  public func heights(_ points: [LandscapePoint]) throws -> [Double] {
    guard !points.isEmpty else { return [] }
    return try surface.predict(points.flatMap { [Float($0.x), Float($0.y)] }).map(Double.init)
  }

  /// The path of an optimizer.
  /// - Parameters:
  ///   - optimizer: with its numbers.
  ///   - name: what it is called.
  ///   - learningRate: the same in all steps; where nil, that of `rates` which gets lowest by the last step.
  /// - Throws: `OptimizerError` for numbers that it cannot work with.
  public func descend(_ optimizer: any Optimizer, named name: String, learningRate: Double? = nil) throws -> Descent {
    var rule = optimizer
    if let learningRate { rule.learningRate = learningRate }
    let session = try TrainingSession(
      model: Walker(landscape: landscape, start: start), sampleShape: [1], batchSize: 1, loss: Self.height, groups: [ParameterGroup(rule)],
      device: device)
    let beginning = try session.state()
    func path(_ rate: Double) throws -> Descent {
      try session.restore(beginning)
      var points = [start]
      while points.count <= steps {
        try session.train([0], labels: [0], learningRate: rate)
        let place = try session.state().parameters.map { Double($0.values.first ?? .nan) }
        guard place.count == 2, place.allSatisfy({ abs($0) < Self.farAway }) else { break }
        points.append(LandscapePoint(place[0], place[1]))
      }
      return Descent(optimizer: name, learningRate: rate, points: points, heights: try heights(points))
    }
    if let learningRate { return try path(learningRate) }
    var best = try path(Self.rates[0])
    for rate in Self.rates.dropFirst() {
      let tried = try path(rate)
      if Self.end(tried, steps) < Self.end(best, steps) { best = tried }
    }
    return best
  }

  /// The height after the last step; infinite where it did not come to it.
  private static func end(_ descent: Descent, _ steps: Int) -> Double {
    guard descent.points.count == steps + 1, let last = descent.heights.last, last.isFinite else { return .infinity }
    return last
  }

  private static let height = Loss("height") { output, _ in output.meanOfEachSample() }
}

/// The height at the place that two parameters say.
private struct Walker: Layer {
  let landscape: Landscape
  let x: Parameter
  let y: Parameter

  init(landscape: Landscape, start: LandscapePoint) {
    self.landscape = landscape
    x = Parameter("x", shape: [1, 1], initializer: .constant(Float(start.x)))
    y = Parameter("y", shape: [1, 1], initializer: .constant(Float(start.y)))
  }

  // The input is 0: a network has one.
  func forward(_ input: Tensor) -> Tensor { landscape.height(input.graph[x], input.graph[y]) + input }
}

/// The height at each place of a batch.
private struct Surface: Layer {
  let landscape: Landscape

  func forward(_ places: Tensor) -> Tensor { landscape.height(places.sliced(axis: 1, 0..<1), places.sliced(axis: 1, 1..<2)) }
}
