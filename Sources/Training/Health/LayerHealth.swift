import GlissadeFormats

/// What the monitor found of one layer: at a step, or as means over those of an epoch that were measured. A figure is NaN where there is no
/// such thing.
public struct LayerHealth: Hashable, Sendable {
  /// The path of the layer whose parameters these are, and whose result the activation was made of.
  public var layer: String
  /// The activation as it is called by `Activation.Name`, or `output` for what the model gives; `nil` where nothing is.
  public var activation: String?
  /// Numbers that are trained.
  public var trained = 0
  /// The Euclidean norm of the loss's gradient with respect to the layer's trained parameters, before anything clips it. (Squares are summed in
  /// float32: what is below about 10⁻²² counts as 0.)
  public var gradientNorm = Double.nan
  /// The largest such norm of the epoch.
  public var largestGradientNorm = Double.nan
  /// The norm of those parameters before the step.
  public var weightNorm = Double.nan
  /// The norm of what the step added to them, divided by that: about 10⁻³ where a training goes well.
  public var updateRatio = Double.nan
  /// The mean of the activation's results, over the whole batch.
  public var mean = Double.nan
  /// Their standard deviation.
  public var deviation = Double.nan
  /// Of ReLU and ReLU6, the share of units (features, channels) that gave 0 for all of the batch, and so learn nothing of it.
  public var dead = Double.nan
  /// Of sigmoid and tanh, the share of results so near to a bound that the slope is below a fifth of the steepest one: outside 0.05…0.95, or
  /// beyond ±0.9.
  public var saturated = Double.nan

  /// Of a layer that nothing was measured of yet.
  /// - Parameters:
  ///   - layer: its path.
  ///   - activation: the name of what it ends in; default none that is known.
  public init(layer: String, activation: String? = nil) {
    self.layer = layer
    self.activation = activation
  }

  /// A figure of the list below.
  struct Figure: Sendable {
    /// In `health.csv`, checkpoints, the summary and TensorBoard.
    let name: String
    let value: WritableKeyPath<LayerHealth, Double> & Sendable
    /// Whether an epoch has the largest of it instead of the mean.
    var isPeak = false
  }

  /// All that is measured. Whatever writes or reads figures goes by this list.
  static let figures: [Figure] = [
    Figure(name: "gradient_norm", value: \.gradientNorm),
    Figure(name: "largest_gradient_norm", value: \.largestGradientNorm, isPeak: true),
    Figure(name: "weight_norm", value: \.weightNorm), Figure(name: "update_ratio", value: \.updateRatio),
    Figure(name: "activation_mean", value: \.mean), Figure(name: "activation_deviation", value: \.deviation),
    Figure(name: "dead_units", value: \.dead), Figure(name: "saturated", value: \.saturated),
  ]

  /// The gradient's root mean square, by which layers of different sizes can be compared.
  var gradientSize: Double { trained > 0 ? gradientNorm / Double(trained).squareRoot() : .nan }
}

/// What the monitor found in an epoch: the means over its measurements.
public struct EpochHealth: Hashable, Sendable {
  /// The last step that was measured, from 1.
  public var step: Int
  /// How many were.
  public var measurements: Int
  /// In the order in which samples go through them.
  public var layers: [LayerHealth]
  /// How the gradients of the epoch's last step are spread, by the parameters' paths, where the monitor was asked for it; only of the last
  /// epoch, and not in checkpoints.
  public var gradients: [ParameterHistogram] = []

  /// The numbers of one parameter.
  public struct ParameterHistogram: Hashable, Sendable {
    /// Where the parameter is in the model.
    public var path: String
    /// How its numbers are spread.
    public var histogram: Histogram
  }

  /// Of one measurement.
  init(_ layers: [LayerHealth], step: Int) { (self.layers, self.step, measurements) = (layers, step, 1) }

  /// Takes in one more.
  mutating func add(_ more: [LayerHealth], step: Int) {
    guard layers.map(\.layer) == more.map(\.layer) else { return self = EpochHealth(more, step: step) }
    measurements += 1
    self.step = step
    for (index, layer) in more.enumerated() {
      for figure in LayerHealth.figures {
        let (before, now) = (layers[index][keyPath: figure.value], layer[keyPath: figure.value])
        if now.isNaN { continue }
        layers[index][keyPath: figure.value] =
          before.isNaN ? now : figure.isPeak ? max(before, now) : before + (now - before) / Double(measurements)
      }
    }
  }

  /// The layer that the outputs are made by, where it is trained.
  var head: LayerHealth? { layers.last { $0.trained > 0 } }

  /// The norm of all gradients together.
  var gradientNorm: Double { Self.norm(layers.map(\.gradientNorm)) }
  /// Of the largest ones.
  var largestGradientNorm: Double { Self.norm(layers.map(\.largestGradientNorm)) }

  private static func norm(_ values: [Double]) -> Double {
    values.reduce(0) { $1.isNaN ? $0 : $0 + $1 * $1 }.squareRoot()
  }
}
