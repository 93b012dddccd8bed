import GlissadeTensors

/// What is told of a training beside its loss: computed on the device with each step, and summed up over the data.
///
/// ```swift
/// let close = Metric("close") { output, values in ((1 - abs(output - values)).applying(.positive)).meanOfEachSample() }
/// options.metrics = [.topK(5), close]
/// ```
///
/// What is declared in `TrainingOptions.metrics` appears in `TrainingEvent.Progress`, in each epoch's record and `metrics.csv`, in TensorBoard and in
/// the summary, of training and of validation data, under the metric's name.
public struct Metric: Sendable {
  /// For people and files.
  public private(set) var name: String
  /// From outputs and targets numbers for each sample: tensors of [batch] or [batch, n].
  private(set) var parts: @Sendable (Loss.Arguments) -> [Tensor]
  /// From the parts' sums over the data and the number of samples, what is told.
  let value: @Sendable (_ sums: [[Double]], _ samples: Int) -> Double
  /// Whether it counts values from somewhere among them (`Loss.Arguments.origins`).
  let takesOrigins: Bool
  /// Where that is, by the targets' names.
  var origins: [String: [Float]] = [:]

  /// A mean over samples.
  /// - Parameters:
  ///   - name: for people and files.
  ///   - compute: from the output and class numbers ([batch] of int32) or values a value for each sample, [batch].
  public init(_ name: String, _ compute: @escaping @Sendable (_ output: Tensor, _ target: Tensor) -> Tensor) {
    self.init(name, sums: { [compute($0.only, $1.only)] }, value: Self.mean)
  }

  /// A mean over samples, of several outputs or several targets.
  /// - Parameters:
  ///   - name: for people and files.
  ///   - compute: from outputs and targets by their names a value for each sample, [batch].
  public static func named(_ name: String, _ compute: @escaping @Sendable (_ outputs: Outputs, _ targets: Targets) -> Tensor) -> Metric {
    Metric(name, sums: { [compute($0, $1)] }, value: mean)
  }

  @Sendable private static func mean(_ sums: [[Double]], _ samples: Int) -> Double { (sums.first?.first ?? .nan) / Double(samples) }

  /// What is made of several sums over the data.
  /// - Parameters:
  ///   - name: for people and files.
  ///   - sums: from outputs and targets by their names numbers for each sample, in tensors of [batch] or [batch, n]. They are summed up over all
  ///     samples, by Kahan's sum in float32.
  ///   - value: from these sums, those of a tensor of [batch, n] being n, and from the number of samples, what is told.
  public init(
    _ name: String, sums: @escaping @Sendable (_ outputs: Outputs, _ targets: Targets) -> [Tensor],
    value: @escaping @Sendable (_ sums: [[Double]], _ samples: Int) -> Double
  ) {
    self.init(name, { sums($0.outputs, $0.targets) }, value)
  }

  init(
    _ name: String, takesOrigins: Bool = false, _ parts: @escaping @Sendable (Loss.Arguments) -> [Tensor],
    _ value: @escaping @Sendable (_ sums: [[Double]], _ samples: Int) -> Double
  ) {
    self.name = name
    self.takesOrigins = takesOrigins
    self.parts = parts
    self.value = value
  }

  /// The same metric of one of several outputs, compared with one of several targets.
  /// - Parameters:
  ///   - output: the output's name; default the only one.
  ///   - target: the target's name; default the only one.
  public func of(output: String? = nil, target: String? = nil) -> Metric {
    changing { arguments in
      if let output { arguments.outputs = arguments.outputs.selecting([output]) }
      if let target { arguments.targets = arguments.targets.selecting([target]) }
    }
  }

  /// The same metric, compared with what the model was given.
  /// - Parameter input: the input's name; default the only one.
  public func ofInputs(_ input: String? = nil) -> Metric {
    changing { arguments in arguments.targets = input.map { arguments.inputs.selecting([$0]) } ?? arguments.inputs }
  }

  /// The same metric of other arguments.
  private func changing(_ change: @escaping @Sendable (inout Loss.Arguments) -> Void) -> Metric {
    let parts = parts
    var metric = self
    metric.parts = { arguments in
      var arguments = arguments
      change(&arguments)
      return parts(arguments)
    }
    return metric
  }

  /// The same metric under another name.
  public func renamed(_ name: String) -> Metric {
    var metric = self
    metric.name = name
    return metric
  }
}

/// What became of a metric.
public struct MetricValue: Hashable, Sendable {
  /// The metric's name.
  public var name: String
  /// Over the training steps of an epoch.
  public var training: Double
  /// Over the validation data; NaN without any.
  public var validation: Double

  /// - Parameters:
  ///   - name: the metric's.
  ///   - training: over the steps of an epoch; default NaN.
  ///   - validation: over the validation data; default NaN.
  public init(name: String, training: Double = .nan, validation: Double = .nan) {
    self.name = name
    self.training = training
    self.validation = validation
  }
}

extension TrainingOptions {
  /// Names that the tables and reports have for something else.
  private static let taken: Set<String> = ["loss", "accuracy", "mean_absolute_error", "r2"]

  /// - Throws: `TrainingError` for metrics that cannot be told apart.
  func checkMetrics() throws(TrainingError) {
    var names = Set<String>()
    for metric in metrics {
      guard !metric.name.isEmpty, !Self.taken.contains(metric.name), names.insert(metric.name).inserted else {
        throw .invalid(
          option: "the name of a metric", value: "'\(metric.name)'",
          requirement: "one that no other has, and none of \(Self.taken.sorted().joined(separator: ", "))")
      }
    }
  }
}
