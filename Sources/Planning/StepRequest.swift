import GlissadeTensors

/// What is to be planned: a traced graph and what a step does with it.
public struct StepRequest {
  /// The traced step.
  public var graph: Graph
  /// Values that the host reads after the step, by name.
  public var outputs: [String: Tensor] = [:]
  /// The mean loss over the batch, if the step accumulates one.
  public var loss: Tensor?
  /// The number of right answers, if there is such a thing.
  public var correct: Tensor?
  /// Whether that is no count but a sum of fractions: of credit for answers, of errors.
  public var isFractional = false
  /// What else is summed up over the steps, each a scalar or a vector of float32.
  public var sums: [Tensor] = []
  /// The samples in the batch, for the running sums.
  public var sampleCount = 0
  /// Gradients to be written to the gradient arenas.
  public var gradients: [(parameter: ParameterID, gradient: Tensor)] = []
  /// Whether they are those of a part of a batch, and join what parts before have added up.
  public var addsGradients = false
  /// Parameters that become values of the graph, at the end of the step.
  public var stores: [(parameter: ParameterID, value: Tensor)] = []
  /// Whether running statistics of a training step move; not where it is recorded only to be looked at.
  public var movesStatistics = true
  /// The optimizer of each parameter group; empty for a step that only evaluates.
  public var updates: [any UpdateRule] = []
  /// How strongly each group is drawn to its anchors, by group: what is added to the gradient for each unit of distance. Groups without a
  /// number, or with 0, are not.
  public var anchorStrengths: [Float] = []
  /// Clips the global norm of all gradients to this.
  public var clippingNorm: Float?
  /// Where parameters live.
  public var layout: ParameterLayout
  /// Whether a convolution's sums hold nothing but what its filter reaches, whatever that costs: no algorithm is planned that mixes pixels
  /// beyond it, as Winograd's does (`Plan.mixingLayers`).
  public var isExact = false
  /// Whether operations are fused. Only tests that compare switch it off.
  public var fuses = true

  public init(graph: Graph, layout: ParameterLayout) {
    self.graph = graph
    self.layout = layout
  }
}
