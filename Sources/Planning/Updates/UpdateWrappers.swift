import GlissadeTensors

/// A rule whose momentum a schedule moves. It has no kernel: those have their momentum from the plan.
package struct MovingMomentum<Rule: UpdateRule>: UpdateRule {
  package static var name: String { Rule.name }
  package let rule: Rule

  package init(_ rule: Rule) { self.rule = rule }

  package var stateNames: [String] { rule.stateNames }
  package var isMaximizing: Bool { rule.isMaximizing }
  package func initialValue(ofState name: String) -> Float { rule.initialValue(ofState: name) }
  package func update(_ p: Tensor, _ g: Tensor, _ state: UpdateState, _ step: UpdateStep) -> (Tensor, UpdateState) {
    rule.update(p, g, state, step.movingMomentum())
  }
}

/// A rule that keeps an average of the parameters beside them, as one more state: a ← a + s·(p − a), with the new parameters p and the step's share
/// s (`StepNumbers.averaging`; 1 copies them). So the average is part of the launch that updates, and of checkpoints.
package struct Averaged<Rule: UpdateRule>: UpdateRule {
  package static var name: String { Rule.name }
  package let rule: Rule

  package init(_ rule: Rule) { self.rule = rule }

  package var stateNames: [String] { rule.stateNames + [averageName] }
  package var isMaximizing: Bool { rule.isMaximizing }
  package func initialValue(ofState name: String) -> Float { name == averageName ? 0 : rule.initialValue(ofState: name) }
  package func update(_ p: Tensor, _ g: Tensor, _ state: UpdateState, _ step: UpdateStep) -> (Tensor, UpdateState) {
    var (after, left) = rule.update(p, g, state, step)
    let average = state[averageName]
    left[averageName] = average + (after - average) * step.number(\.averaging)
    return (after, left)
  }
}

/// What checkpoints call the average of a parameter.
package let averageName = "average"

extension UpdateRule {
  /// The rule as schedules that move momentum, and averages, need it.
  package func wrapped(movesMomentum: Bool, isAveraged: Bool) -> any UpdateRule {
    let rule: any UpdateRule = movesMomentum ? MovingMomentum(self) : self
    return isAveraged ? rule.averaged : rule
  }

  private var averaged: any UpdateRule { Averaged(self) }

  /// Whether it takes a momentum that a schedule moves: it asks for one.
  /// - Throws: `ShapeError` for a rule that cannot be recorded.
  package func takesMomentum() throws(ShapeError) -> Bool { try RecordedUpdate(self).asksForMomentum }
}
