/// What an optimizer tells the planner: one fused kernel over a group's flat arenas.
public protocol UpdateRule: Sendable {
  /// The kernel that updates a group: buffers (parameters, gradients, state 0, 1, 2, control, constants).
  var kernel: String { get }
  /// How many state arenas the group needs (0 to 3).
  var stateSlots: Int { get }
  /// The names of the state arenas, for checkpoints, as PyTorch calls them (`exp_avg`, `momentum_buffer`, …).
  var stateNames: [String] { get }
  /// The kernel's parameter struct for a group of `count` elements.
  /// - Parameter group: the group's number, which says where its constants are.
  func parameters(count: Int, group: Int) -> [UInt8]
  /// What changes from step to step, written to the group's constants (`GroupConstants`): what learning rate and bias corrections come to, …
  /// It is derived in double precision, as what `parameters(count:group:)` holds is.
  /// - Parameters:
  ///   - constants: 16 floats.
  ///   - step: the step's number, from 1.
  ///   - learningRate: the schedule's value for this step.
  func write(constants: UnsafeMutableBufferPointer<Float>, step: Int, learningRate: Double)
}
