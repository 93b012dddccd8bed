/// Where schedules begin again: at the ends of their cycles, where the rate is at its lowest.
extension Schedule {
  /// How many steps are done when the next cycle ends, be it behind a step that is done in between or at the very end of the run; the end of a
  /// stretch in the middle of a cycle is none.
  /// - Parameters:
  ///   - step: steps that are done.
  ///   - stepsPerEpoch: what a span in epochs means.
  ///   - totalSteps: how long the run is.
  /// - Returns: `nil` where no other cycle ends in the run.
  public func nextRestart(after step: Int, stepsPerEpoch: Int, totalSteps: Int) -> Int? {
    var start = 0
    for stretch in stretches {
      let end = stretch.length.map { start + $0.steps(perEpoch: stepsPerEpoch) } ?? totalSteps
      if step < end, let next = stretch.shape.cycleEnd(after: max(step - start, 0), stepsPerEpoch: stepsPerEpoch),
        start + next <= min(end, totalSteps)
      {
        return start + next
      }
      start = end
    }
    return nil
  }

  /// Whether any of its shapes goes in cycles.
  public var restarts: Bool { stretches.contains { $0.shape.cycleEnd(after: 0, stepsPerEpoch: 1) != nil } }
}
