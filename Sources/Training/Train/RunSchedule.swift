import GlissadeOptimizers
import GlissadePlanning

/// What schedules come to, step by step.
extension TrainingRun {
  /// - Throws: `TrainingError` where a schedule that somebody else wrote makes no rate of a step.
  func checkRates(step: Int) throws(TrainingError) {
    for (index, group) in options.groups(inEpoch: completedEpochs + 1).enumerated() where group.schedule.isOwn {
      try group.check(rate: learningRate(ofGroup: index, step: step), step: step)
    }
  }

  func learningRate(ofGroup group: Int, step: Int) -> Double {
    let reduction = group < reductions.count ? reductions[group] : 1
    let group = options.groups(inEpoch: completedEpochs + 1)[group]
    return group.schedule.learningRate(
      base: group.optimizer.learningRate, step: step, stepsPerEpoch: order.batchesPerEpoch,
      totalSteps: order.batchesPerEpoch * options.epochs, reduction: reduction)
  }

  /// What a group is told of a step.
  /// - Parameters:
  ///   - step: from 0.
  ///   - count: the steps that the group has taken, this one included.
  ///   - isLast: whether it is the epoch's last.
  func numbers(ofGroup group: Int, step: Int, count: Int, isLast: Bool) -> StepNumbers {
    let schedule = options.groups(inEpoch: completedEpochs + 1)[group].schedule
    let momentum =
      schedule.movesMomentum
      ? schedule.momentum(step: step, stepsPerEpoch: order.batchesPerEpoch, totalSteps: order.batchesPerEpoch * options.epochs) : nil
    let share = options.average?.share(
      count: count, epoch: completedEpochs + 1, isLast: isLast, stepsPerEpoch: order.batchesPerEpoch)
    return StepNumbers(rate: learningRate(ofGroup: group, step: step), count: count, momentum: momentum, averaging: share ?? 1)
  }

  /// What plateaus have come to, for each group of the epoch at hand; empty where no schedule has any. It follows from the epochs that are
  /// over, which checkpoints hold, so that a resumed training goes on with the same.
  func plateauReductions() -> [Double] {
    let groups = options.groups(inEpoch: completedEpochs + 1)
    guard groups.contains(where: \.schedule.followsMeasurements) else { return [] }
    return groups.map { group in
      var state = PlateauState()
      for row in record.epochs {
        guard let rule = group.schedule.plateau(atStep: row.step - 1, stepsPerEpoch: order.batchesPerEpoch) else { continue }
        state.note(row.value(rule.measure), by: rule, base: group.optimizer.learningRate)
      }
      return state.factor
    }
  }
}

extension ParameterGroup {
  fileprivate func check(rate: Double, step: Int) throws(TrainingError) {
    guard rate >= 0, Float(rate).isFinite else {
      throw .invalid(
        option: "the learning rate of schedule '\(schedule)' in step \(step + 1)", value: "\(rate)",
        requirement: "at least 0 and a finite float32")
    }
  }
}

extension TrainingOptions {
  /// Looks at the rates of schedules that somebody else wrote, before anything is computed: at all steps, or at 100,000 of a longer run.
  func checkRates(stepsPerEpoch: Int) throws(TrainingError) {
    let total = stepsPerEpoch * epochs
    for group in groups + laterPhases.flatMap(\.groups) where group.schedule.isOwn {
      for step in stride(from: 0, to: total, by: max(1, total / 100_000)) {
        let rate = group.schedule.learningRate(
          base: group.optimizer.learningRate, step: step, stepsPerEpoch: stepsPerEpoch, totalSteps: total)
        try group.check(rate: rate, step: step)
      }
    }
  }
}

extension EpochRecord {
  fileprivate func value(_ measure: Plateau.Measure) -> Double {
    switch measure {
    case .validationLoss: validationLoss
    case .validationAccuracy: validationAccuracy
    case .trainingLoss: trainLoss
    }
  }
}
