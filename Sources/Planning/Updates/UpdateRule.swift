import GlissadeTensors

/// How a parameter group takes a step, as a few lines of tensor expression.
///
/// The expression is recorded once, over a group's flat arena: however many tensors a group has, a step of it is one launch, which reads
/// parameters, gradients and state and writes parameters and state. An element whose gradient is not finite keeps its parameter and its state.
public protocol UpdateRule: Sendable {
  /// What messages call it.
  static var name: String { get }
  /// The names of what it remembers of each parameter, for checkpoints, as PyTorch calls them (`exp_avg`, `momentum_buffer`, …); at most four.
  var stateNames: [String] { get }
  /// What a state holds before the first step; default 0.
  func initialValue(ofState name: String) -> Float
  /// Whether it goes uphill: gradients come with the other sign; default no.
  var isMaximizing: Bool { get }
  /// One step, from operations that take numbers element by element.
  /// - Parameters:
  ///   - p: the parameters.
  ///   - g: their gradients, clipped.
  ///   - state: what it remembers, by the names of `stateNames`.
  ///   - step: the learning rate, and whatever else differs from step to step; norms of each parameter.
  /// - Returns: the new parameters and the new state; what is not given of that stays as it is.
  func update(_ p: Tensor, _ g: Tensor, _ state: State, _ step: Step) -> (Tensor, State)
}

extension UpdateRule {
  /// What a rule remembers, by name.
  public typealias State = UpdateState
  /// What a rule is told of a step.
  public typealias Step = UpdateStep

  /// The type's name.
  public static var name: String { "\(Self.self)" }
  /// Nothing.
  public var stateNames: [String] { [] }
  /// 0.
  public func initialValue(ofState name: String) -> Float { 0 }
  /// No.
  public var isMaximizing: Bool { false }
  /// How many state arenas the group needs.
  public var stateSlots: Int { stateNames.count }
}

/// A rule that also has a kernel written for it, which does the same.
package protocol KernelUpdate: UpdateRule {
  /// The kernel that updates a group: buffers (parameters, gradients, state 0, 1, 2, control, constants).
  var kernel: String { get }
  /// The kernel's parameter struct for a group of `count` elements.
  /// - Parameter group: the group's number, which says where its constants are.
  func parameters(count: Int, group: Int) -> [UInt8]
  /// What changes from step to step, written to the group's constants (`GroupConstants`): what learning rate and bias corrections come to, …
  /// It is derived in double precision, as what `parameters(count:group:)` holds is.
  /// - Parameters:
  ///   - constants: 16 floats.
  ///   - numbers: the step's.
  func write(constants: UnsafeMutableBufferPointer<Float>, _ numbers: StepNumbers)
}

/// What is left of a rule's kernel: its expression alone. For those who compare the two.
package struct Recorded<Rule: UpdateRule>: UpdateRule {
  package static var name: String { Rule.name }
  package let rule: Rule

  package init(_ rule: Rule) { self.rule = rule }

  package var stateNames: [String] { rule.stateNames }
  package var isMaximizing: Bool { rule.isMaximizing }
  package func initialValue(ofState name: String) -> Float { rule.initialValue(ofState: name) }
  package func update(_ p: Tensor, _ g: Tensor, _ state: UpdateState, _ step: UpdateStep) -> (Tensor, UpdateState) {
    rule.update(p, g, state, step)
  }
}
