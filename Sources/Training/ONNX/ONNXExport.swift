import GlissadeFormats
import GlissadeLayers

extension ONNXModel {
  /// A model as ONNX, in evaluation mode.
  ///
  /// Pictures are [batch, channels, height, width] there, as everywhere in the world of ONNX: the input `features`, and an output that is
  /// still a picture. The batch may be of any size. What the model computes is the same; convolutions, poolings and batch norms are single
  /// operators, and dense layers behind a flattened picture have their weights reordered, so that nothing is transposed on the way.
  /// - Parameters:
  ///   - model: the network.
  ///   - sampleShape: the shape of one sample, [height, width, channels] for pictures.
  ///   - state: its parameters.
  ///   - name: of the graph.
  ///   - version: of the program that writes it.
  ///   - metadata: strings to go with it.
  /// - Throws: `ShapeError` for a model that does not fit its input, `StateError` for a state that is not the model's, `ONNXExportError` for an
  ///   operation that ONNX has not got or that depends on the batch's size.
  public init(
    of model: any Layer, sampleShape: Shape, state: ModelState, name: String, version: String = "", metadata: [String: String] = [:]
  ) throws {
    let graph = Graph(isTraining: false)
    let paths = LayerPath.parameters(of: model)
    for (path, parameter) in paths { graph.parameterPaths[parameter.id] = path }
    let input = graph.input("features", shape: Shape([ONNXTranslation.batch] + sampleShape.dimensions))
    let output = model(input)
    if let error = graph.firstError { throw error }
    let known = Dictionary(state.parameters.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    var problems: [String] = []
    var values: [ParameterID: [Float]] = [:]
    for (path, parameter) in paths {
      if let entry = known[path], entry.shape == parameter.shape, entry.values.count == parameter.shape.count {
        values[parameter.id] = entry.values
      } else {
        problems.append("\(path) \(parameter.shape) is " + (known[path].map { "\($0.shape)" } ?? "missing"))
      }
    }
    if !problems.isEmpty { throw StateError(path: "the state", problems: problems) }
    var translation = ONNXTranslation(graph, values, name: name)
    self = try translation.model(output: output.id)
    producer.version = version
    self.metadata = metadata
  }
}
