import GlissadeCharts

extension LandscapeWalker {
  /// The landscape from above, with paths on it: contours, the minima, where each path begins and ends.
  public func map(of descents: [Descent]) throws -> ContourChart {
    let (columns, rows) = (121, 91)
    func place(_ range: ClosedRange<Double>, _ index: Int, of count: Int) -> Double {
      range.lowerBound + (range.upperBound - range.lowerBound) * Double(index) / Double(count - 1)
    }
    let xs = (0..<columns).map { place(landscape.x, $0, of: columns) }
    let ys = (0..<rows).map { place(landscape.y, $0, of: rows) }
    let values = try heights(ys.flatMap { y in xs.map { LandscapePoint($0, y) } })
    return ContourChart(
      "\(landscape.name): \(landscape.formula)", x: Axis("x"), y: Axis("y"), columns: xs, rows: ys, values: values,
      paths: descents.map { descent in
        LineChart.Series("\(descent.optimizer), rate \(descent.learningRate)", descent.points.map { ($0.x, $0.y) })
      }, marks: landscape.minima.map { ($0.x, $0.y) })
  }

  /// How high each path is above the landscape's lowest, step by step.
  public func curves(of descents: [Descent]) -> LineChart {
    LineChart(
      "\(landscape.name): height above the lowest", x: Axis("step"), y: Axis("height", isLogarithmic: true),
      descents.map { descent in
        LineChart.Series(
          descent.optimizer, descent.heights.enumerated().map { (Double($0.offset), max($0.element - landscape.lowest, Self.least)) })
      })
  }

  /// Below this, float32 says nothing about most of these heights.
  private static let least = 1e-8
}
