#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How the learning rate goes over a run, as a function of the step's number (from 0). It is read on the host at every step and reaches the
/// device as a constant, so no schedule makes a plan anew.
///
/// Written in text as `warmup(500 steps) then cosine(to: 1e-5)`; see `Schedule.init(_:)`.
public indirect enum Schedule: Hashable, Sendable, CustomStringConvertible {
  /// A stretch of training.
  public enum Span: Hashable, Sendable, CustomStringConvertible {
    case steps(Int)
    case epochs(Double)

    func steps(perEpoch: Int) -> Int {
      switch self {
      case .steps(let count): max(count, 0)
      case .epochs(let count):
        // Longer than any run is as good as without end.
        max(1, Int(min(max(count.isNaN ? 0 : count * Double(perEpoch), 0), 1e15).rounded()))
      }
    }

    public var description: String {
      switch self {
      case .steps(let count): "\(count) steps"
      case .epochs(let count): "\(count) epochs"
      }
    }
  }

  /// Always the base rate.
  case constant
  /// base · factor^⌊t / every⌋; PyTorch's `StepLR`.
  case step(every: Span, factor: Double)
  /// base · factor^(t / per), in whole strides; PyTorch's `ExponentialLR`.
  case exponential(factor: Double, per: Span = .epochs(1))
  /// From the base rate to `to` along half a cosine: to + (base − to)·(1 + cos(π·t / T)) / 2, then `to`; PyTorch's `CosineAnnealingLR`.
  /// T is the rest of the run where `over` is nil.
  case cosine(to: Double = 0, over: Span? = nil)
  /// From the base rate to `to` in a straight line over T, then `to`. T is the rest of the run where `over` is nil.
  case linear(to: Double = 0, over: Span? = nil)
  /// base · (t + 1) / n for the first n steps, then another schedule that starts at 0 there.
  case warmup(Span, then: Schedule)

  /// This schedule after a linear warm-up.
  public func warmingUp(over span: Span) -> Schedule { .warmup(span, then: self) }

  /// Checks the numbers of a schedule.
  /// - Throws: `ScheduleError` for a span that is not above 0, or a factor or final rate that is negative or not finite.
  public func validate() throws(ScheduleError) {
    func check(_ isRight: Bool, _ problem: String) throws(ScheduleError) {
      if !isRight { throw ScheduleError(text: description, problem: problem) }
    }
    func check(_ span: Span?) throws(ScheduleError) {
      switch span {
      case .steps(let count): try check(count > 0, "a span has to be above 0")
      case .epochs(let count): try check(count > 0 && count.isFinite, "a span has to be above 0")
      case nil: break
      }
    }
    switch self {
    case .constant: break
    case .step(let span, let factor), .exponential(let factor, let span):
      try check(span)
      try check(factor > 0 && factor.isFinite, "the factor has to be above 0")
    case .cosine(let to, let span), .linear(let to, let span):
      try check(span)
      try check(to >= 0 && to.isFinite, "the final learning rate has to be at least 0")
    case .warmup(let span, let next):
      try check(span)
      try next.validate()
    }
  }

  /// The learning rate of a step.
  /// - Parameters:
  ///   - base: the optimizer's learning rate.
  ///   - step: the step's number, from 0.
  ///   - stepsPerEpoch: what a span in epochs means.
  ///   - totalSteps: how long the run is, for schedules that go to its end.
  public func learningRate(base: Double, step: Int, stepsPerEpoch: Int, totalSteps: Int) -> Double {
    func progress(_ span: Span?) -> Double {
      let length = max(span?.steps(perEpoch: stepsPerEpoch) ?? totalSteps, 1)
      return min(Double(step) / Double(length), 1)
    }
    switch self {
    case .constant: return base
    case .step(let every, let factor): return base * pow(factor, Double(step / max(every.steps(perEpoch: stepsPerEpoch), 1)))
    case .exponential(let factor, let per): return base * pow(factor, Double(step / max(per.steps(perEpoch: stepsPerEpoch), 1)))
    case .cosine(let to, let over): return to + (base - to) * (1 + cos(.pi * progress(over))) / 2
    case .linear(let to, let over): return base + (to - base) * progress(over)
    case .warmup(let span, let next):
      let length = span.steps(perEpoch: stepsPerEpoch)
      if step < length { return base * Double(step + 1) / Double(length) }
      return next.learningRate(base: base, step: step - length, stepsPerEpoch: stepsPerEpoch, totalSteps: max(totalSteps - length, 1))
    }
  }

  public var description: String {
    switch self {
    case .constant: "constant"
    case .step(let every, let factor): "step(every: \(every), factor: \(factor))"
    case .exponential(let factor, let per): "exponential(factor: \(factor), per: \(per))"
    case .cosine(let to, let over): "cosine(to: \(to)\(over.map { ", over: \($0)" } ?? ""))"
    case .linear(let to, let over): "linear(to: \(to)\(over.map { ", over: \($0)" } ?? ""))"
    case .warmup(let span, let next): "warmup(\(span)) then \(next)"
    }
  }
}
