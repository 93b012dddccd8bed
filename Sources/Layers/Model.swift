/// A network from named inputs to named outputs. One tensor to one tensor needs no more than `Layer`.
///
/// ```swift
/// struct Siamese: Model {
///   let embed = MLP([784, 64, 16])
///   func forward(_ inputs: Inputs) -> Outputs {
///     ["left": embed(inputs["left"]), "right": embed(inputs["right"])]
///   }
/// }
/// ```
///
/// The names of inputs are those of the data's fields (`Dataset.inputs`), the names of outputs what losses, metrics, predictions and ONNX files
/// know them by. Parameters and layers are properties, as of any layer.
public protocol Model: Layer {
  /// Records what the model computes. Nothing throws, as in `Layer.forward(_:)`.
  func forward(_ inputs: Inputs) -> Outputs
}

extension Model {
  /// Applies the model.
  public func callAsFunction(_ inputs: Inputs) -> Outputs {
    let graph = inputs.graph
    return graph.scoped(owner: self, isFrozen: graph.freezes(self), { LayerPath.path(of: self, in: graph, parent: $0, owner: $1) }) {
      forward(inputs)
    }
  }

  /// The model as a layer of one tensor, where it has one input and one output.
  public func forward(_ x: Tensor) -> Tensor { forward(Inputs([("features", x)], role: "input")).only }
}

extension Layer {
  /// The outputs for some inputs: of a `Model` what it says, of any other layer `output`, from its one input.
  package func outputs(for inputs: Inputs) -> Outputs {
    if let model = self as? any Model {
      return adopted(model(inputs), in: inputs.graph)
    }
    guard inputs.count == 1 else {
      let names = inputs.names.map { "'\($0)'" }.joined(separator: ", ")
      let rejected = inputs.graph.reject(
        "\(type(of: self))", inputs.tensors,
        because: "it takes one tensor and there are the inputs \(names); a model of several inputs conforms to Model")
      return Outputs([(Outputs.outputName, rejected)], role: "output")
    }
    return adopted([Outputs.outputName: self(inputs.tensors[0])], in: inputs.graph)
  }

  /// What a model gave, as tensors of the step's graph under names of their own.
  private func adopted(_ outputs: Outputs, in graph: Graph) -> Outputs {
    var seen = Set<String>()
    if let twice = outputs.names.first(where: { !seen.insert($0).inserted }) {
      _ = graph.reject("the model", [], because: "it gives two outputs called '\(twice)', and each has a name of its own")
    }
    return Outputs(outputs.entries.map { ($0.name, graph.adopted($0.tensor, by: "output '\($0.name)'")) }, role: "output", in: graph)
  }
}
