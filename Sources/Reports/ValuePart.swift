import GlissadeCharts
import GlissadeFormats

/// What a page says of values that are predicted: predictions beside the truth, residuals, the worst samples.
enum ValuePart {
  private static let bins = 20

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
          "place": printable(entry["place"]?.stringValue ?? "sample \(entry["sample"]?.integerValue ?? 0)"), "value": Figure.text(value),
          "prediction": Figure.text(prediction), "error": Figure.text(value.flatMap { value in prediction.map { $0 - value } }),
        ]
      }
      return [
        "name": name, "worst": worst,
        "charts": [scatter.inline(), residuals.inline(), histogram(points.map { $0.y - $0.x }).inline()],
      ]
    }
  }

  private static func histogram(_ errors: [Double]) -> BarChart {
    var bars: [BarChart.Bar] = []
    if let low = errors.min(), let high = errors.max(), high > low {
      let width = (high - low) / Double(bins)
      var counts = Array(repeating: 0, count: bins)
      for error in errors { counts[min(Int((error - low) / width), bins - 1)] += 1 }
      bars = counts.enumerated().map { BarChart.Bar(ChartNumber.text(low + (Double($0) + 0.5) * width, digits: 2), Double($1)) }
    }
    return BarChart("distribution of errors", label: "predicted − true", values: Axis("samples"), bars)
  }
}
