import GlissadeData
import GlissadeDevices
import GlissadeTensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// How well a model predicts the values of a dataset.
public struct RegressionReport: Hashable, Sendable {
  /// One of the values.
  public struct Row: Hashable, Sendable {
    /// What the dataset calls the value.
    public var name: String
    /// The mean of |prediction − value|.
    public var meanAbsoluteError: Double
    /// The root of the mean of (prediction − value)².
    public var rootMeanSquaredError: Double
    /// R²: 1 − Σ (prediction − value)² / Σ (value − their mean)². 1 for a perfect prediction, 0 for one no better than the mean; NaN where all
    /// values are the same.
    public var determination: Double
    /// Some of the samples, evenly spaced, in their order.
    public var points: [Point] = []
    /// Those that are predicted worst, the worst first.
    public var worst: [Point] = []
    /// How well each quarter of the samples is predicted, from those with the smallest values to those with the largest; what has equal values is
    /// in one part. None where there are few samples.
    public var parts: [Part] = []
  }

  /// A part of a value's range.
  public struct Part: Hashable, Sendable {
    /// The smallest value in it.
    public var lower: Double
    /// The largest value in it.
    public var upper: Double
    /// How many have a value there.
    public var samples: Int
    /// The mean of |prediction − value| of these.
    public var meanAbsoluteError: Double
  }

  /// What became of one sample.
  public struct Point: Hashable, Sendable {
    /// Its number in the dataset.
    public var sample: Int
    /// What it is, in the data's own unit.
    public var value: Double
    /// What was predicted, in the same unit.
    public var prediction: Double
    /// The dataset's name for it, such as the line of its file, where that was asked for.
    public var place: String?
    /// prediction − value.
    public var error: Double { prediction - value }
  }

  /// How many points and how many of the worst samples a report keeps.
  private static let (pointLimit, worstLimit) = (400, 10)
  /// Parts of a value's range, and the fewest samples for each.
  private static let (partCount, leastSamples) = (4, 5)

  /// In the dataset's order of values.
  public var rows: [Row]
  /// How many samples were measured with.
  public var samples: Int
  /// Where values are 1 and 0 for labels that samples have or have not, and predictions their probabilities: how well these are told.
  public var labels: LabelReport?

  /// - Parameters:
  ///   - predictions: the model's outputs, sample by sample.
  ///   - values: what they should be.
  ///   - names: of the values of a sample.
  public init(predictions: [Float], values: [Float], names: [String]) {
    let samples = names.isEmpty ? 0 : min(predictions.count, values.count) / names.count
    self.samples = samples
    rows = names.indices.map { index in
      let places = stride(from: index, to: samples * names.count, by: names.count)
      let mean = places.reduce(0) { $0 + Double(values[$1]) } / Double(samples)
      var (absolute, squares, spread) = (0.0, 0.0, 0.0)
      for place in places {
        let error = Double(predictions[place]) - Double(values[place])
        let departure = Double(values[place]) - mean
        absolute += abs(error)
        squares += error * error
        spread += departure * departure
      }
      let count = Double(samples)
      func point(_ sample: Int) -> Point {
        let place = sample * names.count + index
        return Point(sample: sample, value: Double(values[place]), prediction: Double(predictions[place]))
      }
      let shown = min(samples, Self.pointLimit)
      var worst: [Point] = []
      for sample in 0..<samples {
        let point = point(sample)
        let place = worst.firstIndex { abs($0.error) < abs(point.error) } ?? worst.count
        guard place < Self.worstLimit else { continue }
        worst.insert(point, at: place)
        if worst.count > Self.worstLimit { worst.removeLast() }
      }
      return Row(
        name: names[index], meanAbsoluteError: absolute / count, rootMeanSquaredError: (squares / count).squareRoot(),
        determination: spread > 0 ? 1 - squares / spread : .nan, points: (0..<shown).map { point($0 * samples / shown) }, worst: worst,
        parts: Self.parts((0..<samples).map(point)))
    }
  }

