import GlissadeTensors

extension Metric {
  /// The share of samples whose class has one of the k largest outputs. Among equal outputs the sample's own counts as the largest.
  /// - Parameter k: from 1.
  public static func topK(_ k: Int) -> Metric {
    Metric("top-\(k)") { output, labels in
      let own = output.gather(labels)
      let larger = output.combined(with: own.reshaped(to: [own.shape.count, 1]), .greater).sum(axes: [1])
      return larger.graph.constant(Float(k)).combined(with: larger, .greater)
    }
  }

  /// The mean over classes of F1, the harmonic mean of precision and recall, 2·tp / (2·tp + fp + fn); classes that neither occur nor are
  /// answered are left out. A sample with several largest outputs is answered by each of them in part.
  public static let macroF1 = Metric(
    "macro_f1",
    sums: { outputs, targets in
      let (output, labels) = (outputs.only, targets.only)
      let actual = labels.oneHot(output.shape.rank == 2 ? output.shape[1] : 0)
      let isLargest = output.combined(with: output.max(axes: [1], keepingAxes: true), .equal)
      let answered = isLargest / isLargest.sum(axes: [1], keepingAxes: true)
      return [answered * actual, answered, actual]
    },
    value: { sums, _ in
      let scores = sums[0].indices.compactMap { place -> Double? in
        let all = sums[1][place] + sums[2][place]
        return all > 0 ? 2 * sums[0][place] / all : nil
      }
      return scores.reduce(0, +) / Double(scores.count)
    })

  /// Of labels of which a sample may have any number, the share that is told rightly: which output is above 0, as logits are, and which label is
  /// there.
  public static let labelAccuracy = Metric("label_accuracy") { output, marks in
    (1 - abs(output.applying(.positive) - marks.reshaped(to: output.shape))).meanOfEachSample()
  }

  /// F1 of such labels, all labels of all samples together: 2·tp / (2·tp + fp + fn).
  public static let microF1 = Metric(
    "micro_f1",
    sums: { outputs, targets in
      let answered = outputs.only.applying(.positive)
      let actual = targets.only.reshaped(to: outputs.only.shape)
      return [answered * actual, answered, actual].map { $0.flattenedSamples() }
    },
    value: { sums, _ in
      let (hits, all) = (sums[0].reduce(0, +), sums[1].reduce(0, +) + sums[2].reduce(0, +))
      return all > 0 ? 2 * hits / all : .nan
    })

  /// The mean of |output − value|, in the data's own units.
  public static let absoluteError = Metric("absolute_error") { absoluteErrors($0, $1.reshaped(to: $0.shape)) }

  /// The root of the mean of (output − value)².
  public static let rootMeanSquaredError = Metric(
    "rmse", sums: { [squaredErrors($0.only, $1.only.reshaped(to: $0.only.shape))] },
    value: { sums, samples in (sums[0][0] / Double(samples)).squareRoot() })

  /// R²: 1 − Σ (output − value)² / Σ (value − mean)², where each of a sample's values has a mean of its own.
  ///
  /// `Trainer` counts values from the median of some of the training data's, so that as many digits are left where they are large and alike as
  /// their float32 has. A session of one's own, which knows no data, counts from 0: standardise values for it. Errors and distances from
  /// 1.8·10¹⁹ on have no square in float32.
  public static let determination = Metric(
    "determination", takesOrigins: true,
    { arguments in
      let (output, values) = (arguments.outputs.only.flattenedSamples(), arguments.targets.only.flattenedSamples())
      var distances = values
      if values.isValid, let origin = arguments.targets.names.first.flatMap({ arguments.origins[$0] }), values.shape[-1] == origin.count {
        distances = values - values.graph.constant(origin)
      }
      return [(output - values).applying(.square), distances, distances.applying(.square)]
    },
    { sums, samples in
      let spread = zip(sums[2], sums[1]).reduce(0) { $0 + $1.0 - $1.1 * $1.1 / Double(samples) }
      return spread > 0 ? 1 - sums[0].reduce(0, +) / spread : .nan
    })
}

extension Tensor {
  /// [batch, numbers].
  fileprivate func flattenedSamples() -> Tensor { shape.rank == 1 ? reshaped(to: [shape[0], 1]) : flattened() }
}
