import GlissadeTraining

/// Who watches a training: what is told, and who may stop it.
package struct RunWatch {
  /// Is told how it goes, in lines.
  package var report: (String) -> Void = { _ in }
  /// Is told what should be known whoever listens.
  package var note: (String) -> Void = { _ in }
  /// Is told what happens.
  package var observe: (TrainingEvent) -> Void = { _ in }
  /// Asked before each step.
  package var shouldStop: () -> Bool = { false }
  /// Asked at the end: whether training was to stop, be it behind the last step.
  package var wasStopped: () -> Bool = { false }
  /// Asked at the end of a training that was stopped: why, where that was nobody's interruption.
  package var reasonToStop: () -> String? = { nil }
  /// Called once everything is read and there will be something to save.
  package var willTrain: () -> Void = {}
  /// When the process began, as far as it matters.
  package var start = ContinuousClock.now

  package init() {}

  /// Of a program, which is told everything in one place.
  init(report: @escaping (String) -> Void, observe: @escaping (TrainingEvent) -> Void, shouldStop: @escaping () -> Bool) {
    (self.report, note, self.observe) = (report, report, observe)
    (self.shouldStop, wasStopped) = (shouldStop, shouldStop)
  }
}
