/// The base rate, multiplied by `factor` whenever a measured value has not become better for more than `patience` epochs; PyTorch's
/// `ReduceLROnPlateau` with its defaults. The value is looked at after each epoch; what it has come to is a `PlateauState`.
public struct Plateau: ScheduleShape {
  /// What is looked at, under its name in `metrics.csv`.
  public enum Measure: String, CaseIterable, Sendable {
    /// The loss on the validation data.
    case validationLoss = "validation_loss"
    /// The share of right answers on the validation data.
    case validationAccuracy = "validation_accuracy"
    /// The mean loss of the epoch's steps.
    case trainingLoss = "train_loss"

    /// Whether more is better.
    public var growsBetter: Bool { self == .validationAccuracy }
  }

  public static let name = "plateau"
  public static let summary = "base, times 'factor' whenever 'metric' was no better for more than 'patience' epochs"
  public static let arguments: [ScheduleArgument<Self>] = [
    .number("factor", \.factor, in: 0...0.999_999, open: true, "what the rate is multiplied by"),
    .number("patience", \.patience, in: 0...1e9, "epochs without getting better that are borne"),
    .number("threshold", \.threshold, in: 0...0.999_999, quiet: true, "by which share of the best value a better one has to be better"),
    .number("cooldown", \.cooldown, in: 0...1e9, quiet: true, "epochs after a reduction that do not count"),
    .number("minimum", \.minimum, quiet: true, "the lowest rate"),
    .word("metric", \.measure, quiet: true, "validation_loss, validation_accuracy or train_loss"),
  ]

  /// What the rate is multiplied by, above 0 and below 1; default 0.1.
  public var factor = 0.1
  /// Epochs without getting better that are borne, a whole number; default 10.
  public var patience = 10.0
  /// By which share of the best value a better one has to be better; default 1e-4.
  public var threshold = 1e-4
  /// Epochs after a reduction that do not count, a whole number; default 0.
  public var cooldown = 0.0
  /// The lowest rate; default 0.
  public var minimum = 0.0
  /// What is looked at; default the validation loss.
  public var measure = Measure.validationLoss

  public init() {}

  /// With PyTorch's defaults.
  public init(
    factor: Double = 0.1, patience: Int = 10, threshold: Double = 1e-4, cooldown: Int = 0, minimum: Double = 0,
    measure: Measure = .validationLoss
  ) {
    (self.factor, self.patience, self.threshold, self.cooldown) = (factor, Double(patience), threshold, Double(cooldown))
    (self.minimum, self.measure) = (minimum, measure)
  }

  public var conflict: String? {
    if patience != patience.rounded() { return "patience of plateau is \(patience), and epochs are whole there" }
    return cooldown == cooldown.rounded() ? nil : "cooldown of plateau is \(cooldown), and epochs are whole there"
  }

  public func learningRate(at moment: ScheduleMoment) -> Double {
    max(moment.base * moment.reduction, min(minimum, moment.base))
  }
}

extension Schedule {
  /// The base rate, multiplied by `factor` whenever a measured value stops getting better; PyTorch's `ReduceLROnPlateau`.
  public static func plateau(
    factor: Double = 0.1, patience: Int = 10, threshold: Double = 1e-4, cooldown: Int = 0, minimum: Double = 0,
    measure: Plateau.Measure = .validationLoss
  ) -> Schedule {
    Schedule(
      Plateau(factor: factor, patience: patience, threshold: threshold, cooldown: cooldown, minimum: minimum, measure: measure))
  }
}

/// What a plateau has seen so far. Kept in checkpoints, so that a resumed run goes on as if it had never stopped.
public struct PlateauState: Hashable, Sendable {
  /// What the base rate is multiplied by.
  public var factor = 1.0
  /// The best value; `nil` before the first.
  public var best: Double?
  /// Epochs since then.
  public var badEpochs = 0
  /// Epochs that do not count any more after a reduction.
  public var cooldown = 0

  /// Before the first epoch.
  public init() {}

  /// Takes note of an epoch's value.
  /// - Parameters:
  ///   - value: the measured value; one that is not a number is no better than any.
  ///   - rule: what to do about it.
  ///   - base: the optimizer's learning rate, which `Plateau.minimum` is compared with.
  /// - Returns: whether the rate was reduced.
  @discardableResult
  public mutating func note(_ value: Double, by rule: Plateau, base: Double) -> Bool {
    let isBetter =
      if let best {
        rule.measure.growsBetter ? value > best * (1 + rule.threshold) : value < best * (1 - rule.threshold)
      } else {
        !value.isNaN
      }
    if isBetter {
      (best, badEpochs) = (value, 0)
    } else {
      badEpochs += 1
    }
    if cooldown > 0 {
      cooldown -= 1
      badEpochs = 0
    }
    guard Double(badEpochs) > rule.patience else { return false }
    (cooldown, badEpochs) = (Int(rule.cooldown), 0)
    // As PyTorch does, changes of less than 1e-8 are left.
    let (before, after) = (base * factor, max(base * factor * rule.factor, rule.minimum))
    guard before - after > 1e-8 else { return false }
    factor = after / base
    return true
  }
}
