import GlissadeFormats

/// How well a model tells which labels samples have, where a sample may have any number of them.
public struct LabelReport: Hashable, Sendable {
  /// One of the labels.
  public struct Row: Hashable, Sendable {
    /// What the dataset calls it.
    public var name: String
    /// The share of samples for which it is told rightly whether they have it.
    public var accuracy: Double
    /// Of the samples that are taken to have it, the share that has; NaN where none is.
    public var precision: Double
    /// Of the samples that have it, the share that is found; NaN where none has.
    public var recall: Double
    /// 2·tp / (2·tp + fp + fn); NaN where no sample has it or is taken to.
    public var f1: Double
    /// Σ (recallₙ − recallₙ₋₁) · precisionₙ over all thresholds; NaN where all samples have it, or none.
    public var averagePrecision: Double
    /// Samples that have it.
    public var support: Int
  }

  /// From this probability on a sample is taken to have a label.
  public static let threshold = 0.5

  /// In the dataset's order.
  public var rows: [Row]
  /// How many samples were measured with.
  public var samples: Int
  /// The share of labels, over all samples, that are told rightly.
  public var accuracy: Double
  /// The share of samples all of whose labels are told rightly.
  public var exactShare: Double
  /// F1 over all labels of all samples together.
  public var microF1: Double

  /// The mean of the labels' F1, those without one left out.
  public var macroF1: Double { Self.mean(rows.map(\.f1)) }
  /// The mean of the labels' average precision (mAP), those without one left out.
  public var meanAveragePrecision: Double { Self.mean(rows.map(\.averagePrecision)) }

  private static func mean(_ values: [Double]) -> Double {
    let known = values.filter { !$0.isNaN }
    return known.isEmpty ? .nan : known.reduce(0, +) / Double(known.count)
  }

  /// - Parameters:
  ///   - probabilities: what the model says, sample by sample.
  ///   - marks: 1 for labels that samples have, 0 for others.
  ///   - names: of the labels.
  public init(probabilities: [Float], marks: [Float], names: [String]) {
    let count = names.isEmpty ? 0 : min(probabilities.count, marks.count) / names.count
    var curves = names.map { _ in TwoClassCurves() }
    var (hits, said, has) = (names.map { _ in 0 }, names.map { _ in 0 }, names.map { _ in 0 })
    var exact = 0
    for sample in 0..<count {
      var isExact = true
      for label in names.indices {
        let (probability, mark) = (Double(probabilities[sample * names.count + label]), marks[sample * names.count + label] > 0.5)
        let answer = probability >= Self.threshold
        curves[label].add(score: probability, isPositive: mark)
        if answer { said[label] += 1 }
        if mark { has[label] += 1 }
        if answer, mark { hits[label] += 1 }
        if answer != mark { isExact = false }
      }
      if isExact { exact += 1 }
    }
    func share(_ part: Int, _ whole: Int) -> Double { whole > 0 ? Double(part) / Double(whole) : .nan }
    rows = names.indices.map { label in
      let wrong = said[label] + has[label] - 2 * hits[label]
      return Row(
        name: names[label], accuracy: share(count - wrong, count), precision: share(hits[label], said[label]),
        recall: share(hits[label], has[label]), f1: share(2 * hits[label], said[label] + has[label]),
        averagePrecision: curves[label].averagePrecision, support: has[label])
    }
    let (allHits, all) = (hits.reduce(0, +), said.reduce(0, +) + has.reduce(0, +))
    samples = count
    accuracy = share(count * names.count - (all - 2 * allHits), count * names.count)
    exactShare = share(exact, count)
    microF1 = share(2 * allHits, all)
  }

  /// Under stable keys.
  public var json: JSONValue {
    func number(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
    return [
      "samples": .integer(Int64(samples)), "threshold": .number(Self.threshold), "label_accuracy": number(accuracy),
      "exact_share": number(exactShare), "micro_f1": number(microF1), "macro_f1": number(macroF1),
      "mean_average_precision": number(meanAveragePrecision),
      "labels": .array(
        rows.map { row in
          [
            "label": .string(row.name), "accuracy": number(row.accuracy), "precision": number(row.precision),
            "recall": number(row.recall), "f1": number(row.f1), "average_precision": number(row.averagePrecision),
            "samples": .integer(Int64(row.support)),
          ]
        }),
    ]
  }
}
