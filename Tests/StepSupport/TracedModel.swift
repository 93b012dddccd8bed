import GlissadeLayers
import GlissadePlanning
import GlissadeTensors

/// A model's training step on inputs `features` and `labels`, ready to be planned: cross-entropy and all gradients, without updates.
public struct TracedModel {
  public var request: StepRequest

  /// - Parameters:
  ///   - model: what is traced.
  ///   - input: the features' shape, the batch first.
  ///   - limits: how large buffers of parameters may be.
  ///   - isTrained: says of a parameter's path whether it is trained.
  public init(_ model: some Layer, input: Shape, limits: BufferLimits = BufferLimits(), isTrained: (String) -> Bool = { _ in true }) {
    let graph = Graph(isTraining: true)
    let listed = LayerPath.parameters(of: model)
    for (path, parameter) in listed { graph.parameterPaths[parameter.id] = path }
    let x = graph.input("features", shape: input)
    let labels = graph.input("labels", shape: [input[0]], dtype: .int32)
    let result = softmaxCrossEntropy(model(x), labels)
    let layout = ParameterLayout(listed, groupCount: 1, limits: limits) { path, _ in isTrained(path) ? 0 : nil }
    let trained = layout.entries.filter { $0.group != nil }.map(\.parameter)
    let gradients = graph.gradients(of: result.loss, withRespectTo: trained.map { graph[$0] })
    request = StepRequest(graph: graph, layout: layout)
    request.outputs = ["loss": result.loss, "correct": result.correct]
    request.gradients = zip(trained, gradients).compactMap { parameter, gradient in gradient.map { (parameter.id, $0) } }
    request.loss = result.loss
    request.correct = result.correct
    request.sampleCount = input[0]
  }
}
