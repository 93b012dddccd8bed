import GlissadeData
import GlissadeLayers
import GlissadeTensors

/// A model's evaluation step, recorded with a batch that can be told from every extent of the model's own: ONNX leaves the batch open, and which
/// extents are the batch's is seen by their size.
struct ONNXRecording {
  let graph: Graph
  let outputs: Outputs
  let batch: Int

  /// - Throws: `ShapeError` for a model that does not fit its inputs.
  static func made(
    of model: any Layer, _ paths: [(path: String, parameter: Parameter)], _ inputs: [SampleField]
  ) throws(ShapeError) -> ONNXRecording {
    let first = try ONNXRecording(of: model, paths, inputs, batch: 31)
    let other = try ONNXRecording(of: model, paths, inputs, batch: 29)
    if first.isClear(beside: other) { return first }
    for batch in batches {
      // A larger batch may be too large for a model that is not with 31.
      guard let recording = try? ONNXRecording(of: model, paths, inputs, batch: batch) else { break }
      if recording.isClear(beside: other) { return recording }
    }
    return first
  }

  /// What is taken where 31 is not clear: primes, since flattening multiplies the batch; small ones, since a shape has to stay below 2³¹ elements.
  private static let batches = [37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127]

  private init(
    of model: any Layer, _ paths: [(path: String, parameter: Parameter)], _ inputs: [SampleField], batch: Int
  ) throws(ShapeError) {
    graph = Graph(isTraining: false)
    for (path, parameter) in paths { graph.parameterPaths[parameter.id] = path }
    let graph = graph
    let given = inputs.map { field in
      let type = field.type(batch: batch)
      return (name: field.name, tensor: graph.input(field.name, shape: type.shape, dtype: type.dtype))
    }
    outputs = model.outputs(for: Inputs(given, role: "input"))
    self.batch = batch
    if let error = graph.firstError { throw error }
  }

  /// Whether no extent that is the same for another batch is a multiple of this one.
  private func isClear(beside other: ONNXRecording) -> Bool {
    // A model that computes something else for another batch is refused later, or not, as it is recorded here.
    guard graph.nodes.count == other.graph.nodes.count else { return true }
    return zip(graph.nodes, other.graph.nodes).allSatisfy { node, same in
      zip(node.outputs, same.outputs).allSatisfy { type, other in
        zip(type.shape.dimensions, other.shape.dimensions).allSatisfy { $0 != $1 || $0 % batch != 0 }
      }
    }
  }
}
