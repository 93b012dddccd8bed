import GlissadePlanning
import GlissadeTensors

/// L-BFGS (Liu and Nocedal 1989), as PyTorch's `LBFGS` with `line_search_fn="strong_wolfe"`: directions are −H·g, where H is made of the last steps s
/// and the changes y of the gradient along them by the two-loop recursion, beginning with (yᵀs / yᵀy)·I; how far to go along them is found by a line
/// search (`StrongWolfe`), for which loss and gradient are computed again and again.
///
/// One step of the optimizer is up to `iterations` such directions. It is taken on the host, over all parameters together; what it minimises,
///
///     f(p) = loss(p) + ½·λ·‖p‖²
///
/// has to be the same function for all of them. So the whole data has to be one batch, which is computed anew for each evaluation: on a batch that
/// changes, the differences of gradients would tell of the data rather than of the curvature.
public struct LBFGS: Optimizer {
  public static let name = "lbfgs"

  /// γ: how far along a direction the line search begins; without it, how far it goes.
  public var learningRate: Double
  /// How many steps and changes of the gradient are remembered.
  public var history: Double
  /// Directions in one step of the optimizer; a whole number. Evaluations are at most 1.25 times as many, as in PyTorch.
  public var iterations: Double
  /// It is over where no element of the gradient is above this.
  public var tolerance: Double
  /// It is over where neither parameters nor f change by more than this.
  public var changeTolerance: Double
  /// Whether each direction is followed by γ, without a line search.
  public var isFixedStep: Bool
  /// Whether the function may change from step to step, at one's own risk: batches that are less than the whole data, augmentation, dropout.
  public var takesMiniBatches: Bool
  /// λ, L2.
  public var weightDecay: Double
  /// Whether it goes uphill.
  public var isMaximizing: Bool

  /// With PyTorch's defaults, but for a history of 10 steps and a line search; `validate()` says which numbers make no sense.
  public init(
    learningRate: Double = 1, history: Int = 10, iterations: Int = 20, tolerance: Double = 1e-7, changeTolerance: Double = 1e-9,
    isFixedStep: Bool = false, takesMiniBatches: Bool = false, weightDecay: Double = 0, isMaximizing: Bool = false
  ) {
    self.learningRate = learningRate
    self.history = Double(history)
    self.iterations = Double(iterations)
    self.tolerance = tolerance
    self.changeTolerance = changeTolerance
    self.isFixedStep = isFixedStep
    self.takesMiniBatches = takesMiniBatches
    self.weightDecay = weightDecay
    self.isMaximizing = isMaximizing
  }

  public static var hyperparameters: [Hyperparameter] {
    [
      learningRate, .number("history", \Self.history, .count, "Steps that are remembered."),
      .number("iterations", \Self.iterations, .count, "Directions in a step."),
      .number("tolerance", \Self.tolerance, .notNegative, "The largest element of a gradient that counts as none."),
      .number("change_tolerance", \Self.changeTolerance, .notNegative, "The change of parameters or loss that counts as none."),
      .flag("fixed_step", \Self.isFixedStep, "No line search: lr along each direction."),
      .flag(
        "mini_batches", \Self.takesMiniBatches,
        "A function that changes from step to step, by batches that are not the whole data, augmentation or dropout, at your own risk."),
      .weightDecay(\Self.weightDecay), .maximize(\Self.isMaximizing),
    ]
  }

  /// Nothing: steps are taken on the host (`minimize`).
  public func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State) { (p, state) }
}

extension LBFGS {
  /// Why batches have to be whole, in words.
  package static let whyWhole =
    "on batches that change, differences of gradients tell of the data and not of the curvature, and a line search compares losses of different "
    + "functions"

  /// Why the function has to stay the same from step to step, in words.
  package static let whySame =
    "what it remembers are differences between gradients of one function, and those of a function that changes from step to step tell of the "
    + "change and not of the curvature"

  /// Bytes on the host that steps take for each parameter beside what is remembered: parameters, gradients and the last steps in float32, the
  /// direction in float64.
  private static let bytesBeside = 4 * 8 + 8 * 3
  /// Bytes for each parameter of a step that is remembered: itself and the change of the gradient.
  private static let bytesRemembered = 4 * 2

  /// Bytes on the host that steps take at most; what is more than a number holds is the largest one.
  package func hostBytes(parameters: Int) -> Int {
    let each = Self.bytesBeside + Self.bytesRemembered * Int(min(history, 1e12))
    let (bytes, overflow) = parameters.multipliedReportingOverflow(by: each)
    return overflow ? .max : bytes
  }

  /// How many steps can be remembered within so many bytes; 0 or less where none can.
  package func history(within bytes: Int, parameters: Int) -> Int { (bytes / max(parameters, 1) - Self.bytesBeside) / Self.bytesRemembered }

  /// What is remembered between steps: enough to go on with the same bits.
  public struct Memory: Sendable {
    /// Steps and the changes of the gradient along them, the oldest first.
    public var pairs: [(step: [Float], change: [Float])] = []
    /// The last step, and the gradient where it began; `nil` before the first.
    public var lastStep: [Float]?
    /// The gradient where the last step began; `nil` before the first.
    public var lastGradient: [Float]?

