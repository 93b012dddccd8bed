import GlissadeKernels
import GlissadeTensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What differs from step to step, on the host and in double precision.
public struct StepNumbers: Sendable {
  /// The learning rate γ, as the schedule has it in this step.
  public let rate: Double
  /// t: how many steps the group has taken, this one included.
  public let count: Double
  /// The momentum, where the schedule moves that; `nil` where the rule's own stays. `UpdateStep.momentum` chooses.
  public let momentum: Double?
  /// How much of the way to the new parameters their average takes, from 0 to 1; see `Averaged`.
  package let averaging: Double

  /// - Parameters:
  ///   - rate: the learning rate.
  ///   - count: steps that the group has taken, this one included.
  ///   - momentum: where a schedule moves it; default the rule's own stays.
  public init(rate: Double, count: Int, momentum: Double? = nil) { self.init(rate: rate, count: count, momentum: momentum, averaging: 1) }

  package init(rate: Double, count: Int, momentum: Double? = nil, averaging: Double) {
    self.rate = rate
    self.count = Double(count)
    self.momentum = momentum
    self.averaging = averaging
  }

  /// 1 − βᵗ: what the weights of a mean come to that began with 0.
  public func correction(_ beta: Double) -> Double { 1 - pow(beta, count) }
}

/// What an update rule is told of the step that it takes.
///
/// Numbers that differ from step to step are inputs of the recorded rule, so that a schedule plans nothing again: `step.rate`, and what follows
/// from it and the step's number, as in `step.number { $0.rate / $0.correction(beta1) }`, which the host works out in double precision.
public struct UpdateStep {
  private enum Source {
    case recorder(UpdateRecorder)
    case given(StepNumbers, Graph)
  }
  private let source: Source
  /// Whether the schedule moves momentum.
  private var movesMomentum = false

  init(_ recorder: UpdateRecorder) { source = .recorder(recorder) }

  /// The same step where the schedule moves momentum.
  func movingMomentum() -> UpdateStep {
    var step = self
    step.movesMomentum = true
    return step
  }

  /// The momentum of the step, or what a rule has in its place (β₁), be it the rule's own or a schedule's. A rule that asks for it takes schedules
  /// that move momentum, such as one-cycle's.
  /// - Parameter own: the rule's.
  public func momentum(_ own: Double) -> UpdateMomentum {
    switch source {
    case .recorder(let recorder):
      recorder.asksForMomentum = true
      return movesMomentum
        ? .given(number { $0.momentum ?? own }, rest: number { 1 - ($0.momentum ?? own) }) : .fixed(own)
    case .given(let numbers, _): return .fixed(numbers.momentum ?? own)
    }
  }

  /// One certain step of one parameter, in a graph like any other: for those who compute a rule without the launches that are made for it.
  package init(_ numbers: StepNumbers, in graph: Graph) { source = .given(numbers, graph) }

  /// The learning rate γ, as the schedule has it in this step.
  public var rate: Tensor {
    switch source {
    case .recorder(let recorder): recorder.rate
    case .given(let numbers, let graph): graph.constant(Float(numbers.rate))
    }
  }

  /// A number that differs from step to step. A rule may have sixteen, the learning rate included.
  /// - Parameter compute: from the learning rate and the number of steps; called once for each step.
  public func number(_ compute: @escaping @Sendable (StepNumbers) -> Double) -> Tensor {
    switch source {
    case .recorder(let recorder): recorder.number(compute)
    case .given(let numbers, let graph): graph.constant(Float(compute(numbers)))
    }
  }

  /// √(Σ x²) over each parameter of the group by itself: one number for all elements of a parameter. All norms of a rule, of which there may be
  /// four, are taken together, in two launches however many parameters there are, and one more for each x that is not at hand.
  /// - Parameter x: the parameters, their gradients, a state, or what is computed from these element by element.
  public func norm(_ x: Tensor) -> Tensor {
    switch source {
    case .recorder(let recorder): recorder.norm(x)
    case .given: sqrt((x * x).sum())
    }
  }

  /// What comes of each parameter that is a matrix, or has more axes and counts as one of its first axis and all others: by any operations, on all
  /// matrices of one shape at once, [matrices, rows, columns]. Launches are as many for each shape as `compute` takes, however many there are.
  ///
  /// ```swift
  /// let whitened = step.matrices(g) { x in x / ((x * x).sum(axes: [1, 2], keepingAxes: true).sqrt() + 1e-7) }
  /// ```
  /// - Parameters:
  ///   - x: the parameters, their gradients, a state, or what is computed from these element by element.
  ///   - compute: from matrices [matrices, rows, columns] as many of the same shape.
  /// - Returns: what `compute` gives, in its place; for vectors x itself. Each counts as a state to the limit of four.
  public func matrices(_ x: Tensor, _ compute: @escaping @Sendable (Tensor) -> Tensor) -> Tensor {
    switch source {
    case .recorder(let recorder): return recorder.matrices(x, compute)
    case .given:
      guard x.isValid, let (rows, columns) = x.shape.matrix else { return x }
      return compute(x.reshaped(to: [1, rows, columns])).reshaped(to: x.shape)
    }
  }
}

