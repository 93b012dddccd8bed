import GlissadeCharts
import GlissadeFormats

/// What a page says of values that are predicted: predictions beside the truth, residuals, the worst samples.
enum ValuePart {
  /// - Parameter predictions: as the summary has them.
  /// - Returns: what the template fills in for each value.
  static func contexts(_ predictions: JSONValue?) -> [[String: Any]] {
    (predictions?["values"]?.members ?? []).map { member in
      let points = (member.value["points"]?.arrayValue ?? []).compactMap { pair -> (x: Double, y: Double)? in
        guard let pair = pair.arrayValue, pair.count == 2, let x = pair[0].doubleValue, let y = pair[1].doubleValue else { return nil }
        return (x, y)
      }
      let name = printable(member.key)
      let ends = [points.map(\.x).min() ?? 0, points.map(\.x).max() ?? 1]
      let scatter = LineChart(
        "predicted against true", x: Axis("true \(name)"), y: Axis("predicted \(name)"),
        [.init("samples", points, isScattered: true), .init("perfect", ends.map { ($0, $0) }, isDashed: true)])
      let residuals = LineChart(
        "residuals", x: Axis("predicted \(name)"), y: Axis("predicted − true", includes: [0]),
        [.init("samples", points.map { ($0.y, $0.y - $0.x) }, isScattered: true)])
      let worst = (member.value["worst"]?.arrayValue ?? []).map { entry in
        let (value, prediction) = (entry["value"]?.doubleValue, entry["prediction"]?.doubleValue)
        return [
          "place": printable(path: entry["place"]?.stringValue ?? "sample \(entry["sample"]?.integerValue ?? 0)"),
          "value": Figure.text(value),
          "prediction": Figure.text(prediction), "error": Figure.text(value.flatMap { value in prediction.map { $0 - value } }),
        ]
      }
      let parts = (member.value["parts"]?.arrayValue ?? []).map { part in
        [
          "from": Figure.text(part["from"]?.doubleValue), "to": Figure.text(part["to"]?.doubleValue),
          "error": Figure.text(part["mean_absolute_error"]?.doubleValue), "samples": "\(part["samples"]?.integerValue ?? 0)",
        ]
      }
      return [
        "name": name, "worst": worst, "has_parts": !parts.isEmpty, "parts": parts,
        "charts": [
          scatter.inline(), residuals.inline(),
          BarChart.histogram(of: points.map { $0.y - $0.x }, "distribution of errors", of: "predicted − true").inline(),
        ],
      ]
    }
  }
}

extension BarChart {
  /// How numbers are distributed.
  /// - Parameters:
  ///   - numbers: of which there should be two that differ; otherwise there are no bars.
  ///   - title: the chart's.
  ///   - label: what they are.
  ///   - bins: how many ranges of equal width; default 20.
  static func histogram(of numbers: [Double], _ title: String, of label: String, bins: Int = 20) -> BarChart {
    var bars: [Bar] = []
    if let low = numbers.min(), let high = numbers.max(), high > low {
      // Each is halved first: their difference may be beyond all numbers.
      let width = (high / 2 - low / 2) / Double(bins) * 2
      guard width.isFinite, width > 0 else { return BarChart(title, label: label, values: Axis("samples"), []) }
      var counts = Array(repeating: 0, count: bins)
      for number in numbers { counts[min(Int((number - low) / width), bins - 1)] += 1 }
      bars = counts.enumerated().map { Bar(ChartNumber.text(low + (Double($0) + 0.5) * width, digits: 2), Double($1)) }
    }
    return BarChart(title, label: label, values: Axis("samples"), bars)
  }
}