    /// Of an optimizer that has taken no step yet.
    public init() {}
  }

  /// A value of the function that is minimised, and its gradient.
  public typealias Evaluation = (value: Double, gradient: [Float])

  /// How many places a line search tries, as in PyTorch: how often the whole step evaluates is looked at between directions alone.
  private static let searchLimit = 25

  /// One step of the optimizer. What it adds to the function (weight decay, the other sign) is not done here.
  /// - Parameters:
  ///   - x: where it begins, and then where it ends.
  ///   - memory: what steps before have left; empty at first.
  ///   - rate: the learning rate of this step, by the schedule.
  ///   - first: the function at x.
  ///   - evaluate: the function anywhere.
  /// - Returns: how many directions it went, and how often it evaluated, the first time included.
  /// - Throws: what `evaluate` throws; x and memory are then of no use.
  @discardableResult
  public func minimize<Failure: Error>(
    _ x: inout [Float], _ memory: inout Memory, rate: Double, first: Evaluation, _ evaluate: ([Float]) throws(Failure) -> Evaluation
  ) throws(Failure) -> (iterations: Int, evaluations: Int) {
    let (limit, evaluationLimit) = (Int(iterations), Int(iterations) * 5 / 4)
    var (now, evaluations, done) = (first, 1, 0)
    guard rate > 0, largest(now.gradient) > tolerance else { return (0, 1) }
    while done < limit {
      done += 1
      let isFirst = memory.lastGradient == nil
      remember(now.gradient, in: &memory)
      let direction = isFirst ? now.gradient.map { -Double($0) } : direction(now.gradient, memory)
      let slope = dot(now.gradient, direction)
      memory.lastGradient = now.gradient
      memory.lastStep = nil
      let length = isFirst ? min(1, 1 / now.gradient.reduce(0) { $0 + Double(abs($1)) }) * rate : rate
      if slope > -changeTolerance { break }
      let (before, start) = (now.value, x)
      func at(_ t: Double) -> [Float] { zip(start, direction).map { Float(Double($0) + t * $1) } }
      var t = length
      if isFixedStep {
        x = at(t)
        if done < limit {
          now = try evaluate(x)
          evaluations += 1
        }
      } else {
        var search = StrongWolfe(
          value: before, gradient: now.gradient, slope: slope, size: direction.reduce(0) { max($0, abs($1)) },
          tolerance: changeTolerance, limit: Self.searchLimit)
        try search.run(from: t) { (t) throws(Failure) in
          let (value, gradient) = try evaluate(at(t))
          return (value.isNaN ? .infinity : value, gradient, dot(gradient, direction))
        }
        (t, now) = (search.found.t, (search.found.value, search.found.gradient))
        evaluations += search.evaluations
        x = at(t)
      }
      memory.lastStep = direction.map { Float(t * $0) }
      let moved = direction.reduce(0) { max($0, abs(t * $1)) }
      if evaluations >= evaluationLimit || largest(now.gradient) <= tolerance || moved <= changeTolerance
        || abs(now.value - before) < changeTolerance
      {
        break
      }
    }
    return (done, evaluations)
  }

  /// Takes the last step among those that are remembered, if the function curves along it.
  private func remember(_ gradient: [Float], in memory: inout Memory) {
    guard let step = memory.lastStep, let before = memory.lastGradient else { return }
    let change = zip(gradient, before).map { $0 - $1 }
    guard dot(change, step) > 1e-10 else { return }
    while memory.pairs.count >= Int(history) { memory.pairs.removeFirst() }
    memory.pairs.append((step, change))
  }

  /// −H·g, by the two-loop recursion.
  private func direction(_ gradient: [Float], _ memory: Memory) -> [Double] {
    var q = gradient.map { -Double($0) }
    var shares = [Double](repeating: 0, count: memory.pairs.count)
    for (index, pair) in memory.pairs.enumerated().reversed() {
      shares[index] = dot(pair.step, q) / dot(pair.change, pair.step)
      add(pair.change, times: -shares[index], to: &q)
    }
    if let last = memory.pairs.last {
      let scale = dot(last.change, last.step) / dot(last.change, last.change)
      for index in q.indices { q[index] *= scale }
    }
    for (index, pair) in memory.pairs.enumerated() {
      add(pair.step, times: shares[index] - dot(pair.change, q) / dot(pair.change, pair.step), to: &q)
    }
    return q
  }

  private func largest(_ values: [Float]) -> Double { values.reduce(0) { max($0, Double(abs($1))) } }

  private func dot(_ a: [Float], _ b: [Float]) -> Double {
    var sum = 0.0
    for index in a.indices where index < b.count { sum += Double(a[index]) * Double(b[index]) }
    return sum
  }

  private func dot(_ a: [Float], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices where index < b.count { sum += Double(a[index]) * b[index] }
    return sum
  }

  private func add(_ a: [Float], times factor: Double, to b: inout [Double]) {
    for index in b.indices where index < a.count { b[index] += factor * Double(a[index]) }
  }
}