/// The momentum μ of a step: the same in every step, or a number of the step's. A rule has it as a factor, or as what a mean keeps.
public enum UpdateMomentum {
  case fixed(Double)
  /// - Parameter rest: 1 − μ, derived in double precision.
  case given(Tensor, rest: Tensor)

  /// x·μ.
  public static func * (x: Tensor, momentum: UpdateMomentum) -> Tensor {
    switch momentum {
    case .fixed(let value): x * value
    case .given(let value, _): x * value
    }
  }

  /// x·(1 − μ): what of x is lost.
  func loss(of x: Tensor) -> Tensor {
    switch self {
    case .fixed(let value): x * (1 - value)
    case .given(_, let rest): x * rest
    }
  }
}

extension Tensor {
  /// μ·x + (1 − μ)·target, the step of an exponential mean, as `moving(towards:by:)` computes it.
  public func moving(towards target: Tensor, keeping momentum: UpdateMomentum) -> Tensor {
    switch momentum {
    case .fixed(let value): moving(towards: target, by: 1 - value)
    case .given(_, let rest): self + (target - self) * rest
    }
  }

  /// x − (1 − μ)·x, of which only the part that is lost is rounded, with something added: μ·x + more.
  public func losing(_ momentum: UpdateMomentum, gaining more: Tensor) -> Tensor { self + (more - momentum.loss(of: self)) }
}

/// Takes down what a rule asks for while it is recorded.
final class UpdateRecorder {
  let graph: Graph
  let shape: Shape
  private(set) var numbers: [@Sendable (StepNumbers) -> Double] = []
  private(set) var norms: [(operand: Tensor, value: Tensor)] = []
  private(set) var matrices: [(operand: Tensor, value: Tensor, compute: @Sendable (Tensor) -> Tensor)] = []
  private(set) var numberValues: [Tensor] = []
  private var knownRate: Tensor?
  /// Whether the rule has a use for a momentum that a schedule moves.
  var asksForMomentum = false

  init(_ graph: Graph, shape: Shape) {
    self.graph = graph
    self.shape = shape
  }

  var rate: Tensor {
    if let knownRate { return knownRate }
    let value = number { $0.rate }
    knownRate = value
    return value
  }

  func number(_ compute: @escaping @Sendable (StepNumbers) -> Double) -> Tensor {
    let value = graph.input("number \(numbers.count)", shape: [])
    if numbers.count == Int(UPDATE_NUMBERS) {
      return graph.reject(
        "step.number", [value], because: "a rule has at most \(UPDATE_NUMBERS) numbers that differ from step to step; join some of them")
    }
    numbers.append(compute)
    numberValues.append(value)
    return value
  }

  func norm(_ x: Tensor) -> Tensor {
    guard x.isValid else { return x }
    guard x.graph === graph, x.shape == shape else {
      return graph.reject("step.norm", [x], because: "it takes the norm of each parameter, of a value that has as many elements as these")
    }
    if let known = norms.first(where: { graph.resolved($0.operand.id) == graph.resolved(x.id) }) { return known.value }
    if norms.count == Int(UPDATE_NORMS) {
      return graph.reject("step.norm", [x], because: "a rule takes at most \(UPDATE_NORMS) norms")
    }
    let value = graph.input("norm \(norms.count)", shape: [])
    norms.append((x, value))
    return value
  }

  func matrices(_ x: Tensor, _ compute: @escaping @Sendable (Tensor) -> Tensor) -> Tensor {
    guard x.isValid else { return x }
    guard x.graph === graph, x.shape == shape else {
      return graph.reject("step.matrices", [x], because: "it takes a value that has as many elements as the parameters")
    }
    // On a few small ones, so that a mistake is found where it can be told.
    let trial = Graph(isTraining: false)
    let (given, before) = (trial.input("matrices", shape: [2, 5, 3]), shape)
    let result = compute(given)
    if let error = trial.firstError { return graph.reject("step.matrices: \(error.operation)", [x], because: error.problem) }
    guard result.isValid, result.graph === trial, result.shape == given.shape else {
      return graph.reject(
        "step.matrices", [x], because: "of matrices \(given.shape) it makes \(result.shape), and the shape has to stay as it is")
    }
    let value = graph.input("matrices \(matrices.count)", shape: before)
    matrices.append((x, value, compute))
    return value
  }
}
