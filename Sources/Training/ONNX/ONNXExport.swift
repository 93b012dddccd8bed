import GlissadeData
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
    try self.init(
      of: model, inputs: [SampleField(SampleField.featuresName, sampleShape.dimensions)], state: state, name: name, version: version,
      metadata: metadata)
  }

  /// A model of named inputs and outputs as ONNX, in evaluation mode. Inputs and outputs have their names there; see
  /// `init(of:sampleShape:state:name:version:metadata:)`.
  /// - Parameters:
  ///   - model: the network.
  ///   - inputs: what a sample consists of (`Dataset.inputs`); those of four axes with the batch are pictures.
  ///   - state: its parameters.
  ///   - name: of the graph.
  ///   - version: of the program that writes it.
  ///   - metadata: strings to go with it.
  public init(
    of model: any Layer, inputs: [SampleField], state: ModelState, name: String, version: String = "", metadata: [String: String] = [:]
  ) throws {
    let paths = LayerPath.parameters(of: model)
    let recording = try ONNXRecording.made(of: model, paths, inputs)
    let outputs = recording.outputs
    if let name = outputs.names.first(where: { name in inputs.contains { $0.name == name } }) {
      throw ONNXExportError(
        path: "", operation: "output '\(name)'", problem: "there is an input of that name, and in ONNX each tensor has a name of its own")
    }
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
    var translation = ONNXTranslation(recording.graph, batch: recording.batch, values, name: name, keeping: outputs.tensors.map(\.id))
    self = try translation.model(outputs: outputs.entries.map { ($0.name, $0.tensor.id) })
    producer.version = version
    self.metadata = metadata
  }
}
