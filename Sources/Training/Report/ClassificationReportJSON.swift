import FoundationEssentials
import GlissadeFormats

extension ClassificationReport {
  private var mostConfused: JSONValue {
    let chosen = Self.mostConfused(confusion, limit: Self.shownClasses)
    return [
      "classes": .array(chosen.map { .string(classNames[$0]) }),
      "counts": .array(chosen.map { row in .array(chosen.map { .integer(Int64(confusion[row][$0])) }) }),
      "others": .array(
        chosen.map { row in .integer(Int64(confusion[row].reduce(0, +) - chosen.reduce(0) { $0 + confusion[row][$1] })) }),
    ]
  }

  /// A matrix of more classes than this says nothing to people, and much to disks.
  private static let largestMatrix = 200
  /// Pairs of classes that are listed.
  private static let listedConfusions = 50
  /// Points of a curve.
  private static let curvePoints = 200

  /// The report under stable keys, for summaries. The confusion matrix has a row for each class, and a column for what it was taken for; it
  /// is `null` beyond 200 classes, where `most_confused` has that of the 40 classes between which the most frequent confusions are, with how many
  /// samples of each were taken for any `other` class. `confusions` are the most frequent of its mistakes for any number of them.
  public var json: JSONValue {
    func share(_ value: Double) -> JSONValue { value.isFinite ? .number(value) : .null }
    return [
      "classes": .array(
        scores.map {
          [
            "name": .string($0.name), "precision": share($0.precision), "recall": share($0.recall), "f1": share($0.f1),
            "support": .integer(Int64($0.support)),
          ]
        }),
      "macro_f1": share(macroF1),
      "confusion_matrix": classNames.count > Self.largestMatrix
        ? .null : .array(confusion.map { .array($0.map { .integer(Int64($0)) }) }),
      "most_confused": classNames.count > Self.largestMatrix ? mostConfused : .null,
      "confusions": .array(
        confusions(limit: Self.listedConfusions).map {
          [
            "class": .string(classNames[$0.label]), "taken_for": .string(classNames[$0.prediction]), "count": .integer(Int64($0.count)),
            "share": .number($0.share),
          ]
        }),
      "calibration": [
        "expected_error": share(calibration.expectedError), "brier": share(calibration.brier),
        "bins": .array(
          calibration.bins.map {
            [
              "from": .number($0.lower), "to": .number($0.upper), "samples": .integer(Int64($0.samples)),
              "confidence": share($0.confidence), "accuracy": share($0.accuracy),
            ]
          }),
      ],
      "curves": curves.map { curves in
        func points(_ points: [TwoClassCurves.Point]) -> JSONValue {
          .array(TwoClassCurves.thinned(points, to: Self.curvePoints).map { [.number($0.x), .number($0.y)] })
        }
        return [
          "class": .string(classNames[1]), "receiver_area": share(curves.receiverArea), "average_precision": share(curves.averagePrecision),
          "receiver": points(curves.receiver), "precision_by_recall": points(curves.precisionByRecall),
        ]
      } ?? .null,
      "mistakes": .array(
        mistakes.map {
          .object(
            [
              JSONMember("sample", .integer(Int64($0.sample))), JSONMember("name", $0.name.map { .string($0) } ?? .null),
              JSONMember("class", .string(classNames[$0.label])), JSONMember("taken_for", .string(classNames[$0.prediction])),
              JSONMember("confidence", .number($0.confidence)),
            ] + ($0.picture.map { [JSONMember("picture", .string(Data($0).base64EncodedString()))] } ?? []))
        }),
    ]
  }
}
