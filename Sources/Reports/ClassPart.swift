import GlissadeCharts
import GlissadeFormats

/// What a page says of the classes: scores, confusions, mistakes, calibration, curves of two classes.
struct ClassPart {
  private let report: JSONValue
  private static let classRows = 1000

  /// - Parameter report: as the summary has it.
  init?(_ report: JSONValue?) {
    guard let report, report["classes"]?.arrayValue != nil else { return nil }
    self.report = report
  }

  struct Score {
    var name: String
    var (precision, recall, f1): (Double?, Double?, Double?)
    var support: Int
  }

  var scores: [Score] {
    (report["classes"]?.arrayValue ?? []).map {
      Score(
        name: printable($0["name"]?.stringValue ?? ""), precision: $0["precision"]?.doubleValue, recall: $0["recall"]?.doubleValue,
        f1: $0["f1"]?.doubleValue, support: $0["support"]?.integerValue ?? 0)
    }
  }

  /// What the template fills in.
  var context: [String: Any] {
    var context: [String: Any] = [
      "macro": Figure.text(report["macro_f1"]?.doubleValue),
      "scores": scores.prefix(Self.classRows).map { score in
        [
          "name": score.name, "precision": Figure.percent(score.precision), "recall": Figure.percent(score.recall),
          "f1": Figure.percent(score.f1), "support": "\(score.support)",
        ]
      },
      "confusions": pairs("confusions") { pair in
        ["count": "\(pair["count"]?.integerValue ?? 0)", "share": Figure.percent(pair["share"]?.doubleValue)]
      },
      "mistakes": pairs("mistakes") { mistake in
        var cells = [
          "sample": printable(path: mistake["name"]?.stringValue ?? "sample \(mistake["sample"]?.integerValue ?? 0)"),
          "sure": Figure.percent(mistake["confidence"]?.doubleValue),
        ]
        if let picture = mistake["picture"]?.stringValue, picture.utf8.allSatisfy(Self.isBase64) { cells["picture"] = picture }
        return cells
      },
    ]
    for key in ["confusions", "mistakes"] where (context[key] as? [Any])?.isEmpty == false { context["has_\(key)"] = true }
    if let matrix = ConfusionTable(report)?.context { context["matrix"] = matrix }
    if let calibration { context["calibration"] = calibration }
    if let curves { context["thresholds"] = curves }
    return context
  }

  /// Entries that name a class and what it was taken for.
  private func pairs(_ key: String, _ more: (JSONValue) -> [String: String]) -> [[String: String]] {
    (report[key]?.arrayValue ?? []).map { entry in
      let names = ["meant": entry["class"], "said": entry["taken_for"]].mapValues { printable($0?.stringValue ?? "") }
      return names.merging(more(entry)) { $1 }
    }
  }

  private static func isBase64(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
      true
    default: false
    }
  }

  /// How far probabilities can be believed.
  private var calibration: [String: Any]? {
    guard let calibration = report["calibration"], let error = calibration["expected_error"]?.doubleValue else { return nil }
    let bins = calibration["bins"]?.arrayValue ?? []
    let points = bins.compactMap { bin -> (x: Double, y: Double)? in
      guard let x = bin["confidence"]?.doubleValue, let y = bin["accuracy"]?.doubleValue else { return nil }
      return (x, y)
    }
    let ends = [0.0, 1]
    let chart = LineChart(
      "reliability", x: Axis("probability of the answer", includes: ends), y: Axis("share of right answers", includes: ends),
      [.init("model", points), .init("perfect", ends.map { ($0, $0) }, isDashed: true)])
    let counts = BarChart(
      "how sure the answers are", label: "probability of the answer", values: Axis("samples"),
      bins.map { BarChart.Bar(Figure.text($0["to"]?.doubleValue.map { ($0 * 100).rounded() / 100 }), $0["samples"]?.doubleValue ?? 0) })
    return [
      "error": Figure.text(error), "brier": Figure.text(calibration["brier"]?.doubleValue),
      "charts": [chart.inline(), counts.inline()],
    ]
  }

  /// Of two classes, what becomes of them at every threshold.
  private var curves: [String: Any]? {
    guard let curves = report["curves"], let area = curves["receiver_area"]?.doubleValue else { return nil }
    func points(_ key: String) -> [(x: Double, y: Double)] {
      (curves[key]?.arrayValue ?? []).compactMap { pair in
        guard let pair = pair.arrayValue, pair.count == 2, let x = pair[0].doubleValue, let y = pair[1].doubleValue else { return nil }
        return (x, y)
      }
    }
    let ends = [0.0, 1]
    let charts = [
      LineChart(
        "receiver (ROC)", x: Axis("false positive rate", includes: ends), y: Axis("true positive rate", includes: ends),
        [.init("model", points("receiver")), .init("guessing", ends.map { ($0, $0) }, isDashed: true)]),
      LineChart(
        "precision and recall", x: Axis("recall", includes: ends), y: Axis("precision", includes: ends),
        [.init("model", points("precision_by_recall"))]),
    ]
    return [
      "class": printable(curves["class"]?.stringValue ?? ""), "area": Figure.text(area),
      "precision": Figure.text(curves["average_precision"]?.doubleValue),
      "charts": charts.map { $0.inline() },
    ]
  }
}
