import GlissadeData
import GlissadeTensors

/// What a step is for.
enum StepPurpose: Hashable {
  case training, evaluation
  /// The loss and the gradients of a part of a batch, which are added up.
  case part
  /// No batch at all: what becomes of a batch's gradients once all its parts are added up.
  case update
  /// Outputs alone, without a loss.
  case prediction
  /// What batch norms find of a batch while training, and nothing that changes anything.
  case statistics
  /// No batch at all: what brings parameters down to their maximum norms.
  case constraint
  /// A training step that is looked at and changes no parameter.
  case health
  /// No batch at all: how far the step moved parameters.
  case movement

  /// Whether the model is recorded as it trains.
  var isTraining: Bool { self == .training || self == .part || self == .health || self == .statistics }
}

/// How a batch says how much its samples count.
enum StepWeighing: Hashable, Sendable {
  /// All alike.
  case none
  /// By a weight for each sample.
  case samples
  /// The same, and each sample was mixed with another one.
  case mixed
  /// As distributions over classes, for cross-entropy.
  case distributions(areMixed: Bool)
}

/// What a step is given beside the constants: which tensors, in their order.
///
/// A loader hands over inputs, targets and what weighs them (`TargetEncoding`), field by field; a step takes those that it needs.
struct StepForm {
  let inputs: [SampleField]
  /// `nil`: values, as many as the output has.
  let targets: [SampleField]?
  let weighing: StepWeighing
  /// Whether targets are read; not by a loss of the inputs, or by one of distributions, unless metrics are.
  let takesTargets: Bool

  private var targetCount: Int { targets?.count ?? 1 }

  /// Where what the step takes stands among a loader's fields.
  var selection: [Int] {
    let first = inputs.count + targetCount
    var places = Array(0..<inputs.count)
    if takesTargets { places += Array(inputs.count..<first) }
    switch weighing {
    case .none: break
    case .samples: places.append(first)
    case .mixed: places += Array(first..<(first + targetCount + 3))
    case .distributions(let areMixed):
      places += [first, first + 1]
      if takesTargets, areMixed { places += [first + 2, first + 3] }
    }
    return places
  }

  /// Elements for each sample of what the step takes, in order.
  /// - Parameter outputSize: numbers that the output has for each sample.
  func widths(outputSize: Int) -> [Int] {
    let own = targets.map { $0.map(\.size) } ?? [outputSize]
    var widths = inputs.map(\.size)
    if takesTargets { widths += own }
    switch weighing {
    case .none: break
    case .samples: widths.append(1)
    case .mixed: widths += [1] + own + [1, 1]
    case .distributions(let areMixed): widths += [outputSize, outputSize] + (takesTargets && areMixed ? [1, 1] : [])
    }
    return widths
  }

  /// Whether it is one float32 tensor, compared with one.
  var isPlain: Bool { inputs.count == 1 && targetCount == 1 }
}

extension SampleField {
  /// As a value of a graph.
  func type(batch: Int) -> TensorType { TensorType(Shape([batch] + shape), element == .float32 ? .float32 : .int32) }

  /// What a value of a graph is, sample by sample.
  init(_ name: String, of tensor: Tensor, batch: Int) {
    let dimensions = tensor.shape.dimensions
    let shape = dimensions.first == batch ? Array(dimensions.dropFirst()) : [tensor.shape.count / max(batch, 1)]
    self.init(name, shape, tensor.dtype == .float32 ? .float32 : .int32)
  }
}
