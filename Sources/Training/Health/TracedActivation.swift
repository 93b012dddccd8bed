import GlissadeLayers
import GlissadePlanning
import GlissadeTensors

/// A result of an activation, or of the model, in a recorded step.
struct TracedActivation {
  /// The layer whose result the activation was made of.
  let layer: String
  /// What it is called.
  let name: String
  let values: Tensor
  let bound: Bound

  /// Where it has no slope.
  enum Bound {
    case none
    /// At 0: ReLU.
    case zero
    /// Where results are farther from the middle than that.
    case saturation(middle: Float, distance: Float)
  }

  /// The mean, the variance, and the share of dead units or saturated results, as far as there is one.
  var figures: [Tensor] {
    let (variance, mean) = values.varianceAndMean(correction: 0)
    switch bound {
    case .none: return [mean, variance]
    case .zero:
      // Units are along the last axis.
      let largest = values.max(axes: Array(0..<max(values.shape.rank - 1, 0)))
      return [mean, variance, (largest .<= 0).mean()]
    case .saturation(let middle, let distance): return [mean, variance, ((values - middle).abs() .> distance).mean()]
    }
  }
}

extension StepTrace {
  /// The activations of the model and what it gives, in the order in which they are computed, and the path under which the figures of each
  /// trained parameter are found.
  /// - Parameter isTrained: whether a parameter is trained.
  /// - Returns: the layers' paths in the order in which samples go through them; a layer's second activation has one of its own.
  func layers(_ isTrained: (ParameterID) -> Bool) -> (paths: [String], activations: [TracedActivation]) {
    var paths: [String] = []
    var activations: [TracedActivation] = []
    func note(_ path: String) { if !paths.contains(path) { paths.append(path) } }
    func add(_ name: String, _ layer: String, _ values: Tensor, _ bound: TracedActivation.Bound) {
      let count = activations.count { $0.layer == layer || $0.layer.hasPrefix("\(layer) (") }
      let path = count == 0 ? layer : "\(layer) (\(count + 1))"
      note(path)
      activations.append(TracedActivation(layer: path, name: name, values: values, bound: bound))
    }
    for (index, node) in graph.nodes.prefix(modelNodes).enumerated() {
      if case .parameter(let read) = node.operation, isTrained(read.id), let path = graph.parameterPaths[read.id] {
        note(Self.layer(ofParameter: path))
      }
      guard let (name, bound) = node.operation.activation, node.outputs[0].dtype == .float32 else { continue }
      add(name, layer(of: node.inputs[0], or: node.scope), graph.tensor(ValueID(node: index)), bound)
    }
    for output in outputs.tensors where output.isValid && output.dtype == .float32 {
      let place = graph.resolved(output.id)
      if activations.contains(where: { $0.values.id == place }) { continue }
      add("output", layer(of: output.id, or: 0), output, .none)
    }
    return (paths, activations)
  }

  /// The layer that a parameter belongs to.
  static func layer(ofParameter path: String) -> String {
    path.lastIndex(of: ".").map { String(path[..<$0]) } ?? "model"
  }

  /// The layer that made a value; where that has no path, another scope's.
  private func layer(of value: ValueID, or scope: Int) -> String {
    let path = graph.path(ofScope: graph.nodes[graph.resolved(value).node].scope)
    if !path.isEmpty { return path }
    let other = graph.path(ofScope: scope)
    return other.isEmpty ? "model" : other
  }
}

extension Operation {
  /// What people call it, where it is an activation.
  fileprivate var activation: (name: String, bound: TracedActivation.Bound)? {
    func named(_ activation: Activation.Name, _ bound: TracedActivation.Bound = .none) -> (String, TracedActivation.Bound) {
      (activation.rawValue, bound)
    }
    switch self {
    case .unary(let rule):
      switch rule.function {
      case .relu: return named(.relu, .zero)
      case .relu6: return named(.relu6, .zero)
      case .sigmoid: return named(.sigmoid, .saturation(middle: 0.5, distance: 0.45))
      case .hyperbolicTangent: return named(.tanh, .saturation(middle: 0, distance: 0.9))
      case .gelu: return named(.geluTanh)
      case .exactGelu: return named(.gelu)
      case .silu: return named(.silu)
      case .softplus: return named(.softplus)
      case .selu: return named(.selu)
      case .mish: return named(.mish)
      case .softsign: return named(.softsign)
      case .hardSigmoid: return named(.hardsigmoid)
      case .hardSwish: return named(.hardswish)
      default: return nil
      }
    case .binary(let rule):
      switch rule.function {
      case .leakyRelu: return named(.leakyRelu)
      case .elu: return named(.elu)
      case .celu: return named(.celu)
      default: return nil
      }
    case .clamp(let rule): return rule.lower.isFinite && rule.upper.isFinite ? named(.hardtanh) : nil
    default: return nil
    }
  }
}