  /// Divides samples by their values.
  private static func parts(_ points: [Point]) -> [Part] {
    guard points.count >= partCount * leastSamples, points.allSatisfy({ $0.value.isFinite }) else { return [] }
    let sorted = points.sorted { ($0.value, $0.sample) < ($1.value, $1.sample) }
    // Where a part begins: never between equal values.
    var begins = [0]
    for number in 1..<partCount {
      var place = number * sorted.count / partCount
      while place > 0, sorted[place - 1].value == sorted[place].value { place -= 1 }
      if let last = begins.last, place > last { begins.append(place) }
    }
    return zip(begins, begins.dropFirst() + [sorted.count]).map { begin, end in
      let part = sorted[begin..<end]
      return Part(
        lower: sorted[begin].value, upper: sorted[end - 1].value, samples: part.count,
        meanAbsoluteError: part.reduce(0) { $0 + abs($1.error) } / Double(part.count))
    }
  }

  /// The same in other units: values that were standardised, say.
  /// - Parameter factor: how large the old units' unit is in the new ones.
  public func multiplied(by factor: Double) -> RegressionReport { multiplied(by: rows.map { _ in factor }) }

  /// With the worst samples' places.
  func placed(by place: (Int) -> String?) -> RegressionReport {
    var report = self
    for index in rows.indices {
      for worst in rows[index].worst.indices { report.rows[index].worst[worst].place = place(rows[index].worst[worst].sample) }
    }
    return report
  }

  /// The same with a factor for each value.
  /// - Parameter zeros: what 0 was of each, in the new units; default 0. Errors do not depend on it.
  public func multiplied(by factors: [Double], from zeros: [Double] = []) -> RegressionReport {
    var report = self
    for (index, factor) in zip(rows.indices, factors) {
      let zero = zeros.indices.contains(index) ? zeros[index] : 0
      func told(_ point: Point) -> Point {
        var point = point
        (point.value, point.prediction) = (point.value * factor + zero, point.prediction * factor + zero)
        return point
      }
      report.rows[index].meanAbsoluteError *= factor
      report.rows[index].rootMeanSquaredError *= factor
      report.rows[index].points = rows[index].points.map(told)
      report.rows[index].worst = rows[index].worst.map(told)
      report.rows[index].parts = rows[index].parts.map {
        Part(
          lower: $0.lower * factor + zero, upper: $0.upper * factor + zero, samples: $0.samples,
          meanAbsoluteError: $0.meanAbsoluteError * factor)
      }
    }
    return report
  }
}

extension Loss {
  /// What is predicted, of the outputs: probabilities where those are logits of yes and no.
  func predictions(_ outputs: [Float]) -> [Float] {
    outputsAreLogits ? outputs.map { 1 / (1 + exp(-$0)) } : outputs
  }

  /// How well outputs predict values; of labels that samples have or have not, how well these are told.
  func report(_ outputs: [Float], values: [Float], names: [String]) -> RegressionReport {
    let predictions = predictions(outputs)
    var report = RegressionReport(predictions: predictions, values: values, names: names)
    if outputsAreLogits { report.labels = LabelReport(probabilities: predictions, marks: values, names: names) }
    return report
  }
}

extension Trainer {
  /// Compares a model's predictions with the values of a dataset.
  /// - Parameters:
  ///   - data: samples with values.
  ///   - state: the parameters.
  ///   - device: where.
  /// - Throws: `TrainingError.invalid` for data with classes or with another number of values than the model has outputs.
  public func predictions(for data: any Dataset, state: ModelState, on device: any Device) throws -> RegressionReport {
    guard case .values(let names) = data.targets else {
      throw TrainingError.invalid(option: "the data", value: "one with classes", requirement: "one with values to be predicted")
    }
    let predictions = try outputs(for: data, state: state, on: device).values.first?.floats ?? []
    var values = [Float](repeating: 0, count: data.count * names.count)
    try values.withUnsafeMutableBufferPointer { try data.gatherValues(Array(0..<data.count)[...], into: $0) }
    guard predictions.count == values.count else {
      throw TrainingError.invalid(
        option: "the model", value: "one with \(predictions.count / max(data.count, 1)) outputs",
        requirement: "one with \(names.count), as many as there are values")
    }
    return options.loss.report(predictions, values: values, names: names)
      .placed(by: data.place(ofSample:))
  }
}
